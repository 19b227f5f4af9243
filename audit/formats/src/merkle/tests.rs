//! Known answers from the Certificate Transparency reference tests, and properties over random trees.

use super::*;
use crate::hash::unhex;
use proptest::prelude::*;

/// A tree in memory: all its full subtrees.
#[derive(Default)]
pub(crate) struct Tree {
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree over these leaf hashes.
    pub(crate) fn of(leaves: impl IntoIterator<Item = Hash>) -> Tree {
        let mut tree = Tree::default();
        for leaf in leaves {
            let mut hash = leaf;
            for level in 0.. {
                if tree.levels.len() == level {
                    tree.levels.push(Vec::new());
                }
                tree.levels[level].push(hash);
                let [.., left, right] = tree.levels[level].as_slice() else { break };
                if tree.levels[level].len() % 2 == 1 {
                    break;
                }
                hash = node_hash(left, right);
            }
        }
        tree
    }
}

impl Nodes for Tree {
    type Error = OutOfRange;

    fn node(&self, level: u32, position: u64) -> Result<Hash, OutOfRange> {
        self.levels.get(level as usize).and_then(|row| row.get(position as usize)).copied().ok_or(OutOfRange)
    }
}

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

fn reference(size: usize) -> Tree {
    Tree::of(LEAVES[..size].iter().map(|leaf| leaf_hash(&unhex(leaf).unwrap())))
}

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| Hash::from_hex(text).unwrap()).collect()
}

#[test]
fn roots_of_the_reference_tree() {
    let mut frontier = Frontier::default();
    for (size, expected) in ROOTS.iter().enumerate() {
        assert_eq!(root(&reference(size), size as u64).unwrap().hex(), *expected);
        assert_eq!(root(&reference(8), size as u64).unwrap().hex(), *expected);
        assert_eq!(frontier.root().hex(), *expected);
        assert_eq!(Frontier::of(&reference(8), size as u64).unwrap().root().hex(), *expected);
        if let Some(leaf) = LEAVES.get(size) {
            frontier.push(leaf_hash(&unhex(leaf).unwrap()));
        }
    }
}

#[test]
fn proofs_of_the_reference_tree() {
    let tree = reference(8);
    assert_eq!(
        inclusion_proof(&tree, 0, 8).unwrap(),
        hashes(&[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ])
    );
    assert_eq!(
        inclusion_proof(&tree, 5, 8).unwrap(),
        hashes(&[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ])
    );
    assert_eq!(
        consistency_proof(&tree, 1, 8).unwrap(),
        hashes(&[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ])
    );
    assert_eq!(
        consistency_proof(&tree, 6, 8).unwrap(),
        hashes(&[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ])
    );
    assert_eq!(
        consistency_proof(&tree, 2, 5).unwrap(),
        hashes(&[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ])
    );
}

#[test]
fn every_proof_of_every_small_tree_verifies() {
    let leaves: Vec<Hash> = (0u8..40).map(|n| leaf_hash(&[n])).collect();
    let tree = Tree::of(leaves.iter().copied());
    for size in 0..=40u64 {
        let new_root = root(&tree, size).unwrap();
        for index in 0..size {
            let proof = inclusion_proof(&tree, index, size).unwrap();
            assert!(verify_inclusion(&leaves[index as usize], index, size, &proof, &new_root));
        }
        for old in 0..=size {
            let proof = consistency_proof(&tree, old, size).unwrap();
            let old_root = root(&tree, old).unwrap();
            assert!(verify_consistency(old, size, &proof, &old_root, &new_root), "{old} {size}");
        }
    }
}

#[test]
fn the_edge_gives_every_eighth_level() {
    let tree = Tree::of((0..70_000u64).map(|n| leaf_hash(&n.to_be_bytes())));
    let mut edge = Frontier::default();
    let mut kept = Vec::new();
    for n in 0..70_000 {
        kept.extend(edge.push(tree.node(0, n).unwrap()));
    }
    assert_eq!(kept.iter().filter(|(level, ..)| *level == 8).count(), 273);
    assert_eq!(kept.iter().filter(|(level, ..)| *level == 16).count(), 1);
    assert!(kept.iter().all(|(level, position, hash)| tree.node(*level, *position).unwrap() == *hash));
    assert_eq!(edge.root(), root(&tree, 70_000).unwrap());
}

#[test]
fn out_of_range_is_an_error() {
    let tree = reference(5);
    assert_eq!(inclusion_proof(&tree, 5, 5), Err(OutOfRange));
    assert_eq!(inclusion_proof(&tree, 0, 6), Err(OutOfRange));
    assert_eq!(consistency_proof(&tree, 6, 5), Err(OutOfRange));
    assert_eq!(root(&tree, 6), Err(OutOfRange));
}

fn flip(hash: &Hash, byte: usize, by: u8) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[byte] ^= by;
    Hash::from_bytes(bytes)
}

/// Every list of hashes that differs from `proof` in one byte, lacks one hash or has one more.
fn mutations(proof: &[Hash], byte: usize, by: u8) -> Vec<Vec<Hash>> {
    let mut out = Vec::new();
    for i in 0..proof.len() {
        let mut changed = proof.to_vec();
        changed[i] = flip(&proof[i], byte, by);
        out.push(changed);
        let mut shorter = proof.to_vec();
        shorter.remove(i);
        out.push(shorter);
    }
    for i in 0..=proof.len() {
        let mut longer = proof.to_vec();
        longer.insert(i, Hash::of(&[b"more"]));
        out.push(longer);
    }
    out
}

proptest! {
    #[test]
    fn inclusion_holds_and_every_mutation_fails(size in 1u64..300, pick in any::<u64>(), other in 0u64..600, byte in 0usize..32, by in 1u8..) {
        let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let tree = Tree::of(leaves.iter().copied());
        let index = pick % size;
        let leaf = leaves[index as usize];
        let top = root(&tree, size).unwrap();
        let proof = inclusion_proof(&tree, index, size).unwrap();
        prop_assert!(verify_inclusion(&leaf, index, size, &proof, &top));
        prop_assert!(!verify_inclusion(&flip(&leaf, byte, by), index, size, &proof, &top));
        prop_assert!(!verify_inclusion(&leaf, index, size, &proof, &flip(&top, byte, by)));
        for changed in mutations(&proof, byte, by) {
            prop_assert!(!verify_inclusion(&leaf, index, size, &changed, &top));
        }
        if other != index {
            prop_assert!(!verify_inclusion(&leaf, other, size, &proof, &top));
        }
        // A size is bound only through the root that the checkpoint pairs with it: with the root of the other size it fails.
        if other < size {
            prop_assert!(!verify_inclusion(&leaf, index, other, &proof, &root(&tree, other).unwrap()));
        }
    }

    #[test]
    fn consistency_holds_and_every_mutation_fails(new in 2u64..300, pick in any::<u64>(), other in 0u64..300, byte in 0usize..32, by in 1u8..) {
        let tree = Tree::of((0..new).map(|n| leaf_hash(&n.to_be_bytes())));
        let old = 1 + pick % (new - 1);
        let (old_root, new_root) = (root(&tree, old).unwrap(), root(&tree, new).unwrap());
        let proof = consistency_proof(&tree, old, new).unwrap();
        prop_assert!(verify_consistency(old, new, &proof, &old_root, &new_root));
        prop_assert!(!verify_consistency(old, new, &proof, &flip(&old_root, byte, by), &new_root));
        prop_assert!(!verify_consistency(old, new, &proof, &old_root, &flip(&new_root, byte, by)));
        for changed in mutations(&proof, byte, by) {
            prop_assert!(!verify_consistency(old, new, &changed, &old_root, &new_root));
        }
        if other != old {
            prop_assert!(!verify_consistency(other, new, &proof, &old_root, &new_root) || other == 0);
            prop_assert!(!verify_consistency(0, new, &proof, &old_root, &new_root));
        }
    }
}
