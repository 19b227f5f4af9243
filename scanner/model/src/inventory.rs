use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Asset, AssetId, Gap, Relation, RelationKind};

/// The platform graph: what there is, how it hangs together, and what could not be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Inventory {
    /// Assets by id.
    pub assets: BTreeMap<AssetId, Asset>,
    /// Relations, sorted by [`Inventory::settle`].
    pub relations: Vec<Relation>,
    /// What was skipped, sorted by [`Inventory::settle`].
    pub gaps: Vec<Gap>,
}

impl Inventory {
    /// Adds `asset`, or joins it to the one of the same id: attributes already known stay, names, labels
    /// and tags are united, the first place stays.
    pub fn add(&mut self, asset: Asset) {
        match self.assets.entry(asset.id.clone()) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(asset);
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                let held = slot.get_mut();
                held.names.extend(asset.names);
                held.labels.extend(asset.labels);
                for (name, attribute) in asset.attributes {
                    held.attributes.entry(name).or_insert(attribute);
                }
                for tag in asset.tags {
                    held.add_tag(tag);
                }
                if held.place.is_none() {
                    held.place = asset.place;
                }
                if held.type_name.is_empty() {
                    held.type_name = asset.type_name;
                }
                held.in_tests &= asset.in_tests;
            }
        }
    }

    /// Adds `relation`.
    pub fn relate(&mut self, relation: Relation) {
        self.relations.push(relation);
    }

    /// Sorts relations and gaps and drops what was said twice, so that the order of reading leaves no trace.
    pub fn settle(&mut self) {
        self.relations.sort_by(|a, b| {
            (&a.kind, &a.from, &a.to, &a.place, &a.basis, &a.access, &a.flow)
                .cmp(&(&b.kind, &b.from, &b.to, &b.place, &b.basis, &b.access, &b.flow))
        });
        self.relations.dedup();
        self.settle_gaps();
    }

    /// Sorts gaps and drops what was said twice.
    pub fn settle_gaps(&mut self) {
        self.gaps.sort();
        self.gaps.dedup();
    }

    /// The asset `id`.
    #[must_use]
    pub fn asset(&self, id: &AssetId) -> Option<&Asset> {
        self.assets.get(id)
    }

    /// Relations of `kind` that start at `from`.
    pub fn from<'a>(&'a self, kind: RelationKind, from: &'a AssetId) -> impl Iterator<Item = &'a Relation> {
        self.relations.iter().filter(move |relation| relation.kind == kind && relation.from == *from)
    }

    /// Relations of `kind` that end at `to`.
    pub fn to<'a>(&'a self, kind: RelationKind, to: &'a AssetId) -> impl Iterator<Item = &'a Relation> {
        self.relations.iter().filter(move |relation| relation.kind == kind && relation.to == *to)
    }
}
