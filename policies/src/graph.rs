use std::collections::{BTreeMap, BTreeSet, VecDeque};

use aedile_model::{Asset, AssetId, Inventory, RelationKind, Step};

/// How many steps a path has at the most.
const MOST_STEPS: usize = 8;
/// How many assets a search looks at before it gives up: a path is a courtesy, not a verdict.
const MOST_LOOKED_AT: usize = 20_000;

/// One way that data, or the right to it, moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge<'a> {
    to: &'a AssetId,
    verb: &'static str,
    relation: usize,
}

/// The inventory's relations in the direction that data flows.
pub(crate) struct Graph<'a> {
    inventory: &'a Inventory,
    edges: BTreeMap<&'a AssetId, Vec<Edge<'a>>>,
}

impl<'a> Graph<'a> {
    pub(crate) fn new(inventory: &'a Inventory) -> Self {
        let mut edges: BTreeMap<&AssetId, Vec<Edge<'_>>> = BTreeMap::new();
        for (at, relation) in inventory.relations.iter().enumerate() {
            let forward = |verb| (&relation.from, &relation.to, verb);
            let backward = |verb| (&relation.to, &relation.from, verb);
            let (from, to, verb) = match relation.kind {
                RelationKind::PartOf => forward("a column of"),
                RelationKind::StoredIn => forward("stored in"),
                RelationKind::DerivedFrom => backward("made into"),
                RelationKind::Reads => backward("read by"),
                RelationKind::Writes => forward("written to"),
                RelationKind::Trains => forward("trains"),
                RelationKind::Serves => backward("served by"),
                RelationKind::SendsTo
                | RelationKind::DependsOn
                | RelationKind::RunsAs
                | RelationKind::Grants
                | RelationKind::MemberOf
                | RelationKind::Releases
                | RelationKind::Monitors
                | RelationKind::EncryptedWith
                | RelationKind::GuardedBy
                | RelationKind::Runs => continue,
            };
            edges.entry(from).or_default().push(Edge { to, verb, relation: at });
        }
        for list in edges.values_mut() {
            list.sort();
        }
        Graph { inventory, edges }
    }

    /// The steps from the column `origin` to `target`, both included; if no chain of relations joins
    /// them, only the two ends.
    pub(crate) fn path(&self, origin: &AssetId, target: &AssetId) -> Vec<Step> {
        let mut steps = vec![self.origin(origin)];
        if origin == target {
            return steps;
        }
        let chain = self.shortest(origin, target);
        if chain.is_empty() {
            steps.push(self.step("reaches", target, None));
        }
        // The first step names the column's dataset already.
        let after = usize::from(chain.first().is_some_and(|edge| edge.verb == "a column of") && chain.len() > 1);
        for edge in chain.iter().skip(after) {
            let mut step = self.step(edge.verb, edge.to, Some(edge.relation));
            // A relation that is told by the data itself is shown where the asset that it leads to is defined.
            let before = steps.last().and_then(|step| step.place.as_ref()).map(|place| &place.path);
            let defined = self.inventory.asset(edge.to).and_then(|asset| asset.place.clone());
            if edge.verb == "stored in" && step.place.as_ref().map(|place| &place.path) == before && defined.is_some() {
                step.place = defined;
            }
            steps.push(step);
        }
        steps
    }

    fn shortest(&self, origin: &AssetId, target: &AssetId) -> Vec<Edge<'a>> {
        let Some((origin, _)) = self.inventory.assets.get_key_value(origin) else { return Vec::new() };
        let mut came: BTreeMap<&AssetId, (&AssetId, Edge<'a>)> = BTreeMap::new();
        let mut seen = BTreeSet::from([origin]);
        let mut waiting = VecDeque::from([(origin, 0usize)]);
        while let Some((next, depth)) = waiting.pop_front() {
            if next == target || seen.len() > MOST_LOOKED_AT {
                break;
            }
            if depth >= MOST_STEPS {
                continue;
            }
            for edge in self.edges.get(next).into_iter().flatten() {
                if seen.insert(edge.to) {
                    came.insert(edge.to, (next, *edge));
                    waiting.push_back((edge.to, depth + 1));
                }
            }
        }
        let mut chain = Vec::new();
        let mut at = target;
        while let Some((from, edge)) = came.get(at) {
            chain.push(*edge);
            at = from;
        }
        chain.reverse();
        chain
    }

    fn origin(&self, origin: &AssetId) -> Step {
        let asset = self.inventory.asset(origin);
        let text = asset.map_or_else(|| format!("`{origin}`"), |asset| self.named(asset));
        let text = match asset.and_then(|asset| asset.tags.iter().max_by_key(|tag| (tag.confidence, &tag.class))) {
            Some(tag) => {
                format!("{text} ({}, {} %, {})", tag.class, tag.confidence.value(), tag.basis.as_str())
            }
            None => text,
        };
        Step { text, asset: Some(origin.clone()), place: asset.and_then(|asset| asset.place.clone()) }
    }

    /// The step that reaches `to`: its verb, its kind and its address.
    pub(crate) fn step(&self, verb: &str, to: &AssetId, relation: Option<usize>) -> Step {
        let asset = self.inventory.asset(to);
        let named = asset.map_or_else(|| format!("`{to}`"), |asset| self.named(asset));
        let said = relation.and_then(|at| self.inventory.relations.get(at)).and_then(|relation| relation.place.clone());
        Step {
            text: format!("{verb} {named}"),
            asset: Some(to.clone()),
            place: said.or_else(|| asset.and_then(|asset| asset.place.clone())),
        }
    }

    /// `column `x` of `y``, `bucket `aws_s3_bucket.raw``.
    pub(crate) fn named(&self, asset: &Asset) -> String {
        let kind = asset.kind.as_str().to_lowercase();
        let of = self.edges.get(&asset.id).into_iter().flatten().find(|edge| edge.verb == "a column of");
        match of.and_then(|edge| self.inventory.asset(edge.to)) {
            Some(whole) => format!("{kind} `{}` of `{}`", asset.name, whole.address),
            None => format!("{kind} `{}`", asset.address),
        }
    }
}
