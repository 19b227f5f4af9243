//! Words that the parser does not know and that say nothing of lineage are blanked; every byte stays where it was.

use super::word::Word;

/// What stood between the name and the `AS` of a `CREATE … AS`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Made {
    /// The columns.
    pub(super) columns: Vec<String>,
    /// Where it is stored.
    pub(super) location: Option<String>,
    /// Whether an `INSERT` puts columns where their names are.
    pub(super) by_name: bool,
}

/// `text` without what the parser does not know, and what was said there; `None` if there is nothing of the kind.
pub(super) fn repaired(words: &[Word], text: &str) -> Option<(String, Made)> {
    let mut gone: Vec<(usize, usize)> = Vec::new();
    let upper = |at: usize| words.get(at).filter(|word| !word.literal).map(|word| word.upper.as_str());
    let span = |from: usize, to: usize| -> Option<(usize, usize)> {
        let last = words.get(to)?;
        // A quoted text is longer than what stands in it.
        let next = words.get(to + 1).map_or(text.len(), |word| word.at);
        Some((words.get(from)?.at, if last.literal { next } else { (last.at + last.text.len().max(1)).min(next) }))
    };
    let end = words.len();
    // `WITH [NO] DATA` at the end.
    if end > 3 && upper(end - 1) == Some("DATA") {
        let from = if upper(end - 2) == Some("NO") { end - 3 } else { end - 2 };
        if upper(from) == Some("WITH") {
            gone.extend(span(from, end - 1));
        }
    }
    let mut made = Made::default();
    if upper(0) == Some("CREATE") {
        gone.extend(creation(words, &mut made).into_iter().filter_map(|(from, to)| span(from, to)));
    }
    // `FROM ONLY t`, `CLUSTER BY AUTO`, `TABLESAMPLE …` behind an alias are of one dialect each.
    for at in 1..end {
        let next = upper(at + 1);
        match (upper(at), next) {
            (Some("ASOF"), Some("JOIN" | "LEFT")) | (Some("APPROXIMATE"), Some("COUNT" | "PERCENTILE_DISC")) => {
                gone.extend(span(at, at))
            }
            (Some("BY"), Some("NAME")) if upper(0) == Some("INSERT") && at < 6 => {
                made.by_name = true;
                gone.extend(span(at, at + 1));
            }
            // `ML.PREDICT(MODEL m, (SELECT …))`: the rows are what is left.
            (Some("MODEL"), Some(_)) if upper(at - 1) == Some("(") && is_learning(words.get(at.saturating_sub(2))) => {
                gone.extend(span(at, if upper(at + 2) == Some(",") { at + 2 } else { at + 1 }));
            }
            (Some("USING"), Some("SAMPLE")) => {
                let last = (at + 2..end.min(at + 5))
                    .take_while(|next| *next == at + 2 || matches!(upper(*next), Some("%" | "PERCENT" | "ROWS")))
                    .last();
                gone.extend(last.and_then(|last| span(at, last)));
            }
            (Some("WITH"), _) => {
                let check = if matches!(next, Some("CASCADED" | "LOCAL")) { at + 2 } else { at + 1 };
                if upper(check) == Some("CHECK") && upper(check + 1) == Some("OPTION") {
                    gone.extend(span(at, check + 1));
                }
            }
            _ => {}
        }
        if matches!(upper(at), Some("DEEP" | "SHALLOW")) && upper(at + 1) == Some("CLONE") {
            gone.extend(span(at, at));
        }
        if upper(at) == Some("ONLY") && matches!(upper(at - 1), Some("FROM" | "JOIN" | "UPDATE" | ",")) {
            gone.extend(span(at, at));
        }
        if matches!(upper(at), Some("TABLESAMPLE" | "SAMPLE")) && upper(at - 1) != Some("(") {
            let open = (at..end.min(at + 3)).find(|next| upper(*next) == Some("("));
            let close = open.and_then(|open| (open..end).find(|next| upper(*next) == Some(")")));
            gone.extend(close.and_then(|close| span(at, close)));
        }
    }
    if gone.is_empty() {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    for (from, to) in gone {
        for byte in bytes.get_mut(from..to).unwrap_or_default() {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    }
    String::from_utf8(bytes).ok().map(|text| (text, made))
}

/// Whether a word is a function of BigQuery that is given a model.
fn is_learning(word: Option<&Word>) -> bool {
    word.is_some_and(|word| ["ML.", "AI."].iter().any(|start| word.upper.starts_with(start)))
}

/// A statement that says the same in other words, where a vendor has words of its own.
pub(super) fn rewritten(words: &[Word], text: &str) -> Option<String> {
    let upper = |at: usize| words.get(at).map(|word| word.upper.as_str());
    let tail = |at: usize| words.get(at).and_then(|word| text.get(word.at..));
    match (upper(0)?, upper(1)?) {
        // `TABLE users`
        ("TABLE", _) => Some(format!("SELECT * FROM {}", tail(1)?)),
        // Redshift moves the rows.
        ("ALTER", "TABLE") if upper(3) == Some("APPEND") && upper(4) == Some("FROM") => {
            Some(format!("INSERT INTO {} SELECT * FROM {}", words.get(2)?.text, words.get(5)?.text))
        }
        ("CREATE", _) => {
            // BigQuery.
            if let Some(copy) = words.iter().take(9).position(|word| word.upper == "COPY" && !word.literal) {
                let head = text.get(..words.get(copy)?.at)?;
                return Some(format!("{head}CLONE {}", tail(copy + 1)?));
            }
            // Of columns whose types or options are one vendor's, the names.
            let table = (1..words.len().min(9)).find(|at| upper(*at) == Some("TABLE"))?;
            let name = (table + 1..words.len()).find(|at| !matches!(upper(*at), Some("IF" | "NOT" | "EXISTS")))?;
            let names = listed(words, name + 1);
            let columns: Vec<String> = names.iter().map(|name| format!("\"{}\" TEXT", name.replace('"', ""))).collect();
            let parts: Vec<String> =
                words.get(name)?.text.split('.').map(|part| format!("\"{}\"", part.replace('"', ""))).collect();
            (!names.is_empty()).then(|| format!("CREATE TABLE {} ({})", parts.join("."), columns.join(", ")))
        }
        _ => None,
    }
}

/// The bracket that closes the one at `open`.
fn closing(words: &[Word], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    (open..words.len()).find(|at| {
        match words.get(*at).filter(|word| !word.literal).map(|word| word.upper.as_str()) {
            Some("(") => depth += 1,
            Some(")") => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

/// The names of the columns that the bracket at `open` lists, each the first word of its part.
fn listed(words: &[Word], open: usize) -> Vec<String> {
    let mut names = Vec::new();
    if words.get(open).is_none_or(|word| word.upper != "(") {
        return names;
    }
    let Some(close) = closing(words, open) else { return names };
    let (mut depth, mut first) = (0_usize, true);
    for word in words.get(open + 1..close).unwrap_or_default() {
        match word.upper.as_str() {
            "(" | "<" => depth += 1,
            ")" | ">" => depth = depth.saturating_sub(1),
            "," if depth == 0 => first = true,
            _ if first && depth == 0 => {
                first = false;
                let is_key = matches!(word.upper.as_str(), "CONSTRAINT" | "PRIMARY" | "FOREIGN" | "UNIQUE" | "CHECK");
                names.extend((!is_key).then(|| word.text.to_lowercase()));
            }
            _ => {}
        }
    }
    names
}

/// The words of a `CREATE … name … AS query` that are neither the name nor the query, from and to.
fn creation(words: &[Word], made: &mut Made) -> Vec<(usize, usize)> {
    let upper = |at: usize| words.get(at).filter(|word| !word.literal).map(|word| word.upper.as_str());
    let end = words.len();
    let Some(kind) = (1..end.min(9)).find(|at| matches!(upper(*at), Some("TABLE" | "VIEW"))) else {
        return Vec::new();
    };
    let mut name = kind + 1;
    while matches!(upper(name), Some("IF" | "NOT" | "EXISTS")) {
        name += 1;
    }
    let mut depth = 0_usize;
    let query = (name + 1..end).find(|at| {
        match upper(*at) {
            Some("(") => depth += 1,
            Some(")") => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
            && upper(*at) == Some("AS")
            && matches!(upper(*at + 1), Some("SELECT" | "WITH" | "FROM" | "TABLE" | "VALUES" | "("))
    });
    // Without a query: what stands behind the columns.
    let behind = match (query, upper(name + 1)) {
        (Some(query), _) => name + 1..query,
        (None, Some("(")) => closing(words, name + 1).map_or(end..end, |close| close + 1..end),
        // What is copied stands there.
        (None, Some("CLONE" | "COPY" | "DEEP" | "LIKE" | "SHALLOW")) => end..end,
        (None, _) => name + 1..end,
    };
    made.location = behind
        .clone()
        .find(|at| upper(*at) == Some("LOCATION"))
        .and_then(|at| words.get(at + 1))
        .filter(|word| word.literal)
        .map(|word| word.text.clone());
    let Some(query) = query else {
        return behind.map(|at| (at, at)).collect();
    };
    made.columns = listed(words, name + 1);
    let keeps = |at: &usize| matches!(upper(*at), Some("TEMP" | "TEMPORARY"));
    let mut gone: Vec<(usize, usize)> = (1..kind).filter(|at| !keeps(at)).map(|at| (at, at)).collect();
    gone.extend((kind + 1..name).map(|at| (at, at)));
    gone.extend((name + 1..query).map(|at| (at, at)));
    gone
}

#[cfg(test)]
mod tests {
    use super::super::word::words;
    use super::*;

    #[test]
    fn column_lists_and_options_are_blanked_in_place() {
        let text = "CREATE TABLE a (k, mail) AS SELECT id, email FROM ONLY users WITH NO DATA";
        let (repaired, made) = repaired(&words(text), text).unwrap();
        assert_eq!(repaired.len(), text.len());
        assert_eq!(made.columns, ["k", "mail"]);
        let plain = repaired.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(plain, "CREATE TABLE a AS SELECT id, email FROM users");
    }

    #[test]
    fn options_before_the_query_are_blanked_and_told() {
        let text =
            "CREATE OR REFRESH STREAMING TABLE a (k INT COMMENT 'x,y', m) USING delta LOCATION 's3://b/a' AS SELECT 1";
        let (repaired, made) = repaired(&words(text), text).unwrap();
        let plain = repaired.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(plain, "CREATE TABLE a AS SELECT 1");
        assert_eq!((made.columns.join(" "), made.location.as_deref()), ("k m".to_owned(), Some("s3://b/a")));
    }

    #[test]
    fn tables_keep_their_columns_whatever_stands_behind_them() {
        let text = "CREATE TABLE IF NOT EXISTS a.b (k BIGINT, m STRUCT<x: INT, y: INT>) USING delta TBLPROPERTIES ('a' = 'b') LOCATION 's3://b'";
        let (repaired, made) = repaired(&words(text), text).unwrap();
        let plain = repaired.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(plain.ends_with("y: INT>)"), "{plain}");
        assert_eq!(made.location.as_deref(), Some("s3://b"));
        assert_eq!(rewritten(&words(text), text).unwrap(), "CREATE TABLE \"a\".\"b\" (\"k\" TEXT, \"m\" TEXT)");
    }

    #[test]
    fn what_is_plain_stays() {
        assert!(super::repaired(&words("SELECT a FROM t"), "SELECT a FROM t").is_none());
        let text = "CREATE TABLE a (k INT)";
        assert!(super::repaired(&words(text), text).is_none());
    }
}
