//! The values that each chart sees: its own, what the chart above says of it, and what is global.
//!
//! Source: helm.sh/docs/chart_template_guide/subcharts_and_globals, helm.sh/docs/topics/charts#chart-dependencies.

use std::collections::BTreeMap;

use super::chart::{Chart, Dependency, origin};
use super::evaluate::Machine;
use super::text::{Rich, hole};
use super::value::{DEPTH, Fault, V, Val};
use crate::File;
use crate::iac::datum;

/// A chart that is installed, with its values.
pub(super) struct Installed<'c> {
    pub(super) chart: &'c Chart,
    /// The name under which the parent knows it.
    pub(super) name: String,
    /// The values, a mapping of the heap.
    pub(super) values: usize,
    pub(super) children: Vec<Installed<'c>>,
}

/// The chart with the charts below that its values do not switch off, and what is missing of them.
pub(super) fn installed<'c>(
    machine: &mut Machine<'_>,
    chart: &'c Chart,
    name: &str,
    given: Option<usize>,
    missing: &mut Vec<&'c Dependency>,
) -> Result<Installed<'c>, Fault> {
    let own = match &chart.values {
        Some((file, node)) => machine.heap.node(node, &|span| origin(*file, span))?,
        None => Val::nil(),
    };
    let values = match own.kind {
        V::Map(id) => id,
        _ => new_map(machine)?,
    };
    if let Some(given) = given {
        overlay(machine, values, given, 0)?;
    }
    let mut children = Vec::new();
    for child in &chart.children {
        let declared: Vec<&Dependency> = chart.dependencies.iter().filter(|found| found.name == child.name).collect();
        let names = if declared.is_empty() {
            vec![(child.name.clone(), None)]
        } else {
            declared
                .iter()
                .map(|found| (found.alias.clone().unwrap_or_else(|| child.name.clone()), Some(*found)))
                .collect()
        };
        for (name, dependency) in names {
            if dependency.is_some_and(|found| !enabled(machine, values, found)) {
                continue;
            }
            let given = match machine.heap.member(values, &name).map(|value| value.kind) {
                Some(V::Map(id)) => id,
                _ => new_map(machine)?,
            };
            let global = match machine.heap.member(values, "global").map(|value| value.kind) {
                Some(V::Map(id)) => id,
                _ => new_map(machine)?,
            };
            let copied = machine.heap.copy(&V::Map(global).into(), 0)?;
            if let (V::Map(copied), Some(V::Map(own))) =
                (&copied.kind, machine.heap.member(given, "global").map(|value| value.kind))
            {
                overlay_missing(machine, *copied, own, 0)?;
            }
            machine.heap.change(given)?.insert("global".to_owned(), copied);
            let below = installed(machine, child, &name, Some(given), missing)?;
            let whole = Val::from(V::Map(below.values));
            machine.heap.change(values)?.insert(name, whole);
            for (from, to) in dependency.iter().flat_map(|found| &found.imports) {
                import(machine, values, below.values, from, to)?;
            }
            children.push(below);
        }
    }
    for dependency in &chart.dependencies {
        let here = chart.children.iter().any(|child| child.name == dependency.name);
        if !here && enabled(machine, values, dependency) {
            missing.push(dependency);
        }
    }
    Ok(Installed { chart, name: name.to_owned(), values, children })
}

/// The file of values that an installation names; what is scanned may be a part of the repository.
pub(super) fn file<'f>(files: &'f [File], path: &str) -> Option<&'f File> {
    if let Some(found) = files.iter().find(|file| &*file.path == path) {
        return Some(found);
    }
    let is_end = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|start| start.ends_with('/'));
    let mut like = files.iter().filter(|file| is_end(&file.path, path) || is_end(path, &file.path));
    like.next().filter(|_| like.next().is_none())
}

/// The same with unknown values for the `{hole}`s in its texts.
pub(super) fn holed(machine: &mut Machine<'_>, value: &Val, depth: usize) -> Result<Val, Fault> {
    if depth > DEPTH {
        return Err(Fault::limit(format!("values nest more than {DEPTH} levels deep")));
    }
    let kind = match &value.kind {
        V::List(id) => {
            let items = machine.heap.items(*id);
            let items: Result<Vec<Val>, Fault> = items.iter().map(|item| holed(machine, item, depth + 1)).collect();
            machine.heap.list(items?)?.kind
        }
        V::Map(id) => {
            let mut members = BTreeMap::new();
            for (name, member) in machine.heap.members(*id).iter() {
                members.insert(name.clone(), holed(machine, member, depth + 1)?);
            }
            machine.heap.map(members)?.kind
        }
        V::Text(rich) if datum::has_hole(&rich.text) => {
            let mut out = String::new();
            let mut rest = rich.text.as_str();
            let mut only = None;
            while let Some((before, inside, after)) = datum::hole(rest) {
                let unknown = machine.heap.unknown(inside, "what installs the chart does not know it");
                if let V::Unknown(number) = unknown.kind {
                    // It may be false or empty as well.
                    let number = machine.heap.opened(number);
                    out.push_str(before);
                    out.push_str(&hole(number));
                    only = Some(V::Unknown(number)).filter(|_| out == hole(number) && after.is_empty());
                }
                rest = after;
            }
            out.push_str(rest);
            only.unwrap_or_else(|| V::Text(std::rc::Rc::new(Rich::of(out, value.from))))
        }
        other => other.clone(),
    };
    Ok(Val { kind, from: value.from })
}

fn new_map(machine: &mut Machine<'_>) -> Result<usize, Fault> {
    match machine.heap.map(BTreeMap::new())?.kind {
        V::Map(id) => Ok(id),
        _ => Err(Fault::new("a mapping is none")),
    }
}

/// Lays `above` over `below`; null takes a value away.
pub(super) fn overlay(machine: &mut Machine<'_>, below: usize, above: usize, depth: usize) -> Result<(), Fault> {
    if depth > DEPTH {
        return Err(Fault::limit(format!("values nest more than {DEPTH} levels deep")));
    }
    for (name, value) in machine.heap.members(above).iter() {
        machine.heap.spend(1)?;
        match (&value.kind, machine.heap.member(below, name).map(|held| held.kind)) {
            (V::Nil, _) => {
                machine.heap.change(below)?.remove(name);
            }
            (V::Map(high), Some(V::Map(low))) => overlay(machine, low, *high, depth + 1)?,
            _ => {
                machine.heap.change(below)?.insert(name.clone(), value.clone());
            }
        }
    }
    Ok(())
}

/// Adds what `other` has and `target` lacks, also in mappings that both have.
fn overlay_missing(machine: &mut Machine<'_>, target: usize, other: usize, depth: usize) -> Result<(), Fault> {
    if depth > DEPTH {
        return Err(Fault::limit(format!("values nest more than {DEPTH} levels deep")));
    }
    for (name, value) in machine.heap.members(other).iter() {
        machine.heap.spend(1)?;
        match (machine.heap.member(target, name).map(|held| held.kind), &value.kind) {
            (None, _) => {
                let value = machine.heap.copy(value, 0)?;
                machine.heap.change(target)?.insert(name.clone(), value);
            }
            (Some(V::Map(low)), V::Map(high)) if low != *high => overlay_missing(machine, low, *high, depth + 1)?,
            _ => {}
        }
    }
    Ok(())
}

/// Whether conditions and tags let a dependency be installed.
fn enabled(machine: &Machine<'_>, values: usize, dependency: &Dependency) -> bool {
    let said = dependency.conditions.iter().find_map(|path| match at(machine, values, path)?.kind {
        V::Bool(truth) => Some(truth),
        _ => None,
    });
    if let Some(truth) = said {
        return truth;
    }
    let tags: Vec<bool> = dependency
        .tags
        .iter()
        .filter_map(|tag| match at(machine, values, &format!("tags.{tag}"))?.kind {
            V::Bool(truth) => Some(truth),
            _ => None,
        })
        .collect();
    tags.is_empty() || tags.contains(&true)
}

fn at(machine: &Machine<'_>, values: usize, path: &str) -> Option<Val> {
    let mut value = Val::from(V::Map(values));
    for name in path.split('.').filter(|name| !name.is_empty()) {
        let V::Map(id) = value.kind else { return None };
        value = machine.heap.member(id, name)?;
    }
    Some(value)
}

/// Takes values of a child into its parent, which keeps its own.
fn import(machine: &mut Machine<'_>, parent: usize, child: usize, from: &str, to: &str) -> Result<(), Fault> {
    let Some(V::Map(found)) = at(machine, child, from).map(|value| value.kind) else { return Ok(()) };
    let mut target = parent;
    for name in to.split('.').filter(|name| !name.is_empty()) {
        target = match machine.heap.member(target, name).map(|value| value.kind) {
            Some(V::Map(id)) => id,
            _ => {
                let id = new_map(machine)?;
                machine.heap.change(target)?.insert(name.to_owned(), V::Map(id).into());
                id
            }
        };
    }
    overlay_missing(machine, target, found, 0)
}
