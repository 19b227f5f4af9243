//! Models that SQL trains: BigQuery's `CREATE MODEL … OPTIONS(…) AS SELECT`, Redshift's `CREATE MODEL … FROM … TARGET`.

use sqlparser::ast;

use super::word::Word;
use crate::code::output::table_name;

/// A model and what it learns from.
#[derive(Debug)]
pub(crate) struct Model {
    /// Its name.
    pub(crate) name: String,
    /// The query that gives the rows.
    pub(crate) query: Option<Box<ast::Statement>>,
    /// The table that does, where there is no query.
    pub(crate) table: Option<String>,
    /// The columns that it learns to say; empty where nobody says.
    pub(crate) labels: Vec<String>,
    /// The columns that say whose or which series a row is.
    pub(crate) identifiers: Vec<String>,
}

/// Options that name labels, and those that name identifiers.
const LABELS: [&str; 3] = ["INPUT_LABEL_COLS", "RATING_COL", "TIME_SERIES_DATA_COL"];
const IDENTIFIERS: [&str; 3] = ["TIME_SERIES_ID_COL", "TIME_SERIES_TIMESTAMP_COL", "USER_COL"];

/// The training that `words` are, if they are one.
pub(super) fn read(words: &[Word], text: &str) -> Option<Model> {
    let head = words.iter().take(6).position(|word| word.upper == "MODEL")?;
    if words.first()?.upper != "CREATE" {
        return None;
    }
    let named = words.iter().enumerate().skip(head + 1);
    let (at, name) = named.into_iter().find(|(_, word)| !matches!(word.upper.as_str(), "IF" | "NOT" | "EXISTS"))?;
    let outer = outside_brackets(words);
    let rest = || outer.iter().copied().filter(|place| *place > at);
    let upper = |place: usize| words.get(place).map_or("", |word| word.upper.as_str());
    let inner = |place: usize| words.get(place + 1).and_then(|word| text.get(word.at..));
    let (mut query, mut table, mut labels) = (None, None, named_by(words, &LABELS));
    let start = rest().find(|place| matches!(upper(*place), "AS" | "FROM"));
    if let Some(from) = start.filter(|place| upper(*place) == "FROM") {
        match words.get(from + 1)?.upper.as_str() {
            "(" => query = inner(from + 1).and_then(|text| within(text).and_then(super::parse)),
            _ => table = words.get(from + 1).map(|word| table_name(&word.text)),
        }
        let target = rest().find(|place| upper(*place) == "TARGET").and_then(|place| words.get(place + 1));
        labels.extend(target.map(|word| word.text.to_lowercase()));
    } else if let Some(start) = start {
        query = inner(start).and_then(|text| super::parse(text.trim()));
    }
    let identifiers = named_by(words, &IDENTIFIERS);
    (query.is_some() || table.is_some()).then(|| Model {
        name: table_name(&name.text),
        query: query.map(Box::new),
        table,
        labels,
        identifiers,
    })
}

/// The places of the words that stand in no brackets.
fn outside_brackets(words: &[Word]) -> Vec<usize> {
    let mut depth = 0_usize;
    let mut outside = Vec::new();
    for (at, word) in words.iter().enumerate() {
        match word.upper.as_str() {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.push(at),
            _ => {}
        }
    }
    outside
}

/// The columns that the options `names` say: `input_label_cols = ['y']`, `user_col = 'u'`.
fn named_by(words: &[Word], names: &[&str]) -> Vec<String> {
    let mut columns = Vec::new();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| !word.literal && names.contains(&word.upper.as_str())) {
        let listed = words.get(at + 2).is_some_and(|word| word.upper == "[");
        let (first, most) = if listed { (at + 3, usize::MAX) } else { (at + 2, 1) };
        let values = words.iter().skip(first).take_while(|word| word.upper != "]").take(most);
        // BigQuery takes a text in either quotes.
        columns.extend(values.filter(|word| word.upper != ",").map(|word| word.text.to_lowercase()));
    }
    columns.sort();
    columns.dedup();
    columns
}

/// `text` up to the bracket that closes what stands before it.
fn within(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' if depth == 0 => return text.get(..at).map(str::trim),
            ')' => depth -= 1,
            _ => {}
        }
    }
    None
}
