//! Says what the columns of tables are: tables as JSON lines in, what was decided as JSON lines out.
//!
//! A line is `{"columns": [{"name": "…", "cells": ["…", null, …]}, …]}`; what else stands in it is passed over. The answer
//! has one line a column, in the order of the input. With `--points` tags tell points of evidence instead of how often those
//! are right. `tests/classification` measures by it.

#![expect(clippy::print_stderr, reason = "a program of its own, for measuring")]

use std::io::{BufRead as _, BufWriter, Error, Write as _};
use std::time::{Duration, Instant};

use aedile_model::Tag;
use aedile_rules::{Decision, Identifiers, Rules};
use serde_json::{Value, json};

fn main() -> Result<(), Error> {
    let mut rules = Rules::load(&[]).map_err(Error::other)?;
    if std::env::args().any(|word| word == "--points") {
        rules.identifiers = rules.identifiers.in_points();
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut bytes, mut busy) = (0, Duration::ZERO);
    for line in std::io::stdin().lock().lines() {
        let table: Value = serde_json::from_str(&line?)?;
        let columns = table.get("columns").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let begun = Instant::now();
        let decided = decide(&rules.identifiers, columns, &mut bytes);
        busy += begun.elapsed();
        for decision in decided {
            serde_json::to_writer(&mut out, &shown(&decision))?;
            out.write_all(b"\n")?;
        }
    }
    eprintln!("{} {}", bytes, busy.as_micros());
    out.flush()
}

fn decide(identifiers: &Identifiers, columns: &[Value], bytes: &mut usize) -> Vec<Decision> {
    let names: Vec<&str> = columns.iter().filter_map(|column| column.get("name")?.as_str()).collect();
    let mut decided = Vec::new();
    for (at, column) in columns.iter().enumerate() {
        let mut profile = identifiers.profile();
        for cell in column.get("cells").and_then(Value::as_array).into_iter().flatten() {
            *bytes += cell.as_str().map_or(0, str::len);
            identifiers.observe(&mut profile, cell.as_str());
        }
        let neighbours: Vec<&str> =
            names.iter().enumerate().filter(|(nth, _)| *nth != at).map(|(_, name)| *name).collect();
        let name = names.get(at).copied().unwrap_or_default();
        decided.push(identifiers.decide(name, Some(&profile), &neighbours));
    }
    decided
}

fn shown(decision: &Decision) -> Value {
    let tag = |tag: &Tag| json!({"class": tag.class.as_str(), "rule": tag.rule, "confidence": tag.confidence.value()});
    json!({
        "tags": decision.tags.iter().map(tag).collect::<Vec<_>>(),
        "presence": decision.presence.iter().map(tag).collect::<Vec<_>>(),
        "technical": decision.technical.as_ref().map(|class| class.as_str()),
        "contradicted": decision.contradicted,
        "reasons": decision.reasons,
    })
}
