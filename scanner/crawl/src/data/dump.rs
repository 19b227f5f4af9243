//! Dumps of databases as SQL text: the rows of `INSERT … VALUES` and of `COPY … FROM stdin`. Nothing is executed.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use aedile_model::GapKind;
use aedile_rules::Rules;

use super::rows::Rows;
use super::source::Stream;
use super::table::{COLUMNS, Table};
use crate::Limits;

/// Tables that are read of one dump.
const TABLES: usize = 256;

/// Bytes of one value that are kept.
const VALUE: usize = 64 << 10;

/// First lines by which programs sign their dumps, and what only dumps hold.
const SIGNS: [&str; 7] = [
    "-- MySQL dump",
    "-- MariaDB dump",
    "-- PostgreSQL database dump",
    "-- phpMyAdmin SQL Dump",
    "PRAGMA foreign_keys=OFF;",
    "-- Dumping data for table",
    "FROM stdin;",
];

/// `INSERT`s, or rows of one, that make a text of SQL a dump.
const INSERTS: usize = 3;

/// Whether the SQL text that begins with `head` is a dump.
pub(super) fn is_dump(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let upper = text.to_ascii_uppercase();
    let inserts = upper.matches("INSERT INTO").count();
    let tuples = text.matches("),(").count() + text.matches("),\n").count() + text.matches("), (").count();
    SIGNS.iter().any(|sign| text.contains(sign))
        || (inserts > 0 && upper.contains("VALUES") && inserts + tuples >= INSERTS)
}

/// The tables in the dump `stream`.
pub(super) fn read(mut stream: Stream<'_>, limits: &Limits, rules: &Rules) -> Vec<Table> {
    // MySQL alone quotes names with backticks; its strings have escapes.
    let escapes =
        stream.peek(super::File::HEAD).is_ok_and(|head| head.contains(&b'`') || head.starts_with(b"-- MySQL"));
    let mut dump = Dump {
        input: Input { stream: BufReader::with_capacity(64 << 10, stream), ahead: None, failed: false },
        escapes,
        columns: BTreeMap::new(),
        tables: BTreeMap::new(),
        left: 0,
        limits,
        rules,
    };
    dump.statements();
    dump.finish()
}

struct Dump<'a> {
    input: Input<'a>,
    escapes: bool,
    /// By table, as `CREATE TABLE` says.
    columns: BTreeMap<String, Vec<String>>,
    tables: BTreeMap<String, Rows<'a>>,
    /// Rows of tables beyond the limit.
    left: u64,
    limits: &'a Limits,
    rules: &'a Rules,
}

impl Dump<'_> {
    fn statements(&mut self) {
        while let Some(word) = self.word() {
            match word.to_ascii_uppercase().as_str() {
                "INSERT" | "REPLACE" => self.insert(),
                "CREATE" => self.create(),
                "COPY" => self.copy(),
                ";" => {}
                _ => self.skip_statement(),
            }
        }
    }

    /// `INSERT [words] INTO name [(columns)] … VALUES (…), (…);`.
    fn insert(&mut self) {
        let mut name = None;
        while let Some(word) = self.word() {
            if word.eq_ignore_ascii_case("INTO") {
                name = self.name();
                break;
            }
            if word == ";" {
                return;
            }
        }
        let Some(name) = name else { return };
        let mut columns = None;
        loop {
            self.blanks();
            match self.input.peek() {
                Some(b'(') if columns.is_none() => columns = Some(self.names_in_parentheses()),
                _ => match self.word() {
                    Some(word) if word.eq_ignore_ascii_case("VALUES") => break,
                    Some(word) if word == ";" => return,
                    Some(word) if word.eq_ignore_ascii_case("SELECT") => return self.skip_statement(),
                    Some(_) => {}
                    None => return,
                },
            }
        }
        loop {
            self.blanks();
            match self.input.peek() {
                Some(b'(') => {
                    self.input.next();
                    let row = self.values();
                    self.offer(&name, columns.as_deref(), row);
                }
                Some(b',') => {
                    self.input.next();
                }
                _ => return self.skip_statement(),
            }
        }
    }

    /// The values up to the closing parenthesis.
    fn values(&mut self) -> Vec<Option<String>> {
        let mut row = Vec::new();
        loop {
            let (value, ends) = self.value();
            if row.len() < COLUMNS {
                row.push(value);
            }
            if ends {
                return row;
            }
        }
    }

    /// One value, and whether it is the last. A string stands for itself, with what is cast or concatenated left out; `NULL`
    /// is none; everything else is its text.
    fn value(&mut self) -> (Option<String>, bool) {
        let (mut string, mut raw, mut depth) = (None, Vec::new(), 0_usize);
        let ends = loop {
            match self.input.next() {
                None => break true,
                Some(b')') if depth == 0 => break true,
                Some(b',') if depth == 0 => break false,
                Some(b'\'') => {
                    let text = self.string(b'\'');
                    string.get_or_insert(text);
                }
                Some(byte) => {
                    match byte {
                        b'(' => depth += 1,
                        b')' => depth -= 1,
                        _ => {}
                    }
                    if raw.len() < VALUE {
                        raw.push(byte);
                    }
                }
            }
        };
        let raw = String::from_utf8_lossy(raw.trim_ascii()).into_owned();
        let value = match string {
            Some(text) => Some(text),
            None if raw.is_empty() || raw.eq_ignore_ascii_case("NULL") => None,
            None => Some(raw),
        };
        (value, ends)
    }

    /// The rest of a string that `quote` ends; doubled, it stands for itself.
    fn string(&mut self, quote: u8) -> String {
        let mut text = Vec::new();
        while let Some(byte) = self.input.next() {
            let byte = match byte {
                b'\\' if self.escapes && quote == b'\'' => match self.input.next() {
                    Some(b'n') => b'\n',
                    Some(b't') => b'\t',
                    Some(b'r') => b'\r',
                    Some(b'0') => 0,
                    Some(other) => other,
                    None => break,
                },
                byte if byte == quote => {
                    if self.input.peek() != Some(quote) {
                        break;
                    }
                    self.input.next();
                    quote
                }
                byte => byte,
            };
            if text.len() < VALUE {
                text.push(byte);
            }
        }
        match String::from_utf8(text) {
            Ok(text) => text,
            Err(error) => super::table::western(error.as_bytes()),
        }
    }

    /// `CREATE TABLE [IF NOT EXISTS] name (column type …, …)`.
    fn create(&mut self) {
        const WORDS: [&str; 4] = ["TEMPORARY", "UNLOGGED", "GLOBAL", "LOCAL"];
        let table = loop {
            match self.word() {
                Some(word) if word.eq_ignore_ascii_case("TABLE") => break true,
                Some(word) if WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)) => {}
                Some(word) if word == ";" => return,
                _ => break false,
            }
        };
        if !table {
            return self.skip_statement();
        }
        let mut name = self.name();
        if name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("IF")) {
            // `NOT EXISTS`.
            self.word();
            self.word();
            name = self.name();
        }
        self.blanks();
        if let (Some(name), Some(b'(')) = (name, self.input.peek()) {
            let columns = self.names_in_parentheses();
            let known = [
                "PRIMARY",
                "KEY",
                "UNIQUE",
                "CONSTRAINT",
                "FOREIGN",
                "CHECK",
                "INDEX",
                "FULLTEXT",
                "SPATIAL",
                "EXCLUDE",
                "LIKE",
            ];
            let is_column = |column: &String| !known.iter().any(|word| column.eq_ignore_ascii_case(word));
            if self.columns.len() < TABLES {
                self.columns.insert(name, columns.into_iter().filter(is_column).collect());
            }
        }
        self.skip_statement();
    }

    /// `COPY name (columns) FROM stdin;` and its lines.
    fn copy(&mut self) {
        let Some(name) = self.name() else { return };
        self.blanks();
        let columns = (self.input.peek() == Some(b'(')).then(|| self.names_in_parentheses());
        let mut from_input = false;
        while let Some(word) = self.word() {
            from_input |= word.eq_ignore_ascii_case("STDIN");
            if word == ";" {
                break;
            }
        }
        if !from_input {
            return;
        }
        // The rest of the line of the statement.
        self.line();
        while let Some(line) = self.line() {
            if line == b"\\." {
                return;
            }
            let row = line.split(|&byte| byte == b'\t').take(COLUMNS).map(copied).collect();
            self.offer(&name, columns.as_deref(), row);
        }
    }

    fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let mut any = false;
        while let Some(byte) = self.input.next() {
            any = true;
            if byte == b'\n' {
                break;
            }
            if line.len() < 16 * VALUE {
                line.push(byte);
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        any.then_some(line)
    }

    fn offer(&mut self, name: &str, columns: Option<&[String]>, row: Vec<Option<String>>) {
        if !self.tables.contains_key(name) {
            if self.tables.len() >= TABLES {
                self.left += 1;
                return;
            }
            let mut columns: Vec<String> =
                columns.map(<[String]>::to_vec).or_else(|| self.columns.get(name).cloned()).unwrap_or_default();
            columns.resize(columns.len().max(row.len()), String::new());
            let part = super::column_name(name);
            self.tables.insert(name.to_owned(), Rows::new("sql dump", &part, &columns, self.limits, self.rules));
        }
        if let Some(rows) = self.tables.get_mut(name) {
            rows.offer(row);
        }
    }

    /// The first word of each item between parentheses, which follow.
    fn names_in_parentheses(&mut self) -> Vec<String> {
        self.input.next();
        let mut names = Vec::new();
        loop {
            self.blanks();
            let name = self.name().unwrap_or_default();
            if !name.is_empty() && names.len() < COLUMNS {
                names.push(name);
            }
            let mut depth = 0_usize;
            loop {
                match self.input.next() {
                    None => return names,
                    Some(quote @ (b'\'' | b'"' | b'`')) => {
                        self.string(quote);
                    }
                    Some(b'(') => depth += 1,
                    Some(b')') if depth == 0 => return names,
                    Some(b')') => depth -= 1,
                    Some(b',') if depth == 0 => break,
                    Some(_) => {}
                }
            }
        }
    }

    /// A name, quoted or not; of one with dots the last part.
    fn name(&mut self) -> Option<String> {
        let mut name = self.word()?;
        while self.input.peek() == Some(b'.') {
            self.input.next();
            name = self.word()?;
        }
        Some(name)
    }

    /// The next word, quoted name or single sign.
    fn word(&mut self) -> Option<String> {
        self.blanks();
        match self.input.next()? {
            quote @ (b'"' | b'`') => Some(self.string(quote)),
            b'[' => Some(self.string(b']')),
            first if is_word(first) => {
                let mut word = vec![first];
                while let Some(byte) = self.input.peek().filter(|byte| is_word(*byte)) {
                    self.input.next();
                    if word.len() < 256 {
                        word.push(byte);
                    }
                }
                Some(String::from_utf8_lossy(&word).into_owned())
            }
            b'\'' => {
                self.string(b'\'');
                Some(String::new())
            }
            sign => Some(char::from(sign).to_string()),
        }
    }

    /// Passes blanks and comments.
    fn blanks(&mut self) {
        loop {
            match self.input.peek() {
                Some(byte) if byte.is_ascii_whitespace() => {
                    self.input.next();
                }
                Some(b'-') => {
                    self.input.next();
                    if self.input.peek() != Some(b'-') {
                        return;
                    }
                    self.line();
                }
                Some(b'/') => {
                    self.input.next();
                    if self.input.peek() != Some(b'*') {
                        return;
                    }
                    let mut before = 0;
                    while let Some(byte) = self.input.next() {
                        if (before, byte) == (b'*', b'/') {
                            break;
                        }
                        before = byte;
                    }
                }
                _ => return,
            }
        }
    }

    fn skip_statement(&mut self) {
        while let Some(word) = self.word() {
            if word == ";" {
                return;
            }
        }
    }

    fn finish(self) -> Vec<Table> {
        let stream = self.input.stream.get_ref();
        let whole = !stream.cut && !self.input.failed;
        let mut tables: Vec<Table> = self
            .tables
            .into_values()
            .map(|rows| {
                let seen = rows.seen();
                let mut table = rows.finish();
                table.rows_total = whole.then_some(seen);
                table
            })
            .collect();
        let mut rest = Table::new("");
        if stream.cut {
            rest.gap(GapKind::Limit, format!("the dump was read up to {} bytes", stream.limit()));
        }
        if self.input.failed {
            rest.gap(GapKind::Unparsed, "the dump cannot be read to its end");
        }
        if self.left > 0 {
            rest.gap(GapKind::Limit, format!("{} rows of tables beyond the first {TABLES} were not read", self.left));
        }
        if !rest.gaps.is_empty() {
            tables.push(rest);
        }
        tables
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

/// A field of a `COPY` line (PostgreSQL, "File Formats: Text Format").
fn copied(field: &[u8]) -> Option<String> {
    if field == b"\\N" {
        return None;
    }
    let mut text = Vec::with_capacity(field.len());
    let mut bytes = field.iter().copied();
    while let Some(byte) = bytes.next() {
        text.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'n') => b'\n',
                Some(b't') => b'\t',
                Some(b'r') => b'\r',
                Some(other) => other,
                None => b'\\',
            },
            byte => byte,
        });
    }
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// Bytes with one of them seen in advance.
struct Input<'a> {
    stream: BufReader<Stream<'a>>,
    ahead: Option<u8>,
    failed: bool,
}

impl Input<'_> {
    fn next(&mut self) -> Option<u8> {
        if let Some(byte) = self.ahead.take() {
            return Some(byte);
        }
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Ok(1) => Some(byte[0]),
            Ok(_) => None,
            Err(_) => {
                self.failed = true;
                None
            }
        }
    }

    fn peek(&mut self) -> Option<u8> {
        if self.ahead.is_none() {
            self.ahead = self.next();
        }
        self.ahead
    }
}

#[cfg(test)]
mod tests {
    use super::super::RULES;
    use super::*;

    fn tables(text: &str) -> Vec<Table> {
        read(Stream::over(Box::new(text.as_bytes()), 1 << 20).unwrap(), &Limits::default(), &RULES)
    }

    #[test]
    fn inserts_are_rows() {
        let tables = tables(
            "-- MySQL dump 10\nCREATE TABLE IF NOT EXISTS `p` (\n  `id` int NOT NULL,\n  `note` varchar(20) DEFAULT 'a,b)',\n  PRIMARY KEY (`id`)\n);\n\
             /*!40000 ALTER TABLE `p` DISABLE KEYS */;\nINSERT INTO `p` VALUES (1,'it\\'s; fine'),(2,NULL),\n(3,'x''y');\n\
             INSERT INTO other (email, at) VALUES ('ann@mailbox.org', now()), (N'bob@mailbox.org'::text, '2020-01-01');\n\
             INSERT INTO p SELECT * FROM q;\n",
        );
        let parts: Vec<(&str, u64)> = tables.iter().map(|table| (table.part.as_str(), table.rows_read)).collect();
        assert_eq!(parts, [("other", 2), ("p", 3)]);
        assert_eq!((tables[1].column("note").nulls(), tables[1].column("id").total()), (1, 3));
        assert_eq!(tables[1].column("note").lengths(), Some((3, 10)));
        assert_eq!(tables[0].column("email").distinct(), 2);
        assert_eq!(tables[0].rows_total, Some(2));
    }

    #[test]
    fn copied_lines_are_rows() {
        let tables = tables(
            "-- PostgreSQL database dump\nSET x = 'a;b';\nCOPY public.person (id, email) FROM stdin;\n1\tann@mailbox.org\n2\t\\N\n3\ta\\tb\n\\.\nSELECT 1;\n",
        );
        assert_eq!((tables[0].part.as_str(), tables[0].rows_read), ("person", 3));
        assert_eq!((tables[0].column("email").total(), tables[0].column("email").nulls()), (3, 1));
    }

    #[test]
    fn broken_dumps_end() {
        for text in [
            "INSERT",
            "INSERT INTO p VALUES (1, 'x",
            "COPY p (a",
            "CREATE TABLE p (",
            "INSERT INTO p VALUES ((((",
            "/*",
            "--",
        ] {
            tables(text);
        }
        assert!(!is_dump(b"SELECT * FROM p; INSERT INTO p SELECT 1;"));
        assert!(is_dump(b"insert into p values (1),(2),(3);"));
    }
}
