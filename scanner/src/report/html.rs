//! One self-contained page for an auditor: no external request, a strict content security policy,
//! everything readable without JavaScript, proofs that the page checks itself.

mod finding;
mod map;
mod register;
mod sample;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::{Look, RenderError, anchor};
use crate::proof::{HTML_END, HTML_START};
use crate::record::{Asset, Control, Dataset, Framework, Outcome, Run, Tally};

const CSS: &str = include_str!("../../templates/report.css");
const JS: &str = include_str!("../../templates/report.js");

/// Bytes that a page may have: what a browser opens in about a second. Where all findings in full would be more, those
/// that come first are told in full and the others in short, which can only then be more than this.
const LARGEST: usize = 11_900_000;

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    run: &'a Run,
    title: &'a str,
    /// The checkpoint as one line that `--checkpoint` reads back; empty if the run was not recorded.
    anchor: String,
    outcome: &'static str,
    outcome_text: String,
    policy: String,
    /// Where the findings stand.
    findings: &'static str,
    css: String,
    js: &'static str,
    /// What the page needs to verify itself, compressed.
    data: String,
    packs_sha256: String,
    severities: Vec<(&'static str, usize)>,
    /// Width of each severity's bar, in percent of the longest.
    bars: Vec<(&'static str, usize, usize)>,
    laws: Vec<Law<'a>>,
    classes: Vec<ClassRow>,
    controls: Vec<ControlRow<'a>>,
    map: Option<(String, usize)>,
    data_map: Vec<DataRow>,
    activities: Vec<register::Activity>,
    sensitive: Vec<&'a Dataset>,
    access: Vec<AccessRow>,
    kinds: BTreeMap<&'a str, usize>,
    population: Vec<&'a Asset>,
    population_csv: String,
    population_sha256: String,
    drawn: Vec<&'a Asset>,
    passes: Vec<(&'a Control, usize, Vec<&'a Asset>)>,
    signers: Vec<String>,
    reperform: String,
}

/// Holds the place of the findings until the rest of the page is written. No scanned text can be it: `<` is escaped.
const FINDINGS: &str = "<!-- findings -->";

/// How far an organisation is with a law or standard.
struct Law<'a> {
    framework: &'a Framework,
    satisfied: usize,
    not_satisfied: usize,
    not_assessed: usize,
}

struct ClassRow {
    class: String,
    columns: usize,
    datasets: BTreeSet<String>,
}

struct ControlRow<'a> {
    control: &'a Control,
    tally: Tally,
    tested: usize,
    /// The first of its findings.
    evidence: Option<&'a str>,
}

#[derive(Default)]
struct DataRow {
    address: String,
    classes: BTreeSet<String>,
    stored_in: BTreeSet<String>,
    read_by: BTreeSet<String>,
    goes_to: BTreeSet<String>,
    granted_to: BTreeSet<String>,
}

struct AccessRow {
    principal: String,
    may: String,
    classes: BTreeSet<String>,
    through: BTreeSet<String>,
}

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let sensitive: Vec<&Dataset> = run.datasets.iter().filter(|dataset| !classes_of(dataset).is_empty()).collect();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for asset in &run.assets {
        *kinds.entry(&asset.kind).or_default() += 1;
    }
    let outcome = match run.summary.outcome {
        Outcome::Clean => "clean",
        Outcome::Findings => "findings",
        Outcome::Undecided => "undecided",
    };
    let (population_csv, population_sha256) = sample::population(run);
    let held: BTreeMap<&str, BTreeSet<String>> =
        sensitive.iter().map(|dataset| (dataset.asset.as_str(), classes_of(dataset))).collect();
    let css = format!("{CSS}{}", printed(run));
    let severities: Vec<(&'static str, usize)> = ["critical", "high", "medium", "low"]
        .map(|severity| (severity, run.summary.open_by_severity.get(severity).copied().unwrap_or_default()))
        .to_vec();
    let longest = severities.iter().map(|(_, count)| *count).max().unwrap_or_default().max(1);
    let page = Page {
        run,
        title: run.run.entity.as_deref().unwrap_or("Platform audit"),
        anchor: anchor(run),
        outcome,
        outcome_text: format!("Gate {}", run.verdict()),
        policy: format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
            digest(&css),
            digest(JS)
        ),
        findings: FINDINGS,
        css,
        js: JS,
        data: data(run)?,
        packs_sha256: packs(run),
        bars: severities.iter().map(|(severity, count)| (*severity, *count, count * 100 / longest)).collect(),
        severities,
        laws: run.frameworks.iter().map(law).collect(),
        classes: classes(&sensitive),
        controls: controls(run),
        map: map::drawing(run, &held),
        data_map: data_map(run, &sensitive),
        activities: register::activities(run),
        access: access(run),
        sensitive,
        kinds,
        population: sample::members(run).collect(),
        population_csv,
        population_sha256,
        drawn: sample::drawn(run),
        passes: sample::passes(run),
        signers: signers(run),
        reperform: reperform(run),
    };
    let fault = |error: askama::Error| RenderError { format: "html", reason: error.to_string() };
    let shell = page.render().map_err(fault)?;
    let findings = finding::told(run, LARGEST.saturating_sub(shell.len())).map_err(fault)?;
    Ok(shell.replacen(FINDINGS, &findings, 1))
}

/// The crawlers that no file was for.
fn idle(run: &Run) -> Vec<&str> {
    run.coverage.parsed.iter().filter(|(_, count)| **count == 0).map(|(crawler, _)| crawler.as_str()).collect()
}

/// Run and root at the foot of every printed page. Both are letters, digits and dashes.
fn printed(run: &Run) -> String {
    let safe = |text: &str| -> String { text.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect() };
    let root =
        run.ledger.as_ref().map_or_else(|| "not recorded".to_owned(), |ledger| format!("root {}", safe(&ledger.root)));
    format!(
        "@page{{@bottom-left{{content:\"{} · {root}\";font:7pt monospace}}@bottom-right{{content:counter(page) \" of \" counter(pages);font:7pt monospace}}}}\n",
        safe(&run.run.id)
    )
}

fn packs(run: &Run) -> String {
    let list: String = run.tool.packs.iter().map(|pack| format!("{}  {}\n", pack.sha256, pack.name)).collect();
    sample::hex(&Sha256::digest(list.as_bytes()))
}

fn law(framework: &Framework) -> Law<'_> {
    let count = |status: &str| framework.obligations.iter().filter(|obligation| obligation.status == status).count();
    Law {
        framework,
        satisfied: count("satisfied"),
        not_satisfied: count("not-satisfied"),
        not_assessed: count("not-assessed"),
    }
}

/// Names of those who signed the checkpoint: the signature lines of the note (C2SP signed-note).
fn signers(run: &Run) -> Vec<String> {
    let note = run.ledger.as_ref().map_or("", |ledger| ledger.checkpoint.as_str());
    let lines = note.lines().filter_map(|line| line.strip_prefix("— "));
    lines.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// The command that gives the same findings again.
fn reperform(run: &Run) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let quoted = |root: &String| {
        if root.chars().all(plain) { root.clone() } else { format!("'{}'", root.replace('\'', "'\\''")) }
    };
    let roots: Vec<String> = run.run.roots.iter().map(quoted).collect();
    let strict = if run.run.strict { " --strict" } else { "" };
    let diff = run.diff.as_ref().map_or_else(String::new, |diff| format!(" --diff {}", diff.commit));
    format!(
        "aedile scan {} --as-of {} --fail-on {}{strict}{diff} --ledger none --format json",
        roots.join(" "),
        run.run.as_of,
        run.run.fail_on
    )
}

impl Page<'_> {
    /// `text` in percent form, for an address that holds it.
    #[expect(clippy::unused_self, reason = "templates call methods of the page")]
    fn percent(&self, text: &str) -> String {
        super::wording::uri(text)
    }

    /// As [`marked`].
    #[expect(clippy::unused_self, reason = "templates call methods of the page")]
    fn marked(&self, text: &str) -> String {
        marked(text)
    }
}

/// `text`, escaped, with what stands between backticks as code.
pub(crate) fn marked(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for (nth, part) in text.split('`').enumerate() {
        let escaped = escaped(part);
        if nth % 2 == 1 {
            html.push_str("<code>");
            html.push_str(&escaped);
            html.push_str("</code>");
        } else {
            html.push_str(&escaped);
        }
    }
    html
}

/// `text` with the five characters that mean something to HTML as entities.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

/// A hash source of the content security policy (W3C CSP Level 3, 2.3.1).
fn digest(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}

/// What the page needs to verify itself, as a block of data: JSON, compressed (RFC 1952), in base64 (RFC 4648).
fn data(run: &Run) -> Result<String, RenderError> {
    let mut small = Run {
        assets: Vec::new(),
        relations: Vec::new(),
        datasets: Vec::new(),
        controls: Vec::new(),
        frameworks: Vec::new(),
        passed: BTreeMap::new(),
        ..run.clone()
    };
    for finding in &mut small.findings {
        for place in &mut finding.places {
            place.snippet = None;
        }
        finding.path.clear();
        finding.evidence.clear();
        finding.aliases.clear();
        finding.remediation = crate::record::Remediation {
            text: String::new(),
            patches: Vec::new(),
            diff: None,
            warning: None,
            unpatched: None,
        };
    }
    let fault = |reason: String| RenderError { format: "html", reason };
    let json = serde_json::to_vec(&small).map_err(|error| fault(error.to_string()))?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let packed = gzip.write_all(&json).and_then(|()| gzip.finish()).map_err(|error| fault(error.to_string()))?;
    Ok(format!("{HTML_START}{}{HTML_END}", STANDARD.encode(packed)))
}

fn reported(class: &str) -> bool {
    !class.starts_with("technical")
}

fn classes_of(dataset: &Dataset) -> BTreeSet<String> {
    dataset
        .columns
        .iter()
        .flat_map(|column| &column.tags)
        .map(|tag| tag.tag.clone())
        .filter(|class| reported(class))
        .collect()
}

fn classes(sensitive: &[&Dataset]) -> Vec<ClassRow> {
    let mut rows: BTreeMap<String, ClassRow> = BTreeMap::new();
    for dataset in sensitive {
        for tag in dataset.columns.iter().flat_map(|column| &column.tags).filter(|tag| reported(&tag.tag)) {
            let row = rows.entry(tag.tag.clone()).or_insert_with(|| ClassRow {
                class: tag.tag.clone(),
                columns: 0,
                datasets: BTreeSet::new(),
            });
            row.columns += 1;
            row.datasets.insert(dataset.address.clone());
        }
    }
    rows.into_values().collect()
}

fn controls(run: &Run) -> Vec<ControlRow<'_>> {
    run.controls
        .iter()
        .map(|control| {
            let tally = run.verdicts.get(&control.id).copied().unwrap_or_default();
            let finding = run.findings.iter().find(|finding| finding.policy == control.id);
            ControlRow {
                control,
                tally,
                tested: tally.pass + tally.fail + tally.inconclusive,
                evidence: finding.map(|finding| finding.fingerprint.as_str()),
            }
        })
        .collect()
}

/// Addresses of assets by id; an id without an asset stands for itself.
fn address<'a>(names: &BTreeMap<&str, &'a str>, id: &'a str) -> String {
    names.get(id).copied().unwrap_or(id).to_owned()
}

fn names(run: &Run) -> BTreeMap<&str, &str> {
    run.assets.iter().map(|asset| (asset.id.as_str(), asset.address.as_str())).collect()
}

fn data_map(run: &Run, sensitive: &[&Dataset]) -> Vec<DataRow> {
    let names = names(run);
    let mut rows: BTreeMap<&str, DataRow> = sensitive
        .iter()
        .map(|dataset| {
            (
                dataset.asset.as_str(),
                DataRow { address: dataset.address.clone(), classes: classes_of(dataset), ..DataRow::default() },
            )
        })
        .collect();
    let mut granted: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for relation in run.relations.iter().filter(|relation| relation.kind == "grants") {
        granted.entry(relation.to.as_str()).or_default().insert(address(&names, &relation.from));
    }
    for relation in &run.relations {
        if let Some(row) = rows.get_mut(relation.from.as_str())
            && relation.kind == "stored-in"
        {
            row.stored_in.insert(address(&names, &relation.to));
            // Whoever may read the store may read what lies in it.
            row.granted_to.extend(granted.get(relation.to.as_str()).into_iter().flatten().cloned());
        }
        if let Some(row) = rows.get_mut(relation.to.as_str()) {
            match relation.kind.as_str() {
                "reads" => row.read_by.insert(address(&names, &relation.from)),
                "derived-from" => row.goes_to.insert(address(&names, &relation.from)),
                "grants" => row.granted_to.insert(address(&names, &relation.from)),
                _ => false,
            };
        }
    }
    rows.into_values().collect()
}

fn access(run: &Run) -> Vec<AccessRow> {
    let names = names(run);
    let mut rows: BTreeMap<(String, String), AccessRow> = BTreeMap::new();
    let grants = run.relations.iter().filter(|relation| relation.kind == "grants");
    for grant in grants.filter(|grant| grant.carries.iter().any(|class| reported(class))) {
        let principal = address(&names, &grant.from);
        let may = grant.access.join(", ");
        let row = rows.entry((principal.clone(), may.clone())).or_insert_with(|| AccessRow {
            principal,
            may,
            classes: BTreeSet::new(),
            through: BTreeSet::new(),
        });
        row.classes.extend(grant.carries.iter().filter(|class| reported(class)).cloned());
        row.through.insert(address(&names, &grant.to));
    }
    rows.into_values().collect()
}
