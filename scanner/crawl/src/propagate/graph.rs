//! Tags along edges until nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{AssetId, AssetKind, Basis, Class, Columns, Flow, Inventory, Protection, RelationKind, Tag};

use super::columns::{ColumnIndex, DERIVED, tags};

/// The way of data from one asset to another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edge {
    to: AssetId,
    /// Which columns go along; `None` for all that the source holds, as one (stored in, served).
    flow: Option<Flow>,
}

/// Spreads tags over `inventory`.
///
/// Tags only grow (more classes, weaker protection, origins towards the least eight), all of them from finite sets, so
/// this ends; each change looks again at the edges that leave the changed asset and at no others.
pub(super) fn spread(inventory: &mut Inventory, columns: &mut ColumnIndex) {
    let edges = edges(inventory);
    let waiting = Waiting::new(inventory, columns, &edges);
    let mut spread = Spread { direct: BTreeMap::new(), changed: BTreeSet::new() };
    for asset in inventory.assets.values().filter(|asset| !asset.tags.is_empty()) {
        if asset.kind != AssetKind::Column {
            spread.direct.insert(asset.id.clone(), asset.tags.clone());
        }
        spread.changed.insert(asset.id.clone());
    }
    spread.run(inventory, columns, &edges);
    spread.changed.extend(waiting.speak(inventory));
    spread.run(inventory, columns, &edges);
}

/// Columns that only a name speaks for and into which the data of a column of the same class and name comes: that one
/// says how protected the data is, so the name waits.
///
/// A waiting tag has the protection [`Protection::Dropped`], with which nothing travels and which every arriving tag
/// weakens. Where none arrived (two columns that wait for each other) the name speaks after all.
struct Waiting(BTreeMap<(AssetId, Class), Protection>);

impl Waiting {
    fn new(inventory: &mut Inventory, columns: &ColumnIndex, edges: &BTreeMap<AssetId, Vec<Edge>>) -> Waiting {
        let mut waiting = BTreeMap::new();
        for (from, edge) in edges.iter().flat_map(|(from, edges)| edges.iter().map(move |edge| (from, edge))) {
            let Some(flow) = edge.flow.as_ref().filter(|flow| flow.columns != Columns::Unknown && *from != edge.to)
            else {
                continue;
            };
            for (name, column, _) in travelling(columns, from, flow) {
                let Some(target) = columns.get(&edge.to, &name).filter(|target| **target != column) else { continue };
                let coming = tags(inventory, &column);
                for tag in tags(inventory, target).iter().filter(|tag| tag.basis == Basis::Name) {
                    if coming.iter().any(|other| other.class == tag.class && other.protection < Protection::Aggregated)
                    {
                        waiting.insert((target.clone(), tag.class.clone()), tag.protection);
                    }
                }
            }
        }
        for (id, class) in waiting.keys() {
            if let Some(tag) = tag(inventory, id, class) {
                tag.protection = Protection::Dropped;
            }
        }
        Waiting(waiting)
    }

    /// Lets the names speak that waited in vain; gives their columns.
    fn speak(self, inventory: &mut Inventory) -> BTreeSet<AssetId> {
        let mut spoke = BTreeSet::new();
        for ((id, class), protection) in self.0 {
            if let Some(tag) = tag(inventory, &id, &class).filter(|tag| tag.protection == Protection::Dropped) {
                tag.protection = protection;
                spoke.insert(id);
            }
        }
        spoke
    }
}

fn tag<'a>(inventory: &'a mut Inventory, id: &AssetId, class: &Class) -> Option<&'a mut Tag> {
    inventory.assets.get_mut(id)?.tags.iter_mut().find(|tag| tag.class == *class)
}

/// Every way of data, by where it begins.
fn edges(inventory: &Inventory) -> BTreeMap<AssetId, Vec<Edge>> {
    let mut reads: BTreeMap<&AssetId, BTreeSet<&AssetId>> = BTreeMap::new();
    for relation in inventory.relations.iter().filter(|relation| relation.kind == RelationKind::Reads) {
        reads.entry(&relation.from).or_default().insert(&relation.to);
    }
    let mut edges: BTreeMap<AssetId, Vec<Edge>> = BTreeMap::new();
    let mut add = |from: &AssetId, edge: Edge| {
        let known = edges.entry(from.clone()).or_default();
        if !known.contains(&edge) {
            known.push(edge);
        }
    };
    for relation in &inventory.relations {
        let flow = relation.flow.as_ref();
        match relation.kind {
            RelationKind::StoredIn => add(&relation.from, Edge { to: relation.to.clone(), flow: None }),
            RelationKind::Serves => add(&relation.to, Edge { to: relation.from.clone(), flow: None }),
            RelationKind::DerivedFrom => {
                let everything = || Flow::new(Columns::All);
                add(
                    &relation.to,
                    Edge { to: relation.from.clone(), flow: Some(flow.cloned().unwrap_or_else(everything)) },
                );
            }
            RelationKind::Writes | RelationKind::Trains => {
                for (source, flow) in sources(&relation.from, flow, &reads) {
                    add(source, Edge { to: relation.to.clone(), flow: Some(flow) });
                }
            }
            RelationKind::PartOf
            | RelationKind::DependsOn
            | RelationKind::Reads
            | RelationKind::RunsAs
            | RelationKind::Grants
            | RelationKind::MemberOf
            | RelationKind::Releases
            | RelationKind::Monitors
            | RelationKind::SendsTo
            | RelationKind::EncryptedWith
            | RelationKind::GuardedBy
            | RelationKind::Runs => {}
        }
    }
    edges
}

/// Where the data of a write or a training comes from, and how. If that is not known it may be all that the
/// pipeline reads.
pub(super) fn sources<'a>(
    pipeline: &AssetId,
    flow: Option<&'a Flow>,
    reads: &BTreeMap<&'a AssetId, BTreeSet<&'a AssetId>>,
) -> Vec<(&'a AssetId, Flow)> {
    match flow {
        Some(flow) if !flow.sources.is_empty() => flow.sources.iter().map(|source| (source, flow.clone())).collect(),
        // Named columns of an unknown source are judged by their names where they are written.
        Some(Flow { columns: Columns::Named(_), .. }) => Vec::new(),
        flow => {
            let dropped = flow.map(|flow| flow.dropped.clone()).unwrap_or_default();
            let unknown = Flow { dropped, ..Flow::new(Columns::Unknown) };
            reads.get(pipeline).into_iter().flatten().map(|source| (*source, unknown.clone())).collect()
        }
    }
}

/// `held` as it arrives elsewhere after `done` was done to it: inherited, with the holder as origin where it is one.
pub(super) fn inherited(held: &[Tag], holder: &AssetId, done: Protection) -> Vec<Tag> {
    let arrives = |tag: &Tag| {
        let protection = tag.protection.max(done);
        let mut inherited = Tag::new(tag.class.clone(), Basis::Lineage, tag.confidence);
        inherited.protection = protection;
        inherited.origins = if tag.origins.is_empty() { vec![holder.clone()] } else { tag.origins.clone() };
        (protection < Protection::Aggregated).then_some(inherited)
    };
    held.iter().filter_map(arrives).collect()
}

struct Spread {
    /// Tags of what is no column that did not come from its own columns.
    direct: BTreeMap<AssetId, Vec<Tag>>,
    /// Assets whose tags changed since their edges were followed.
    changed: BTreeSet<AssetId>,
}

impl Spread {
    /// Follows the edges of what changed until nothing does.
    fn run(&mut self, inventory: &mut Inventory, columns: &mut ColumnIndex, edges: &BTreeMap<AssetId, Vec<Edge>>) {
        while let Some(id) = self.changed.pop_first() {
            if let Some(holder) = columns.holder(&id).cloned() {
                for tag in inherited(tags(inventory, &id), &id, Protection::None) {
                    self.hold(inventory, &holder, tag);
                }
                // A copy of all columns leaves the holder even where the holder's own tags stay as they are.
                self.changed.insert(holder);
            }
            for edge in edges.get(&id).into_iter().flatten() {
                self.follow(inventory, columns, &id, edge);
            }
        }
    }

    fn follow(&mut self, inventory: &mut Inventory, columns: &mut ColumnIndex, from: &AssetId, edge: &Edge) {
        let Some(flow) = &edge.flow else {
            for tag in inherited(tags(inventory, from), from, Protection::None) {
                self.receive(inventory, columns, &edge.to, tag);
            }
            return;
        };
        // One column made of another: what is said of its protection counts for the pair.
        if columns.holder(from).is_some() {
            let done = match &flow.columns {
                Columns::Named(named) => named.values().min().copied().unwrap_or_default(),
                Columns::All | Columns::Unknown => Protection::None,
            };
            for tag in inherited(tags(inventory, from), from, done) {
                self.receive(inventory, columns, &edge.to, tag);
            }
            return;
        }
        for (name, column, done) in travelling(columns, from, flow) {
            let arriving = inherited(tags(inventory, &column), &column, done);
            if arriving.is_empty() {
                continue;
            }
            // What may be any column is not said to be one.
            let is_known = flow.columns != Columns::Unknown;
            let target = is_known.then(|| columns.get_or_make(inventory, &edge.to, &name, DERIVED)).flatten();
            for tag in arriving {
                self.receive(inventory, columns, target.as_ref().unwrap_or(&edge.to), tag);
            }
        }
        if matches!(flow.columns, Columns::All | Columns::Unknown) {
            let direct = self.direct.get(from).cloned().unwrap_or_default();
            for tag in inherited(&direct, from, Protection::None) {
                self.receive(inventory, columns, &edge.to, tag);
            }
        }
    }

    /// Lets `tag` arrive at `to`, a column or anything else that holds data.
    fn receive(&mut self, inventory: &mut Inventory, columns: &ColumnIndex, to: &AssetId, tag: Tag) {
        if columns.holder(to).is_none() {
            let direct = self.direct.entry(to.clone()).or_default();
            if join(direct, tag.clone(), to) {
                self.changed.insert(to.clone());
            }
        }
        self.hold(inventory, to, tag);
    }

    fn hold(&mut self, inventory: &mut Inventory, id: &AssetId, tag: Tag) {
        let Some(asset) = inventory.assets.get_mut(id).filter(|asset| asset.kind.holds_data()) else { return };
        if join(&mut asset.tags, tag, id) {
            self.changed.insert(id.clone());
        }
    }
}

/// The columns of `from` that go along with `flow`: the name under which it arrives, column, and what is done to it.
pub(super) fn travelling(columns: &ColumnIndex, from: &AssetId, flow: &Flow) -> Vec<(String, AssetId, Protection)> {
    let is_dropped = |name: &str| flow.dropped.iter().any(|dropped| dropped.to_lowercase() == name);
    let going: Vec<(&str, &AssetId, Protection)> = match &flow.columns {
        Columns::Named(named) => {
            named.iter().filter_map(|(name, done)| Some((name.as_str(), columns.get(from, name)?, *done))).collect()
        }
        Columns::All | Columns::Unknown => columns
            .of(from)
            .filter(|(name, _)| !is_dropped(name) && !flow.replaces(name))
            .map(|(name, id)| (name, id, Protection::None))
            .collect(),
    };
    going
        .into_iter()
        .flat_map(|(name, id, done)| flow.arriving(name, done).map(move |(to, done)| (to.to_owned(), id.clone(), done)))
        .filter(|(_, _, done)| *done < Protection::Aggregated)
        .collect()
}

/// Adds the inherited `tag` to `held`, whose holder is `id`; says whether that changed anything.
///
/// The holder's own evidence stays. Its own word on protection stays too where it was seen or declared; where only a
/// name spoke, the weaker counts.
fn join(held: &mut Vec<Tag>, tag: Tag, id: &AssetId) -> bool {
    let at = match held.binary_search_by(|held| held.class.cmp(&tag.class)) {
        Ok(at) => at,
        Err(at) => {
            held.insert(at, tag);
            return true;
        }
    };
    let Some(own) = held.get_mut(at) else { return false };
    let before = own.clone();
    if own.basis == Basis::Lineage {
        own.join(tag);
    } else {
        // INVARIANT: own evidence has itself among its origins as soon as it has any, so that none is forgotten.
        own.origins.extend(own.origins.is_empty().then(|| id.clone()));
        own.origins.extend(tag.origins);
        own.origins.sort();
        own.origins.dedup();
        own.origins.truncate(Tag::MAX_ORIGINS);
        if own.basis == Basis::Name {
            own.protection = own.protection.min(tag.protection);
        }
    }
    *own != before
}
