use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{Access, Asset, AssetId, AssetKind, Inventory, Relation, RelationKind, Tag, Value};
use aedile_policies::Taxonomy;

/// The inventory by what suggestions ask of it.
pub(super) struct Map<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) taxonomy: &'a Taxonomy,
    /// What something lies in, itself first.
    above: BTreeMap<&'a AssetId, Vec<&'a AssetId>>,
    columns: BTreeMap<&'a AssetId, Vec<&'a Asset>>,
}

/// Why a grant is not taken over.
pub(super) fn unfit(grant: &Relation, from: &Asset) -> Option<&'static str> {
    let is = |name: &str, truth: bool| {
        grant.attributes.get(name).is_some_and(|attribute| attribute.value == Value::Bool(truth))
    };
    if from.kind == AssetKind::AnyOne {
        Some("it is open to anyone: revoke it and name who needs it")
    } else if from.value("trustsAnyOne") == Some(&Value::Bool(true)) {
        Some("anyone can become the principal: name who may")
    } else if is("crossAccount", true) && !is("conditioned", true) {
        Some("it is another account's and has no condition")
    } else if is("used", false) {
        Some("no code that acts as the principal touches it")
    } else {
        None
    }
}

impl<'a> Map<'a> {
    pub(super) fn new(inventory: &'a Inventory, taxonomy: &'a Taxonomy) -> Map<'a> {
        let mut map = Map { inventory, taxonomy, above: BTreeMap::new(), columns: BTreeMap::new() };
        for relation in &inventory.relations {
            match relation.kind {
                RelationKind::StoredIn => map.above.entry(&relation.from).or_default().push(&relation.to),
                RelationKind::PartOf => {
                    if let Some(column) = inventory.asset(&relation.from) {
                        map.columns.entry(&relation.to).or_default().push(column);
                    }
                }
                _ => {}
            }
        }
        map
    }

    /// `id` and what it lies in, nearest first.
    pub(super) fn chain(&self, id: &'a AssetId) -> Vec<&'a Asset> {
        let mut seen = BTreeSet::new();
        let mut waiting = std::collections::VecDeque::from([id]);
        let mut chain = Vec::new();
        while let Some(at) = waiting.pop_front() {
            if seen.insert(at) {
                chain.extend(self.inventory.asset(at));
                waiting.extend(self.above.get(at).into_iter().flatten().copied());
            }
        }
        chain
    }

    /// Columns by name; one name may be known from several sources.
    pub(super) fn columns(&self, id: &AssetId) -> BTreeMap<&'a str, Vec<&'a Tag>> {
        let mut columns: BTreeMap<&str, Vec<&Tag>> = BTreeMap::new();
        for column in self.columns.get(id).into_iter().flatten() {
            columns.entry(&column.name).or_default().extend(&column.tags);
        }
        columns
    }

    /// Whether any of `tags` is surely in `group`.
    pub(super) fn any_in(&self, tags: &[&Tag], group: &str) -> bool {
        tags.iter().any(|tag| self.counts_in(tag, group))
    }

    /// Whether `tag` is surely in `group`.
    pub(super) fn counts_in(&self, tag: &Tag, group: &str) -> bool {
        self.taxonomy.counts(tag) && self.taxonomy.is_in(tag.class.as_str(), group)
    }

    /// Grants that were made, not those that follow from a grant on what lies above; with both parties.
    pub(super) fn grants(&self) -> impl Iterator<Item = (&'a Relation, &'a Asset, &'a Asset)> {
        self.of(RelationKind::Grants).filter(|(grant, ..)| !grant.attributes.contains_key("inherited"))
    }

    /// Relations of `kind` with both parties.
    pub(super) fn of(&self, kind: RelationKind) -> impl Iterator<Item = (&'a Relation, &'a Asset, &'a Asset)> {
        let inventory = self.inventory;
        inventory.relations.iter().filter(move |relation| relation.kind == kind).filter_map(move |relation| {
            Some((relation, inventory.asset(&relation.from)?, inventory.asset(&relation.to)?))
        })
    }

    /// What travels along `relation`, or is reached by it.
    pub(super) fn carried(&self, relation: &'a Relation, to: &'a Asset) -> Vec<&'a Tag> {
        let whole = relation.kind == RelationKind::Grants && relation.flow.is_none();
        let tags = if relation.carries.is_empty() && whole { &to.tags } else { &relation.carries };
        tags.iter().collect()
    }

    /// The code that acts as `principal`.
    pub(super) fn acting(&self, principal: &'a AssetId) -> BTreeSet<&'a AssetId> {
        let mut acting = BTreeSet::from([principal]);
        let mut waiting = vec![principal];
        while let Some(at) = waiting.pop() {
            for relation in &self.inventory.relations {
                let next = match relation.kind {
                    RelationKind::RunsAs | RelationKind::MemberOf if relation.to == *at => &relation.from,
                    RelationKind::Runs if relation.from == *at => &relation.to,
                    _ => continue,
                };
                if acting.insert(next) {
                    waiting.push(next);
                }
            }
        }
        acting.remove(principal);
        acting
    }

    /// What `code` reads or writes, each with the store that it lies in if that is `store`.
    pub(super) fn touched(&self, code: &BTreeSet<&AssetId>, access: Access) -> BTreeSet<&'a AssetId> {
        let kind = match access {
            Access::Read => RelationKind::Reads,
            Access::Write => RelationKind::Writes,
            Access::Administer | Access::Share => return BTreeSet::new(),
        };
        let moves = self.inventory.relations.iter().filter(|relation| relation.kind == kind);
        moves.filter(|relation| code.contains(&relation.from)).map(|relation| &relation.to).collect()
    }
}

/// `text` as it may stand in a comment of one line.
pub(super) fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}
