//! `aedile access`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use globset::{Glob, GlobMatcher};
use miette::{IntoDiagnostic, Report, miette};
use serde_json::json;

use super::scan::{Asked, scanned};
use crate::access::{Reach, reaches};
use crate::cli::AccessArgs;
use crate::record::Run;
use crate::report::Detail;
use crate::run::Packs;
use crate::terminal;

pub(super) fn run(args: &AccessArgs, detail: Detail) -> Result<u8, Report> {
    let (on, what_can) = (glob(args.on.as_deref())?, glob(args.what_can.as_deref())?);
    let (run, loaded) = scanned(&args.target, Asked { fail_on: Some("never"), ..Asked::default() }, detail)?;
    let packs = Packs::load(&loaded)?;
    let taxonomy = packs.judges.policies.taxonomy();
    if let Some(class) = &args.class
        && !taxonomy.knows_class(class)
        && !run.assets.iter().flat_map(|asset| &asset.tags).any(|tag| taxonomy.is_in(&tag.tag, class))
    {
        return Err(miette!(
            code = "aedile::access::class",
            help = "`aedile rules list` shows the classes; groups are `personal`, `special`, `phi`, `financial` …",
            "`{class}` is no class of data"
        ));
    }
    let mut found: Vec<Reach> = reaches(&run)
        .into_iter()
        .filter(|reach| args.who_can.as_ref().is_none_or(|access| reach.access.contains(access)))
        .filter(|reach| on.as_ref().is_none_or(|glob| glob.is_match(&reach.resource)))
        .filter(|reach| what_can.as_ref().is_none_or(|glob| glob.is_match(&reach.principal)))
        .collect();
    if let Some(class) = &args.class {
        for reach in &mut found {
            reach.classes.retain(|held| taxonomy.is_in(held, class));
            reach.holds.values_mut().for_each(|classes| classes.retain(|held| taxonomy.is_in(held, class)));
            reach.holds.retain(|_, classes| !classes.is_empty());
        }
        found.retain(|reach| !reach.classes.is_empty());
    }
    let paths = args.who_can.is_some() || args.what_can.is_some();
    let text = match args.format.as_str() {
        "json" => lines(&found),
        _ if paths => ways(&found, &run),
        _ => matrix(&found, &run),
    };
    terminal::print(&text).into_diagnostic()?;
    Ok(0)
}

fn glob(pattern: Option<&str>) -> Result<Option<GlobMatcher>, Report> {
    pattern
        .map(|pattern| match Glob::new(pattern) {
            Ok(glob) => Ok(glob.compile_matcher()),
            Err(error) => Err(miette!(
                code = "aedile::usage",
                help = "`*` matches any part of an address; write `[[]` for a bracket",
                "`{pattern}` is not a glob: {}",
                error.kind()
            )),
        })
        .transpose()
}

/// Who reaches which classes, one line a principal, with the letters of the accesses.
fn matrix(found: &[Reach], run: &Run) -> String {
    let mut rows: BTreeMap<(&str, &str), BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for reach in found {
        for class in &reach.classes {
            let cell = rows.entry((&reach.principal, &reach.kind)).or_default().entry(top(class)).or_default();
            cell.extend(reach.access.iter().map(String::as_str));
        }
    }
    let columns: BTreeSet<&str> = rows.values().flat_map(|row| row.keys().copied()).collect();
    if rows.is_empty() {
        return closing("nobody is granted anything sensitive".to_owned(), found, run);
    }
    let first = rows.keys().map(|(name, kind)| name.chars().count() + kind.len() + 3).max().unwrap_or(0).max(9);
    let mut text = format!("{:first$}", "principal");
    for column in &columns {
        let _ = write!(text, "  {column:>4}");
    }
    text.push('\n');
    for ((name, kind), row) in &rows {
        let _ = write!(text, "{:first$}", format!("{name} ({kind})"));
        for column in &columns {
            let letters = row.get(column).map_or_else(|| "·".to_owned(), letters);
            let width = column.len().max(4);
            let _ = write!(text, "  {letters:>width$}");
        }
        text.push('\n');
    }
    closing(format!("{text}\nr read  w write  a administer  s share"), found, run)
}

/// `pii`, `phi`, `financial`: the first part of a dotted class.
fn top(class: &str) -> &str {
    class.split('.').next().unwrap_or(class)
}

fn letters(accesses: &BTreeSet<&str>) -> String {
    let all = [("read", 'r'), ("write", 'w'), ("administer", 'a'), ("share", 's')];
    all.iter().filter(|(word, _)| accesses.contains(word)).map(|(_, letter)| *letter).collect()
}

/// Every way with its steps and their places.
fn ways(found: &[Reach], run: &Run) -> String {
    let mut text = String::new();
    for reach in found {
        let accesses: Vec<&str> = reach.access.iter().map(String::as_str).collect();
        let classes: Vec<&str> = reach.classes.iter().map(String::as_str).collect();
        let classes = if classes.is_empty() { "nothing sensitive known".to_owned() } else { classes.join(", ") };
        let _ = writeln!(text, "{} ({}) can {} {}", reach.principal, reach.kind, accesses.join(", "), reach.resource);
        for step in &reach.path {
            let place = step.place.as_ref().map(|place| format!("  ({}:{})", place.path, place.start.line));
            let _ = writeln!(text, "  → {}{}", step.text, place.unwrap_or_default());
        }
        let _ = writeln!(text, "  = {classes}");
        for (address, classes) in reach.holds.iter().filter(|(address, _)| **address != reach.resource) {
            let classes: Vec<&str> = classes.iter().map(String::as_str).collect();
            let _ = writeln!(text, "      in {address}: {}", classes.join(", "));
        }
        text.push('\n');
    }
    closing(text.trim_end().to_owned(), found, run)
}

/// What was counted, and that what was not read may grant more.
fn closing(mut text: String, found: &[Reach], run: &Run) -> String {
    let principals: BTreeSet<&str> = found.iter().map(|reach| reach.principal.as_str()).collect();
    let gaps = run.coverage.gaps.iter().filter(|gap| gap.accepted.is_none()).count();
    let _ = write!(text, "\n\n{} ways of {} principals", found.len(), principals.len());
    let _ = match gaps {
        0 => writeln!(text),
        gaps => writeln!(text, "; {gaps} gaps: what was not read may grant more"),
    };
    text
}

fn lines(found: &[Reach]) -> String {
    found
        .iter()
        .map(|reach| {
            let path: Vec<serde_json::Value> = reach
                .path
                .iter()
                .map(|step| match &step.place {
                    Some(place) => json!({"text": step.text, "path": place.path, "line": place.start.line}),
                    None => json!({"text": step.text}),
                })
                .collect();
            let line = json!({
                "principal": reach.principal, "kind": reach.kind, "access": reach.access,
                "resource": reach.resource, "classes": reach.classes, "holds": reach.holds, "path": path,
            });
            format!("{line}\n")
        })
        .collect()
}
