//! Waivers: who excuses which finding, why, until when.

use aedile_crawl::{InlineWaiver, WaiverDialect};
use aedile_model as model;
use globset::{Glob, GlobMatcher};
use time::Date;

use crate::config::{Loaded, parse_date};
use crate::declare::Named;
use crate::record::{self, Finding};
use crate::recording::Recorder;

/// All waivers that were read, with what they match.
#[derive(Debug)]
pub(crate) struct Waivers {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    waiver: record::Waiver,
    scope: Scope,
    /// Where the finding about the waiver itself points.
    place: Option<model::Place>,
    id: model::AssetId,
}

#[derive(Debug)]
enum Scope {
    /// A central waiver: assets by glob, policies by their id.
    Assets(GlobMatcher),
    /// `aedile:allow`: the line or the one below, by policy id.
    Line { path: String, cell: Option<u32>, line: u32 },
    /// Another tool's comment: anywhere inside the block that a finding points to, by alias.
    Block { path: String, line: u32 },
}

impl Waivers {
    /// Central waivers of `loaded` and inline ones, judged as of `as_of`.
    pub(crate) fn new(
        loaded: &Loaded,
        named: &Named,
        inline: &[InlineWaiver],
        recorder: Recorder<'_>,
        as_of: Date,
    ) -> Waivers {
        let central = loaded.config.waivers.iter().enumerate().filter_map(|(nth, waiver)| {
            let place = named.place("waivers", &waiver.policy);
            let matcher = Glob::new(&waiver.asset).ok()?.compile_matcher();
            let in_force = in_force(waiver.reason.as_deref(), waiver.until.as_deref(), as_of);
            Some(Entry {
                waiver: record::Waiver {
                    policy: waiver.policy.clone(),
                    scope: waiver.asset.clone(),
                    place: None,
                    reason: waiver.reason.clone(),
                    by: waiver.by.clone(),
                    until: waiver.until.clone(),
                    in_force,
                    findings: 0,
                    days_left: days_left(waiver.until.as_deref(), as_of),
                },
                scope: Scope::Assets(matcher),
                place: Some(place),
                id: model::AssetId::new(
                    model::AssetKind::Waiver,
                    "aedile.yaml",
                    &format!("{}/{}/{nth}", waiver.policy, waiver.asset),
                ),
            })
        });
        let inline = inline.iter().enumerate().map(|(nth, waiver)| {
            let path = waiver.path.to_string();
            let scope = match waiver.dialect {
                WaiverDialect::Aedile => {
                    Scope::Line { path: path.clone(), cell: waiver.cell.map(|cell| cell + 1), line: waiver.line }
                }
                WaiverDialect::CfnNag | WaiverDialect::Checkov | WaiverDialect::Guard | WaiverDialect::Trivy => {
                    Scope::Block { path: path.clone(), line: waiver.line }
                }
            };
            Entry {
                waiver: record::Waiver {
                    policy: waiver.policy.clone(),
                    scope: format!("{path}:{}", waiver.line),
                    place: Some(recorder.place(&waiver.place)),
                    reason: waiver.reason.clone(),
                    by: waiver.by.clone(),
                    until: waiver.until.clone(),
                    in_force: in_force(waiver.reason.as_deref(), waiver.until.as_deref(), as_of),
                    findings: 0,
                    days_left: days_left(waiver.until.as_deref(), as_of),
                },
                scope,
                place: Some(waiver.place.clone()),
                id: model::AssetId::new(model::AssetKind::Waiver, &path, &format!("{}/{nth}", waiver.policy)),
            }
        });
        Waivers { entries: central.chain(inline).collect() }
    }

    /// The waivers as assets, so that policies judge them too.
    pub(crate) fn assets(&self, as_of: Date) -> Vec<model::Asset> {
        self.entries
            .iter()
            .map(|entry| {
                let waiver = &entry.waiver;
                let mut asset = model::Asset::new(
                    entry.id.clone(),
                    model::AssetKind::Waiver,
                    format!("{} ({})", waiver.scope, waiver.policy),
                    waiver.policy.clone(),
                );
                asset.place.clone_from(&entry.place);
                asset.set("hasReason", has_reason(waiver.reason.as_deref()), entry.place.clone());
                asset.set("expired", expired(waiver.until.as_deref(), as_of), entry.place.clone());
                asset.set("approved", has_reason(waiver.by.as_deref()), entry.place.clone());
                asset.set("ends", has_reason(waiver.until.as_deref()), entry.place.clone());
                asset.set("policy", waiver.policy.as_str(), None);
                asset
            })
            .collect()
    }

    /// Excuses those of `findings` that a waiver in force matches. A finding about a waiver is never waived.
    pub(crate) fn apply(&mut self, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|finding| finding.asset.kind != "Waiver") {
            let found = self.entries.iter_mut().find(|entry| entry.waiver.in_force && entry.matches(finding));
            if let Some(entry) = found {
                entry.waiver.findings += 1;
                finding.waiver = Some(entry.waiver.clone());
            }
        }
    }

    /// Every waiver, central ones first, then by place.
    pub(crate) fn into_recorded(self) -> Vec<record::Waiver> {
        self.entries.into_iter().map(|entry| entry.waiver).collect()
    }
}

impl Entry {
    fn matches(&self, finding: &Finding) -> bool {
        let named = finding.policy == self.waiver.policy || finding.aliases.contains(&self.waiver.policy);
        named
            && match &self.scope {
                Scope::Assets(glob) => {
                    let subject = &finding.asset;
                    glob.is_match(&subject.address) || glob.is_match(&subject.id)
                }
                Scope::Line { path, cell, line } => finding.places.iter().any(|place| {
                    place.path == *path
                        && place.cell == *cell
                        && (place.start.line == *line || place.start.line == line + 1)
                }),
                Scope::Block { path, line } => finding.places.iter().any(|place| {
                    place.path == *path && (place.start.line.saturating_sub(1)..=place.end.line).contains(line)
                }),
            }
    }
}

fn in_force(reason: Option<&str>, until: Option<&str>, as_of: Date) -> bool {
    has_reason(reason) && !expired(until, as_of)
}

fn has_reason(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| !reason.trim().is_empty())
}

/// Days from `as_of` to `until`.
fn days_left(until: Option<&str>, as_of: Date) -> Option<i64> {
    Some((parse_date(until?)? - as_of).whole_days())
}

/// How many days ahead the end of a waiver is announced.
const NOTICE: i64 = 30;

impl record::Waiver {
    /// Whether it holds and ends within a month.
    #[must_use]
    pub fn ends_soon(&self) -> bool {
        self.in_force && self.days_left.is_some_and(|days| days <= NOTICE)
    }

    /// Reason, approver and last day in one line.
    #[must_use]
    pub fn told(&self) -> String {
        let mut told = self.reason.clone().unwrap_or_else(|| "no reason is given".to_owned());
        if let Some(by) = &self.by {
            told.push_str(&format!(", by {by}"));
        }
        if let Some(until) = &self.until {
            told.push_str(&format!(", until {until}"));
        }
        match self.days_left {
            Some(days) if days < 0 => told.push_str(" (past)"),
            Some(0) => told.push_str(" (ends today)"),
            Some(1) => told.push_str(" (ends tomorrow)"),
            Some(days) if self.ends_soon() => told.push_str(&format!(" (ends in {days} days)")),
            _ => {}
        }
        told
    }
}

/// Whether `until` is past; a date that cannot be read excuses nothing.
fn expired(until: Option<&str>, as_of: Date) -> bool {
    until.is_some_and(|until| parse_date(until).is_none_or(|until| until < as_of))
}
