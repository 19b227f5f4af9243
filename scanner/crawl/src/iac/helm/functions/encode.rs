//! Functions to and from YAML, JSON, base64 and sums, and those of paths and addresses.

use std::collections::BTreeMap;
use std::rc::Rc;

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha512};

use super::{Arguments, path, toml};
use crate::iac::helm::emit::{self, Style};
use crate::iac::helm::evaluate::{Call, Machine};
use crate::iac::helm::text::{Origin, Rich};
use crate::iac::helm::value::{Fault, V, Val};
use crate::yaml;

/// Nesting of YAML and JSON that is read inside templates.
const NESTING: usize = 64;

/// The value, if the function is one of encodings.
pub(super) fn call(machine: &mut Machine<'_>, arguments: &Arguments<'_>, call: &Call) -> Option<Result<Val, Fault>> {
    encodings(machine, arguments, call).transpose()
}

fn encodings(machine: &mut Machine<'_>, arguments: &Arguments<'_>, call: &Call) -> Result<Option<Val>, Fault> {
    let text = |at: usize| arguments.text(&machine.heap, at);
    Ok(Some(match arguments.name {
        "toYaml" | "toYamlPretty" | "mustToYaml" => {
            let rich = emit::yaml(&machine.heap, arguments.get(0)?)?;
            machine.heap.spend(1 + rich.text.len() / 32)?;
            rich.into()
        }
        "toJson" | "mustToJson" | "toRawJson" | "mustToRawJson" | "toPrettyJson" | "mustToPrettyJson" => {
            let style = match arguments.name {
                "toJson" | "mustToJson" => Style::Escaped,
                "toRawJson" | "mustToRawJson" => Style::Raw,
                _ => Style::Pretty,
            };
            let rich = emit::json(&machine.heap, arguments.get(0)?, style)?;
            machine.heap.spend(1 + rich.text.len() / 32)?;
            rich.into()
        }
        "toToml" | "mustToToml" => {
            let text = toml::written(&machine.heap, arguments.get(0)?)?;
            machine.heap.spend(1 + text.len() / 32)?;
            Val::from(text).at(arguments.get(0)?.from)
        }
        "fromToml" => return toml::parsed(machine, arguments).map(Some),
        "fromYaml" | "fromJson" | "mustFromJson" | "fromYamlArray" | "fromJsonArray" => {
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
        "b32dec" => match unbase32(&text(0)?) {
            Some(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
            None => machine.heap.unknown(call.expression(), "the text is no base32"),
        },
        "b32enc" => base32(text(0)?.as_bytes()).into(),
        "sha1sum" => hexadecimal(&sha1::Sha1::digest(text(0)?.as_bytes())).into(),
        "sha256sum" => hexadecimal(&Sha256::digest(text(0)?.as_bytes())).into(),
        "sha512sum" => hexadecimal(&Sha512::digest(text(0)?.as_bytes())).into(),
        "adler32sum" => adler32(text(0)?.as_bytes()).to_string().into(),
        "base" | "osBase" => path::base(&text(0)?).into(),
        "dir" | "osDir" => path::dir(&text(0)?).into(),
        "ext" | "osExt" => path::ext(&text(0)?).into(),
        "clean" | "osClean" => path::clean(&text(0)?).into(),
        "isAbs" | "osIsAbs" => text(0)?.starts_with('/').into(),
        "urlParse" => {
            let parts = path::url(&text(0)?);
            machine.heap.map(parts)?
        }
        "urlJoin" => {
            let V::Map(id) = arguments.get(0)?.kind else { return Err(Fault::new("`urlJoin` is given no mapping")) };
            let part =
                |name: &str| machine.heap.member(id, name).map(|part| machine.heap.string(&part)).unwrap_or_default();
            path::joined(part).into()
        }
        _ => return Ok(None),
    }))
}

/// `bytes` in base64 with padding.
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Source: RFC 4648, section 6.
fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let whole = chunk.iter().fold(0_u64, |held, byte| held << 8 | u64::from(*byte)) << (8 * (5 - chunk.len()));
        let letters = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            let index = usize::try_from(whole >> (35 - 5 * at) & 31).unwrap_or(0);
            let letter = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".get(index).copied().unwrap_or(b'=');
            out.push(if at < letters { char::from(letter) } else { '=' });
        }
    }
    out
}

/// The bytes of whole groups of eight letters with padding; `None` if it is none.
fn unbase32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let letters: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    for group in letters.chunks(8) {
        let kept = group.iter().take_while(|letter| **letter != b'=').count();
        let padded = group.iter().skip(kept).all(|letter| *letter == b'=');
        if group.len() != 8 || !padded || !matches!(kept, 2 | 4 | 5 | 7 | 8) {
            return None;
        }
        let whole = group.iter().take(kept).try_fold(0_u64, |held, letter| {
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'2'..=b'7' => letter - b'2' + 26,
                _ => return None,
            };
            Some(held << 5 | u64::from(value))
        })?;
        let whole = whole << (5 * (8 - kept)) << 24;
        bytes.extend(whole.to_be_bytes().into_iter().take(kept * 5 / 8));
    }
    Some(bytes)
}

/// Source: RFC 1950, section 8.2.
fn adler32(bytes: &[u8]) -> u32 {
    let (a, b) = bytes.iter().fold((1_u32, 0_u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
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
    let array = matches!(arguments.name, "fromYamlArray" | "fromJsonArray");
    match (&value.kind, array) {
        (V::Nil, true) => machine.heap.list(Vec::new()),
        (V::Nil, false) => machine.heap.map(BTreeMap::new()),
        (V::List(_), true) | (V::Map(_) | V::Unknown(_), false) => Ok(value),
        (_, true) => machine.heap.list(vec!["it is no list".into()]),
        (V::List(_), false) if arguments.name == "mustFromJson" => Ok(value),
        (_, false) => machine.heap.map(BTreeMap::from([("Error".to_owned(), "it is no mapping".into())])),
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
                if let Some(key) = crate::iac::helm::value::key(&entry.key) {
                    members.insert(key, holed(machine, &entry.value, from)?);
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
