//! Functions on lists and mappings, and on the kinds of values.

use std::collections::BTreeMap;

use super::{Arguments, opaque};
use crate::iac::helm::evaluate::{Call, Machine};
use crate::iac::helm::value::{DEPTH, Fault, V, Val};

/// The value, if the function is one of lists and mappings.
pub(super) fn call(machine: &mut Machine<'_>, arguments: &Arguments<'_>, call: &Call) -> Option<Result<Val, Fault>> {
    let result = choices(machine, arguments, call).transpose();
    let result = result.or_else(|| maps(machine, arguments).transpose());
    result.or_else(|| lists(machine, arguments).transpose())
}

/// Functions that choose a value.
fn choices(machine: &mut Machine<'_>, arguments: &Arguments<'_>, call: &Call) -> Result<Option<Val>, Fault> {
    let truth = |value: &Val| machine.heap.truth(value);
    Ok(Some(match arguments.name {
        "default" => {
            let given = arguments.get(1).cloned().unwrap_or_else(|_| Val::nil());
            match truth(&given) {
                Some(false) => arguments.get(0)?.clone(),
                _ => given,
            }
        }
        "empty" => match truth(arguments.get(0)?) {
            Some(truth) => (!truth).into(),
            None => arguments.get(0)?.clone(),
        },
        "coalesce" => {
            arguments.all().iter().find(|value| truth(value) != Some(false)).cloned().unwrap_or_else(Val::nil)
        }
        "all" => arguments.all().iter().all(|value| truth(value) != Some(false)).into(),
        "any" => arguments.all().iter().any(|value| truth(value) != Some(false)).into(),
        "ternary" => match truth(arguments.get(2)?) {
            Some(truth) => arguments.get(usize::from(!truth))?.clone(),
            None => arguments.get(2)?.clone(),
        },
        "required" => {
            let value = arguments.get(1).cloned().unwrap_or_else(|_| Val::nil());
            let missing = matches!(value.kind, V::Nil) || value.text().is_some_and(str::is_empty);
            if missing {
                let why = "the chart requires it, and its values do not give it";
                machine.heap.unknown(call.expression(), why)
            } else {
                value
            }
        }
        "fail" => {
            let text = arguments.text(&machine.heap, 0)?;
            let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            return Err(Fault::refusal(line));
        }
        // Nothing is installed while a chart is read.
        "lookup" => machine.heap.map(BTreeMap::new())?,
        "getHostByName" => "".into(),
        "kindOf" | "typeOf" | "kindIs" | "typeIs" | "typeIsLike" if machine.heap.may_be_any(arguments.last()?) => {
            arguments.last()?.clone()
        }
        "kindOf" => kind_of(arguments.get(0)?).into(),
        "kindIs" => (arguments.text(&machine.heap, 0)? == kind_of(arguments.get(1)?)).into(),
        "typeOf" => type_of(arguments.get(0)?).into(),
        "typeIs" | "typeIsLike" => {
            let wanted = arguments.text(&machine.heap, 0)?;
            (wanted.trim_start_matches('*') == type_of(arguments.get(1)?)).into()
        }
        "deepEqual" => (machine.heap.equal(arguments.get(0)?, arguments.get(1)?, 0) == Some(true)).into(),
        _ => return Ok(None),
    }))
}

fn kind_of(value: &Val) -> &'static str {
    match &value.kind {
        V::Nil => "invalid",
        V::Bool(_) => "bool",
        V::Int(_) => "int",
        V::Float(_) => "float64",
        V::Text(_) | V::Unknown(_) => "string",
        V::List(_) | V::Versions => "slice",
        V::Map(_) | V::Files(_) => "map",
        V::Cluster => "struct",
    }
}

/// The name of a value's type in Go.
pub(super) fn type_of(value: &Val) -> &'static str {
    match &value.kind {
        V::Nil => "<nil>",
        V::Bool(_) => "bool",
        V::Int(_) => "int",
        V::Float(_) => "float64",
        V::Text(_) | V::Unknown(_) => "string",
        V::List(_) => "[]interface {}",
        V::Map(_) => "map[string]interface {}",
        V::Files(_) => "engine.files",
        V::Versions => "chartutil.VersionSet",
        V::Cluster => "chartutil.KubeVersion",
    }
}

/// The mapping of a value; `None` for nothing, which Go reads as a mapping without members.
fn map_id(value: &Val, name: &str) -> Result<Option<usize>, Fault> {
    match &value.kind {
        V::Map(id) => Ok(Some(*id)),
        V::Nil => Ok(None),
        _ => Err(Fault::new(format!("`{name}` is given something that is no mapping"))),
    }
}

fn maps(machine: &mut Machine<'_>, arguments: &Arguments<'_>) -> Result<Option<Val>, Fault> {
    let key = |at: usize| arguments.text(&machine.heap, at);
    let id = |at: usize| map_id(arguments.get(at)?, arguments.name);
    let held = |at: usize| -> Result<usize, Fault> {
        id(at)?.ok_or_else(|| Fault::new(format!("`{}` is given nothing to change", arguments.name)))
    };
    let members = |at: usize| Ok::<_, Fault>(id(at)?.map(|id| machine.heap.members(id)).unwrap_or_default());
    Ok(Some(match arguments.name {
        "dict" => {
            let mut members = BTreeMap::new();
            for pair in arguments.all().chunks(2) {
                let name = pair.first().map(|key| machine.heap.string(key)).unwrap_or_default();
                let value = pair.get(1).cloned().unwrap_or_else(|| "".into());
                members.insert(name, value);
            }
            machine.heap.map(members)?
        }
        "set" => {
            let (name, value) = (key(1)?, arguments.get(2)?.clone());
            let id = held(0)?;
            machine.heap.change(id)?.insert(name, value);
            arguments.get(0)?.clone()
        }
        "unset" => {
            let name = key(1)?;
            let id = held(0)?;
            machine.heap.change(id)?.remove(&name);
            arguments.get(0)?.clone()
        }
        "get" | "hasKey" if matches!(arguments.get(0)?.kind, V::Unknown(_)) => arguments.get(0)?.clone(),
        "get" | "hasKey" => match (members(0)?.get(&key(1)?), id(0)?.and_then(|id| machine.heap.more(id))) {
            (None, Some(number)) => V::Unknown(number).into(),
            (found, _) if arguments.name == "hasKey" => found.is_some().into(),
            (found, _) => found.cloned().unwrap_or_else(|| "".into()),
        },
        "pluck" => {
            let name = key(0)?;
            let mut found = Vec::new();
            for value in arguments.all().iter().skip(1) {
                if let V::Map(id) = value.kind {
                    found.extend(machine.heap.member(id, &name));
                }
            }
            machine.heap.list(found)?
        }
        "dig" => return dig(machine, arguments).map(Some),
        "keys" => {
            let mut names = Vec::new();
            for at in 0..arguments.all().len() {
                names.extend(members(at)?.keys().map(|key| Val::from(key.as_str())));
            }
            machine.heap.list(names)?
        }
        "values" => {
            let found = members(0)?.values().cloned().collect();
            machine.heap.list(found)?
        }
        "pick" | "omit" => {
            let names: Vec<String> = arguments.all().iter().skip(1).flat_map(|value| words(machine, value)).collect();
            let keep = arguments.name == "pick";
            let members = members(0)?;
            let kept = members.iter().filter(|(name, _)| names.contains(name) == keep);
            let kept = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
            machine.heap.map(kept)?
        }
        "deepCopy" | "mustDeepCopy" => machine.heap.copy(&arguments.get(0)?.clone(), 0)?,
        "merge" | "mustMerge" | "mergeOverwrite" | "mustMergeOverwrite" => {
            let over = arguments.name.to_ascii_lowercase().contains("overwrite");
            let target = held(0)?;
            for other in arguments.all().iter().skip(1) {
                if let V::Map(other) = other.kind {
                    merge(machine, target, other, over, 0)?;
                }
            }
            arguments.get(0)?.clone()
        }
        _ => return Ok(None),
    }))
}

/// The texts in a value, which may be a list of them.
fn words(machine: &Machine<'_>, value: &Val) -> Vec<String> {
    match &value.kind {
        V::List(id) => machine.heap.items(*id).iter().map(|item| machine.heap.string(item)).collect(),
        _ => vec![machine.heap.string(value)],
    }
}

/// Merges `other` into `target`, as Sprig does: what is empty in the target counts as missing, what is empty in the other
/// replaces where it may, and mappings that are taken over stay those of the other.
pub(super) fn merge(
    machine: &mut Machine<'_>,
    target: usize,
    other: usize,
    over: bool,
    depth: usize,
) -> Result<(), Fault> {
    if depth > DEPTH {
        return Err(Fault::limit(format!("mappings are merged more than {DEPTH} levels deep")));
    }
    if target == other {
        return Ok(());
    }
    for (name, value) in machine.heap.members(other).iter() {
        machine.heap.spend(1)?;
        let held = machine.heap.member(target, name);
        let replaces = match &held {
            None => true,
            Some(held) => match (&held.kind, &value.kind) {
                (V::Map(below), V::Map(above)) => {
                    merge(machine, *below, *above, over, depth + 1)?;
                    continue;
                }
                _ if over => true,
                _ => machine.heap.truth(held) == Some(false),
            },
        };
        if replaces {
            machine.heap.change(target)?.insert(name.clone(), value.clone());
        }
    }
    Ok(())
}

/// `dig "a" "b" default mapping`
fn dig(machine: &Machine<'_>, arguments: &Arguments<'_>) -> Result<Val, Fault> {
    let Some((names, default)) = arguments.before().split_last().map(|(default, names)| (names, default)) else {
        return Err(Fault::new("`dig` lacks an argument"));
    };
    let mut at = arguments.last()?.clone();
    for name in names {
        let found = match &at.kind {
            V::Map(id) => machine.heap.member_or_more(*id, &machine.heap.string(name)),
            V::Unknown(_) => return Ok(at),
            _ => None,
        };
        match found {
            Some(found) => at = found,
            None => return Ok(default.clone()),
        }
    }
    Ok(at)
}

fn lists(machine: &mut Machine<'_>, arguments: &Arguments<'_>) -> Result<Option<Val>, Fault> {
    let items = |at: usize| -> Result<Vec<Val>, Fault> {
        match &arguments.get(at)?.kind {
            V::List(id) => Ok(machine.heap.items(*id).to_vec()),
            V::Nil => Ok(Vec::new()),
            _ => Err(Fault::new(format!("`{}` is given something that is no list", arguments.name))),
        }
    };
    Ok(Some(match arguments.name {
        "list" | "tuple" => machine.heap.list(arguments.all().to_vec())?,
        "len" => {
            let value = arguments.get(0)?;
            let count = match &value.kind {
                V::Text(rich) => rich.text.len(),
                V::List(id) => machine.heap.items(*id).len(),
                V::Map(id) => machine.heap.members(*id).len(),
                V::Files(id) => machine.heap.files.get(*id).map_or(0, Vec::len),
                V::Nil => return Err(Fault::new("`len` is given nothing")),
                _ => return Err(Fault::new("`len` is given a simple value")),
            };
            i64::try_from(count).unwrap_or(i64::MAX).into()
        }
        "index" => return index(machine, arguments).map(Some),
        "first" | "mustFirst" => match arguments.get(0)?.kind {
            V::Unknown(_) => arguments.get(0)?.clone(),
            _ => items(0)?.first().cloned().unwrap_or_else(Val::nil),
        },
        "last" | "mustLast" => match arguments.get(0)?.kind {
            V::Unknown(_) => arguments.get(0)?.clone(),
            _ => items(0)?.last().cloned().unwrap_or_else(Val::nil),
        },
        "rest" | "mustRest" => machine.heap.list(items(0)?.into_iter().skip(1).collect())?,
        "initial" | "mustInitial" => {
            let mut found = items(0)?;
            found.pop();
            machine.heap.list(found)?
        }
        "append" | "push" | "mustAppend" | "mustPush" => {
            let mut found = items(0)?;
            found.push(arguments.get(1)?.clone());
            machine.heap.list(found)?
        }
        "prepend" | "mustPrepend" => {
            let mut found = vec![arguments.get(1)?.clone()];
            found.extend(items(0)?);
            machine.heap.list(found)?
        }
        "concat" => {
            let mut found = Vec::new();
            for at in 0..arguments.all().len() {
                found.extend(items(at)?);
            }
            machine.heap.list(found)?
        }
        "reverse" | "mustReverse" => machine.heap.list(items(0)?.into_iter().rev().collect())?,
        "uniq" | "mustUniq" => {
            let mut found: Vec<Val> = Vec::new();
            for item in items(0)? {
                machine.heap.spend(1 + found.len())?;
                if !found.iter().any(|held| machine.heap.equal(held, &item, 0) == Some(true)) {
                    found.push(item);
                }
            }
            machine.heap.list(found)?
        }
        "without" | "mustWithout" => {
            let out = arguments.all().get(1..).unwrap_or_default();
            let keep = |item: &Val| !out.iter().any(|gone| machine.heap.equal(gone, item, 0) == Some(true));
            let found = items(0)?.into_iter().filter(keep).collect();
            machine.heap.list(found)?
        }
        "compact" | "mustCompact" => {
            let found = items(0)?.into_iter().filter(|item| machine.heap.truth(item) != Some(false)).collect();
            machine.heap.list(found)?
        }
        "has" | "mustHas" => {
            let wanted = arguments.get(0)?;
            if let Some(unknown) = opaque(machine, wanted).or_else(|| opaque(machine, arguments.get(1).ok()?)) {
                return Ok(Some(unknown));
            }
            items(1)?.iter().any(|item| machine.heap.equal(item, wanted, 0) == Some(true)).into()
        }
        "slice" | "mustSlice" => {
            let size = match &arguments.get(0)?.kind {
                V::Text(rich) => rich.text.len(),
                _ => items(0)?.len(),
            };
            let bound = |at: usize, default: usize| -> Result<usize, Fault> {
                if arguments.is_missing(at) {
                    return Ok(default);
                }
                Ok(usize::try_from(arguments.int(at)?).unwrap_or(0).min(size))
            };
            let (start, end) = (bound(1, 0)?, bound(2, size)?);
            match &arguments.get(0)?.kind {
                V::Text(rich) => rich.slice(start, end.max(start)).into(),
                _ => machine.heap.list(items(0)?.get(start..end).unwrap_or_default().to_vec())?,
            }
        }
        "chunk" | "mustChunk" => {
            let size = usize::try_from(arguments.int(0)?).unwrap_or(1).max(1);
            let mut chunks = Vec::new();
            for chunk in items(1)?.chunks(size) {
                chunks.push(machine.heap.list(chunk.to_vec())?);
            }
            machine.heap.list(chunks)?
        }
        "sortAlpha" => {
            let mut found = words(machine, arguments.get(0)?);
            found.sort();
            machine.heap.list(found.into_iter().map(Val::from).collect())?
        }
        "join" => {
            let between = arguments.text(&machine.heap, 0)?;
            let parts: Vec<Val> = match &arguments.get(1)?.kind {
                V::List(id) => machine.heap.items(*id).to_vec(),
                V::Nil => Vec::new(),
                _ => vec![arguments.get(1)?.clone()],
            };
            let mut out = crate::iac::helm::text::Rich::default();
            for (at, part) in parts.iter().filter(|part| !matches!(part.kind, V::Nil)).enumerate() {
                if at > 0 {
                    out.push(&between, part.from);
                }
                out.append(&machine.heap.rich(part), part.from);
                machine.heap.spend(1 + out.text.len() / 4096)?;
            }
            out.into()
        }
        "split" | "splitn" => {
            let between = arguments.text(&machine.heap, 0)?;
            let text = arguments.last().map(|value| machine.heap.string(value))?;
            let parts: Vec<&str> = if arguments.name == "splitn" {
                text.splitn(usize::try_from(arguments.int(1)?).unwrap_or(1).max(1), between.as_str()).collect()
            } else {
                text.split(between.as_str()).collect()
            };
            let members = parts.iter().enumerate().map(|(at, part)| (format!("_{at}"), Val::from(*part))).collect();
            machine.heap.map(members)?
        }
        "splitList" => {
            let between = arguments.text(&machine.heap, 0)?;
            let value = arguments.get(1)?;
            let text = machine.heap.string(value);
            let parts = text.split(between.as_str()).map(|part| Val::from(part).at(value.from)).collect();
            machine.heap.list(parts)?
        }
        "toStrings" => {
            let found = items(0)?.iter().map(|item| machine.heap.string(item).into()).collect();
            machine.heap.list(found)?
        }
        _ => return Ok(None),
    }))
}

/// Go's `index`: into mappings by key, into lists by number.
fn index(machine: &Machine<'_>, arguments: &Arguments<'_>) -> Result<Val, Fault> {
    let mut at = arguments.get(0)?.clone();
    for key in arguments.all().iter().skip(1) {
        at = match &at.kind {
            V::Map(id) => machine.heap.member_or_more(*id, &machine.heap.string(key)).unwrap_or_else(Val::nil),
            V::List(id) => {
                let place = usize::try_from(super::number::to_int(key)).unwrap_or(usize::MAX);
                let found = machine.heap.items(*id).get(place).cloned();
                found.ok_or_else(|| Fault::new("`index` is beyond the end of its list"))?
            }
            V::Unknown(_) => return Ok(at),
            V::Nil => return Err(Fault::new("`index` is given nothing")),
            _ => return Err(Fault::new("`index` is given a simple value")),
        };
    }
    Ok(at)
}
