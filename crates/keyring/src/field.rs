//! Fields of rows, sealed where they stand.
//!
//! A sealed field says which version of the key sealed it and is bound to {owner, table, row,
//! column, version}: copied to another row, column, table or workspace it does not open
//! (claim B1). It does not tell apart an older value of the same field from the present one.
//!
//! ```text
//! 0xF1 | key version, 4 bytes big-endian | nonce, 12 | ciphertext | tag, 16
//! ```

use crate::Randomness;
use crate::data_keys::Versions;
use crate::purpose::Owner;
use crate::seal::{self, SealError};
use zeroize::Zeroizing;

const MAGIC: u8 = 0xF1;

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldPlace<'a> {
    /// The table.
    pub table: &'a str,
    /// The row's primary key, as text.
    pub row: &'a str,
    /// The column.
    pub column: &'a str,
}

/// Why sealed bytes did not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not bytes that were sealed here.
    #[error("the bytes are not sealed ones")]
    Malformed,
    /// Sealed with a version of the key that these keys do not hold. Another process may have
    /// rotated: open the keys again, then try once more.
    #[error("sealed with version {0} of the key, which is not open here")]
    UnknownVersion(u32),
    /// Another key, another place, or changed bytes; which cannot be known.
    #[error("the sealed bytes were changed, or sealed for another place")]
    Refused,
}

fn binding(owner: Owner, place: FieldPlace<'_>, version: u32) -> Vec<u8> {
    seal::binding(
        "bursar-field-v1",
        &[
            owner.to_string().as_bytes(),
            place.table.as_bytes(),
            place.row.as_bytes(),
            place.column.as_bytes(),
            &version.to_be_bytes(),
        ],
    )
}

pub(crate) fn seal(
    keys: &Versions,
    owner: Owner,
    place: FieldPlace<'_>,
    plain: &[u8],
    random: &dyn Randomness,
) -> Result<Vec<u8>, SealError> {
    let (version, key) = keys.newest();
    let sealed = seal::seal(key, plain, &binding(owner, place, version), random)?;
    Ok([[MAGIC].as_slice(), &version.to_be_bytes(), &sealed].concat())
}

pub(crate) fn open(
    keys: &Versions,
    owner: Owner,
    place: FieldPlace<'_>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (version, sealed) = split(sealed).ok_or(OpenError::Malformed)?;
    let key = keys.version(version).ok_or(OpenError::UnknownVersion(version))?;
    seal::open(key, sealed, &binding(owner, place, version)).ok_or(OpenError::Refused)
}

/// The version that sealed a field.
pub(crate) fn version(sealed: &[u8]) -> Option<u32> {
    split(sealed).map(|(version, _)| version)
}

fn split(sealed: &[u8]) -> Option<(u32, &[u8])> {
    let (version, sealed) = sealed.strip_prefix(&[MAGIC])?.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*version), sealed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::testing::Counting;
    use crate::{Randomness, Secret32};
    use bursar_domain::id::WorkspaceId;

    const HERE: FieldPlace<'_> = FieldPlace { table: "accounts", row: "acc_1", column: "email" };
    const ONE: Owner = Owner::Workspace(WorkspaceId::from_u128(1));

    fn versions(numbers: &[u8]) -> Versions {
        Versions::new(numbers.iter().map(|n| (u32::from(*n), Secret32::new([*n; 32]))).collect()).unwrap()
    }

    fn sealed(keys: &Versions, random: &dyn Randomness) -> Vec<u8> {
        seal(keys, ONE, HERE, b"ada@example.com", random).unwrap()
    }

    #[test]
    fn a_field_opens_only_where_it_was_sealed() {
        // claim B1
        let keys = versions(&[1]);
        let sealed = sealed(&keys, &Counting::default());
        let opened = |owner, place| open(&keys, owner, place, &sealed).map(|plain| plain.to_vec());
        assert_eq!(opened(ONE, HERE).unwrap(), b"ada@example.com");
        let elsewhere = [
            (Owner::Workspace(WorkspaceId::from_u128(2)), HERE),
            (Owner::Installation, HERE),
            (ONE, FieldPlace { table: "members", ..HERE }),
            (ONE, FieldPlace { row: "acc_2", ..HERE }),
            (ONE, FieldPlace { column: "name", ..HERE }),
            // The same letters, cut elsewhere.
            (ONE, FieldPlace { table: "account", row: "sacc_1", column: "email" }),
        ];
        for (owner, place) in elsewhere {
            assert_eq!(opened(owner, place), Err(OpenError::Refused), "{owner} {place:?}");
        }
    }

    #[test]
    fn every_bit_and_every_byte_of_a_field_counts() {
        let keys = versions(&[1]);
        let sealed = sealed(&keys, &Counting::default());
        for at in 0..sealed.len() {
            assert!(open(&keys, ONE, HERE, &sealed[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut changed = sealed.clone();
                changed[at] ^= 1 << bit;
                assert!(open(&keys, ONE, HERE, &changed).is_err(), "byte {at} bit {bit}");
            }
        }
        assert!(open(&keys, ONE, HERE, &[sealed.as_slice(), b"x"].concat()).is_err());
    }

    #[test]
    fn older_versions_open_and_unknown_ones_are_named() {
        // claim B8
        let (random, old, both) = (Counting::default(), versions(&[1]), versions(&[1, 2]));
        let (first, second) = (sealed(&old, &random), sealed(&both, &random));
        assert_eq!((version(&first), version(&second)), (Some(1), Some(2)));
        assert!(open(&both, ONE, HERE, &first).is_ok());
        assert_eq!(open(&old, ONE, HERE, &second), Err(OpenError::UnknownVersion(2)));
        // A version number that was changed to one that is there.
        let mut changed = first;
        changed[4] = 2;
        assert_eq!(open(&both, ONE, HERE, &changed), Err(OpenError::Refused));
    }
}
