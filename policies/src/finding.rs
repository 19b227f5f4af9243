use std::collections::{BTreeMap, BTreeSet};

use aedile_model::{
    Asset, AssetId, Citation, Columns, Evidence, Finding, Fingerprint, Inventory, Place, Relation, RelationKind,
    Remediation, Severity, Step, Subject, Tag, Value, Verdict,
};
use rayon::prelude::*;
use time::Date;

use crate::control::{Control, PolicyInfo};
use crate::frameworks::Frameworks;
use crate::graph::Graph;
use crate::judgement::Decision;
use crate::reads::{Reads, Side};
use crate::stake::{at_stake, classes, evidence};
use crate::taxonomy::Taxonomy;
use crate::words::Words;

/// Texts that we compute, of names and classes only: they may be repeated.
const SHOWN: &[&str] = &[
    "classesWithoutRetention",
    "misdeclaredColumns",
    "missing",
    "suggestedUse",
    "uncomparedColumns",
    "undeclaredColumns",
    "unfoundColumns",
    "unmaskedCopies",
    "waiting",
];
/// How many places a finding shows at the most.
const MOST_PLACES: usize = 16;

/// Writes findings from decisions.
pub(crate) struct Writer<'a> {
    pub(crate) inventory: &'a Inventory,
    pub(crate) graph: Graph<'a>,
    pub(crate) taxonomy: &'a Taxonomy,
    pub(crate) frameworks: &'a Frameworks,
    pub(crate) as_of: Date,
}

/// A policy as findings need it.
pub(crate) struct Judged<'a> {
    pub(crate) info: &'a PolicyInfo,
    /// `None` where no single policy decides.
    pub(crate) control: Option<&'a Control>,
}

/// What one finding is made from: the decisions of one policy on one pair of parties.
struct Group<'a> {
    info: &'a PolicyInfo,
    decisions: Vec<&'a Decision>,
    principal: Option<&'a Asset>,
    resource: &'a Asset,
    relations: Vec<(usize, &'a Relation)>,
    verdict: Verdict,
    severity: Severity,
}

impl<'a> Writer<'a> {
    /// One finding for every policy and pair of parties with a Fail or Inconclusive, whatever the
    /// number of relations and actions behind it.
    pub(crate) fn findings<'b>(
        &'b self,
        decisions: &'b [Decision],
        policies: &BTreeMap<&str, Judged<'b>>,
    ) -> Vec<Finding> {
        let mut groups: BTreeMap<(&str, Option<&AssetId>, &AssetId), Vec<&Decision>> = BTreeMap::new();
        for decision in decisions.iter().filter(|decision| decision.verdict != Verdict::Pass) {
            let key = (decision.policy.as_str(), decision.principal.as_ref(), &decision.resource);
            groups.entry(key).or_default().push(decision);
        }
        let groups: Vec<Vec<&Decision>> = groups.into_values().collect();
        let mut findings: Vec<Finding> = groups
            .into_par_iter()
            .filter_map(|decisions| {
                let judged = policies.get(decisions.first()?.policy.as_str())?;
                let body = judged.control.and_then(|control| control.body().ok());
                let reads = body.map(|body| (&body.reads, &body.scope_reads));
                Some(self.finding(&self.group(judged.info, decisions)?, reads))
            })
            .collect();
        findings.sort_by(|a, b| {
            (b.severity, &a.policy, &a.asset, &a.fingerprint).cmp(&(a.severity, &b.policy, &b.asset, &b.fingerprint))
        });
        findings
    }

    fn group<'b>(&'b self, info: &'b PolicyInfo, mut decisions: Vec<&'b Decision>) -> Option<Group<'b>> {
        let failed = decisions.iter().any(|decision| decision.verdict == Verdict::Fail);
        let verdict = if failed { Verdict::Fail } else { Verdict::Inconclusive };
        // What fails is shown, not what might.
        decisions.retain(|decision| decision.verdict == verdict);
        let first = *decisions.first()?;
        let asset = |id: &AssetId| self.inventory.asset(id);
        let at: BTreeSet<usize> = decisions.iter().filter_map(|decision| decision.relation).collect();
        Some(Group {
            info,
            principal: first.principal.as_ref().and_then(asset),
            resource: asset(&first.resource)?,
            relations: at.into_iter().filter_map(|at| Some((at, self.inventory.relations.get(at)?))).collect(),
            verdict,
            severity: decisions.iter().filter_map(|decision| decision.severity).max().unwrap_or(info.severity),
            decisions,
        })
    }

    fn finding(&self, group: &Group<'_>, reads: Option<(&Reads, &Reads)>) -> Finding {
        let tags = self.tags(group);
        let classes = classes(&tags);
        let holding = if tags.is_empty() { String::new() } else { format!(", which holds {classes},") };
        let subject = group.subject();
        let words = Words {
            asset: &subject.address,
            principal: group.principal.map_or("the platform", |asset| &asset.address),
            resource: &group.resource.address,
            classes: &classes,
            holding: &holding,
        };
        let depends: BTreeSet<String> = group
            .decisions
            .iter()
            .flat_map(|decision| decision.unknown.iter().map(|(_, unknown)| format!("`{}`", unknown.expression)))
            .collect();
        let depends = depends.into_iter().collect::<Vec<_>>().join(", ");
        let (title, advice) = (words.fill(&group.info.title), words.fill(&group.info.remedy));
        let (title, advice) = match group.verdict {
            Verdict::Inconclusive => (
                format!("undecided, depends on {depends}: {title}"),
                format!(
                    "give {depends} a value that the scan can see, for instance by `variables` in aedile.yaml; else {advice}"
                ),
            ),
            Verdict::Fail | Verdict::Pass | Verdict::NotApplicable => (title, advice),
        };
        let mut rests = self.attributes(group, reads);
        let places = self.places(group, &rests);
        rests.extend(evidence(&tags, group.resource, self.inventory, &self.graph));
        Finding {
            fingerprint: group.fingerprint(),
            policy: group.info.id.clone(),
            aliases: group.info.aliases.clone(),
            title,
            severity: group.severity,
            verdict: group.verdict,
            asset: Subject { kind: subject.kind, id: subject.id.clone(), address: subject.address.clone() },
            places,
            path: self.path(group, &tags),
            evidence: rests,
            remediation: Remediation::advice(advice),
            citations: self.citations(group.info),
        }
    }

    /// The obligations of `info` that apply on the day.
    fn citations(&self, info: &PolicyInfo) -> Vec<Citation> {
        let applies = |cite: &&Citation| self.frameworks.applies(&cite.obligation, self.as_of);
        info.cites.iter().filter(applies).cloned().collect()
    }

    /// The tags at stake: what the relations carry, or what the resource holds.
    fn tags<'b>(&self, group: &Group<'b>) -> Vec<&'b Tag> {
        let carried: Vec<&Tag> = group.relations.iter().flat_map(|(_, relation)| &relation.carries).collect();
        let whole = group.relations.iter().all(|(_, relation)| {
            matches!(relation.kind, RelationKind::Grants | RelationKind::Releases) && relation.flow.is_none()
        });
        if carried.is_empty() && whole {
            at_stake(&group.resource.tags, self.taxonomy)
        } else {
            at_stake(carried, self.taxonomy)
        }
    }

    /// What the policy read: what `unless` asks for first, and what is unknown with its reason.
    fn attributes(&self, group: &Group<'_>, reads: Option<(&Reads, &Reads)>) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        let first_relation = group.relations.first().map(|(_, relation)| *relation);
        for (name, unknown) in group.decisions.iter().flat_map(|decision| &decision.unknown) {
            let text = format!("`{name}` is not known: {unknown}");
            let found = group.resource.attributes.get(name);
            let found = found.or_else(|| first_relation.and_then(|relation| relation.attributes.get(name)));
            let place = found.and_then(|attribute| attribute.place.clone());
            evidence.push(Evidence { text, place });
        }
        let Some((reads, scope)) = reads else { return evidence };
        let asked = reads.attributes.iter().filter(|read| !scope.attributes.contains(*read));
        let mut all: Vec<&(Side, String)> = asked.collect();
        all.extend(&scope.attributes);
        for (side, name) in all {
            let attribute = match side {
                Side::Principal => group.principal.and_then(|asset| asset.attributes.get(name)),
                Side::Resource => group.resource.attributes.get(name),
                Side::Context => first_relation.and_then(|relation| relation.attributes.get(name)),
            };
            let Some(attribute) = attribute else { continue };
            let text = match &attribute.value {
                Value::Bool(truth) => format!("`{name}` is {truth}"),
                Value::Int(number) => format!("`{name}` is {number}"),
                Value::Unknown(_) => continue,
                Value::Text(text) if SHOWN.contains(&name.as_str()) => format!("`{name}`: {text}"),
                // A text, list or map of the source is not repeated: it may hold what nobody should read.
                Value::Null | Value::Text(_) | Value::List(_) | Value::Map(_) if attribute.place.is_some() => {
                    format!("`{name}` is set")
                }
                Value::Null | Value::Text(_) | Value::List(_) | Value::Map(_) => continue,
            };
            evidence.push(Evidence { text, place: attribute.place.clone() });
        }
        evidence.sort();
        evidence.dedup();
        let is_asked = |name: &str| {
            let asked = reads.attributes.iter().filter(|read| !scope.attributes.contains(*read));
            asked.into_iter().any(|(_, asked)| asked == name)
        };
        evidence.sort_by_cached_key(|line| !line.text.split('`').nth(1).is_some_and(is_asked));
        evidence
    }

    /// Deciding attributes, then where the relation is said and how the data went, then the parties.
    fn places(&self, group: &Group<'_>, deciding: &[Evidence]) -> Vec<Place> {
        let mut places: Vec<Place> = deciding.iter().filter_map(|line| line.place.clone()).collect();
        if !group.relations.is_empty() {
            let said = group.relations.iter().filter_map(|(_, relation)| relation.place.clone());
            let steps = group.relations.iter().filter_map(|(_, relation)| relation.flow.as_ref());
            let said: Vec<Place> = said.chain(steps.flat_map(|flow| flow.steps.iter().rev().cloned())).collect();
            // Of a flow the call itself tells most, more than what the sink is.
            places.splice(0..0, said);
        }
        places.extend(group.subject().place.clone());
        places.extend(group.resource.place.clone());
        let mut seen = BTreeSet::new();
        places.retain(|place| seen.insert(place.clone()));
        places.truncate(MOST_PLACES);
        places
    }

    /// How the data, then the access, got there.
    fn path(&self, group: &Group<'_>, tags: &[&Tag]) -> Vec<Step> {
        let carrier = match group.principal {
            Some(principal) if group.is_code() => principal,
            _ => group.resource,
        };
        let origin = tags.iter().find_map(|tag| tag.origins.first());
        let mut path = match origin {
            Some(origin) => self.graph.path(origin, &carrier.id),
            None => vec![self.graph.step("at", &carrier.id, None)],
        };
        if path.len() == 1 && group.relations.is_empty() && origin.is_none() {
            return Vec::new();
        }
        if let (Some((at, relation)), Some(principal)) = (group.relations.first(), group.principal) {
            let last = match relation.kind {
                RelationKind::Grants => {
                    let access: BTreeSet<&str> =
                        group.decisions.iter().map(|decision| decision.action.as_str()).collect();
                    let verb = format!("{} granted to", access.into_iter().collect::<Vec<_>>().join(", "));
                    self.graph.step(&verb, &principal.id, Some(*at))
                }
                RelationKind::SendsTo => self.graph.step("sent to", &group.resource.id, Some(*at)),
                RelationKind::Trains => self.graph.step("trains", &group.resource.id, Some(*at)),
                RelationKind::Releases => self.graph.step("releases", &group.resource.id, Some(*at)),
                _ => self.graph.step("reads", &group.resource.id, Some(*at)),
            };
            path.push(last);
        }
        path
    }
}

impl Group<'_> {
    /// Whether code acts here: then the code is what somebody must change.
    fn is_code(&self) -> bool {
        !self.relations.is_empty() && self.relations.iter().all(|(_, relation)| relation.kind != RelationKind::Grants)
    }

    /// What the finding is about.
    fn subject(&self) -> &Asset {
        match self.principal {
            Some(principal) if self.is_code() => principal,
            _ => self.resource,
        }
    }

    /// Other parties and columns make an occurrence distinct; places do not.
    fn fingerprint(&self) -> Fingerprint {
        let mut columns: BTreeSet<&str> = BTreeSet::new();
        for flow in self.relations.iter().filter_map(|(_, relation)| relation.flow.as_ref()) {
            match &flow.columns {
                Columns::All => drop(columns.insert("*")),
                Columns::Named(named) => columns.extend(named.keys().map(String::as_str)),
                Columns::Unknown => drop(columns.insert("?")),
            }
        }
        let mut distinct: Vec<&str> = Vec::new();
        if let Some(principal) = self.principal {
            distinct.extend([principal.id.as_str(), self.resource.id.as_str()]);
        }
        distinct.extend(columns);
        Fingerprint::new(&self.info.id, &self.subject().id, &distinct)
    }
}
