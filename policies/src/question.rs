use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Asset, AssetId, AssetKind, Columns, Inventory, Relation, RelationKind, Unknown};
use rayon::prelude::*;
use time::Date;
use time::format_description::well_known::Iso8601;

use crate::facts::{Facts, Known, held};
use crate::index::Index;
use crate::judgement::{JudgeError, Platform};
use crate::schema::Contract;
use crate::taxonomy::Taxonomy;

/// One request in the making: who does what to what, and under which circumstances.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) action: &'static str,
    /// `None` is the platform itself.
    pub(crate) principal: Option<&'a Asset>,
    pub(crate) resource: &'a Asset,
    /// Index into the inventory's relations.
    pub(crate) relation: Option<usize>,
    pub(crate) principal_facts: Arc<Facts>,
    pub(crate) resource_facts: Arc<Facts>,
    pub(crate) context: Facts,
    /// Groups and roles that the principal belongs to, if some policy may ask.
    pub(crate) member_of: BTreeSet<(AssetKind, AssetId)>,
    /// Index of the policies that can apply.
    pub(crate) entry: usize,
}

/// The part of the world that questions are made from.
pub(crate) struct World<'a> {
    pub(crate) inventory: &'a Inventory,
    pub(crate) contract: &'a Contract,
    pub(crate) taxonomy: &'a Taxonomy,
    pub(crate) platform: &'a Platform,
}

/// Whom each belongs to.
type Groups<'a> = BTreeMap<&'a AssetId, BTreeSet<&'a AssetId>>;

/// The facts of those who take part in relations, read once however many relations they have.
type Parties<'a> = BTreeMap<&'a AssetId, Arc<Facts>>;

impl<'a> World<'a> {
    /// Every question that `index` has policies for, in the inventory's order, and what could not be asked.
    pub(crate) fn questions(&self, index: &Index) -> (Vec<Question<'a>>, Vec<JudgeError>) {
        let assets: Vec<&Asset> = self.inventory.assets.values().collect();
        let mut questions: Vec<Question<'a>> =
            assets.into_par_iter().filter_map(|asset| self.posture(asset, index)).collect();
        let (groups, parties) = (self.groups(), self.parties());
        let asked: Vec<(Vec<Question<'a>>, Vec<JudgeError>)> = self
            .inventory
            .relations
            .par_iter()
            .enumerate()
            .map(|(at, relation)| {
                let (mut asked, mut errors) = (Vec::new(), Vec::new());
                for action in self.actions(relation) {
                    match self.ask(at, relation, action, index, &groups, &parties) {
                        Ok(question) => asked.extend(question),
                        Err(error) => errors.push(error),
                    }
                }
                (asked, errors)
            })
            .collect();
        let mut errors = BTreeSet::new();
        for (asked, failed) in asked {
            questions.extend(asked);
            errors.extend(failed);
        }
        (questions, errors.into_iter().collect())
    }

    /// The question whether `relation` may be used as `action` says, if some policy can apply.
    ///
    /// # Errors
    /// It cannot be asked: an asset is missing, or the schema has no such question.
    fn ask(
        &self,
        at: usize,
        relation: &'a Relation,
        action: &'static str,
        index: &Index,
        groups: &Groups<'a>,
        parties: &Parties<'a>,
    ) -> Result<Option<Question<'a>>, JudgeError> {
        let ends = (self.inventory.asset(&relation.from), self.inventory.asset(&relation.to));
        let (Some(from), Some(to)) = ends else { return Err(dangling(relation)) };
        if !self.contract.allows(from.kind.as_str(), action, to.kind.as_str()) {
            return Err(unknown_to_schema(from.kind, action, to.kind));
        }
        let Some(entry) = index.entry(from.kind.as_str(), action, to.kind.as_str()) else { return Ok(None) };
        let member_of = if index.asks_identity(entry) { self.member_of(from, groups) } else { BTreeSet::new() };
        let facts = [from, to].map(|asset| parties.get(&asset.id).cloned().unwrap_or_default());
        let question = self.relation(at, relation, action, (from, to), facts, member_of);
        Ok(Some(Question { entry, ..question }))
    }

    /// The questions about relations that `wanted` chooses, whether or not any policy can apply.
    pub(crate) fn relations(&self, wanted: impl Fn(&str, &Relation) -> bool) -> Vec<Question<'a>> {
        let (groups, facts) = (self.groups(), self.parties());
        let mut questions = Vec::new();
        for (at, relation) in self.inventory.relations.iter().enumerate() {
            let parties = (self.inventory.asset(&relation.from), self.inventory.asset(&relation.to));
            let (Some(from), Some(to)) = parties else { continue };
            for action in self.actions(relation).into_iter().filter(|action| wanted(action, relation)) {
                let facts = [from, to].map(|asset| facts.get(&asset.id).cloned().unwrap_or_default());
                questions.push(self.relation(at, relation, action, (from, to), facts, self.member_of(from, &groups)));
            }
        }
        questions
    }

    /// The facts of everybody that a relation asks about.
    fn parties(&self) -> Parties<'a> {
        let asked = self.inventory.relations.iter().filter(|relation| !self.actions(relation).is_empty());
        let ids: BTreeSet<&AssetId> = asked.flat_map(|relation| [&relation.from, &relation.to]).collect();
        let ids: Vec<&AssetId> = ids.into_iter().collect();
        ids.into_par_iter()
            .filter_map(|id| self.inventory.asset(id))
            .map(|asset| (&asset.id, Arc::new(self.facts(asset))))
            .collect()
    }

    /// An asset that no source defines is known by reference only and has no configuration to judge.
    pub(crate) fn posture<'q>(&self, asset: &'q Asset, index: &Index) -> Option<Question<'q>> {
        asset.place.as_ref()?;
        let entry = index.entry("Platform", "operate", asset.kind.as_str())?;
        Some(Question {
            action: "operate",
            principal: None,
            resource: asset,
            relation: None,
            principal_facts: Arc::default(),
            resource_facts: Arc::new(self.facts(asset)),
            context: Facts::default(),
            member_of: BTreeSet::new(),
            entry,
        })
    }

    fn relation(
        &self,
        at: usize,
        relation: &'a Relation,
        action: &'static str,
        (principal, resource): (&'a Asset, &'a Asset),
        [principal_facts, resource_facts]: [Arc<Facts>; 2],
        member_of: BTreeSet<(AssetKind, AssetId)>,
    ) -> Question<'a> {
        Question {
            action,
            principal: Some(principal),
            resource,
            relation: Some(at),
            principal_facts,
            resource_facts,
            context: self.context(relation, action, resource),
            member_of,
            entry: 0,
        }
    }

    fn facts(&self, asset: &Asset) -> Facts {
        match self.contract.attributes(asset.kind.as_str()) {
            Some(kinds) => Facts::of(asset, kinds, self.taxonomy, &self.platform.residency),
            None => Facts::default(),
        }
    }

    /// The Cedar actions that a relation asks about; none for relations that only describe.
    fn actions(&self, relation: &Relation) -> Vec<&'static str> {
        match relation.kind {
            // A grant that a table has from its database is judged on the database.
            RelationKind::Grants if relation.attributes.contains_key("inherited") => Vec::new(),
            RelationKind::Grants => relation.access.iter().map(|access| access.as_str()).collect(),
            RelationKind::Reads => vec!["process"],
            RelationKind::Trains => vec!["train"],
            RelationKind::SendsTo => self.disclosure(&relation.to),
            RelationKind::Releases => vec![match self.inventory.asset(&relation.to).map(|asset| asset.kind) {
                Some(AssetKind::Endpoint | AssetKind::Workload) => "deploy",
                _ => "publish",
            }],
            RelationKind::PartOf
            | RelationKind::DependsOn
            | RelationKind::StoredIn
            | RelationKind::DerivedFrom
            | RelationKind::Writes
            | RelationKind::RunsAs
            | RelationKind::MemberOf
            | RelationKind::Serves
            | RelationKind::Monitors
            | RelationKind::EncryptedWith
            | RelationKind::GuardedBy
            | RelationKind::Runs => Vec::new(),
        }
    }

    /// Whether data that goes to `sink` is logged or sent; both are asked where nobody says what kind it is.
    fn disclosure(&self, sink: &AssetId) -> Vec<&'static str> {
        let kind = self.inventory.asset(sink).and_then(|sink| sink.value("sinkKind"));
        match kind.and_then(|kind| kind.as_text()) {
            Some(kind) if self.taxonomy.is_log(kind) => vec!["log"],
            Some(_) => vec!["send"],
            None => vec!["log", "send"],
        }
    }

    /// What travels, and how: a grant or release that names no columns reaches all that the resource holds.
    fn context(&self, relation: &Relation, action: &str, resource: &Asset) -> Facts {
        let none = BTreeMap::new();
        let kinds = self.contract.context(action).unwrap_or(&none);
        let mut context = Facts::read(&relation.attributes, kinds, self.taxonomy, &self.platform.residency);
        // Cedar has no clock: whether a day is past is computed before.
        if let Some(Known::Text(until)) = context.known.get("validUntil") {
            match Date::parse(until, &Iso8601::DATE) {
                Ok(until) => drop(context.known.insert("expired".to_owned(), Known::Bool(until < self.platform.as_of))),
                Err(_) => {
                    let unknown = Unknown { expression: until.clone(), why: "it is not a date".to_owned() };
                    context.unknown.insert("expired".to_owned(), unknown);
                }
            }
        }
        let whole = matches!(relation.kind, RelationKind::Grants | RelationKind::Releases) && relation.flow.is_none();
        let tags = if relation.carries.is_empty() && whole { &resource.tags } else { &relation.carries };
        context.held = held(tags, self.taxonomy);
        if let Some(flow) = relation.flow.as_ref().filter(|_| kinds.contains_key("allColumns")) {
            match flow.columns {
                Columns::All => drop(context.known.insert("allColumns".to_owned(), Known::Bool(true))),
                Columns::Named(_) => drop(context.known.insert("allColumns".to_owned(), Known::Bool(false))),
                Columns::Unknown => {
                    let why = "which columns travel is not in the sources".to_owned();
                    context.unknown.insert("allColumns".to_owned(), Unknown { expression: "columns".to_owned(), why });
                }
            }
        }
        context
    }

    fn groups(&self) -> Groups<'a> {
        let mut groups = Groups::new();
        for relation in self.inventory.relations.iter().filter(|relation| relation.kind == RelationKind::MemberOf) {
            groups.entry(&relation.from).or_default().insert(&relation.to);
        }
        groups
    }

    /// Every group and role above `principal`; the schema lets only groups and roles stand above somebody.
    fn member_of(
        &self,
        principal: &Asset,
        groups: &BTreeMap<&AssetId, BTreeSet<&AssetId>>,
    ) -> BTreeSet<(AssetKind, AssetId)> {
        let mut above = BTreeSet::new();
        let mut waiting = vec![&principal.id];
        while let Some(next) = waiting.pop() {
            for group in groups.get(next).into_iter().flatten() {
                let kind = self.inventory.asset(group).map(|asset| asset.kind);
                let Some(kind @ (AssetKind::Group | AssetKind::Role)) = kind else { continue };
                if **group != principal.id && above.insert((kind, (*group).clone())) {
                    waiting.push(group);
                }
            }
        }
        if principal.kind == AssetKind::AnyOne { BTreeSet::new() } else { above }
    }
}

fn dangling(relation: &Relation) -> JudgeError {
    let (kind, from, to) = (relation.kind.as_str(), &relation.from, &relation.to);
    JudgeError {
        policy: None,
        asset: Some(from.clone()),
        message: format!("the relation {kind} from `{from}` to `{to}` names an asset that is not in the inventory"),
    }
}

/// Said once for a combination of kinds: no policy, ours or the user's, can speak of such relations.
fn unknown_to_schema(from: AssetKind, action: &str, to: AssetKind) -> JudgeError {
    let message = format!("no policy can judge `{action}` by a {from} on a {to}: the schema does not have it");
    JudgeError { policy: None, asset: None, message }
}
