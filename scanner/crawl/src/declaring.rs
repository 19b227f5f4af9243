//! Edits that write declarations into YAML that is there: `meta` of dbt, `data_categories` of Fides, `columns` in aedile.yaml.
//!
//! What stands in the file keeps its form: lines come in, a scalar becomes a list, nothing is moved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aedile_model::{Patch, Place, Span};
use aedile_rules::{Labels, Meaning};

use crate::yaml::{self, Node};

/// The key that is written where the file uses none of the vocabulary's.
const KEY: &str = "class";

/// Columns with the classes that are to be declared of them.
pub type Wanted = BTreeMap<String, BTreeSet<String>>;

/// The edits of the file at `path` that declare `wanted` of the table, collection or declaration whose name stands at `at`.
///
/// # Errors
/// In words why the file cannot be edited so.
pub fn declaring(
    path: &Arc<str>,
    text: &str,
    at: Span,
    wanted: &Wanted,
    labels: &Labels,
) -> Result<Vec<Patch>, String> {
    let (documents, error) = yaml::parse(text, crate::Limits::default().nesting);
    if let Some(error) = error {
        return Err(format!("the file does not parse: {}", error.message));
    }
    let found = documents.iter().find_map(|document| described(document, at, Form::Dbt));
    let Some((table, form)) = found else { return Err("the description is not found again".to_owned()) };
    if table.shared {
        return Err("the description stands in an anchor that others use".to_owned());
    }
    let key = documents.iter().find_map(|document| key_in(document, labels)).unwrap_or_else(|| KEY.to_owned());
    let in_config = documents.iter().any(|document| document_uses_config(document, 0));
    let file = File { path, text, newline: if text.contains("\r\n") { "\r\n" } else { "\n" } };
    let writer = Writer { file, form, key, in_config, labels };
    writer.table(table, wanted)
}

/// The edits of the aedile.yaml at `path` that declare `wanted` of the asset at `address`: in a declaration for it that is
/// there, or in a new one.
///
/// # Errors
/// In words why the file cannot be edited so.
pub fn configuring(
    path: &Arc<str>,
    text: &str,
    address: &str,
    wanted: &Wanted,
    labels: &Labels,
) -> Result<Vec<Patch>, String> {
    let (documents, error) = yaml::parse(text, crate::Limits::default().nesting);
    if let Some(error) = error {
        return Err(format!("the configuration does not parse: {}", error.message));
    }
    let file = File { path, text, newline: if text.contains("\r\n") { "\r\n" } else { "\n" } };
    let held = documents.first().and_then(|document| document.get("declare"));
    let declarations = held.map(Node::items).unwrap_or_default();
    let own = |declaration: &&Node| declaration.get("asset").and_then(Node::str) == Some(address);
    if let Some(declaration) = declarations.iter().find(own) {
        let writer = Writer { file, form: Form::Configuration, key: KEY.to_owned(), in_config: false, labels };
        return writer.configuration(declaration, wanted);
    }
    let mut columns = Vec::new();
    for (name, classes) in wanted {
        let class = classes.iter().next().filter(|_| classes.len() == 1);
        let class = class.ok_or_else(|| format!("a declaration takes one class, and `{name}` holds several"))?;
        columns.push(format!("{}: {}", scalar(name), scalar(class)));
    }
    let (dash, at, head) = match declarations.last() {
        Some(last) if file.is_flow(last) || last.shared => return Err("the declarations are not understood".to_owned()),
        Some(last) => {
            let indent = file.indent(last.span.start);
            (indent.get(2..).unwrap_or_default().to_owned(), file.line_end(last.span.end), String::new())
        }
        None if held.is_some() => return Err("`declare` is no list".to_owned()),
        None => ("  ".to_owned(), text.trim_end().len(), format!("{}declare:", file.newline)),
    };
    let line = file.newline;
    let entry =
        format!("{head}{line}{dash}- asset: {}{line}{dash}  columns: {{{}}}", scalar(address), columns.join(", "));
    Ok(vec![file.insert(at, entry)])
}

/// Whose form a description has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Dbt,
    Fides,
    Configuration,
}

/// The mapping whose `name` or `asset` stands at `at`.
fn described(node: &Node, at: Span, form: Form) -> Option<(&Node, Form)> {
    let form = if node.get("fides_key").is_some() { Form::Fides } else { form };
    let is_at = |key: &str| node.get(key).is_some_and(|name| name.span.start <= at.start && at.end <= name.span.end);
    if is_at("name") {
        return Some((node, form));
    }
    if is_at("asset") {
        return Some((node, Form::Configuration));
    }
    let mut inner = node.items().iter().chain(node.entries().iter().map(|entry| &entry.value));
    inner.find_map(|inner| described(inner, at, form))
}

/// The first key under `meta` whose value the vocabulary reads.
fn key_in(node: &Node, labels: &Labels) -> Option<String> {
    let of_meta = node.get("meta").map(Node::entries).unwrap_or_default().iter().find_map(|entry| {
        let key = entry.key.str()?;
        // Under a key of the vocabulary a word may deny; a flag takes no class: `pii: true`.
        let is_key = labels.meaning(key, "public") == Some(Meaning::Nothing);
        let is_flag = matches!(labels.meaning(key, "true"), Some(Meaning::Class(_)));
        (is_key && !is_flag).then(|| key.to_owned())
    });
    let inner = || node.items().iter().chain(node.entries().iter().map(|entry| &entry.value));
    of_meta.or_else(|| inner().find_map(|inner| key_in(inner, labels)))
}

/// Whether some `meta` stands under `config`.
fn document_uses_config(node: &Node, depth: usize) -> bool {
    let inner = || node.items().iter().chain(node.entries().iter().map(|entry| &entry.value));
    node.at("config.meta").is_some() || (depth < 16 && inner().any(|inner| document_uses_config(inner, depth + 1)))
}

#[derive(Clone, Copy)]
struct File<'t> {
    path: &'t Arc<str>,
    text: &'t str,
    newline: &'static str,
}

impl File<'_> {
    fn edit(&self, start: usize, end: usize, replacement: String) -> Patch {
        Patch { place: Place::new(self.path, start, end), replacement }
    }

    fn insert(&self, at: usize, replacement: String) -> Patch {
        self.edit(at, at, replacement)
    }

    /// Spaces before the offset on its line, counting a dash of a list as one.
    fn indent(&self, at: u32) -> String {
        let at = at as usize;
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        " ".repeat(before.get(line..).unwrap_or_default().chars().count())
    }

    /// The end of the line on which what ends at `end` ends, without the line's break.
    fn line_end(&self, end: u32) -> usize {
        let trimmed = self.text.get(..end as usize).unwrap_or_default().trim_end().len();
        let rest = self.text.get(trimmed..).unwrap_or_default();
        let line = rest.find('\n').unwrap_or(rest.len());
        trimmed + rest.get(..line).unwrap_or_default().trim_end_matches('\r').len()
    }

    fn is_flow(&self, node: &Node) -> bool {
        self.text.get(node.span.start as usize..).is_some_and(|rest| rest.starts_with(['{', '[']))
    }

    /// Where the closing bracket of a flow collection stands.
    fn closing(&self, node: &Node) -> Option<usize> {
        let inner = self.text.get(node.span.start as usize..node.span.end as usize)?;
        let last = inner.trim_end();
        last.ends_with(['}', ']']).then(|| node.span.start as usize + last.len() - 1)
    }
}

struct Writer<'t> {
    file: File<'t>,
    form: Form,
    key: String,
    in_config: bool,
    labels: &'t Labels,
}

impl Writer<'_> {
    fn table(&self, table: &Node, wanted: &Wanted) -> Result<Vec<Patch>, String> {
        let list = if self.form == Form::Fides { "fields" } else { "columns" };
        if self.form == Form::Configuration {
            return self.configuration(table, wanted);
        }
        let held = table.get(list);
        let (mut edits, mut new) = (Vec::new(), Vec::new());
        for (name, classes) in wanted {
            let words = self.words(classes)?;
            let of_name = |column: &&Node| {
                column.get("name").and_then(Node::str).is_some_and(|held| held.eq_ignore_ascii_case(name))
            };
            match held.and_then(|held| held.items().iter().find(of_name)) {
                Some(column) if column.shared => return Err(format!("`{name}` stands in an anchor that others use")),
                Some(column) => edits.extend(self.column(column, &words)?),
                None => new.push((name, words)),
            }
        }
        edits.extend(self.added(table, list, &new)?);
        Ok(edits)
    }

    /// The words that are written for `classes`.
    fn words(&self, classes: &BTreeSet<String>) -> Result<Vec<String>, String> {
        let word = |class: &String| match self.form {
            Form::Fides => {
                let category = self.labels.fides(class);
                category.map(str::to_owned).ok_or_else(|| format!("Fideslang has no category for `{class}`"))
            }
            Form::Dbt | Form::Configuration => Ok(class.clone()),
        };
        let words: BTreeSet<String> = classes.iter().map(word).collect::<Result<_, _>>()?;
        Ok(words.into_iter().collect())
    }

    /// Declares `words` of a column that is described.
    fn column(&self, column: &Node, words: &[String]) -> Result<Vec<Patch>, String> {
        let holder = match self.form {
            Form::Fides => Some(column),
            _ => column.at("config.meta").or_else(|| column.get("meta")),
        };
        let key = if self.form == Form::Fides { "data_categories" } else { self.key.as_str() };
        if let Some(holder) = holder {
            if let Some(value) = holder.get(key) {
                return self.more(value, words).map(|edit| vec![edit]);
            }
            return Ok(vec![self.entry(holder, &format!("{key}: {}", self.flow(words)))]);
        }
        let config = column.get("config").filter(|config| self.in_config && !config.entries().is_empty());
        Ok(vec![match config {
            Some(config) => self.entry(config, &self.bare_meta(words)),
            None => self.entry(column, &self.meta(words)),
        }])
    }

    /// One word, or several in brackets; categories of Fides are always a list.
    fn flow(&self, words: &[String]) -> String {
        match words {
            [one] if self.form != Form::Fides => scalar(one),
            words => format!("[{}]", joined(words)),
        }
    }

    /// `meta: {class: …}`, under `config` where the file does so.
    fn meta(&self, words: &[String]) -> String {
        if self.in_config { format!("config: {{{}}}", self.bare_meta(words)) } else { self.bare_meta(words) }
    }

    fn bare_meta(&self, words: &[String]) -> String {
        format!("meta: {{{}: {}}}", self.key, self.flow(words))
    }

    /// A further entry of a mapping: after its first one in blocks, at the end between brackets.
    fn entry(&self, mapping: &Node, entry: &str) -> Patch {
        if let Some(closing) = self.file.closing(mapping).filter(|_| self.file.is_flow(mapping)) {
            let comma = if mapping.entries().is_empty() { "" } else { ", " };
            return self.file.insert(closing, format!("{comma}{entry}"));
        }
        let indent =
            self.file.indent(mapping.entries().first().map_or(mapping.span.start, |entry| entry.key.span.start));
        // Behind the name, or behind the first key that stands on one line.
        let scalar = mapping.entries().iter().find(|entry| entry.value.str().is_some());
        let first = mapping.entries().iter().find(|entry| entry.key.str() == Some("name")).or(scalar);
        let end = first.map_or(mapping.span.end, |entry| entry.value.span.end);
        self.file.insert(self.file.line_end(end), format!("{}{indent}{entry}", self.file.newline))
    }

    /// `words` beside what stands in a value, or instead of a word that says that nothing is there.
    fn more(&self, value: &Node, words: &[String]) -> Result<Patch, String> {
        let (start, end) = (value.span.start as usize, value.span.end as usize);
        if value.shared {
            return Err("the value stands in an anchor that others use".to_owned());
        }
        if let Some(held) = value.str() {
            let denies = self.labels.meaning(&self.key, held) == Some(Meaning::Nothing);
            let kept = (!denies && !held.is_empty()).then(|| held.to_owned());
            let all: Vec<String> = kept.into_iter().chain(words.iter().cloned()).collect();
            return Ok(self.file.edit(start, end, self.flow(&all)));
        }
        if let Some(closing) = self.file.closing(value).filter(|_| self.file.is_flow(value)) {
            let comma = if value.items().is_empty() { "" } else { ", " };
            return Ok(self.file.insert(closing, format!("{comma}{}", joined(words))));
        }
        let Some(last) = value.items().last() else { return Err("the value is no list of words".to_owned()) };
        // The dash stands before the item on its line.
        let before = self.file.text.get(..last.span.start as usize).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |newline| newline + 1);
        let dash = before.get(line..).unwrap_or_default().find('-').unwrap_or_default();
        let items: String =
            words.iter().map(|word| format!("{}{}- {}", self.file.newline, " ".repeat(dash), scalar(word))).collect();
        Ok(self.file.insert(self.file.line_end(last.span.end), items))
    }

    /// Further columns of a table, in the form of those that are there.
    fn added(&self, table: &Node, list: &str, new: &[(&String, Vec<String>)]) -> Result<Option<Patch>, String> {
        if new.is_empty() {
            return Ok(None);
        }
        let body = |words: &[String]| match self.form {
            Form::Fides => format!("data_categories: {}", self.flow(words)),
            Form::Dbt | Form::Configuration => self.meta(words),
        };
        let held = table.get(list).filter(|held| !held.items().is_empty());
        if let Some(held) = held.filter(|held| self.file.is_flow(held)) {
            let closing = self.file.closing(held).ok_or("the list of columns is not understood")?;
            let items: String =
                new.iter().map(|(name, words)| format!(", {{name: {}, {}}}", scalar(name), body(words))).collect();
            return Ok(Some(self.file.insert(closing, items)));
        }
        if self.file.is_flow(table) {
            let items: Vec<String> =
                new.iter().map(|(name, words)| format!("{{name: {}, {}}}", scalar(name), body(words))).collect();
            return Ok(Some(self.entry(table, &format!("{list}: [{}]", items.join(", ")))));
        }
        let own = self.file.indent(table.entries().first().map_or(table.span.start, |entry| entry.key.span.start));
        let (inner, at, head) = match held.and_then(|held| held.items().last()) {
            Some(last) => (self.file.indent(last.span.start), last.span.end, String::new()),
            None => (format!("{own}    "), table.span.end, format!("{}{own}{list}:", self.file.newline)),
        };
        let dash = inner.get(..inner.len().saturating_sub(2)).unwrap_or_default().to_owned();
        let line = self.file.newline;
        let items: String = new
            .iter()
            .map(|(name, words)| format!("{line}{dash}- name: {}{line}{inner}{}", scalar(name), body(words)))
            .collect();
        Ok(Some(self.file.insert(self.file.line_end(at), format!("{head}{items}"))))
    }

    /// `columns` of a declaration in aedile.yaml: one class for each column.
    fn configuration(&self, declaration: &Node, wanted: &Wanted) -> Result<Vec<Patch>, String> {
        let columns = declaration.get("columns");
        let mut edits = Vec::new();
        let mut new: Vec<String> = Vec::new();
        for (name, classes) in wanted {
            let class = classes.iter().next_back().filter(|_| classes.len() == 1);
            let class = class.ok_or_else(|| format!("a declaration takes one class, and `{name}` holds several"))?;
            let of_name = |entry: &&yaml::Entry| entry.key.str().is_some_and(|key| key.eq_ignore_ascii_case(name));
            match columns.and_then(|columns| columns.entries().iter().find(of_name)) {
                Some(entry) => {
                    let span = entry.value.span;
                    edits.push(self.file.edit(span.start as usize, span.end as usize, scalar(class)));
                }
                None => new.push(format!("{}: {}", scalar(name), scalar(class))),
            }
        }
        match columns {
            Some(columns) => edits.extend(new.iter().map(|entry| self.entry(columns, entry))),
            None if new.is_empty() => {}
            None => edits.push(self.entry(declaration, &format!("columns: {{{}}}", new.join(", ")))),
        }
        Ok(edits)
    }
}

fn joined(words: &[String]) -> String {
    words.iter().map(|word| scalar(word)).collect::<Vec<_>>().join(", ")
}

/// A text as a scalar that every reader takes for a text.
fn scalar(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
        );
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patched;

    fn labels() -> Labels {
        Labels::new(&aedile_rules::OwnLabels::default(), ["pii", "phi", "financial"].into_iter())
    }

    /// `text` with the classes declared of the table called `name`; each want is `column class`.
    fn edited(text: &str, name: &str, wants: &[&str]) -> String {
        let mut wanted = Wanted::new();
        for want in wants {
            let (column, class) = want.split_once(' ').unwrap();
            wanted.entry(column.to_owned()).or_default().insert(class.to_owned());
        }
        let at = text.find(&format!(": {name}")).unwrap() + 2;
        let path: Arc<str> = "models/schema.yml".into();
        let patches = declaring(&path, text, Span::new(at, at + name.len()), &wanted, &labels()).unwrap();
        let (edits, taken) = crate::composed(&[&patches]);
        assert_eq!(taken, [0], "the edits touch each other");
        let new = patched(&path, text, &edits);
        assert!(crate::parses(&path, &new), "{new}");
        new
    }

    #[test]
    fn a_column_that_is_there_gets_meta_and_one_that_is_not_is_added() {
        let text = "version: 2\n\nmodels:\n  - name: users  # all of them\n    columns:\n      - name: id\n        tests: [unique]\n      - name: email\n\n  - name: other\n";
        assert_eq!(
            edited(text, "users", &["email pii.contact.email", "phone pii.contact.phone"]),
            "version: 2\n\nmodels:\n  - name: users  # all of them\n    columns:\n      - name: id\n        tests: [unique]\n      - name: email\n        meta: {class: pii.contact.email}\n      - name: phone\n        meta: {class: pii.contact.phone}\n\n  - name: other\n"
        );
    }

    #[test]
    fn the_form_of_the_file_is_kept() {
        let text = "models:\n- name: a\n  columns:\n  - name: x\n    config:\n      meta:\n        data_class: pii\n  - {name: y}\n  - name: z\n    description: last\n";
        assert_eq!(
            edited(text, "a", &["x phi.diagnosis", "y pii.name", "z pii.id", "w pii.id"]),
            "models:\n- name: a\n  columns:\n  - name: x\n    config:\n      meta:\n        data_class: [pii, phi.diagnosis]\n  - {name: y, config: {meta: {data_class: pii.name}}}\n  - name: z\n    config: {meta: {data_class: pii.id}}\n    description: last\n  - name: w\n    config: {meta: {data_class: pii.id}}\n"
        );
    }

    #[test]
    fn a_table_without_columns_gets_them() {
        let text = "sources:\n  - name: s\n    tables:\n      - name: users\n        description: all\n      - {name: others}\n";
        assert_eq!(
            edited(text, "users", &["email pii.contact.email"]),
            "sources:\n  - name: s\n    tables:\n      - name: users\n        description: all\n        columns:\n          - name: email\n            meta: {class: pii.contact.email}\n      - {name: others}\n"
        );
        let flow = edited(text, "others", &["email pii.contact.email"]);
        assert!(flow.contains("{name: others, columns: [{name: email, meta: {class: pii.contact.email}}]}"), "{flow}");
    }

    #[test]
    fn a_word_that_denies_is_replaced() {
        let text = "models:\n  - name: a\n    columns:\n      - name: x\n        meta: {class: public}\n";
        assert!(edited(text, "a", &["x pii.name"]).contains("meta: {class: pii.name}"));
    }

    #[test]
    fn categories_of_fides_are_written_in_its_words() {
        let text = "dataset:\n  - fides_key: db\n    collections:\n      - name: users\n        fields:\n          - name: email\n          - name: note\n            data_categories:\n              - system.operations\n          - name: phone\n            data_categories: [user.contact]\n";
        let new =
            edited(text, "users", &["email pii.contact.email", "note pii.name", "phone phi.mrn", "x pii.online.ip"]);
        assert_eq!(
            new,
            "dataset:\n  - fides_key: db\n    collections:\n      - name: users\n        fields:\n          - name: email\n            data_categories: [user.contact.email]\n          - name: note\n            data_categories:\n              - system.operations\n              - user.name\n          - name: phone\n            data_categories: [user.contact, user.health_and_medical]\n          - name: x\n            data_categories: [user.device.ip_address]\n"
        );
    }

    #[test]
    fn declarations_of_the_configuration_take_columns() {
        let text =
            "declare:\n  - asset: raw.users\n    columns:\n      id: pii.id\n  - asset: raw.others\n    owner: crm\n";
        assert!(
            edited(text, "raw.users", &["email pii.contact.email"])
                .contains("      id: pii.id\n      email: pii.contact.email\n")
        );
        let wanted = Wanted::from([("email".to_owned(), BTreeSet::from(["pii.contact.email".to_owned()]))]);
        let path: Arc<str> = "aedile.yaml".into();
        let added =
            |text: &str| patched(&path, text, &configuring(&path, text, "features.py#a", &wanted, &labels()).unwrap());
        assert!(
            added(text)
                .ends_with("owner: crm\n  - asset: \"features.py#a\"\n    columns: {email: pii.contact.email}\n")
        );
        assert_eq!(
            added("version: 1\n"),
            "version: 1\ndeclare:\n  - asset: \"features.py#a\"\n    columns: {email: pii.contact.email}\n"
        );
        assert!(
            edited(text, "raw.others", &["email pii.contact.email"])
                .contains("raw.others\n    columns: {email: pii.contact.email}\n")
        );
    }
}
