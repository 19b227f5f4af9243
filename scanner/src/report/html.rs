//! One self-contained page for an auditor: no external request, a strict content security policy,
//! everything readable without JavaScript, proofs that the page checks itself.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{Look, RenderError, anchor};
use crate::proof::{HTML_END, HTML_START};
use crate::record::{Asset, Control, Dataset, Outcome, Place, Run, Tally};

const CSS: &str = include_str!("../../templates/report.css");
const JS: &str = include_str!("../../templates/report.js");

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
    css: &'static str,
    js: &'static str,
    /// The recorded run as a data block, without what the page does not need to verify itself.
    data: String,
    severities: Vec<(&'static str, usize)>,
    classes: Vec<ClassRow>,
    controls: Vec<ControlRow<'a>>,
    data_map: Vec<DataRow>,
    sensitive: Vec<&'a Dataset>,
    access: Vec<AccessRow>,
    kinds: BTreeMap<&'a str, usize>,
    population: Vec<&'a Asset>,
    population_sha256: String,
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

impl Place {
    /// `path:line:column`, with the cell of a notebook; the path alone for a whole file.
    pub(crate) fn at(&self) -> String {
        let cell = self.cell.map_or_else(String::new, |cell| format!(" cell {cell}"));
        if self.start == self.end && self.start.line == 1 && self.start.column == 1 {
            format!("{}{cell}", self.path)
        } else {
            format!("{}{cell}:{}:{}", self.path, self.start.line, self.start.column)
        }
    }
}

pub(super) fn render(run: &Run, _: Look) -> Result<String, RenderError> {
    let sensitive: Vec<&Dataset> = run.datasets.iter().filter(|dataset| !classes_of(dataset).is_empty()).collect();
    let ids: String = run.assets.iter().map(|asset| format!("{}\n", asset.id)).collect();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for asset in &run.assets {
        *kinds.entry(&asset.kind).or_default() += 1;
    }
    let (outcome, outcome_text) = match run.summary.outcome {
        Outcome::Clean => ("clean", format!("Gate passed: nothing at or above {}", run.run.fail_on)),
        Outcome::Findings => ("findings", format!("Gate failed: findings at or above {}", run.run.fail_on)),
        Outcome::Undecided => ("undecided", "Gate failed: not everything could be judged".to_owned()),
    };
    let page = Page {
        run,
        title: run.run.entity.as_deref().unwrap_or("Platform audit"),
        anchor: anchor(run),
        outcome,
        outcome_text,
        policy: format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
            digest(CSS),
            digest(JS)
        ),
        css: CSS,
        js: JS,
        data: data(run)?,
        severities: ["critical", "high", "medium", "low"]
            .map(|severity| (severity, run.summary.open_by_severity.get(severity).copied().unwrap_or_default()))
            .to_vec(),
        classes: classes(&sensitive),
        controls: controls(run),
        data_map: data_map(run, &sensitive),
        access: access(run),
        sensitive,
        kinds,
        population: run.assets.iter().filter(|asset| asset.kind != "Column").collect(),
        population_sha256: Sha256::digest(ids.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    page.render().map_err(|error| RenderError { format: "html", reason: error.to_string() })
}

impl Page<'_> {
    /// `text`, escaped, with what stands between backticks as code.
    fn marked(&self, text: &str) -> String {
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

/// The run as a data block. `<` is escaped, so that no text in it can end the block.
fn data(run: &Run) -> Result<String, RenderError> {
    let mut small = Run { assets: Vec::new(), relations: Vec::new(), datasets: Vec::new(), ..run.clone() };
    for place in small.findings.iter_mut().flat_map(|finding| &mut finding.places) {
        place.snippet = None;
    }
    let json =
        serde_json::to_string(&small).map_err(|error| RenderError { format: "html", reason: error.to_string() })?;
    Ok(format!("{HTML_START}{}{HTML_END}", json.replace('<', "\\u003c")))
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
            ControlRow { control, tally, tested: tally.pass + tally.fail + tally.inconclusive }
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
