//! The cells of JSON objects by column, read without a tree in between.
//!
//! Objects of one stream look alike, so the place of a member is looked for where it was in the object before, and cells are
//! written one behind the other into the text of their column: an object costs no allocation.

use std::collections::HashMap;
use std::fmt::{self, Write as _};

use aedile_rules::Rules;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::{DEPTH, ITEMS};
use crate::data::column_name;
use crate::data::table::{COLUMNS, Table};

/// Members of one object that are looked through one by one; more are looked up.
const FEW: usize = 16;

/// Members that are told apart; a table has fewer columns.
const MOST: usize = 4 * COLUMNS;

/// The place of a member beyond [`MOST`] and of those inside it: nothing of it is kept.
const LOST: usize = usize::MAX;

/// The cells of some objects.
#[derive(Debug)]
pub(super) struct Cells {
    /// Members seen so far; the first is the object itself.
    members: Vec<Member>,
    columns: Vec<Column>,
    /// Columns by name; two members may have one.
    by_name: HashMap<String, usize>,
    /// The cells of the object that is read, by column and place in it.
    written: Vec<(usize, usize)>,
    /// Objects and members of them that were begun.
    begun: u64,
    rows: usize,
    bytes: usize,
    /// Members beyond [`MOST`].
    lost: u64,
}

/// A member of objects, wherever it stands in them.
#[derive(Debug, Default)]
struct Member {
    /// As it is written.
    key: Box<str>,
    /// Dotted, as it is shown.
    name: String,
    column: Option<usize>,
    members: Vec<usize>,
    /// `members` by key, if they are many.
    by_key: HashMap<Box<str>, usize>,
    /// The object that has it last, and where in [`Cells::written`] its cells begin and end.
    of: u64,
    cells: (usize, usize),
}

/// Cells one behind the other.
#[derive(Debug)]
struct Column {
    name: String,
    text: String,
    /// Where each begins and ends. One that was taken back ends before it begins.
    cells: Vec<(usize, usize)>,
    /// The row of each.
    rows: Vec<usize>,
}

impl Default for Cells {
    fn default() -> Cells {
        Cells {
            members: vec![Member::default()],
            columns: Vec::new(),
            by_name: HashMap::new(),
            written: Vec::new(),
            begun: 0,
            rows: 0,
            bytes: 0,
            lost: 0,
        }
    }
}

impl Cells {
    /// Reads the one object that `line` is; says whether it is one. Nothing is kept of what is none.
    pub(super) fn line(&mut self, line: &[u8]) -> bool {
        // Told once, and not string by string.
        let Ok(text) = std::str::from_utf8(line) else { return false };
        let mut deserializer = serde_json::Deserializer::from_str(text);
        self.begin();
        let read = deserializer.deserialize_map(self.top()).and_then(|()| deserializer.end());
        self.end(read).is_ok()
    }

    /// Reads an object out of many; nothing of it is kept if it fails.
    ///
    /// # Errors
    /// It does not parse.
    pub(super) fn object<'de, A: MapAccess<'de>>(&mut self, object: A) -> Result<(), A::Error> {
        self.begin();
        let read = self.top().visit_map(object);
        self.end(read)
    }

    fn begin(&mut self) {
        self.written.clear();
    }

    fn top(&mut self) -> Put<'_> {
        Put { cells: self, member: 0, depth: DEPTH + 1 }
    }

    fn end<E>(&mut self, read: Result<(), E>) -> Result<(), E> {
        match read {
            Ok(()) => self.rows += 1,
            Err(_) => self.take_back(0, self.written.len()),
        }
        read
    }

    /// Whether no object was read yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.members.len() == 1
    }

    /// Whether members were met that are not told apart any more.
    pub(super) fn is_full(&self) -> bool {
        self.lost > 0
    }

    /// Objects that were read and not yet counted.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of their cells.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Counts the cells into `table`, columns by name, and forgets them.
    pub(super) fn count(&mut self, table: &mut Table, rules: &Rules) {
        let mut columns: Vec<&mut Column> = self.columns.iter_mut().filter(|column| !column.cells.is_empty()).collect();
        columns.sort_by(|one, other| one.name.cmp(&other.name));
        for column in columns {
            // A name of which all cells were taken back stands only where something did not parse: it may be a value.
            let whole = column.cells.iter().any(|(start, end)| start <= end);
            if whole && let Some(at) = table.at(&column.name) {
                let cells = column.rows.iter().zip(&column.cells);
                let cells = cells.filter_map(|(row, (start, end))| Some((*row, column.text.get(*start..*end)?)));
                table.observe_any(rules, at, self.rows, cells);
            }
            column.text.clear();
            column.cells.clear();
            column.rows.clear();
        }
        table.end_rows(self.rows);
        table.columns_left = table.columns_left.max(self.lost);
        (self.rows, self.bytes) = (0, 0);
    }

    /// Takes the cells written from `from` to `to` back.
    fn take_back(&mut self, from: usize, to: usize) {
        for (column, cell) in self.written.get(from..to).unwrap_or_default() {
            if let Some(cell) = self.columns.get_mut(*column).and_then(|column| column.cells.get_mut(*cell)) {
                *cell = (1, 0);
            }
        }
    }

    /// The member `key` of `of`; it may be the one that stood at the place `nth` in the object before.
    fn member(&mut self, of: usize, key: &str, nth: usize) -> usize {
        let Some(parent) = self.members.get(of) else { return LOST };
        let is = |at: &usize| self.members.get(*at).is_some_and(|member| *member.key == *key);
        if let Some(at) = parent.members.get(nth).copied().filter(is) {
            return at;
        }
        let known = match parent.members.len() {
            0..=FEW => parent.members.iter().copied().find(is),
            _ => parent.by_key.get(key).copied(),
        };
        known.unwrap_or_else(|| self.add(of, key))
    }

    fn add(&mut self, of: usize, key: &str) -> usize {
        let at = self.members.len();
        if at >= MOST {
            self.lost += 1;
            return LOST;
        }
        let Some(parent) = self.members.get_mut(of) else { return LOST };
        let name = match of {
            0 => column_name(key),
            _ => format!("{}.{}", parent.name, column_name(key)),
        };
        parent.members.push(at);
        parent.by_key.insert(key.into(), at);
        self.members.push(Member { key: key.into(), name, ..Member::default() });
        at
    }

    /// Writes a cell of `member`.
    fn write(&mut self, member: usize, cell: impl FnOnce(&mut String)) {
        let Some(of) = self.members.get_mut(member) else { return };
        let at = match of.column {
            Some(at) => at,
            None => {
                let at = *self.by_name.entry(of.name.clone()).or_insert(self.columns.len());
                if at == self.columns.len() {
                    self.columns.push(Column {
                        name: of.name.clone(),
                        text: String::new(),
                        cells: Vec::new(),
                        rows: Vec::new(),
                    });
                }
                of.column = Some(at);
                at
            }
        };
        let Some(column) = self.columns.get_mut(at) else { return };
        let start = column.text.len();
        cell(&mut column.text);
        self.written.push((at, column.cells.len()));
        column.cells.push((start, column.text.len()));
        column.rows.push(self.rows);
        self.bytes += column.text.len() - start;
    }
}

/// Puts what is read into the cells of `member`; at depth 0 what is nested becomes one cell of JSON text.
struct Put<'c> {
    cells: &'c mut Cells,
    member: usize,
    depth: usize,
}

impl Put<'_> {
    fn deep<E>(self, value: &Value) -> Result<(), E> {
        self.cells.write(self.member, |text| {
            let _ = write!(text, "{value}");
        });
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Put<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Put<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, truth: bool) -> Result<(), E> {
        self.cells.write(self.member, |text| text.push_str(if truth { "true" } else { "false" }));
        Ok(())
    }

    fn visit_i64<E>(self, number: i64) -> Result<(), E> {
        self.deep(&number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<(), E> {
        self.deep(&number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        match Number::from_f64(number) {
            Some(number) => self.deep(&Value::Number(number)),
            None => Ok(()),
        }
    }

    fn visit_str<E>(self, cell: &str) -> Result<(), E> {
        self.cells.write(self.member, |text| text.push_str(cell));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if self.depth == 0 {
            let value = Value::deserialize(SeqAccessDeserializer::new(items))?;
            return self.deep(&value);
        }
        for _ in 0..ITEMS {
            let item = Put { cells: self.cells, member: self.member, depth: self.depth - 1 };
            if items.next_element_seed(item)?.is_none() {
                return Ok(());
            }
        }
        // What is beyond must parse all the same.
        while items.next_element::<Value>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        if self.depth == 0 {
            let value = Value::deserialize(MapAccessDeserializer::new(members))?;
            return self.deep(&value);
        }
        self.cells.begun += 1;
        let object = self.cells.begun;
        let mut nth = 0;
        while let Some(member) = members.next_key_seed(Key { cells: self.cells, of: self.member, nth })? {
            nth += 1;
            let from = self.cells.written.len();
            // Of a member that stands twice in one object the last counts.
            let before = self.cells.members.get(member).filter(|member| member.of == object).map(|member| member.cells);
            if let Some((from, to)) = before {
                self.cells.take_back(from, to);
            }
            members.next_value_seed(Put { cells: self.cells, member, depth: self.depth - 1 })?;
            let to = self.cells.written.len();
            if let Some(member) = self.cells.members.get_mut(member) {
                (member.of, member.cells) = (object, (from, to));
            }
        }
        Ok(())
    }
}

/// Finds the member that a key names.
struct Key<'c> {
    cells: &'c mut Cells,
    of: usize,
    nth: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<usize, E> {
        Ok(self.cells.member(self.of, key, self.nth))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Map;

    use super::super::{Row, flat};
    use super::*;

    /// The cells of the objects that `lines` are, by column; and how many of them are none.
    fn read(lines: &[String]) -> (Row, usize) {
        let mut cells = Cells::default();
        let bad = lines.iter().filter(|line| !cells.line(line.as_bytes())).count();
        let mut row = Row::new();
        for column in &cells.columns {
            let texts = column.cells.iter().filter_map(|(start, end)| column.text.get(*start..*end));
            row.entry(column.name.clone()).or_default().extend(texts.map(str::to_owned));
        }
        row.retain(|_, cells| !cells.is_empty());
        (sorted(row), bad)
    }

    /// The same by way of a tree.
    fn plain(lines: &[String]) -> (Row, usize) {
        let (mut row, mut bad) = (Row::new(), 0);
        for line in lines {
            match serde_json::from_str::<Map<String, Value>>(line) {
                Ok(object) => {
                    for (name, cells) in flat(object) {
                        row.entry(name).or_default().extend(cells);
                    }
                }
                Err(_) => bad += 1,
            }
        }
        (sorted(row), bad)
    }

    fn sorted(mut row: Row) -> Row {
        row.values_mut().for_each(|cells| cells.sort());
        row
    }

    #[test]
    fn cells_are_those_of_the_tree() {
        let lines: Vec<String> = [
            r#"{"a":1,"b":{"c":"x","d":[1,2.50,{"e":null}]},"a":"twice"}"#,
            r#"{"b":{"c":"y"},"a":true,"f":[[1,{"c":"z"}],[]],"b":{"c":"w"}}"#,
            r#"{"a":-0,"n":1e300,"m":12345678901234567890,"o":-5,"t":"é\u0041\n"}"#,
            r#"{"only":1,"b":"#,
            r#"{"a.b":"dotted"," a":"blank"}"#,
            r#"[1]"#,
            "null",
            r#"{"a":"\ud800"}"#,
            r#"{"a":1} {"a":2}"#,
        ]
        .map(str::to_owned)
        .to_vec();
        let deep = format!("{{\"deep\":{}1{}}}", "{\"x\":[".repeat(20), "]}".repeat(20));
        let many = format!("{{\"many\":[{}3]}}", "1,2,".repeat(60));
        let lines = [lines, vec![deep, many, format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200))]].concat();
        let (row, bad) = read(&lines);
        assert_eq!((&row, bad), (&plain(&lines).0, plain(&lines).1));
        assert_eq!(bad, 6);
        assert_eq!(row["b.c"], ["w", "x"]);
        assert_eq!(row["many"].len(), ITEMS);
    }

    #[test]
    fn endless_new_members_are_counted_and_not_kept() {
        let mut cells = Cells::default();
        let members: Vec<String> = (0..MOST + 9).map(|n| format!("\"m{n}\":{{\"x\":1}}")).collect();
        assert!(cells.line(format!("{{{}}}", members.join(",")).as_bytes()));
        assert!(cells.members.len() <= MOST && cells.lost > 9);
        let mut table = Table::new("jsonl");
        cells.count(&mut table, &crate::data::RULES);
        assert!(table.columns_left > 0);
    }

    fn value() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            any::<i32>().prop_map(|number| number.to_string()),
            any::<f64>()
                .prop_filter("JSON has no such number", |number| number.is_finite())
                .prop_map(|number| format!("{number:?}")),
            "[a-c ]{0,3}".prop_map(|text| format!("{text:?}")),
            Just("{".to_owned()),
        ];
        leaf.prop_recursive(4, 24, 5, |inner| {
            let member = ("[ab]", inner.clone()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
            prop_oneof![
                proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
                proptest::collection::vec(member, 0..5).prop_map(|members| format!("{{{}}}", members.join(","))),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_objects_give_the_cells_of_the_tree(values in proptest::collection::vec(value(), 0..6)) {
            let lines: Vec<String> = values.iter().map(|value| format!("{{\"a\":{value},\"c\":{value},\"a\":{value}}}")).chain(values.clone()).collect();
            prop_assert_eq!(read(&lines), plain(&lines));
        }
    }
}
