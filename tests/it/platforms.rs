//! Whole platforms of many files, `tests/platforms/*`: what flows where, against a truth written by hand.
//!
//! A platform is a folder with its files and `truth.yaml`:
//!
//! ```yaml
//! about: one line
//! flows:                       # every movement of data with its source, in the words of `tests/it/python.rs`
//!   - "flows/ingest.py: writes s3://lake/raw <- s3://landing/users.csv [*, -ssn]"
//! ```
//!
//! Of the flows of the truth nine in ten must be found, and of those found nineteen in twenty must stand in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::iac::Fixture;
use crate::program::root;
use crate::python::told;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Truth {
    #[serde(rename = "about")]
    _about: String,
    flows: BTreeSet<String>,
}

/// The files below `folder` but the truth, by their path from it.
fn files(folder: &std::path::Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(here) = waiting.pop() {
        for entry in std::fs::read_dir(&here).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.file_name().is_some_and(|name| name != "truth.yaml") {
                let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
                files.insert(name, std::fs::read_to_string(&path).expect("text"));
            }
        }
    }
    files
}

#[test]
fn what_flows_through_each_platform_is_found() {
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(root().join("tests/platforms")).expect("platforms") {
        let folder = entry.expect("an entry").path();
        let truth = std::fs::read_to_string(folder.join("truth.yaml")).expect("a truth");
        let truth: Truth = serde_yaml::from_str(&truth).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let copy = tempfile::tempdir().expect("a folder");
        let judged = Fixture::of("platform", BTreeMap::new()).judged(&files(&folder), copy.path());
        let found: BTreeSet<String> =
            told(&judged.crawl.inventory, true).into_iter().filter(|line| line.contains(" <- ")).collect();
        let hits = truth.flows.intersection(&found).count();
        let (recall, precision) = (hits * 100 / truth.flows.len().max(1), hits * 100 / found.len().max(1));
        if recall < 90 || precision < 95 {
            let missed: Vec<&String> = truth.flows.difference(&found).collect();
            let extra: Vec<&String> = found.difference(&truth.flows).collect();
            let name = folder.display();
            faults.push(format!(
                "{name}: recall {recall} %, precision {precision} %\nmissed {missed:#?}\nextra {extra:#?}"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
