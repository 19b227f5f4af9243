//! Cards of models and datasheets of data that nobody declared: what they are about, which of their parts are written, and from
//! which day they are.
//!
//! Read are Markdown by its name (`MODEL_CARD.md`, `datasheet.md`), a README with the head of a hub, the JSON of the Model Card
//! Toolkit, and Croissant. What a section says is not kept: only its heading, and whether anything stands below it.

use aedile_model::{Asset, AssetId, AssetKind, Place, Value};
use aedile_rules::card::{by_front, by_name, is_placeholder};

use crate::crawler::{Context, Crawler};
use crate::yaml::{self, Node};
use crate::{Facts, File};

/// The crawler of cards.
pub(crate) struct Cards;

/// What one file says.
#[derive(Debug, Default)]
pub(crate) struct Card {
    kind: &'static str,
    /// Names of what it is about.
    about: Vec<String>,
    sections: Vec<Section>,
    /// The days that it says it is from, as they are written.
    days: Vec<String>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading, key, or head of a table.
    pub heading: String,
    /// Whether something is written below, not only what waits for a text.
    pub written: bool,
}

/// The `type_name` of documents that are found, not declared.
pub(crate) const CARD: &str = "card";

/// The kind of document that says what a model is for.
pub(crate) const MODEL_CARD: &str = "model-card";

/// Bytes of a card that are looked at; longer files are data.
const LONGEST: usize = 1 << 20;

/// Words beside which a date says when a document was looked at.
const DATED: [&str; 9] = ["as of", "checked", "date", "reviewed", "review", "revised", "status", "updated", "version"];

/// Levels of a card in JSON.
const NESTING: usize = 32;

impl Crawler for Cards {
    type Parsed = Card;

    fn claims(file: &File) -> bool {
        kind(file).is_some()
    }

    fn parse(file: &File, _: Context<'_>) -> Card {
        let (text, kind) = (file.text.as_deref().unwrap_or_default(), kind(file).unwrap_or_default());
        let card = if file.extension() == "json" { of_json(text) } else { of_markdown(text) };
        Card { kind, ..card }
    }

    fn resolve(parsed: Vec<(&File, Card)>, _: Context<'_>, facts: &mut Facts) {
        for (file, card) in parsed {
            facts.assets.push(described(file, card));
        }
    }
}

fn described(file: &File, card: Card) -> Asset {
    let id = AssetId::new(AssetKind::Document, card.kind, &file.path);
    let mut asset = Asset::new(id, AssetKind::Document, &*file.path, card.kind);
    CARD.clone_into(&mut asset.type_name);
    asset.place = Some(Place::file(&file.path));
    asset.in_tests = file.in_tests;
    asset.set("documentKind", card.kind, None);
    asset.set("found", true, Some(Place::file(&file.path)));
    let texts = |texts: Vec<String>| texts.into_iter().map(Value::Text).collect::<Vec<Value>>();
    let (written, waiting): (Vec<Section>, Vec<Section>) = card.sections.into_iter().partition(|one| one.written);
    let headings = |sections: Vec<Section>| texts(sections.into_iter().map(|section| section.heading).collect());
    asset.set("written", headings(written), None);
    if !waiting.is_empty() {
        asset.set("waiting", headings(waiting), None);
    }
    if !card.about.is_empty() {
        asset.set("about", texts(card.about), None);
    }
    if !card.days.is_empty() {
        asset.set("days", texts(card.days), None);
    }
    asset
}

fn kind(file: &File) -> Option<&'static str> {
    let text = file.text.as_ref().filter(|text| text.len() <= LONGEST)?;
    let name = file.name().to_lowercase();
    match file.extension().as_str() {
        "md" | "markdown" | "mdx" => {
            let by_head = || {
                let keys: Vec<&str> = front(text)?.lines().filter_map(key).collect();
                by_front(&keys)
            };
            by_name(&name).or_else(|| if name.starts_with("readme") { by_head() } else { None })
        }
        "json" if text.contains("mlcommons.org/croissant") && text.contains("@context") => Some("datasheet"),
        "json" if text.contains("\"model_details\"") && text.contains("\"considerations\"") => Some(MODEL_CARD),
        _ => None,
    }
}

/// What stands between the two lines `---` at the head of a text.
fn front(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches('\u{feff}').strip_prefix("---")?.trim_start_matches('\r').strip_prefix('\n')?;
    rest.find("\n---").and_then(|end| rest.get(..end))
}

/// The key of a line `key:` at the margin.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(':')?;
    (!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))).then_some(key)
}

fn of_markdown(text: &str) -> Card {
    let mut card = Card { sections: sections(text), days: days(text), ..Card::default() };
    let Some(head) = front(text) else {
        card.about.extend(title(text));
        return card;
    };
    let (nodes, _) = yaml::parse(head, NESTING);
    let Some(head) = nodes.first() else { return card };
    card.about.extend(
        ["model_name", "pretty_name", "name"].iter().filter_map(|name| Some(head.get(name)?.str()?.to_owned())),
    );
    let results = head.get("model-index").map(Node::items).unwrap_or_default();
    card.about.extend(results.iter().filter_map(|result| Some(result.get("name")?.str()?.to_owned())));
    card.about.extend(title(text));
    card
}

/// The first heading of the first level, without the words that say what a card is.
fn title(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("# "))?;
    let plain = line.trim().trim_start_matches("Model Card for ").trim_start_matches("Model card: ");
    let plain =
        plain.trim_start_matches("Datasheet for ").trim_end_matches(" model card").trim_end_matches(" datasheet");
    Some(plain.trim().to_owned())
}

fn of_json(text: &str) -> Card {
    let (nodes, _) = yaml::parse(text, NESTING);
    let Some(whole) = nodes.first() else { return Card::default() };
    let details = whole.get("model_details");
    let name = details.and_then(|details| details.get("name")).or_else(|| whole.get("name")).and_then(Node::str);
    let day = details.and_then(|details| details.at("version.date"));
    let day = day.or_else(|| whole.get("dateModified")).or_else(|| whole.get("datePublished")).and_then(Node::str);
    let mut sections = Vec::new();
    for entry in whole.entries() {
        section_of(&entry.key, &entry.value, &mut sections);
        for inner in entry.value.entries() {
            section_of(&inner.key, &inner.value, &mut sections);
        }
    }
    let owned = |text: Option<&str>| text.map(str::to_owned).into_iter().collect();
    Card { about: owned(name), sections, days: owned(day), ..Card::default() }
}

fn section_of(key: &Node, value: &Node, sections: &mut Vec<Section>) {
    if let Some(heading) = key.str().filter(|heading| !heading.starts_with('@')) {
        sections.push(Section { heading: heading.to_owned(), written: says(value, 0) });
    }
}

/// Whether a value has a text that says something.
fn says(value: &Node, depth: usize) -> bool {
    depth < NESTING
        && (value.str().is_some_and(|text| text.chars().any(char::is_alphanumeric) && !is_placeholder(text))
            || value.items().iter().any(|item| says(item, depth + 1))
            || value.entries().iter().any(|entry| says(&entry.value, depth + 1)))
}

/// The sections of a text: headings of Markdown, AsciiDoc, reStructuredText and HTML, keys of YAML, heads of tables, lines in
/// bold. A heading is written if anything below it is, or below a heading inside of it.
#[must_use]
pub fn sections(text: &str) -> Vec<Section> {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    // Where each heading stands, how deep it is, and what follows it on its own line.
    let mut heads: Vec<(usize, usize, &str)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let next = lines.get(at + 1).map_or("", |next| next.trim());
        if let Some((level, rest)) = heading(at, line, next) {
            heads.push((at, level, rest));
        }
    }
    let mut found: Vec<Section> = Vec::new();
    let mut hidden = false;
    let mut said: Vec<bool> = lines.iter().map(|line| line_says(line, &mut hidden)).collect();
    // That there is a heading inside says nothing yet.
    for (at, ..) in &heads {
        if let Some(said) = said.get_mut(*at) {
            *said = false;
        }
    }
    for (nth, (at, level, rest)) in heads.iter().enumerate() {
        // Up to the next heading that is not inside of this one.
        let end = heads.iter().skip(nth + 1).find(|(_, other, _)| other <= level).map_or(lines.len(), |(at, ..)| *at);
        let mut written = (at + 1..end).any(|line| said.get(line).copied().unwrap_or_default());
        written |= rest.chars().any(char::is_alphanumeric) && !is_placeholder(rest);
        let heading = lines.get(*at).map_or("", |line| line.trim()).to_owned();
        found.push(Section { heading, written });
    }
    // What stands in a heading inside of another counts for both.
    for (nth, (_, level, _)) in heads.iter().enumerate().rev() {
        let inner = heads.iter().skip(nth + 1).take_while(|(_, other, _)| other > level).count();
        let any = found.iter().skip(nth + 1).take(inner).any(|section| section.written);
        if let Some(section) = found.get_mut(nth) {
            section.written |= any;
        }
    }
    found
}

/// The days on lines that say that they are the document's, as they are written: `Last reviewed: 2026-03-05`.
#[must_use]
pub fn days(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| {
        let line = line.to_lowercase();
        DATED.iter().any(|word| line.contains(word))
    });
    let is_day = |word: &&str| word.len() == 10 && word.bytes().filter(|byte| *byte == b'-').count() == 2;
    let words = lines.flat_map(|line| line.split(|c: char| !c.is_ascii_digit() && c != '-'));
    words.filter(is_day).map(str::to_owned).collect()
}

/// How deep the heading is that `line` is, and what it says on the line itself.
fn heading<'a>(at: usize, line: &'a str, next: &str) -> Option<(usize, &'a str)> {
    const INNERMOST: usize = 9;
    let plain = line.trim();
    let marks = |mark: char| plain.chars().take_while(|c| *c == mark).count();
    let underlined =
        next.len() >= 3 && ["=", "-", "~", "^"].iter().any(|mark| next.trim_matches(|c| mark.contains(c)).is_empty());
    if plain.starts_with('#') {
        return Some((marks('#'), ""));
    }
    if plain.starts_with('=') && plain.trim_start_matches('=').starts_with(' ') {
        return Some((marks('='), ""));
    }
    if underlined && plain.chars().any(char::is_alphanumeric) && !plain.starts_with('|') {
        // A key of a head above its closing line is one like the others.
        return Some(if is_key(line) {
            (INNERMOST, value_of(line))
        } else {
            (if next.starts_with('=') { 1 } else { 2 }, "")
        });
    }
    if plain.to_ascii_lowercase().starts_with("<h") {
        let level = plain.chars().nth(2).and_then(|c| c.to_digit(10)).unwrap_or(1);
        return Some((usize::try_from(level).unwrap_or(1), ""));
    }
    let table = plain.starts_with('|') && next.starts_with('|') && next.contains("--");
    let bold = plain.starts_with("**") && plain.trim_end_matches([':', '.']).ends_with("**");
    if table || bold || (at == 0 && plain.contains(',')) {
        return Some((INNERMOST, ""));
    }
    // `- **License:** MIT`
    if let Some((name, rest)) = plain.trim_start_matches(['-', '*', ' ']).split_once(":**")
        && (plain.starts_with("- **") || plain.starts_with("* **") || plain.starts_with("**"))
        && !name.is_empty()
    {
        return Some((INNERMOST, rest));
    }
    if is_key(line) {
        return Some((INNERMOST, value_of(line)));
    }
    (!line.starts_with([' ', '-', '\t']) && plain.ends_with(':')).then_some((INNERMOST, ""))
}

/// `key: value` at the left margin, as in YAML.
fn is_key(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, rest)| {
        !key.is_empty()
            && rest.starts_with(' ')
            && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    })
}

fn value_of(line: &str) -> &str {
    line.split_once(':').map_or("", |(_, rest)| rest)
}

/// Whether a line says something: no comment, no placeholder, no line of signs. `hidden` is whether a comment is open.
fn line_says(line: &str, hidden: &mut bool) -> bool {
    let mut said = String::new();
    let mut rest = line;
    loop {
        if *hidden {
            match rest.split_once("-->") {
                Some((_, after)) => (*hidden, rest) = (false, after),
                None => break,
            }
        } else {
            match rest.split_once("<!--") {
                Some((before, after)) => {
                    said.push_str(before);
                    (*hidden, rest) = (true, after);
                }
                None => {
                    said.push_str(rest);
                    break;
                }
            }
        }
    }
    said.chars().any(char::is_alphanumeric) && !is_placeholder(&said)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<(String, bool)> {
        sections(text).into_iter().map(|section| (section.heading, section.written)).collect()
    }

    #[test]
    fn a_section_that_waits_for_its_text_is_not_written() {
        let text = "# Card\n\n## Uses\n\n<!-- who uses it\nand how -->\n\n### Direct Use\n\n[More Information Needed]\n\n## Limits\n\nNot for children.\n- **Developed by:** TBD\n- **License:** MIT\n";
        let found = written(text);
        let of = |name: &str| found.iter().find(|(heading, _)| heading.contains(name)).map(|(_, written)| *written);
        assert_eq!(of("Uses"), Some(false));
        assert_eq!(of("Direct Use"), Some(false));
        assert_eq!(of("Limits"), Some(true));
        assert_eq!(of("Developed by"), Some(false));
        assert_eq!(of("License"), Some(true));
        assert_eq!(of("# Card"), Some(true));
    }

    #[test]
    fn a_hundred_thousand_headings_are_looked_at_once_each() {
        let text = format!("# Card\n{}", "## Part\n".repeat(100_000));
        assert_eq!(sections(&text).iter().filter(|section| section.written).count(), 0);
    }

    #[test]
    fn headings_of_several_forms_are_sections() {
        let text = "# Purpose\n\nRetention\n---------\n\n| Recipients | Region |\n| --- | --- |\n**Security**\nowner: us\ntext: is\n";
        let found = written(text);
        for word in ["Purpose", "Retention", "Recipients", "Security", "owner"] {
            assert!(found.iter().any(|(heading, _)| heading.contains(word)), "{word} in {found:?}");
        }
    }

    #[test]
    fn a_readme_of_a_hub_is_a_card_and_tells_its_models() {
        let text = "---\nlicense: mit\nbase_model: org/m\ndatasets:\n- org/d\nmodel-index:\n- name: churn\n  results: []\n---\n# Churn\n\nIt guesses.\n";
        let file = File::in_memory("models/churn/README.md", text);
        assert_eq!(kind(&file), Some("model-card"));
        let card = of_markdown(text);
        assert_eq!(card.about, ["churn", "Churn"]);
        assert_eq!(kind(&File::in_memory("README.md", "---\ntitle: a\n---\n# b\n")), None);
        assert_eq!(kind(&File::in_memory("README.md", "# base_model: x\n")), None);
    }

    #[test]
    fn croissant_is_a_datasheet_and_the_toolkit_writes_cards() {
        let croissant = r#"{"@context": {"cr": "http://mlcommons.org/croissant/"}, "name": "loans", "license": "CC-BY-4.0", "rai:dataCollection": "", "datePublished": "2026-01-02"}"#;
        assert_eq!(kind(&File::in_memory("data/croissant.json", croissant)), Some("datasheet"));
        let card = of_json(croissant);
        assert_eq!((card.about, card.days), (vec!["loans".to_owned()], vec!["2026-01-02".to_owned()]));
        assert!(card.sections.contains(&Section { heading: "rai:dataCollection".into(), written: false }));
        let toolkit = r#"{"model_details": {"name": "risk", "version": {"date": "2026-03-01"}}, "considerations": {"limitations": [{"description": "TODO"}], "use_cases": ["scoring"]}}"#;
        assert_eq!(kind(&File::in_memory("card.json", toolkit)), Some("model-card"));
        let card = of_json(toolkit);
        let of = |name: &str| card.sections.iter().find(|one| one.heading == name).map(|one| one.written);
        assert_eq!((of("limitations"), of("use_cases")), (Some(false), Some(true)));
    }
}
