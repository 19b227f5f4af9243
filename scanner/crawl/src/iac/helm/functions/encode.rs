//! Functions to and from YAML, JSON, base64 and sums, and the parts of paths and addresses.

use std::collections::BTreeMap;
use std::rc::Rc;

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::Arguments;
use crate::iac::helm::emit;
use crate::iac::helm::evaluate::{Call, Machine};
use crate::iac::helm::text::{Origin, Rich};
use crate::iac::helm::value::{Fault, V, Val};
use crate::yaml;

/// Nesting of YAML and JSON that is read inside templates.
const NESTING: usize = 64;

/// The value, if the function is one of encodings.
pub(super) fn call(machine: &mut Machine<'_>, arguments: &Arguments<'_>, _: &Call) -> Option<Result<Val, Fault>> {
    encodings(machine, arguments).transpose()
}

fn encodings(machine: &mut Machine<'_>, arguments: &Arguments<'_>) -> Result<Option<Val>, Fault> {
    let text = |at: usize| arguments.text(&machine.heap, at);
    Ok(Some(match arguments.name {
        "toYaml" | "toYamlPretty" | "mustToYaml" => {
            let rich = emit::yaml(&machine.heap, arguments.get(0)?)?;
            machine.heap.spend(1 + rich.text.len() / 32)?;
            rich.into()
        }
        "toJson" | "mustToJson" | "toRawJson" | "toPrettyJson" | "mustToPrettyJson" => {
            let rich = emit::json(&machine.heap, arguments.get(0)?)?;
            machine.heap.spend(1 + rich.text.len() / 32)?;
            rich.into()
        }
        "toToml" => return Err(Fault::new("`toToml` is not evaluated")),
        "fromYaml" | "fromJson" | "mustFromJson" | "fromYamlArray" | "fromJsonArray" | "fromToml" => {
            return parsed(machine, arguments).map(Some);
        }
        "b64enc" => {
            let value = arguments.get(0)?;
            Val::from(base64(text(0)?.as_bytes())).at(value.from)
        }
        "b64dec" => match STANDARD.decode(text(0)?.trim()) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
            Err(error) => error.to_string().into(),
        },
        "b32enc" | "b32dec" => text(0)?.into(),
        "sha256sum" | "sha1sum" | "sha512sum" | "adler32sum" | "md5sum" => sum(&text(0)?).into(),
        "base" | "osBase" => text(0)?.rsplit('/').next().unwrap_or_default().into(),
        "dir" | "osDir" => text(0)?.rsplit_once('/').map_or(".", |(dir, _)| dir).into(),
        "ext" | "osExt" => {
            let path = text(0)?;
            let name = path.rsplit('/').next().unwrap_or_default();
            name.rfind('.').and_then(|at| name.get(at..)).unwrap_or_default().into()
        }
        "clean" | "osClean" => text(0)?.replace("//", "/").into(),
        "isAbs" | "osIsAbs" => text(0)?.starts_with('/').into(),
        "urlParse" => {
            let parts = url(&text(0)?);
            machine.heap.map(parts)?
        }
        "urlJoin" => {
            let V::Map(id) = arguments.get(0)?.kind else { return Err(Fault::new("`urlJoin` is given no mapping")) };
            let part =
                |name: &str| machine.heap.member(id, name).map(|part| machine.heap.string(&part)).unwrap_or_default();
            let scheme = part("scheme");
            let start = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
            let query = part("query");
            let query = if query.is_empty() { query } else { format!("?{query}") };
            format!("{start}{}{}{query}", part("host"), part("path")).into()
        }
        _ => return Ok(None),
    }))
}

/// `bytes` in base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Every sum is a SHA-256 here: what it says is only whether something changed.
fn sum(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value of YAML or JSON; what does not parse is a mapping with the member `Error`, as in Helm.
fn parsed(machine: &mut Machine<'_>, arguments: &Arguments<'_>) -> Result<Val, Fault> {
    let rich = arguments.rich(&machine.heap, 0)?;
    machine.heap.spend(1 + rich.text.len() / 8)?;
    let (documents, error) = yaml::parse(&rich.text, NESTING);
    if let Some(error) = error {
        let members = BTreeMap::from([("Error".to_owned(), Val::from(error.message))]);
        return machine.heap.map(members);
    }
    let from = |span: aedile_model::Span| rich.at(span.start as usize).map(|from| Origin { exact: false, ..from });
    let value = match documents.first() {
        Some(document) => holed(machine, document, &from)?,
        None => Val::nil(),
    };
    match (&value.kind, arguments.name) {
        (V::Nil, "fromYamlArray" | "fromJsonArray") => machine.heap.list(Vec::new()),
        (V::Nil, _) => machine.heap.map(BTreeMap::new()),
        _ => Ok(value),
    }
}

/// A node as a value; a scalar that is nothing but an unknown value is that value again.
fn holed(
    machine: &mut Machine<'_>,
    node: &yaml::Node,
    from: &dyn Fn(aedile_model::Span) -> Option<Origin>,
) -> Result<Val, Fault> {
    machine.heap.spend(1)?;
    Ok(match &node.kind {
        yaml::Kind::List(items) => {
            let items: Result<Vec<Val>, Fault> = items.iter().map(|item| holed(machine, item, from)).collect();
            machine.heap.list(items?)?.at(from(node.span))
        }
        yaml::Kind::Map(entries) => {
            let mut members = BTreeMap::new();
            for entry in entries {
                if let Some(key) = entry.key.str() {
                    members.insert(key.to_owned(), holed(machine, &entry.value, from)?);
                }
            }
            machine.heap.map(members)?.at(from(node.span))
        }
        yaml::Kind::Scalar { text, .. } if super::has_hole(text) => {
            let number = super::super::text::first_hole(text);
            let whole = number.is_some_and(|number| super::super::text::hole(number) == *text);
            let kind = match number {
                Some(number) if whole => V::Unknown(number),
                _ => V::Text(Rc::new(Rich::of(text.clone(), None))),
            };
            Val { kind, from: from(node.span) }
        }
        yaml::Kind::Scalar { .. } => machine.heap.node(node, from)?,
    })
}

/// The parts of an address, by Sprig's names.
fn url(text: &str) -> BTreeMap<String, Val> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    [
        ("scheme", scheme),
        ("host", host),
        ("hostname", name),
        ("path", path),
        ("query", query),
        ("fragment", fragment),
        ("userinfo", user),
        ("opaque", ""),
    ]
    .into_iter()
    .map(|(name, part)| (name.to_owned(), part.into()))
    .collect()
}
