//! Personal data in running text: logs, notes, comments, statements of SQL, fixtures in code.
//!
//! A file with such values becomes a dataset of the format `text` that holds their classes. The values go no
//! further than the classifier; what is kept is counts, masked shapes and the line of the first.

use std::collections::BTreeMap;

use aedile_model::{Asset, AssetId, AssetKind, Basis, Confidence, Gap, GapKind, Place, Tag};
use aedile_rules::{Rules, TextHit};

use crate::crawler::{Context, Crawler};
use crate::{Facts, File, data, secrets};

/// The crawler of running text.
pub(crate) struct Texts;

/// What one file holds.
pub(crate) struct Held {
    /// By class, with the place of its first value.
    classes: BTreeMap<String, (Tag, (usize, usize))>,
    /// Bytes at the end that were not searched.
    unread: usize,
}

/// Extensions and names of what is written about people and by machines about them, rather than by programmers.
const NOTES: [&str; 6] = ["eml", "err", "log", "mbox", "out", "txt"];

/// Numbers that issuers and standards print as examples: test cards of payment providers (Stripe, "Testing";
/// PayPal, "Test credit cards"), the numbers of the IBAN registry, numbers from advertisements (SSA, "SSN
/// Randomization": 078-05-1120, 219-09-9999), sorted.
const PRINTED: [&str; 17] = [
    "078051120",
    "123456789",
    "219099999",
    "371449635398431",
    "378282246310005",
    "4000000000000002",
    "4000056655665556",
    "4012888888881881",
    "4111111111111111",
    "4242424242424242",
    "5105105105105100",
    "5200828282828210",
    "5555555555554444",
    "6011111111111117",
    "DE89370400440532013000",
    "FR1420041010050500013M02606",
    "GB82WEST12345698765432",
];

/// Domains that stand for no one (RFC 2606, RFC 6761), and hosts that are no domain.
const RESERVED: [&str; 8] =
    [".example", ".invalid", ".local", ".localhost", ".test", "example.com", "example.net", "example.org"];

impl Crawler for Texts {
    type Parsed = Held;

    /// Every text but rows, which are classified by column, and notebooks, whose outputs are looked at by cell.
    fn claims(file: &File) -> bool {
        file.text.is_some() && !data::is_rows(file) && file.extension() != "ipynb"
    }

    fn parse(file: &File, context: Context<'_>) -> Held {
        let text = file.text.as_deref().unwrap_or_default();
        let searched = secrets::searched(file, text);
        Held { classes: classes(file, searched, context.rules), unread: text.len() - searched.len() }
    }

    fn resolve(parsed: Vec<(&File, Held)>, _context: Context<'_>, facts: &mut Facts) {
        for (file, held) in parsed {
            if held.unread > 0 {
                facts.gaps.push(Gap {
                    place: Place::file(&file.path),
                    kind: GapKind::Limit,
                    message: format!(
                        "the last {} bytes of a generated file were not searched for personal data",
                        held.unread
                    ),
                });
            }
            if !held.classes.is_empty() {
                facts.assets.push(dataset(file, held));
            }
        }
    }
}

fn dataset(file: &File, held: Held) -> Asset {
    let id = AssetId::new(AssetKind::Dataset, &file.path, "text");
    let mut asset = Asset::new(id, AssetKind::Dataset, &*file.path, file.name());
    asset.type_name = "text".to_owned();
    asset.in_tests = file.in_tests;
    asset.set("format", "text", None);
    let first = held.classes.values().map(|(_, span)| *span).min().unwrap_or_default();
    asset.place = Some(file.place(first.0, first.1));
    held.classes.into_values().for_each(|(tag, _)| asset.add_tag(tag));
    asset
}

fn classes(file: &File, text: &str, rules: &Rules) -> BTreeMap<String, (Tag, (usize, usize))> {
    let is_notes = NOTES.contains(&file.extension().as_str()) || file.name().contains(".log.");
    let mut classes: BTreeMap<String, (Tag, (usize, usize))> = BTreeMap::new();
    for hit in rules.identifiers.scan_text(text) {
        if !is_told(&hit, text, is_notes) {
            continue;
        }
        let span = (hit.span.start, hit.span.end);
        let class = hit.class.as_str().to_owned();
        let held = classes.entry(class).or_insert_with(|| {
            let mut tag = Tag::new(hit.class, Basis::Value, Confidence::percent(80));
            tag.rule = hit.rule;
            tag.reasons.extend(hit.validator.map(|check| format!("values pass the check `{check}`")));
            tag.example_shape = Some(hit.shape);
            (tag, span)
        });
        held.0.hits += 1;
        held.0.of += 1;
    }
    classes
}

/// Whether a value says that somebody's data stands here. In code and documentation, addresses are those of authors
/// and machines; anywhere, numbers and domains that are printed as examples are nobody's; credentials are told as such.
fn is_told(hit: &TextHit, text: &str, is_notes: bool) -> bool {
    let class = hit.class.as_str();
    let value = text.get(hit.span.clone()).unwrap_or_default();
    let plain: String = value.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    let lower = value.to_ascii_lowercase();
    let is_example =
        PRINTED.binary_search(&plain.as_str()).is_ok() || RESERVED.iter().any(|domain| lower.ends_with(domain));
    let is_checked = hit.validator.is_some() && !class.starts_with("pii.contact");
    !class.starts_with("credential") && !is_example && (is_notes || is_checked)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static RULES: LazyLock<Rules> = LazyLock::new(|| Rules::load(&[]).expect("our packs load"));

    fn found(path: &str, text: &str) -> Vec<String> {
        let file = File::in_memory(path, text);
        assert!(Texts::claims(&file));
        classes(&file, text, &RULES).into_keys().collect()
    }

    #[test]
    fn a_log_holds_whom_it_names() {
        let text = "10:00 visit of anna.lee@clinic.org, card 4539 1488 0343 6467, iban DE75512108001245126199\n";
        assert_eq!(found("app.log", text), ["financial.card", "financial.iban", "pii.contact.email"]);
        assert_eq!(found("app.log.3", "mail to anna.lee@clinic.org"), ["pii.contact.email"]);
    }

    #[test]
    fn code_names_its_authors_and_printed_examples_are_nobody() {
        assert!(found("a.py", "# by anna.lee@clinic.org\n").is_empty());
        assert_eq!(found("seed.sql", "insert into t values ('DE75512108001245126199')"), ["financial.iban"]);
        assert!(found("a.py", "card = '4242 4242 4242 4242'; iban = 'GB82 WEST 1234 5698 7654 32'").is_empty());
        assert!(found("app.log", "noreply@mail.example.org, ops@db.local, a@x.test").is_empty());
    }

    #[test]
    fn printed_numbers_are_sorted() {
        assert!(PRINTED.is_sorted());
    }

    #[test]
    fn the_asset_holds_counts_and_shapes_and_no_value() {
        let file = File::in_memory("notes/visit.txt", "call anna.lee@clinic.org or ben.ray@clinic.org");
        let held = Texts::parse(&file, Context::new(&RULES, &crate::Options::default()));
        let mut facts = Facts::default();
        Texts::resolve(vec![(&file, held)], Context::new(&RULES, &crate::Options::default()), &mut facts);
        let asset = facts.assets.first().expect("there is one");
        assert_eq!(asset.id.as_str(), "Dataset:notes/visit.txt#text");
        let tag = asset.tags.first().expect("it holds a class");
        assert_eq!((tag.class.as_str(), tag.hits), ("pii.contact.email", 2));
        assert!(!format!("{asset:?}").contains("anna"));
    }
}
