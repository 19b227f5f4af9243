//! Labelled snippets of pipeline code, `tests/lineage/python/*.yaml`: what each reads, writes, sends and trains.
//!
//! A file is a list of snippets. What moves is written by hand from the libraries' documentation; kinds of sinks stand in the
//! program's own words and are no truth of their own. A line that is missed fails, and so does one that is too many.
//!
//! ```yaml
//! - name: a renamed column is still the source's
//!   docs: https://…                      # where the behaviour is documented
//!   code: |                              # a file `job.py`; or `cells:`, a list of cells of `job.ipynb`; or
//!   files: {jobs/load.py: "…"}           # path → text
//!   expect:
//!     - reads a.csv [*]
//!     - writes s3://b/c.csv <- a.csv [*, -ssn, mail>contact, email:hashed, first>name]
//!     - sends log <- a.csv [email]
//!     - trains clf <- a.csv [age, sick]
//!   gaps: [unparsed]                     # kinds of all gaps; none if left out
//!   controls: {logs-without-personal-data: fail}     # worst verdict; optional
//! ```
//!
//! In brackets stands what travels: `*` all columns, `?` some and unknown which, `-a` not that one, `a` that one,
//! `a>b` under the name `b`, `a:hashed` on a rung of the protection ladder. `<-` names the dataset it comes from.
//! Where several files are given, a line begins with the file's path and a colon.

use std::collections::{BTreeMap, BTreeSet};

use aedile_crawl::{File, Options, crawl_files};
use aedile_model::{AssetId, AssetKind, Columns, Flow, Inventory, Protection, Relation, RelationKind, Value};
use serde::Deserialize;

use crate::iac::{Fixture, PACKS};
use crate::program::root;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snippet {
    name: String,
    docs: String,
    code: Option<String>,
    cells: Option<Vec<String>>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    expect: Vec<String>,
    #[serde(default)]
    gaps: BTreeSet<String>,
    #[serde(default)]
    controls: BTreeMap<String, String>,
}

impl Snippet {
    fn files(&self) -> BTreeMap<String, String> {
        let mut files = self.files.clone();
        files.extend(self.code.clone().map(|code| ("job.py".to_owned(), code)));
        files.extend(self.cells.as_ref().map(|cells| ("job.ipynb".to_owned(), notebook(cells))));
        files
    }

    fn faults(&self) -> Vec<String> {
        let files = self.files();
        let sources: Vec<File> = files.iter().map(|(path, text)| File::in_memory(path, text)).collect();
        let crawl = crawl_files(&sources, &Options::default(), &PACKS.rules);
        let told = told(&crawl.inventory, files.len() > 1);
        let wanted: BTreeSet<String> = self.expect.iter().cloned().collect();
        let mut faults: Vec<String> = wanted.difference(&told).map(|line| format!("missed: {line}")).collect();
        faults.extend(told.difference(&wanted).map(|line| format!("extra:  {line}")));
        let gaps: BTreeSet<String> = crawl.inventory.gaps.iter().map(|gap| gap.kind.as_str().to_owned()).collect();
        if gaps != self.gaps {
            let told: Vec<&str> = crawl.inventory.gaps.iter().map(|gap| gap.message.as_str()).collect();
            faults.push(format!("gaps: wanted {:?}, found {gaps:?}: {told:?}", self.gaps));
        }
        faults.extend(self.wrong_verdicts(&files));
        faults
    }

    fn wrong_verdicts(&self, files: &BTreeMap<String, String>) -> Vec<String> {
        if self.controls.is_empty() {
            return Vec::new();
        }
        let folder = tempfile::tempdir().expect("a folder");
        let judged = Fixture::of(&self.name, BTreeMap::new()).judged(files, folder.path());
        let found = |control: &str| {
            let spoken = judged.judgement.decisions.iter().filter(|decision| decision.policy == control);
            spoken.map(|decision| decision.verdict).max_by_key(|verdict| crate::iac::rank(*verdict))
        };
        let wrong = |(control, wanted): (&String, &String)| {
            let found = found(control).map_or("not-applicable", crate::iac::word);
            (found != wanted).then(|| format!("{control} must be {wanted}, is {found}"))
        };
        self.controls.iter().filter_map(wrong).collect()
    }
}

/// A notebook with these code cells.
fn notebook(cells: &[String]) -> String {
    let cells: Vec<serde_json::Value> = cells
        .iter()
        .map(|text| {
            serde_json::json!({"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], "source": text})
        })
        .collect();
    serde_json::json!({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).to_string()
}

/// Every fact of `inventory` in the words of the truth; `paths` puts the file before each.
pub(crate) fn told(inventory: &Inventory, paths: bool) -> BTreeSet<String> {
    let name = |id: &AssetId| inventory.asset(id).map_or_else(|| id.as_str().to_owned(), |asset| asset.address.clone());
    let file = |path: Option<String>| match path {
        Some(path) if paths => format!("{path}: "),
        _ => String::new(),
    };
    let mut lines = BTreeSet::new();
    let mut flows: BTreeMap<String, Vec<&Flow>> = BTreeMap::new();
    for relation in &inventory.relations {
        let (from, to) = (name(&relation.from), name(&relation.to));
        let (by, what) = match relation.kind {
            RelationKind::Reads => (from, format!("reads {to}")),
            RelationKind::Writes => (from, format!("writes {to}")),
            RelationKind::SendsTo => (from, format!("sends {to}")),
            RelationKind::Trains => (from, format!("trains {to}{}", attributes(relation))),
            RelationKind::Releases => (from, format!("releases {to}{}", attributes(relation))),
            RelationKind::RunsAs => (from, format!("runs as {to}")),
            RelationKind::Monitors => (from, format!("monitors {to}")),
            RelationKind::DerivedFrom if !is_column(inventory, &relation.from) => {
                let path = relation.place.as_ref().map(|place| place.path.to_string());
                (path.unwrap_or_default(), format!("{from} from {to}"))
            }
            _ => continue,
        };
        let by = file(Some(by));
        match &relation.flow {
            None => {
                lines.insert(format!("{by}{what}"));
            }
            Some(flow) if flow.sources.is_empty() => flows.entry(format!("{by}{what}")).or_default().push(flow),
            Some(flow) => {
                for source in &flow.sources {
                    flows.entry(format!("{by}{what} <- {}", name(source))).or_default().push(flow);
                }
            }
        }
    }
    lines.extend(flows.into_iter().map(|(what, flows)| format!("{what} [{}]", columns(&flows))));
    for asset in inventory.assets.values() {
        let kinds = [AssetKind::Pipeline, AssetKind::Notebook, AssetKind::FeatureView, AssetKind::Model];
        if !kinds.contains(&asset.kind) {
            continue;
        }
        let what = match asset.kind {
            AssetKind::Pipeline | AssetKind::Notebook => format!("{}sets", file(Some(asset.address.clone()))),
            _ => format!("{} sets", asset.address),
        };
        for (name, attribute) in &asset.attributes {
            lines.insert(format!("{what} {name} = {}", shown(&attribute.value)));
        }
    }
    lines
}

fn is_column(inventory: &Inventory, id: &AssetId) -> bool {
    inventory.asset(id).is_some_and(|asset| asset.kind == AssetKind::Column)
}

fn attributes(relation: &Relation) -> String {
    relation.attributes.iter().map(|(name, attribute)| format!(" {name}={}", shown(&attribute.value))).collect()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => number.to_string(),
        Value::List(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.as_text().unwrap_or("?").to_owned(),
    }
}

/// What the flows of one movement say together.
fn columns(flows: &[&Flow]) -> String {
    let (mut all, mut unknown) = (false, false);
    let mut edges: BTreeMap<(String, String), Protection> = BTreeMap::new();
    let mut gone: BTreeSet<&str> = BTreeSet::new();
    for flow in flows {
        let made = flow.made.iter().flat_map(|(to, of)| of.iter().map(move |(from, rung)| (from, to, *rung)));
        for (from, to, rung) in made {
            join(&mut edges, (from, to), rung);
        }
        match &flow.columns {
            Columns::All => {
                all = true;
                gone.extend(flow.dropped.iter().map(String::as_str));
                gone.extend(flow.made.keys().map(String::as_str));
                gone.extend(flow.made.values().flat_map(|of| of.keys().map(String::as_str)));
            }
            Columns::Named(named) => {
                for (from, rung) in named {
                    for (to, rung) in flow.arriving(from, *rung) {
                        join(&mut edges, (from, to), rung);
                    }
                }
            }
            Columns::Unknown => unknown = true,
        }
    }
    let mut items: Vec<String> = Vec::new();
    items.extend(all.then(|| "*".to_owned()));
    items.extend(unknown.then(|| "?".to_owned()));
    let arrives = |name: &str| edges.keys().any(|(_, to)| to == name);
    items.extend(gone.iter().filter(|name| !arrives(name)).map(|name| format!("-{name}")));
    let mut named = Vec::new();
    for ((from, to), rung) in &edges {
        let name = if from == to { from.clone() } else { format!("{from}>{to}") };
        match rung {
            // All columns travel, this one among them.
            Protection::None if all && from == to => {}
            Protection::None => named.push(name),
            rung => named.push(format!("{name}:{}", rung.as_str())),
        }
    }
    named.sort();
    items.extend(named);
    items.join(", ")
}

fn join(edges: &mut BTreeMap<(String, String), Protection>, (from, to): (&str, &str), rung: Protection) {
    let held = edges.entry((from.to_owned(), to.to_owned())).or_insert(rung);
    *held = (*held).min(rung);
}

fn snippets() -> Vec<(String, Snippet)> {
    let mut paths: Vec<_> = std::fs::read_dir(root().join("tests/lineage/python"))
        .expect("snippets")
        .map(|entry| entry.expect("entry").path())
        .collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let file = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).expect("a file of snippets is text");
        let of_file: Vec<Snippet> = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
        of_file.into_iter().map(move |snippet| (file.clone(), snippet))
    };
    paths.iter().flat_map(read).collect()
}

#[test]
fn every_labelled_snippet_tells_what_its_label_says_and_nothing_else() {
    let snippets = snippets();
    let mut names = BTreeSet::new();
    for (file, snippet) in &snippets {
        assert!(names.insert(&snippet.name), "{file}: `{}` stands twice", snippet.name);
        assert!(snippet.docs.starts_with("https://"), "{file}: `{}` names no documentation", snippet.name);
    }
    let mut wrong = 0;
    let mut faults = String::new();
    for (file, snippet) in &snippets {
        let found = snippet.faults();
        wrong += usize::from(!found.is_empty());
        if !found.is_empty() {
            faults.push_str(&format!("{file}: {}\n    {}\n", snippet.name, found.join("\n    ")));
        }
    }
    assert!(faults.is_empty(), "{wrong} of {} snippets\n{faults}", snippets.len());
}
