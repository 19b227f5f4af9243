//! Terraform's and OpenTofu's functions that give the same for the same arguments.
//!
//! Source: developer.hashicorp.com/terraform/language/functions. Those that read files are in [`super::files`];
//! those that read the clock, chance or a key are unknown. One file a family.

use aedile_model::Unknown;

use super::evaluate::not_known;
use crate::iac::datum::{Datum, Kind, hole_for};

mod collection;
mod conversion;
mod date;
mod encoding;
mod format;
mod hash;
mod network;
mod numeric;
#[cfg(test)]
mod tests;
mod text;
mod yaml;

/// Items that one call may make.
const LIMIT: usize = 100_000;

/// Bytes of a text that one call may make.
const TEXT_BYTES: usize = 1 << 20;

/// The value of `name(arguments…)`; `snippet` gives the expression's text.
pub(super) fn call(name: &str, arguments: &[&Datum], snippet: &dyn Fn() -> String) -> Datum {
    if IMPURE.contains(&name) {
        return Datum::unknown(snippet(), format!("`{name}` is not evaluated"));
    }
    if let Some(datum) = conversion::lenient(name, arguments, snippet) {
        return datum;
    }
    if let Some(datum) = collection::lenient(name, arguments, snippet) {
        return datum;
    }
    if let Some(unknown) = arguments.iter().find(|argument| argument.why_unknown().is_some()) {
        // The result is of a type that cannot be null: it is given, though not known.
        return match unknown.kind {
            Kind::Computed { .. } if GIVEN.contains(&name) => computed(unknown, snippet),
            _ => not_known(unknown, &snippet()),
        };
    }
    if let Some(whole) = arguments.iter().find(|argument| matches!(argument.kind, Kind::Resource(_) | Kind::Module(_)))
    {
        return not_known(whole, &snippet());
    }
    let arguments = Arguments(arguments);
    let families = [
        text::call,
        format::call,
        numeric::call,
        collection::call,
        conversion::call,
        encoding::call,
        hash::call,
        network::call,
        date::call,
    ];
    match families.iter().find_map(|family| family(name, arguments)) {
        Some(Ok(datum)) => datum,
        Some(Err(why)) => Datum::fault(snippet(), why),
        None => Datum::unknown(snippet(), format!("`{name}` is not evaluated")),
    }
}

/// Functions whose result depends on more than their arguments.
const IMPURE: [&str; 9] =
    ["abspath", "base64gzip", "bcrypt", "pathexpand", "plantimestamp", "rsadecrypt", "timestamp", "type", "uuid"];

/// Functions of texts: of something that is given they make something that is given.
const GIVEN: [&str; 24] = [
    "base64encode",
    "base64sha256",
    "base64sha512",
    "basename",
    "chomp",
    "dirname",
    "format",
    "indent",
    "join",
    "lower",
    "md5",
    "replace",
    "sha1",
    "sha256",
    "sha512",
    "substr",
    "title",
    "tostring",
    "trim",
    "trimprefix",
    "trimspace",
    "trimsuffix",
    "upper",
    "urlencode",
];

/// What a call gives, or why it fails.
type Outcome = Result<Datum, String>;

/// The arguments of a call; all are known.
#[derive(Debug, Clone, Copy)]
struct Arguments<'d>(&'d [&'d Datum]);

impl<'d> Arguments<'d> {
    fn at(self, index: usize) -> Result<&'d Datum, String> {
        self.0.get(index).copied().ok_or_else(|| format!("it needs {} arguments", index + 1))
    }

    fn text(self, index: usize) -> Result<String, String> {
        self.at(index)?.text().ok_or_else(|| "it needs text".to_owned())
    }

    fn list(self, index: usize) -> Result<&'d [Datum], String> {
        let datum = self.at(index)?;
        match datum.kind {
            Kind::List(_) | Kind::Null => Ok(datum.items()),
            _ => Err("it needs a list".to_owned()),
        }
    }

    fn number(self, index: usize) -> Result<i64, String> {
        self.at(index)?.int().ok_or_else(|| "it needs a whole number".to_owned())
    }

    fn float(self, index: usize) -> Result<f64, String> {
        super::operator::float(self.at(index)?).ok_or_else(|| "it needs a number".to_owned())
    }

    fn rest(self, index: usize) -> &'d [&'d Datum] {
        self.0.get(index..).unwrap_or_default()
    }
}

fn computed(unknown: &Datum, snippet: &dyn Fn() -> String) -> Datum {
    let expression = snippet();
    let why = unknown.why_unknown().map_or("it is known only after apply".to_owned(), ToString::to_string);
    Datum::from(Kind::Computed { text: hole_for(&expression), why: Unknown { expression, why } }).of(unknown.of.clone())
}

/// Adds `part` to a text, as a hole if it is not known.
pub(super) fn append(text: &mut String, why: &mut Option<Unknown>, part: &Datum) {
    match &part.kind {
        Kind::Text(known) => text.push_str(known),
        _ => match part.text() {
            Some(known) => text.push_str(&known),
            None => {
                let unknown = part.why_unknown().cloned().unwrap_or_else(|| Unknown {
                    expression: "template".to_owned(),
                    why: "a part of it is no text".to_owned(),
                });
                text.push_str(&part.holed().unwrap_or_else(|| hole_for(&unknown.expression)));
                why.get_or_insert(unknown);
            }
        },
    }
}

/// Texts one after the other, with holes for what is not known.
pub(super) fn concatenate(parts: &[Datum]) -> Datum {
    let (mut text, mut why) = (String::new(), None);
    for part in parts {
        append(&mut text, &mut why, part);
        if text.len() > TEXT_BYTES {
            return Datum::unknown("template", "the text grows beyond a limit");
        }
    }
    match why {
        None => Datum::from_text(text),
        Some(why) => Kind::Computed { text, why }.into(),
    }
}

fn int(number: usize) -> Datum {
    Kind::Int(i64::try_from(number).unwrap_or(i64::MAX)).into()
}

fn list(items: impl IntoIterator<Item = Datum>) -> Datum {
    Kind::List(items.into_iter().collect()).into()
}
