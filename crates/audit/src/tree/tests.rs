//! Known answers, and comparison with another implementation.

use super::*;
use crate::leaf_hash;
use crate::tile::Tiles;
use proptest::prelude::*;

/// The leaves of the test tree of RFC 6962's own reference implementation (certificate-transparency,
/// `merkletree` tests), whose roots are public knowledge.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn tree() -> Tiles {
    Tiles::of(LEAVES.iter().map(|leaf| leaf_hash(&hex::decode(leaf).unwrap())))
}

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn roots_are_the_known_ones() {
    // claim D2
    let leaves: Vec<Hash> = LEAVES.iter().map(|leaf| leaf_hash(&hex::decode(leaf).unwrap())).collect();
    for (size, expected) in ROOTS.iter().enumerate() {
        assert_eq!(root_of(&leaves[..size]).to_string(), *expected);
        assert_eq!(root(&tree(), size as u64).unwrap().to_string(), *expected);
    }
    // A tree that doubles its last leaf (Bitcoin's) has another root at size 3.
    let doubled = root_of(&[leaves[0], leaves[1], leaves[2], leaves[2]]);
    assert_ne!(doubled.to_string(), ROOTS[3]);
}

#[test]
fn proofs_are_the_known_ones() {
    // claim D2
    let known: &[(u64, u64, &[&str])] = &[
        (0, 1, &[]),
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
        (
            1,
            5,
            &[
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];
    for (index, size, expected) in known {
        assert_eq!(prove_inclusion(&tree(), *index, *size).unwrap(), hashes(expected), "{index} in {size}");
    }
    let known: &[(u64, u64, &[&str])] = &[
        (1, 1, &[]),
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
        (
            3,
            7,
            &[
                "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
                "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
                "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e",
            ],
        ),
    ];
    for (old, size, expected) in known {
        assert_eq!(prove_consistency(&tree(), *old, *size).unwrap(), hashes(expected), "{old} to {size}");
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

struct Peer(Vec<tlog_tiles::tlog::Hash>);

impl tlog_tiles::tlog::HashReader for Peer {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::tlog::Hash>, tlog_tiles::tlog::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

#[test]
fn every_proof_of_a_tree_of_600_is_that_of_tlog_tiles() {
    // claim D2
    let (count, mut peer) = (600, Peer(Vec::new()));
    for number in 0..count {
        let more = tlog_tiles::tlog::stored_hashes(number, &number.to_be_bytes(), &peer).unwrap();
        peer.0.extend(more);
    }
    let ours = Tiles::of(leaves(count));
    for size in [1, 2, 3, 255, 256, 257, 511, 512, 513, 600] {
        let theirs = tlog_tiles::tlog::tree_hash(size, &peer).unwrap();
        assert_eq!(root(&ours, size).unwrap().0, theirs.0, "{size}");
        for index in (0..size).step_by(7) {
            let proof = prove_inclusion(&ours, index, size).unwrap();
            let theirs = tlog_tiles::tlog::prove_record(size, index, &peer).unwrap();
            assert_eq!(
                proof.iter().map(|h| h.0).collect::<Vec<_>>(),
                theirs.iter().map(|h| h.0).collect::<Vec<_>>()
            );
            let proof = prove_consistency(&ours, index + 1, size).unwrap();
            let theirs = tlog_tiles::tlog::prove_tree(size, index + 1, &peer).unwrap();
            assert_eq!(
                proof.iter().map(|h| h.0).collect::<Vec<_>>(),
                theirs.iter().map(|h| h.0).collect::<Vec<_>>()
            );
        }
    }
}

proptest! {
    // claim D2: whatever is changed in a proof, it does not hold any more.
    #[test]
    fn a_proof_holds_for_its_place_alone(size in 1_u64..700, index in 0_u64..700, bit in 0_usize..256, which in 0_usize..16) {
        let index = index % size;
        let all = leaves(size);
        let tiles = Tiles::of(all.iter().copied());
        let root = root(&tiles, size).unwrap();
        let leaf = all[index as usize];
        let proof = prove_inclusion(&tiles, index, size).unwrap();
        prop_assert_eq!(check_inclusion(leaf, index, size, root, &proof), Ok(()));
        prop_assert_eq!(check_inclusion(leaf, size, size, root, &proof), Err(ProofError::Place));
        prop_assert!(check_inclusion(leaf, index ^ 1, size, root, &proof).is_err());
        let longer = [proof.as_slice(), &[leaf]].concat();
        prop_assert!(check_inclusion(leaf, index, size, root, &longer).is_err());
        if !proof.is_empty() {
            prop_assert!(check_inclusion(leaf, index, size, root, &proof[1..]).is_err());
            let mut bent = proof.clone();
            let at = which % bent.len();
            bent[at].0[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(check_inclusion(leaf, index, size, root, &bent).is_err());
        }
    }

    #[test]
    fn a_tree_that_only_grew_is_told_from_one_that_did_not(size in 2_u64..700, old in 1_u64..700, bit in 0_usize..256) {
        let old = old % size + 1;
        let all = leaves(size);
        let tiles = Tiles::of(all.iter().copied());
        let (was, is) = ((old, root_of(&all[..old as usize])), (size, root_of(&all)));
        let proof = prove_consistency(&tiles, old, size).unwrap();
        prop_assert_eq!(check_consistency(was, is, &proof), Ok(()));
        let mut other = all;
        other[(old - 1) as usize].0[bit / 8] ^= 1 << (bit % 8);
        let rewritten = (old, root_of(&other[..old as usize]));
        prop_assert_eq!(check_consistency(rewritten, is, &proof), Err(ProofError::Root));
        prop_assert!(check_consistency(was, is, &[proof.as_slice(), &[was.1]].concat()).is_err());
        if let Some((_, rest)) = proof.split_last() {
            prop_assert!(check_consistency(was, is, rest).is_err());
        }
    }
}
