//! Whole platforms of many files, each with the flows of sensitive columns that a person wrote down from its files.
//!
//! A platform is a folder of `tests/lineage/platforms` with a `planted.yaml`:
//!
//! ```yaml
//! sensitive: [email, iban]          # columns that count, by the names they have anywhere on the way
//! flows:
//!   - from: app.orders              # a table or a model of dbt by its name, files by the address that a scan gives
//!     to: log                       # the same, or a sink (`log`, `llm/openai`), or a model (its name)
//!     columns: {iban: none}         # column of `from` → rung of the protection ladder; `"*"`: all, not known by name
//! ```
//!
//! Every hop stands for itself: what goes from a table over a data frame into a file is one flow from the table to the
//! file. Every direct edge of a sensitive column that a scan finds and nobody planted counts against precision.

use std::collections::{BTreeMap, BTreeSet};

use aedile::lineage::{End, Map};

use crate::program::{root, scan};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Planted {
    sensitive: BTreeSet<String>,
    flows: Vec<Flow>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Flow {
    from: String,
    to: String,
    columns: BTreeMap<String, String>,
}

type Hop = (String, String, String, String);

/// What a platform's author calls an asset: a model of dbt by its name, everything else by its address.
fn called(end: &End) -> String {
    let model = end.asset.strip_suffix(".sql").filter(|_| end.kind == "Table");
    match (model, end.kind.as_str()) {
        (Some(path), _) => path.rsplit('/').next().unwrap_or(path).to_owned(),
        (None, "Model") => end.asset.rsplit('#').next().unwrap_or(&end.asset).to_owned(),
        (None, _) => end.asset.clone(),
    }
}

#[test]
fn flows_of_whole_platforms_are_found() {
    let mut folders: Vec<_> = std::fs::read_dir(root().join("tests/lineage/platforms"))
        .expect("platforms")
        .map(|entry| entry.expect("a folder").path())
        .filter(|path| path.join("planted.yaml").is_file())
        .collect();
    folders.sort();
    let mut failed = Vec::new();
    for folder in folders {
        let text = std::fs::read_to_string(folder.join("planted.yaml")).expect("the truth");
        let planted: Planted =
            serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let (run, _) = scan(&folder, &["--fail-on", "never"]);
        let map = Map::new(&run);
        let counts = |column: &str| column == "*" || planted.sensitive.contains(&column.to_lowercase());
        let found: BTreeSet<Hop> = map
            .edges()
            .filter(|edge| edge.is_direct())
            // Code is not a place where data lies.
            .filter(|edge| {
                ![&edge.from, &edge.to].iter().any(|end| matches!(end.kind.as_str(), "Pipeline" | "Notebook"))
            })
            .filter_map(|edge| {
                let column = edge.from.column.as_deref().filter(|column| counts(column))?;
                Some((called(&edge.from), column.to_lowercase(), called(&edge.to), edge.protection.clone()))
            })
            .collect();
        let want: BTreeSet<Hop> = planted
            .flows
            .iter()
            .flat_map(|flow| {
                flow.columns
                    .iter()
                    .map(|(column, rung)| (flow.from.clone(), column.clone(), flow.to.clone(), rung.clone()))
            })
            .collect();
        let both = want.intersection(&found).count();
        let hundredths = |part: usize, of: usize| (part * 100).checked_div(of).unwrap_or(100);
        let (recall, precision) = (hundredths(both, want.len()), hundredths(both, found.len()));
        let name = folder.file_name().expect("a name").display().to_string();
        println!(
            "{name}: {} files, {} flows planted, {} found, recall .{recall:02}, precision .{precision:02}",
            run.coverage.files,
            want.len(),
            found.len()
        );
        let shown = |hops: Vec<&Hop>| -> String {
            hops.iter().map(|(from, column, to, rung)| format!("  {from} .{column} > {to}: {rung}\n")).collect()
        };
        if recall < 90 || precision < 95 {
            failed.push(format!(
                "{name}: recall .{recall:02}, precision .{precision:02}\nmissing:\n{}not planted:\n{}",
                shown(want.difference(&found).collect()),
                shown(found.difference(&want).collect())
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
