//! From the model's vocabulary to the recorded form: the edge at which bytes become lines and columns.

use std::collections::BTreeMap;

use aedile_crawl::Coverage;
use aedile_model as model;
use aedile_policies::{FrameworkResult, ObligationKind, ObligationStatus, PolicyInfo};
use aedile_rules::Rules;
use serde_json::{Value, json};

use crate::diff::{CONTEXT, unified_behind};
use crate::record;
use crate::snippet::{MaskedTexts, snippet, visible};

/// Turns facts and verdicts into their recorded form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorder<'a> {
    pub(crate) sources: &'a model::Sources,
    pub(crate) rules: &'a Rules,
    /// Whether findings show their source lines.
    pub(crate) lines: bool,
    pub(crate) masked: &'a MaskedTexts,
}

impl Recorder<'_> {
    /// `place` as lines and columns, without source text.
    pub(crate) fn place(&self, place: &model::Place) -> record::Place {
        let at = self.sources.locate(place);
        let position = |position: model::Position| record::Position { line: position.line, column: position.column };
        record::Place {
            path: visible(&at.path),
            start: position(at.start),
            end: position(at.end),
            cell: at.cell,
            snippet: None,
        }
    }

    fn shown(&self, place: &model::Place) -> record::Place {
        let snippet = if self.lines { snippet(place, self.sources, self.rules, self.masked) } else { None };
        record::Place { snippet, ..self.place(place) }
    }

    pub(crate) fn gap(&self, gap: &model::Gap) -> record::Gap {
        record::Gap {
            kind: gap.kind.as_str().to_owned(),
            place: self.place(&gap.place),
            message: visible(&gap.message),
            accepted: None,
        }
    }

    pub(crate) fn asset(&self, asset: &model::Asset) -> record::Asset {
        record::Asset {
            id: visible(asset.id.as_str()),
            kind: asset.kind.to_string(),
            address: visible(&asset.address),
            name: visible(&asset.name),
            type_name: asset.type_name.clone(),
            place: asset.place.as_ref().map(|place| self.place(place)),
            attributes: values(&asset.attributes),
            attribute_places: self.said(&asset.attributes),
            tags: asset.tags.iter().map(tag).collect(),
            names: asset.names.iter().map(|name| visible(name)).collect(),
            in_tests: asset.in_tests,
        }
    }

    /// Where attributes are said.
    fn said(&self, attributes: &BTreeMap<String, model::Attribute>) -> BTreeMap<String, record::Place> {
        let said = attributes.iter().filter_map(|(name, attribute)| Some((name, attribute.place.as_ref()?)));
        said.map(|(name, place)| (name.clone(), self.place(place))).collect()
    }

    fn flow(&self, flow: &model::Flow) -> record::Flow {
        let (columns, protections) = match &flow.columns {
            model::Columns::All => ("all", BTreeMap::new()),
            model::Columns::Unknown => ("unknown", BTreeMap::new()),
            model::Columns::Named(named) => {
                ("named", named.iter().map(|(name, rung)| (visible(name), rung.as_str().to_owned())).collect())
            }
        };
        record::Flow {
            columns: columns.to_owned(),
            protections,
            sources: flow.sources.iter().map(|source| visible(source.as_str())).collect(),
            dropped: flow.dropped.iter().map(|column| visible(column)).collect(),
            filters: flow.filters.iter().map(|column| visible(column)).collect(),
            made: flow
                .made
                .iter()
                .map(|(name, of)| {
                    let of = of.iter().map(|(source, rung)| (visible(source), rung.as_str().to_owned()));
                    (visible(name), of.collect())
                })
                .collect(),
            steps: flow.steps.iter().map(|step| self.place(step)).collect(),
        }
    }

    pub(crate) fn relation(&self, relation: &model::Relation) -> record::Relation {
        record::Relation {
            kind: relation.kind.as_str().to_owned(),
            from: visible(relation.from.as_str()),
            to: visible(relation.to.as_str()),
            basis: match &relation.basis {
                model::LinkBasis::Declared => "declared".to_owned(),
                model::LinkBasis::Exact => "exact".to_owned(),
                model::LinkBasis::Inferred(because) => format!("inferred: {because}"),
            },
            access: relation.access.iter().map(|access| access.as_str().to_owned()).collect(),
            carries: relation.carries.iter().map(|tag| tag.class.to_string()).collect(),
            columns: relation.flow.as_ref().map(columns).unwrap_or_default(),
            protections: relation.flow.as_ref().map(protections).unwrap_or_default(),
            place: relation.place.as_ref().map(|place| self.place(place)),
            carried: relation.carries.iter().map(tag).collect(),
            attributes: values(&relation.attributes),
            attribute_places: self.said(&relation.attributes),
            flow: relation.flow.as_ref().map(|flow| self.flow(flow)),
        }
    }

    pub(crate) fn finding(&self, finding: &model::Finding) -> record::Finding {
        record::Finding {
            fingerprint: finding.fingerprint.to_string(),
            policy: finding.policy.clone(),
            aliases: finding.aliases.clone(),
            title: visible(&finding.title),
            severity: finding.severity.to_string(),
            verdict: finding.verdict.to_string(),
            asset: record::Subject {
                kind: finding.asset.kind.to_string(),
                id: visible(finding.asset.id.as_str()),
                address: visible(&finding.asset.address),
            },
            places: finding.places.iter().map(|place| self.shown(place)).collect(),
            path: finding.path.iter().map(|step| self.step(step)).collect(),
            evidence: finding.evidence.iter().map(|evidence| visible(&evidence.text)).collect(),
            remediation: record::Remediation {
                text: visible(&finding.remediation.text),
                patches: finding.remediation.patches.iter().map(|patch| self.patch(patch)).collect(),
                diff: self.diff(&finding.remediation.patches),
                warning: finding.remediation.warning.clone(),
                unpatched: finding.remediation.unpatched.as_deref().map(visible),
            },
            citations: finding.citations.iter().map(citation).collect(),
            waiver: None,
            baseline_state: None,
            diff_state: None,
        }
    }

    fn step(&self, step: &model::Step) -> record::Step {
        record::Step {
            text: visible(&step.text),
            asset: step.asset.as_ref().map(|id| visible(id.as_str())),
            place: step.place.as_ref().map(|place| self.place(place)),
        }
    }

    fn patch(&self, patch: &model::Patch) -> record::Patch {
        let text = self.sources.text(&patch.place).map_or("", |text| text);
        record::Patch {
            place: self.place(&patch.place),
            replacement: patch.replacement.clone(),
            bytes: Some(record::Bytes { start: patch.place.span.start, end: patch.place.span.end }),
            sha256: Some(self.masked.digest(&patch.place.path, text)),
        }
    }

    /// The patches as a unified diff, masked as snippets are.
    fn diff(&self, patches: &[model::Patch]) -> Option<String> {
        let paths: std::collections::BTreeSet<_> = patches.iter().map(|patch| &patch.place.path).collect();
        let diffs = paths.into_iter().filter_map(|path| {
            let text = self.sources.text(&model::Place::file(path))?;
            let old = self.masked.get(path, text, self.rules);
            let own: Vec<&model::Patch> = patches.iter().filter(|patch| patch.place.path == *path).collect();
            let lines = aedile_crawl::surroundings(path, &old, &own, CONTEXT);
            let start = u32::try_from(lines.start).ok()?;
            let first = model::Place { span: model::Span { start, end: start }, ..model::Place::file(path) };
            let before = (self.sources.locate(&first).start.line as usize).saturating_sub(1);
            let moved = own.into_iter().map(|patch| {
                let mut patch = patch.clone();
                let span = &mut patch.place.span;
                (span.start, span.end) = (span.start.saturating_sub(start), span.end.saturating_sub(start));
                patch
            });
            let (old, moved) = (old.get(lines)?, moved.collect::<Vec<_>>());
            Some(unified_behind(path, before, old, &aedile_crawl::patched(path, old, &moved)))
        });
        let lines: Vec<String> = diffs.collect::<String>().lines().map(visible).collect();
        (!lines.is_empty()).then(|| lines.join("\n") + "\n")
    }
}

fn citation(citation: &model::Citation) -> record::Citation {
    record::Citation {
        framework: citation.framework.clone(),
        obligation: citation.obligation.clone(),
        title: citation.title.clone(),
    }
}

fn tag(tag: &model::Tag) -> record::Tag {
    record::Tag {
        tag: tag.class.to_string(),
        confidence: tag.confidence.value(),
        basis: tag.basis.as_str().to_owned(),
        protection: tag.protection.as_str().to_owned(),
        rule: tag.rule.clone(),
        hits: tag.hits,
        of: tag.of,
        example_shape: tag.example_shape.clone(),
        reasons: tag.reasons.clone(),
        origins: tag.origins.iter().map(|origin| visible(origin.as_str())).collect(),
    }
}

fn columns(flow: &model::Flow) -> Vec<String> {
    match &flow.columns {
        model::Columns::All => vec!["*".to_owned()],
        model::Columns::Named(named) => named.keys().map(|name| visible(name)).collect(),
        model::Columns::Unknown => Vec::new(),
    }
}

fn values(of: &BTreeMap<String, model::Attribute>) -> BTreeMap<String, Value> {
    of.iter().map(|(name, attribute)| (name.clone(), value(&attribute.value))).collect()
}

fn protections(flow: &model::Flow) -> BTreeMap<String, String> {
    match &flow.columns {
        model::Columns::Named(named) => named
            .iter()
            .filter(|(_, protection)| **protection != model::Protection::None)
            .map(|(name, protection)| (visible(name), protection.as_str().to_owned()))
            .collect(),
        model::Columns::All | model::Columns::Unknown => BTreeMap::new(),
    }
}

fn value(of: &model::Value) -> Value {
    match of {
        model::Value::Null => Value::Null,
        model::Value::Bool(truth) => json!(truth),
        model::Value::Int(number) => json!(number),
        model::Value::Text(text) => json!(visible(text)),
        model::Value::List(items) => items.iter().map(value).collect(),
        model::Value::Map(map) => Value::Object(map.iter().map(|(key, item)| (key.clone(), value(item))).collect()),
        model::Value::Unknown(unknown) => {
            json!({ "unknown": visible(&unknown.expression), "why": visible(&unknown.why) })
        }
    }
}

/// Datasets, tables and feature views that have columns, with the columns' tags, by id.
pub(crate) fn datasets(inventory: &model::Inventory) -> Vec<record::Dataset> {
    let mut columns: BTreeMap<&model::AssetId, Vec<record::Column>> = BTreeMap::new();
    for relation in inventory.relations.iter().filter(|relation| relation.kind == model::RelationKind::PartOf) {
        if let Some(column) = inventory.asset(&relation.from) {
            columns
                .entry(&relation.to)
                .or_default()
                .push(record::Column { name: visible(&column.name), tags: column.tags.iter().map(tag).collect() });
        }
    }
    columns
        .into_iter()
        .map(|(id, columns)| record::Dataset {
            asset: visible(id.as_str()),
            address: inventory.asset(id).map_or_else(|| visible(id.as_str()), |asset| visible(&asset.address)),
            columns,
        })
        .collect()
}

/// What was read, with gaps as lines.
pub(crate) fn coverage(coverage: &Coverage, gaps: Vec<record::Gap>) -> record::Coverage {
    record::Coverage {
        files: coverage.files,
        bytes: coverage.bytes,
        parsed: coverage.parsed.clone(),
        unclaimed: coverage.unclaimed.clone(),
        datasets: coverage
            .datasets
            .iter()
            .map(|(address, rows)| (visible(address), record::Rows { read: rows.read, total: rows.total }))
            .collect(),
        excluded: coverage.excluded.clone(),
        gaps,
    }
}

/// Counts of a control.
pub(crate) fn tally(tally: aedile_policies::Tally) -> record::Tally {
    let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    record::Tally {
        pass: count(tally.pass),
        fail: count(tally.fail),
        not_applicable: count(tally.not_applicable),
        inconclusive: count(tally.inconclusive),
    }
}

/// A control in force.
pub(crate) fn control(policy: &PolicyInfo) -> record::Control {
    record::Control {
        id: policy.id.clone(),
        title: policy.summary(),
        theme: policy.theme.clone(),
        severity: policy.severity.to_string(),
        rationale: policy.rationale.clone(),
        remedy: policy.remedy.clone(),
        aliases: policy.aliases.clone(),
        citations: policy.cites.iter().map(|citation| citation.obligation.clone()).collect(),
    }
}

/// A framework as it was assessed.
pub(crate) fn framework(result: FrameworkResult) -> record::Framework {
    let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
    record::Framework {
        id: result.id,
        title: result.title,
        version: result.version,
        obligations: result
            .obligations
            .into_iter()
            .map(|obligation| record::Obligation {
                id: obligation.id,
                title: obligation.title,
                kind: match obligation.kind {
                    ObligationKind::Technical => "technical",
                    ObligationKind::Declared => "declared",
                    ObligationKind::Manual => "manual",
                }
                .to_owned(),
                status: match obligation.status {
                    ObligationStatus::Satisfied => "satisfied",
                    ObligationStatus::NotSatisfied => "not-satisfied",
                    ObligationStatus::NotAssessed => "not-assessed",
                }
                .to_owned(),
                why: obligation.why,
                population: count(obligation.population),
                exceptions: count(obligation.exceptions),
                controls: obligation.controls,
                evidence: obligation.evidence,
                remediation: obligation.remediation,
            })
            .collect(),
    }
}
