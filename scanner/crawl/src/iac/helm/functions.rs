//! The functions of templates: Go's own, Sprig's and Helm's. The files below are tables by theme.
//!
//! Sources: pkg.go.dev/text/template#hdr-Functions, masterminds.github.io/sprig, helm.sh/docs/chart_template_guide.
//! What asks the clock, chance, a cluster or the network is not known.

use std::rc::Rc;

mod collection;
mod encode;
mod format;
mod glob;
mod number;
mod path;
mod string;
mod toml;

use super::evaluate::{Call, Machine};
use super::text::{Rich, has_hole};
use super::value::{Fault, Heap, V, Val};

pub(super) use number::compared;

/// What a function may look at.
pub(super) struct Arguments<'v> {
    name: &'v str,
    values: Vec<Val>,
}

/// Functions whose result nobody knows before the chart is installed.
const UNKNOWN: [&str; 35] = [
    "ago",
    "bcrypt",
    "buildCustomCert",
    "date",
    "dateInZone",
    "dateModify",
    "date_in_zone",
    "date_modify",
    "decryptAES",
    "derivePassword",
    "encryptAES",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "htmlDate",
    "htmlDateInZone",
    "htpasswd",
    "mustDateModify",
    "mustToDate",
    "must_date_modify",
    "now",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "shuffle",
    "toDate",
    "unixEpoch",
    "uuidv4",
];

/// Functions that work with values that are not known, or with texts that hold some.
const TRANSPARENT: [&str; 66] = [
    "abbrev",
    "append",
    "camelcase",
    "cat",
    "coalesce",
    "concat",
    "contains",
    "deepCopy",
    "default",
    "dict",
    "dig",
    "empty",
    "first",
    "fromJson",
    "fromToml",
    "fromYaml",
    "fromYamlArray",
    "get",
    "has",
    "hasKey",
    "include",
    "indent",
    "index",
    "initial",
    "join",
    "keys",
    "kindIs",
    "kindOf",
    "last",
    "list",
    "lookup",
    "lower",
    "merge",
    "mergeOverwrite",
    "mustMerge",
    "mustMergeOverwrite",
    "nindent",
    "not",
    "omit",
    "pick",
    "pluck",
    "prepend",
    "print",
    "printf",
    "println",
    "quote",
    "rest",
    "replace",
    "required",
    "set",
    "squote",
    "ternary",
    "toJson",
    "toPrettyJson",
    "toRawJson",
    "toString",
    "toStrings",
    "toToml",
    "toYaml",
    "toYamlPretty",
    "tpl",
    "trim",
    "tuple",
    "typeIs",
    "unset",
    "upper",
];

/// Functions that may give nothing, zero or false for values that are there.
const OPEN: [&str; 41] = [
    "add",
    "all",
    "any",
    "atoi",
    "b64dec",
    "ceil",
    "compact",
    "deepEqual",
    "div",
    "eq",
    "ext",
    "float64",
    "floor",
    "ge",
    "gt",
    "hasPrefix",
    "hasSuffix",
    "int",
    "int64",
    "isAbs",
    "le",
    "lt",
    "mod",
    "mul",
    "mustCompact",
    "mustHas",
    "mustRegexFind",
    "mustRegexFindAll",
    "mustRegexMatch",
    "ne",
    "regexFind",
    "regexFindAll",
    "regexMatch",
    "round",
    "semverCompare",
    "sub",
    "substr",
    "toDecimal",
    "trimAll",
    "trunc",
    "without",
];

/// The value of `name arguments…`.
pub(super) fn call(machine: &mut Machine<'_>, name: &str, values: Vec<Val>, call: &Call) -> Result<Val, Fault> {
    machine.heap.spend(2)?;
    if UNKNOWN.contains(&name) {
        return Ok(machine
            .heap
            .unknown(call.expression(), format!("`{name}` gives something else at every installation")));
    }
    if !TRANSPARENT.contains(&name)
        && let Some(number) = values.iter().find_map(|value| machine.heap.unknown_in(value))
    {
        let number = if OPEN.contains(&name) { machine.heap.opened(number) } else { number };
        let at = values.iter().find_map(|value| value.from);
        return Ok(Val { kind: V::Unknown(number), from: at });
    }
    let arguments = Arguments { name, values };
    for table in [string::call, collection::call, number::call, encode::call] {
        match (table(machine, &arguments, call), unknown(machine, &arguments)) {
            // What is not known is not of the wrong kind.
            (Some(Err(fault)), Some(number)) if !fault.limit => {
                return Ok(V::Unknown(machine.heap.opened(number)).into());
            }
            (Some(result), _) => return result,
            (None, _) => {}
        }
    }
    Err(Fault::new(format!("the function `{name}` is not known")))
}

/// The number of an unknown value among what a function is given, unless it runs a template.
fn unknown(machine: &Machine<'_>, arguments: &Arguments<'_>) -> Option<usize> {
    let runs = matches!(arguments.name, "include" | "tpl" | "fail");
    arguments.values.iter().filter(|_| !runs).find_map(|value| machine.heap.unknown_in(value))
}

/// A method of a value that is neither a list nor a mapping.
pub(super) fn method(
    machine: &mut Machine<'_>,
    value: &Val,
    name: &str,
    given: &[Val],
    call: &Call,
) -> Result<Val, Fault> {
    if let Some(number) = given.iter().find_map(|value| machine.heap.unknown_in(value)) {
        return Ok(V::Unknown(machine.heap.opened(number)).into());
    }
    match (&value.kind, name) {
        (V::Versions, "Has") => {
            let wanted = given.first().and_then(Val::text).unwrap_or_default();
            Ok(super::serves(wanted).into())
        }
        (V::Cluster, "Version" | "GitVersion" | "String") => Ok(super::CLUSTER_VERSION.into()),
        (V::Cluster, "Major") => Ok("1".into()),
        (V::Cluster, "Minor") => Ok(super::CLUSTER_MINOR.into()),
        (V::Files(id), _) => files(machine, *id, name, given),
        _ => Err(Fault::new(format!("there is no `{name}` in `{}`", call.expression()))),
    }
}

/// Methods of `.Files`.
fn files(machine: &mut Machine<'_>, id: usize, name: &str, given: &[Val]) -> Result<Val, Fault> {
    let held = machine.heap.files.get(id).cloned().unwrap_or_default();
    let path = given.first().map(|value| machine.heap.string(value)).unwrap_or_default();
    let text = |at: usize| machine.texts.get(at).map(|text| text.to_string()).unwrap_or_default();
    match name {
        "Get" | "GetBytes" => {
            let found = held.iter().find(|(known, _)| *known == path).map(|(_, at)| text(*at));
            machine.heap.spend(found.as_ref().map_or(1, |text| 1 + text.len() / 32))?;
            Ok(super::text::cleaned(&found.unwrap_or_default()).into_owned().into())
        }
        "Lines" => {
            let found = held.iter().find(|(known, _)| *known == path).map(|(_, at)| text(*at)).unwrap_or_default();
            let lines = found.lines().map(Val::from).collect();
            machine.heap.list(lines)
        }
        "Glob" => {
            let pattern = glob::pattern(&path).ok_or_else(|| Fault::new(format!("`{path}` is no pattern")))?;
            let taken = held.into_iter().filter(|(known, _)| pattern.is_match(known)).collect();
            machine.heap.files.push(taken);
            Ok(V::Files(machine.heap.files.len() - 1).into())
        }
        "AsConfig" | "AsSecrets" => {
            let mut out = String::new();
            for (path, at) in &held {
                let key = path.rsplit('/').next().unwrap_or_default();
                let body = text(*at);
                let body = if name == "AsSecrets" { encode::base64(body.as_bytes()) } else { body };
                machine.heap.spend(1 + body.len() / 16)?;
                let value = serde_json::Value::String(super::text::cleaned(&body).into_owned());
                out.push_str(&format!("{key}: {value}\n"));
            }
            Ok(if held.is_empty() { "{}".into() } else { out.trim_end().to_owned().into() })
        }
        _ => match held.iter().find(|(known, _)| known == name) {
            Some((_, at)) => Ok(text(*at).into()),
            None => Ok(Val::nil()),
        },
    }
}

impl Arguments<'_> {
    pub(super) fn get(&self, at: usize) -> Result<&Val, Fault> {
        self.values.get(at).ok_or_else(|| Fault::new(format!("`{}` lacks an argument", self.name)))
    }

    /// The last one, which a pipeline gives.
    pub(super) fn last(&self) -> Result<&Val, Fault> {
        self.values.last().ok_or_else(|| Fault::new(format!("`{}` lacks an argument", self.name)))
    }

    pub(super) fn all(&self) -> &[Val] {
        &self.values
    }

    /// Those before the last one.
    pub(super) fn before(&self) -> &[Val] {
        self.values.split_last().map_or(&[], |(_, before)| before)
    }

    pub(super) fn text(&self, heap: &Heap, at: usize) -> Result<String, Fault> {
        self.get(at).map(|value| heap.string(value))
    }

    pub(super) fn rich(&self, heap: &Heap, at: usize) -> Result<Rich, Fault> {
        self.get(at).map(|value| heap.rich(value))
    }

    pub(super) fn int(&self, at: usize) -> Result<i64, Fault> {
        self.get(at).map(number::to_int)
    }

    pub(super) fn is_missing(&self, at: usize) -> bool {
        self.values.len() <= at
    }
}

/// A text of the same origin as `value`.
fn like(value: &Val, rich: &Rich, text: String) -> Val {
    let from = rich.at(0).or(value.from);
    Val { kind: V::Text(Rc::new(Rich::of(text, from))), from }
}

/// An unknown value where a text holds one.
fn opaque(machine: &Machine<'_>, value: &Val) -> Option<Val> {
    let number = machine.heap.unknown_in(value)?;
    Some(Val { kind: V::Unknown(number), from: value.from })
}
