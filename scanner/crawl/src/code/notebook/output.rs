//! Saved outputs of notebooks: tables and texts that lie in the file, and so in the repository.
//!
//! Cells of a table go to the classifier and nowhere else; of a text only what the text scan finds is
//! kept, as classes with counts and masked shapes.

use std::collections::BTreeMap;

use aedile_model::{Asset, AssetId, AssetKind, Basis, Columns, Confidence, Flow, Place, Protection, RelationKind, Tag};
use aedile_rules::Rules;
use serde_json::Value;

use super::joined;
use crate::crawler::Context;
use crate::{Facts, File, Link, Ref};

/// Bytes of one output that are looked at.
const OUTPUT: usize = 1 << 20;

/// What the saved outputs of `cells` show; `None` if they show nothing.
pub(super) fn facts(file: &File, cells: &[&Value], context: Context<'_>) -> Option<Facts> {
    let notebook = AssetId::new(AssetKind::Notebook, "", &file.path);
    let sink_address = format!("notebook-output/{}", file.path);
    let sink_id = AssetId::new(AssetKind::Sink, "", &sink_address);
    let (mut assets, mut links) = (Vec::new(), Vec::new());
    for (number, cell) in cells.iter().enumerate() {
        let mut shown = Shown::default();
        for output in cell.get("outputs").and_then(Value::as_array).into_iter().flatten() {
            shown.output(output, context.rules);
        }
        if shown.columns.is_empty() && shown.texts.is_empty() {
            continue;
        }
        let place = file.place(0, 0).in_cell(number);
        let address = format!("output of cell {}", number + 1);
        let mut sample = Asset::new(
            AssetId::new(AssetKind::Dataset, &file.path, &address),
            AssetKind::Dataset,
            &*address,
            &*address,
        );
        sample.type_name = "notebook output".to_owned();
        sample.place = Some(place.clone());
        sample.in_tests = file.in_tests;
        let mut link =
            Link::new(RelationKind::SendsTo, Ref::Id(notebook.clone()), Ref::Id(sink_id.clone()), Some(place.clone()));
        let columns: BTreeMap<String, Protection> =
            shown.columns.keys().map(|name| (name.clone(), Protection::None)).collect();
        link.flow = Some(Flow {
            columns: if columns.is_empty() { Columns::All } else { Columns::Named(columns) },
            steps: vec![place.clone()],
            ..Flow::new(Columns::All)
        });
        link.sources = vec![Ref::Id(sample.id.clone())];
        links.push(link);
        for (name, tags) in shown.columns {
            let id = AssetId::column(&sample.id, &name);
            let mut column = Asset::new(id.clone(), AssetKind::Column, format!("{address}.{name}"), &*name);
            column.place = Some(place.clone());
            column.in_tests = file.in_tests;
            tags.into_iter().for_each(|tag| column.add_tag(tag));
            links.push(Link::new(RelationKind::PartOf, Ref::Id(id), Ref::Id(sample.id.clone()), Some(place.clone())));
            assets.push(column);
        }
        shown.texts.into_values().for_each(|tag| sample.add_tag(tag));
        assets.push(sample);
    }
    if links.is_empty() {
        return None;
    }
    let mut sink = Asset::new(sink_id, AssetKind::Sink, &*sink_address, "saved output");
    sink.type_name = "notebook-output".to_owned();
    sink.place = Some(Place::file(&file.path));
    sink.in_tests = file.in_tests;
    sink.set("sinkKind", "notebook-output", None);
    sink.set("thirdParty", false, None);
    assets.push(sink);
    Some(Facts { assets, links, ..Facts::default() })
}

/// The texts of a saved output, each with its form: what was printed, representations that are text, tracebacks.
pub(super) fn forms(output: &Value) -> Vec<(String, String)> {
    let mut forms = Vec::new();
    let named = [("text", "stream"), ("html", "text/html"), ("evalue", "error"), ("traceback", "traceback")];
    for (key, form) in named {
        forms.extend(output.get(key).map(|value| (form.to_owned(), joined(value))));
    }
    for (form, value) in output.get("data").and_then(Value::as_object).into_iter().flatten() {
        let is_text = form.starts_with("text/") || form.ends_with("json") || form.ends_with("+xml");
        if is_text {
            let text = if value.is_object() { value.to_string() } else { joined(value) };
            forms.push((form.clone(), text));
        }
    }
    forms
}

/// What the outputs of one cell show.
#[derive(Default)]
struct Shown {
    /// Columns of tables that hold something, with what it is.
    columns: BTreeMap<String, Vec<Tag>>,
    /// What stands in running text, by class.
    texts: BTreeMap<String, Tag>,
}

impl Shown {
    fn output(&mut self, output: &Value, rules: &Rules) {
        let data = output.get("data").unwrap_or(output);
        let of = |key: &str| data.get(key).map(joined).filter(|text| !text.is_empty());
        // nbformat 3 names them `html` and `text`.
        let table = of("text/html").or_else(|| of("html")).map(|html| html_table(cut(&html)));
        let plain = of("text/plain").or_else(|| of("text"));
        let table =
            table.filter(|rows| rows.len() > 1).or_else(|| plain.as_deref().and_then(|text| text_table(cut(text))));
        match table {
            Some(rows) => self.table(&rows, rules),
            None => {
                if let Some(text) = plain {
                    self.text(cut(&text), rules);
                }
            }
        }
    }

    fn table(&mut self, rows: &[Vec<String>], rules: &Rules) {
        let Some((header, body)) = rows.split_first() else { return };
        let names: Vec<&str> = header.iter().map(String::as_str).collect();
        for (at, name) in header.iter().enumerate() {
            let mut profile = rules.identifiers.profile();
            for row in body {
                rules.identifiers.observe(&mut profile, row.get(at).map(String::as_str));
            }
            let neighbours: Vec<&str> =
                names.iter().enumerate().filter(|(nth, _)| *nth != at).take(32).map(|(_, name)| *name).collect();
            let decision = rules.identifiers.decide(name, Some(&profile), &neighbours);
            let tags: Vec<Tag> = decision.tags.into_iter().chain(decision.presence).collect();
            if !tags.is_empty() {
                self.columns.entry(name.clone()).or_default().extend(tags);
            }
        }
    }

    fn text(&mut self, text: &str, rules: &Rules) {
        for hit in rules.identifiers.scan_text(text) {
            let mut tag = Tag::new(hit.class, Basis::Value, Confidence::percent(80));
            tag.rule = hit.rule;
            tag.hits = 1;
            tag.of = 1;
            tag.example_shape = Some(hit.shape);
            self.add(tag);
        }
    }

    fn add(&mut self, tag: Tag) {
        match self.texts.get_mut(tag.class.as_str()) {
            Some(held) => {
                let (hits, of) = (held.hits + tag.hits, held.of + tag.of);
                held.join(tag);
                (held.hits, held.of) = (hits, of);
            }
            None => {
                self.texts.insert(tag.class.as_str().to_owned(), tag);
            }
        }
    }
}

/// The head of `text` that is looked at.
fn cut(text: &str) -> &str {
    let mut end = OUTPUT.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The rows of the first HTML table: its header first. The index column of a data frame is left out.
fn html_table(html: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<(bool, Vec<String>)> = Vec::new();
    let mut header_cells = 0;
    for row in html.split("<tr").skip(1) {
        let row = row.split("</tr>").next().unwrap_or_default();
        let (mut cells, mut is_header) = (Vec::new(), true);
        for piece in row.split('<').skip(1) {
            let Some((tag, text)) = piece.split_once('>') else { continue };
            let name = tag.split_whitespace().next().unwrap_or_default();
            if name == "td" || name == "th" {
                cells.push((name == "th", unescape(text)));
                is_header &= name == "th";
            } else if let Some((_, last)) = cells.last_mut().filter(|_| !name.starts_with('/')) {
                last.push_str(&unescape(text));
            }
        }
        header_cells = header_cells.max(if is_header { cells.len() } else { 0 });
        let index = if is_header { 0 } else { cells.iter().take_while(|(header, _)| *header).count() };
        let cells: Vec<String> = cells.into_iter().skip(index).map(|(_, text)| text.trim().to_owned()).collect();
        rows.push((is_header, cells));
    }
    let width = rows.iter().find(|(header, _)| !header).map_or(0, |(_, cells)| cells.len());
    let mut result: Vec<Vec<String>> = Vec::new();
    for (is_header, mut cells) in rows {
        if is_header {
            if !result.is_empty() {
                // A second header row names the index, or a second table begins.
                continue;
            }
            if cells.len() > width {
                cells = cells.split_off(cells.len() - width);
            }
        }
        result.push(cells);
    }
    result
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

/// A printed frame: `+---+` borders of Spark's `show`, or columns aligned by two spaces or more.
fn text_table(text: &str) -> Option<Vec<Vec<String>>> {
    let bordered: Vec<Vec<String>> = text
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with('|') && line.ends_with('|') && line.len() > 2)
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect())
        .collect();
    if bordered.len() > 1 {
        return Some(bordered);
    }
    let lines: Vec<&str> = text.lines().take_while(|line| !line.trim().is_empty()).collect();
    let (header, body) = lines.split_first()?;
    if body.is_empty() || !header.starts_with(' ') {
        return None;
    }
    let names: Vec<String> = header.split_whitespace().map(str::to_owned).collect();
    let mut rows = vec![names.clone()];
    for line in body {
        let fields: Vec<String> =
            line.split("  ").map(str::trim).filter(|field| !field.is_empty()).map(str::to_owned).collect();
        // The first field is the index.
        let fields: Vec<String> = fields.into_iter().skip(1).collect();
        if fields.len() == names.len() {
            rows.push(fields);
        }
    }
    (rows.len() > 1).then_some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_frame_is_rows_under_a_header() {
        let html = "<table><thead><tr><th></th><th>email</th><th>age</th></tr></thead><tbody><tr><th>0</th><td>a@b.example</td><td>4</td></tr></tbody></table>";
        assert_eq!(html_table(html), [vec!["email", "age"], vec!["a@b.example", "4"]]);
        let text = "        email  age\n0  a@b.example    4\n1  c@d.example    5";
        assert_eq!(
            text_table(text).unwrap(),
            [vec!["email", "age"], vec!["a@b.example", "4"], vec!["c@d.example", "5"]]
        );
        let shown = "+-----+\n|email|\n+-----+\n|a@b.c|\n+-----+";
        assert_eq!(text_table(shown).unwrap(), [vec!["email"], vec!["a@b.c"]]);
    }

    #[test]
    fn prose_is_no_table() {
        assert!(text_table("Training finished\nin 3 seconds").is_none());
    }
}
