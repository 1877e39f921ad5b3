//! Hashes in tiles of 256, as c2sp.org/tlog-tiles lays them out.
//!
//! Tile (L, N) has the hashes of the perfect subtrees of height 8·L, numbers 256·N up to 256·N + 255.
//! A full tile never changes, so it can be written once and kept anywhere; what lies between two tile
//! levels is computed from at most 255 hashes of one tile.

use crate::Hash;
use crate::hash::node_hash;
use crate::tree::{Node, Nodes, root_of};
use std::collections::BTreeMap;

/// Hashes in a full tile.
pub const TILE_WIDTH: u64 = 256;
const TILE_HEIGHT: u8 = 8;

/// Which tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    /// How many times eight levels above the leaves.
    pub level: u8,
    /// Which, from the left.
    pub index: u64,
}

impl TileId {
    /// The tile that the hash of this subtree is in or follows from.
    #[must_use]
    pub const fn of(node: Node) -> Self {
        Self {
            level: node.level / TILE_HEIGHT,
            index: node.index >> (TILE_HEIGHT - node.level % TILE_HEIGHT),
        }
    }

    /// How many hashes it has in a tree of this size.
    #[must_use]
    pub fn width(self, size: u64) -> u64 {
        let hashes = size.checked_shr(u32::from(self.level) * u32::from(TILE_HEIGHT)).unwrap_or(0);
        hashes.saturating_sub(self.index * TILE_WIDTH).min(TILE_WIDTH)
    }

    /// Its path: `tile/0/x001/234`, with `.p/W` when only W hashes are there yet.
    #[must_use]
    pub fn path(self, width: u64) -> String {
        let mut path = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            path = format!("x{:03}/{path}", rest % 1000);
            rest /= 1000;
        }
        let part = if width < TILE_WIDTH { format!(".p/{width}") } else { String::new() };
        format!("tile/{}/{path}{part}", self.level)
    }
}

/// The hash of a subtree, from the hashes of its tile.
#[must_use]
pub fn node_in_tile(node: Node, hashes: &[Hash]) -> Option<Hash> {
    let below = node.level % TILE_HEIGHT;
    let first = (node.index & ((1 << (TILE_HEIGHT - below)) - 1)) << below;
    let (first, count) = (usize::try_from(first).ok()?, 1_usize << below);
    hashes.get(first..first.checked_add(count)?).map(root_of)
}

/// A tile that a proof needs is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the hashes of tile {}/{} are not all there", .0.level, .0.index)]
pub struct MissingTile(pub TileId);

/// Tiles in memory: those that a proof needs, or all of a small log.
#[derive(Debug, Clone, Default)]
pub struct Tiles {
    tiles: BTreeMap<TileId, Vec<Hash>>,
    size: u64,
}

impl Tiles {
    /// All tiles of these leaves.
    #[must_use]
    pub fn of(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let mut tiles = Self::default();
        leaves.into_iter().for_each(|leaf| tiles.push(leaf));
        tiles
    }

    /// Adds a leaf to a log that is all here.
    pub fn push(&mut self, leaf: Hash) {
        let (mut level, mut index, mut hash) = (0, self.size, leaf);
        self.size += 1;
        loop {
            let tile = self.tiles.entry(TileId { level, index: index / TILE_WIDTH }).or_default();
            tile.push(hash);
            if index % TILE_WIDTH != TILE_WIDTH - 1 {
                return;
            }
            hash = root_of(tile);
            (level, index) = (level + 1, index / TILE_WIDTH);
        }
    }

    /// Puts a tile here that was kept elsewhere.
    pub fn insert(&mut self, tile: TileId, hashes: Vec<Hash>) {
        self.tiles.insert(tile, hashes);
    }

    /// The hashes of a tile.
    #[must_use]
    pub fn get(&self, tile: TileId) -> Option<&[Hash]> {
        self.tiles.get(&tile).map(Vec::as_slice)
    }

    /// How many leaves were pushed.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }
}

impl Nodes for Tiles {
    type Error = MissingTile;

    fn node(&self, node: Node) -> Result<Hash, MissingTile> {
        let tile = TileId::of(node);
        let known = self.tiles.get(&tile).and_then(|hashes| node_in_tile(node, hashes));
        // The last level of a tile has no hash in it before the tile above exists.
        known.ok_or(MissingTile(tile))
    }
}

/// The root of a full tile: the hash that stands for it one tile level up.
#[must_use]
pub fn tile_root(hashes: &[Hash]) -> Hash {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level =
            level.chunks(2).map(|pair| if let [l, r] = pair { node_hash(*l, *r) } else { pair[0] }).collect();
    }
    level.first().copied().unwrap_or_else(crate::tree::empty_root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf_hash;

    #[test]
    fn paths_are_those_of_c2sp() {
        let path = |level, index, width| TileId { level, index }.path(width);
        assert_eq!(path(0, 0, 256), "tile/0/000");
        assert_eq!(path(0, 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(path(2, 273, 17), "tile/2/273.p/17");
    }

    #[test]
    fn a_tile_knows_its_width_and_its_root() {
        let tiles = Tiles::of((0..70_000_u64).map(|n| leaf_hash(&n.to_be_bytes())));
        for (level, index, expected) in
            [(0, 0, 256), (0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1), (3, 0, 0)]
        {
            let id = TileId { level, index };
            assert_eq!(id.width(70_000), expected, "{id:?}");
            assert_eq!(tiles.get(id).map_or(0, <[Hash]>::len) as u64, expected);
        }
        let full = tiles.get(TileId { level: 0, index: 5 }).unwrap();
        assert_eq!(tile_root(full), root_of(full));
        assert_eq!(tiles.get(TileId { level: 1, index: 0 }).unwrap()[5], tile_root(full));
        assert!(tiles.node(Node { level: 0, index: 70_000 }).is_err());
    }
}
