//! Loading from and unloading to files: `COPY`, `COPY INTO`, `UNLOAD`, `EXPORT DATA`, `INSERT OVERWRITE DIRECTORY`.

use sqlparser::ast;

use super::word::Word;
use crate::code::output::{dataset_name, table_name};

/// A movement between a table and files.
#[derive(Debug)]
pub(crate) struct Copy {
    /// The files: a URI, or a stage as `@stage/path`.
    pub(crate) files: String,
    /// The table.
    pub(crate) table: Option<String>,
    /// The columns of the table that are named.
    pub(crate) columns: Vec<String>,
    /// The query whose result is unloaded, or through which files are loaded.
    pub(crate) query: Option<Box<ast::Statement>>,
    /// Whether the files are written.
    pub(crate) unload: bool,
}

/// The copy that `words` are, if they are one.
pub(super) fn read(words: &[Word], text: &str) -> Option<Copy> {
    let upper = |at: usize| words.get(at).map(|word| word.upper.as_str());
    match upper(0)? {
        "COPY" if upper(1) == Some("INTO") => {
            let (target, after) = location(words, 2)?;
            let from = words.iter().skip(after).position(|word| word.upper == "FROM")? + after;
            let unload = is_files(&target);
            if unload {
                let query = inner_query(words, text, from + 1);
                let table = if query.is_none() { words.get(from + 1).map(|word| table_name(&word.text)) } else { None };
                return Some(Copy { files: dataset_name(&target), table, columns: Vec::new(), query, unload });
            }
            let (source, query) = match words.get(from + 1) {
                Some(word) if word.upper == "(" => (files_within(words, from)?, inner_query(words, text, from + 1)),
                _ => (location(words, from + 1)?.0, None),
            };
            let columns = listed(words, after);
            Some(Copy { files: dataset_name(&source), table: Some(table_name(&target)), columns, query, unload })
        }
        // Redshift and Postgres: `COPY t FROM 's3://…'`, `COPY (SELECT …) TO '…'`.
        "COPY" => {
            let query = inner_query(words, text, 1);
            let table = if query.is_none() { words.get(1).map(|word| table_name(&word.text)) } else { None };
            let way = words.iter().position(|word| {
                !word.literal && matches!(word.upper.as_str(), "FROM" | "TO") && words_after_literal(words, word)
            })?;
            let files = words.get(way + 1)?;
            let columns = if table.is_some() { listed(words, 2) } else { Vec::new() };
            let unload = words.get(way)?.upper == "TO";
            Some(Copy { files: dataset_name(&files.text), table, columns, query, unload })
        }
        "UNLOAD" => {
            let to = words.iter().position(|word| word.upper == "TO")?;
            let query = match words.get(2) {
                Some(word) if word.text.starts_with("$$") => {
                    let inner = text.split("$$").nth(1).unwrap_or_default();
                    super::parse(inner.trim()).map(Box::new)
                }
                Some(word) if word.literal => super::parse(&word.text.replace("''", "'")).map(Box::new),
                _ => inner_query(words, text, 1),
            };
            Some(Copy {
                files: dataset_name(&words.get(to + 1)?.text),
                table: None,
                columns: Vec::new(),
                query,
                unload: true,
            })
        }
        // BigQuery's `LOAD DATA INTO t FROM FILES (uris = […])`, MySQL's `INFILE`, Hive's `INPATH`.
        "LOAD" if upper(1) == Some("DATA") => {
            let into = words.iter().position(|word| matches!(word.upper.as_str(), "INTO" | "OVERWRITE"))?;
            let skipped =
                words.iter().skip(into + 1).position(|word| !matches!(word.upper.as_str(), "INTO" | "TABLE"))?;
            let table = table_name(&words.get(into + 1 + skipped)?.text);
            let from = words.iter().position(|word| matches!(word.upper.as_str(), "INFILE" | "INPATH" | "URIS"))?;
            let files = words.iter().skip(from).find(|word| word.literal)?;
            let files = dataset_name(&files.text);
            Some(Copy { files, table: Some(table), columns: Vec::new(), query: None, unload: false })
        }
        // MySQL's `SELECT … INTO OUTFILE '…'`.
        "SELECT" | "WITH" => {
            let at = words
                .windows(2)
                .position(|pair| matches!(pair, [a, b] if a.upper == "INTO" && b.upper == "OUTFILE"))?;
            let files = words.get(at + 2).filter(|word| word.literal)?;
            let rest = words.iter().skip(at).find(|word| word.upper == "FROM" && !word.literal);
            let rest = rest.map_or("", |word| text.get(word.at..).unwrap_or_default());
            let query = super::parse(&format!("{}{rest}", text.get(..words.get(at)?.at)?)).map(Box::new);
            Some(Copy { files: dataset_name(&files.text), table: None, columns: Vec::new(), query, unload: true })
        }
        "EXPORT" => {
            let uri = words.iter().position(|word| word.upper == "URI")?;
            let files = words.iter().skip(uri).find(|word| word.literal)?;
            let start = words.iter().find(|word| word.upper == "AS")?.at + 2;
            let query = super::parse(text.get(start..)?.trim()).map(Box::new);
            Some(Copy { files: dataset_name(&files.text), table: None, columns: Vec::new(), query, unload: true })
        }
        "INSERT" if words.iter().take(6).any(|word| word.upper == "DIRECTORY") => {
            let files = words.iter().take(10).find(|word| word.literal)?;
            let start = words.iter().find(|word| word.upper == "SELECT")?.at;
            let query = super::parse(text.get(start..)?.trim()).map(Box::new);
            Some(Copy { files: dataset_name(&files.text), table: None, columns: Vec::new(), query, unload: true })
        }
        _ => None,
    }
}

/// The names in brackets at word `at`.
fn listed(words: &[Word], at: usize) -> Vec<String> {
    if words.get(at).is_none_or(|word| word.upper != "(") {
        return Vec::new();
    }
    words
        .iter()
        .skip(at + 1)
        .take_while(|word| word.upper != ")")
        .filter(|word| word.upper != ",")
        .map(|word| word.text.to_lowercase())
        .collect()
}

/// Whether a quoted text or a standard stream follows `word`.
fn words_after_literal(words: &[Word], word: &Word) -> bool {
    words.iter().find(|next| next.at > word.at).is_some_and(|next| next.literal)
}

/// The table or location that starts at word `at`, and the word after it.
fn location(words: &[Word], at: usize) -> Option<(String, usize)> {
    let first = words.get(at)?;
    if first.literal || !first.text.starts_with('@') {
        return Some((first.text.clone(), at + 1));
    }
    // `@stage/path/` is several words that stand without space between them.
    let mut text = first.text.clone();
    let mut end = at + 1;
    let mut next = first.at + first.text.len();
    while let Some(word) = words.get(end).filter(|word| word.at == next && word.upper != "(" && word.upper != ",") {
        text.push_str(&word.text);
        next = word.at + word.text.len();
        end += 1;
    }
    Some((text, end))
}

/// The stage or URI inside a transformation `FROM (SELECT … FROM @stage)`.
fn files_within(words: &[Word], from: usize) -> Option<String> {
    let at = (from + 1..words.len()).find(|&at| words.get(at).is_some_and(|word| word.upper == "FROM"))?;
    location(words, at + 1).map(|(text, _)| text)
}

fn is_files(target: &str) -> bool {
    target.starts_with('@') || target.contains("://")
}

/// The query in brackets at word `at`.
fn inner_query(words: &[Word], text: &str, at: usize) -> Option<Box<ast::Statement>> {
    let open = words.get(at).filter(|word| word.upper == "(")?;
    let mut depth = 0_usize;
    for word in words.iter().skip(at) {
        match word.upper.as_str() {
            "(" => depth += 1,
            ")" => {
                depth -= 1;
                if depth == 0 {
                    return super::parse(text.get(open.at + 1..word.at)?.trim()).map(Box::new);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::word::words;
    use super::*;

    fn copy(text: &str) -> (String, Option<String>, bool, bool) {
        let copy = read(&words(text), text).unwrap();
        (copy.files, copy.table, copy.query.is_some(), copy.unload)
    }

    #[test]
    fn loads_and_unloads_of_the_vendors_are_read() {
        assert_eq!(
            copy("COPY INTO raw.patients FROM 's3://b/p/'"),
            ("s3://b/p/".into(), Some("raw.patients".into()), false, false)
        );
        assert_eq!(
            copy("COPY INTO raw.patients FROM @stage/p/ FILE_FORMAT=(TYPE=CSV)"),
            ("@stage/p/".into(), Some("raw.patients".into()), false, false)
        );
        assert_eq!(
            copy("COPY INTO 's3://out/x' FROM raw.patients"),
            ("s3://out/x".into(), Some("raw.patients".into()), false, true)
        );
        assert_eq!(copy("COPY INTO @out FROM (SELECT email FROM p)"), ("@out".into(), None, true, true));
        assert_eq!(
            copy("UNLOAD ('SELECT email FROM p WHERE x = ''a''') TO 's3://out/'"),
            ("s3://out/".into(), None, true, true)
        );
        assert_eq!(
            copy("COPY patients FROM 's3://b/p' IAM_ROLE 'arn'"),
            ("s3://b/p".into(), Some("patients".into()), false, false)
        );
        assert_eq!(
            copy("EXPORT DATA OPTIONS (uri='gs://out/*.csv', format='CSV') AS SELECT email FROM p"),
            ("gs://out/*.csv".into(), None, true, true)
        );
    }
}
