//! The bundled list of common passwords, as a filter.
//!
//! A guesser starts with the passwords that leaked most often, so nobody may have one of them. The
//! list's 50,000 entries are kept as truncated hashes (36 bits each, in 170 KB): enough to tell a member
//! with one false alarm in a million, and no list of other people's words in the program. Where it comes
//! from stands in `data/README.md`; `cargo run -p bursar-identity --example common_passwords` makes it.
//!
//! Format: `BPW1`, then 4,097 little-endian u32 (where the entries of each of 4,096 buckets begin,
//! and the end), then 3 bytes per entry, sorted in each bucket. An entry is the SHA-256 of the password in
//! NFKC and lower case: 12 bits choose the bucket, the following 24 are kept.

use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::LazyLock;

const MAGIC: &[u8; 4] = b"BPW1";
const BUCKETS: usize = 4096;
const ENTRY: usize = 3;
const ENTRIES_AT: usize = MAGIC.len() + 4 * (BUCKETS + 1);
/// Shorter words are in too many good passphrases to say anything.
pub(crate) const SHORTEST: usize = 4;

static BUNDLED: LazyLock<CommonPasswords> = LazyLock::new(|| {
    // INVARIANT: the bundled file is good; a test reads it. A broken one knows no password.
    let bytes: &'static [u8] = include_bytes!("../../data/common-passwords.bin");
    CommonPasswords::open(Cow::Borrowed(bytes)).unwrap_or(CommonPasswords { bytes: Cow::Borrowed(&[]) })
});

/// Tells whether a text is a common password.
#[derive(Debug, Clone)]
pub struct CommonPasswords {
    /// Checked by `open`; empty for a filter that knows none.
    bytes: Cow<'static, [u8]>,
}

/// Why bytes are no filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a filter of common passwords: make one with the example `common_passwords`")]
pub struct CommonPasswordsError;

impl CommonPasswords {
    /// The list that comes with the program.
    #[must_use]
    pub fn bundled() -> &'static Self {
        &BUNDLED
    }

    /// A filter of your own, in the format of the bundled one.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, CommonPasswordsError> {
        Self::open(Cow::Owned(bytes))
    }

    fn open(bytes: Cow<'static, [u8]>) -> Result<Self, CommonPasswordsError> {
        let filter = Self { bytes };
        let entries = filter.bytes.len().checked_sub(ENTRIES_AT).ok_or(CommonPasswordsError)?;
        let bounds: Option<Vec<usize>> = (0..=BUCKETS).map(|bucket| filter.bound(bucket)).collect();
        let bounds = bounds.ok_or(CommonPasswordsError)?;
        let good = filter.bytes.starts_with(MAGIC)
            && entries % ENTRY == 0
            && bounds.first() == Some(&0)
            && bounds.last() == Some(&(entries / ENTRY))
            && bounds.is_sorted();
        if good { Ok(filter) } else { Err(CommonPasswordsError) }
    }

    fn bound(&self, bucket: usize) -> Option<usize> {
        let at = MAGIC.len() + 4 * bucket;
        let bytes = self.bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    }

    /// Whether this text, in lower case and NFKC, is on the list. Texts of fewer than four characters
    /// are on no list.
    #[must_use]
    pub fn contain(&self, lower: &str) -> bool {
        if lower.chars().take(SHORTEST).count() < SHORTEST {
            return false;
        }
        let (bucket, entry) = place(lower);
        let (Some(start), Some(end)) = (self.bound(bucket), self.bound(bucket + 1)) else { return false };
        let entries = self.bytes.get(ENTRIES_AT + ENTRY * start..ENTRIES_AT + ENTRY * end);
        entries.is_some_and(|entries| entries.chunks_exact(ENTRY).any(|known| known == entry))
    }

    /// A filter's bytes, made of passwords in lower case and NFKC.
    pub fn build<'a>(passwords: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
        let long = passwords.into_iter().filter(|text| text.chars().count() >= SHORTEST);
        let mut places: Vec<(usize, [u8; ENTRY])> = long.map(place).collect();
        places.sort_unstable();
        places.dedup();
        let mut bytes = MAGIC.to_vec();
        for bucket in 0..=BUCKETS {
            let before = places.partition_point(|(of, _)| *of < bucket);
            bytes.extend_from_slice(&u32::try_from(before).unwrap_or(u32::MAX).to_le_bytes());
        }
        bytes.extend(places.iter().flat_map(|(_, entry)| entry));
        bytes
    }
}

fn place(text: &str) -> (usize, [u8; ENTRY]) {
    let hash = Sha256::digest(text.as_bytes());
    let bucket = usize::from(hash[0]) << 4 | usize::from(hash[1] >> 4);
    (bucket, [hash[2], hash[3], hash[4]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_list_knows_the_classics_and_little_else() {
        // claim C10
        let bundled = CommonPasswords::bundled();
        for known in ["password", "123456", "qwerty", "iloveyou", "trustno1", "letmein", "dragon"] {
            assert!(bundled.contain(known), "{known}");
        }
        let strange = (0..20_000).map(|n| format!("zq{n}-{:x}", n * 7919));
        let alarms = strange.filter(|text| bundled.contain(text)).count();
        assert!(alarms <= 2, "{alarms} false alarms in 20,000");
        assert!(!bundled.contain("abc"), "three characters say nothing");
    }

    #[test]
    fn a_filter_is_what_it_was_made_of() {
        let filter =
            CommonPasswords::from_bytes(CommonPasswords::build(["hunter22", "été2024", "abc"])).unwrap();
        assert!(filter.contain("hunter22") && filter.contain("été2024"));
        assert!(!filter.contain("hunter23") && !filter.contain("abc"));
    }

    #[test]
    fn other_bytes_are_refused() {
        let good = CommonPasswords::build(["hunter22", "swordfish"]);
        assert!(CommonPasswords::from_bytes(good[..good.len() - 1].to_vec()).is_err());
        assert!(CommonPasswords::from_bytes(Vec::new()).is_err());
        let mut bad = good.clone();
        bad[8] = 0xff;
        assert!(CommonPasswords::from_bytes(bad).is_err(), "a bucket that begins beyond the end");
        let mut other = good;
        other[0] = b'X';
        assert!(CommonPasswords::from_bytes(other).is_err());
    }
}
