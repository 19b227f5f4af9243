//! Statements that attach a mask, a row policy or tags to a table, by their words.

use super::word::Word;
use crate::code::output::table_name;

/// A mask, a row policy or tags on a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mask {
    /// The table.
    pub(crate) table: String,
    /// The column; `None` for the table or its rows.
    pub(crate) column: Option<String>,
    /// What is done.
    pub(crate) what: What,
}

/// What is done to a table or column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// It is masked, or its rows are filtered.
    Set,
    /// A mask or filter is taken off.
    Unset,
    /// Tags are set: name and value, the value empty where there is none.
    Tags(Vec<(String, String)>),
    /// The tags of these names are taken off.
    Untag(Vec<String>),
}

/// What `words` attach; empty if they attach nothing.
pub(super) fn read(words: &[Word]) -> Vec<Mask> {
    let word = |at: usize| words.get(at).map(|word| word.upper.as_str());
    let on = || named_after(words, &["ON"]).map(|name| table_name(&name));
    let rows = |table: Option<String>| table.map(|table| Mask { table, column: None, what: What::Set });
    let one = match word(0) {
        Some("ALTER") if matches!(word(1), Some("TABLE" | "VIEW" | "MATERIALIZED")) => return altered(words),
        // Unity Catalog: `SET TAG ON COLUMN c.s.t.email pii = email`.
        Some("SET" | "UNSET") if word(1) == Some("TAG") && word(2) == Some("ON") => tag_on(words),
        // Redshift.
        Some("ATTACH") if word(1) == Some("MASKING") => on().and_then(|table| {
            let open = words.iter().position(|word| word.upper == "(")?;
            let column = words.get(open + 1).map(|word| word.text.to_lowercase());
            Some(Mask { table, column, what: What::Set })
        }),
        // Redshift, BigQuery.
        Some("ATTACH") if word(1) == Some("RLS") => rows(on()),
        Some("CREATE") if has(words, &["ROW", "ACCESS", "POLICY"]) && has(words, &["FILTER", "USING"]) => rows(on()),
        _ => None,
    };
    one.into_iter().collect()
}

/// `ALTER TABLE t …`: each `[ALTER|MODIFY] COLUMN c …` by itself, or the table.
fn altered(words: &[Word]) -> Vec<Mask> {
    let word = |at: usize| words.get(at).map(|word| word.upper.as_str());
    let at = if word(1) == Some("MATERIALIZED") { 3 } else { 2 };
    let at = if word(at) == Some("IF") { at + 2 } else { at };
    let Some(table) = words.get(at).map(|word| table_name(&word.text)) else { return Vec::new() };
    let rest = words.get(at + 1..).unwrap_or_default();
    // Where a column begins: after `COLUMN`, or after `ALTER` and `MODIFY` where that word is left out.
    let begins: Vec<usize> = (0..rest.len())
        .filter(|&at| {
            let is = |at: usize, words: &[&str]| rest.get(at).is_some_and(|word| words.contains(&word.upper.as_str()));
            is(at, &["COLUMN"]) || (is(at, &["ALTER", "MODIFY"]) && !is(at + 1, &["COLUMN", "MATERIALIZED"]))
        })
        .collect();
    let Some(&first) = begins.first() else {
        return action(rest, true).map(|what| Mask { table, column: None, what }).into_iter().collect();
    };
    if let Some(what) = action(rest.get(..first).unwrap_or_default(), true) {
        return vec![Mask { table, column: None, what }];
    }
    let ends = begins.iter().skip(1).copied().chain([rest.len()]);
    let columns = begins.iter().zip(ends).filter_map(|(&begin, end)| {
        let column = rest.get(begin + 1)?.text.to_lowercase();
        let what = action(rest.get(begin + 2..end)?, false)?;
        Some(Mask { table: table.clone(), column: Some(column), what })
    });
    columns.collect()
}

/// What `words`, which follow the name of a table or column, do to it.
fn action(words: &[Word], is_table: bool) -> Option<What> {
    if !is_table
        && (has(words, &["MASKING", "POLICY"]) || has(words, &["SET", "MASK"]) || has(words, &["DROP", "MASK"]))
    {
        let off = has(words, &["UNSET", "MASKING"]) || has(words, &["DROP", "MASK"]);
        return Some(if off { What::Unset } else { What::Set });
    }
    // Unity Catalog's `SET TAGS ('k' = 'v')`, Snowflake's `SET TAG k = 'v'`.
    for (at, pair) in words.windows(2).enumerate() {
        let [verb, noun] = pair else { continue };
        let given = words.get(at + 2..).unwrap_or_default();
        match (verb.upper.as_str(), noun.upper.as_str()) {
            ("SET", "TAG" | "TAGS") => return Some(What::Tags(tags(given))),
            ("UNSET", "TAG" | "TAGS") => {
                let names = given.iter().filter(|word| word.literal || !word.upper.starts_with(['(', ')', ',', ';']));
                return Some(What::Untag(names.map(|word| word.text.to_lowercase()).collect()));
            }
            _ => {}
        }
    }
    let rows = has(words, &["ROW", "ACCESS", "POLICY"])
        || has(words, &["ROW", "FILTER"])
        || has(words, &["ROW", "LEVEL", "SECURITY"]);
    let off = has(words, &["DROP"]) || has(words, &["DISABLE"]);
    (is_table && rows).then_some(if off { What::Unset } else { What::Set })
}

/// `SET TAG ON TABLE t key = value`, `UNSET TAG ON COLUMN t.c key`.
fn tag_on(words: &[Word]) -> Option<Mask> {
    let named = table_name(&words.get(4)?.text);
    let (table, column) = match words.get(3)?.upper.as_str() {
        "TABLE" | "VIEW" => (named, None),
        "COLUMN" => {
            let (table, column) = named.rsplit_once('.')?;
            (table.to_owned(), Some(column.to_lowercase()))
        }
        _ => return None,
    };
    let key = words.get(5)?.text.to_lowercase();
    let value = words.get(6).filter(|word| word.upper == "=").and_then(|_| words.get(7));
    let what = match words.first()?.upper.as_str() {
        "SET" => What::Tags(vec![(key, value.map(|word| word.text.clone()).unwrap_or_default())]),
        _ => What::Untag(vec![key]),
    };
    Some(Mask { table, column, what })
}

fn has(words: &[Word], phrase: &[&str]) -> bool {
    words.windows(phrase.len()).any(|run| is(run, phrase))
}

fn is(run: &[Word], phrase: &[&str]) -> bool {
    run.iter().zip(phrase).all(|(word, text)| word.upper == *text)
}

fn named_after(words: &[Word], phrase: &[&str]) -> Option<String> {
    let at = words.windows(phrase.len()).position(|run| is(run, phrase))?;
    words.get(at + phrase.len()).map(|word| word.text.clone())
}

/// `k = 'v', …` or `'k', …`, in brackets or not.
fn tags(words: &[Word]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(key) = words.get(at) {
        match (words.get(at + 1), words.get(at + 2)) {
            (Some(sign), Some(value)) if sign.upper == "=" && value.literal => {
                found.push((key.text.to_lowercase(), value.text.clone()));
                at += 3;
            }
            _ => {
                // A key alone.
                if key.literal {
                    found.push((key.text.to_lowercase(), String::new()));
                }
                at += 1;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::word::words;
    use super::*;

    fn mask(text: &str) -> Option<(String, Option<String>, bool)> {
        let mask = read(&words(text)).into_iter().next()?;
        Some((mask.table, mask.column, mask.what == What::Unset))
    }

    fn tags_of(text: &str) -> Vec<(String, Vec<(String, String)>)> {
        let tagged = read(&words(text)).into_iter().filter_map(|mask| match mask.what {
            What::Tags(tags) => Some((mask.column.unwrap_or_default(), tags)),
            What::Set | What::Unset | What::Untag(_) => None,
        });
        tagged.collect()
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn masks_of_the_vendors_are_one() {
        let email = Some(("clinic.patients".to_owned(), Some("email".to_owned()), false));
        assert_eq!(mask("ALTER TABLE clinic.patients MODIFY COLUMN email SET MASKING POLICY m"), email);
        assert_eq!(mask("ALTER TABLE clinic.patients ALTER COLUMN email SET MASK clinic.mask_email"), email);
        assert_eq!(mask("ATTACH MASKING POLICY m ON clinic.patients(email) TO PUBLIC"), email);
    }

    #[test]
    fn tags_of_columns_are_read() {
        let one = |key: &str, value: &str| vec![("email".to_owned(), vec![pair(key, value)])];
        for text in [
            "ALTER TABLE t ALTER COLUMN email SET TAGS ('class' = 'pii')",
            "ALTER TABLE t ALTER email SET TAGS ('class' = 'pii')",
            "ALTER VIEW v MODIFY COLUMN email SET TAG class = 'pii'",
            "SET TAG ON COLUMN c.s.t.email class = pii",
            "SET TAG ON COLUMN t.email `class` = `pii`",
        ] {
            assert_eq!(tags_of(text), one("class", "pii"), "{text}");
        }
        assert_eq!(tags_of("ALTER TABLE t MODIFY COLUMN email SET TAG gov.pii = 'email'"), one("gov.pii", "email"));
        assert_eq!(
            tags_of("ALTER TABLE t ALTER COLUMN email SET TAGS ('class.email_address')"),
            one("class.email_address", "")
        );
        assert_eq!(tags_of("SET TAG ON COLUMN t.email pii"), one("pii", ""));
    }

    #[test]
    fn one_statement_may_tag_several_columns_or_the_table() {
        let both =
            tags_of("ALTER TABLE t MODIFY COLUMN a SET TAG pii = 'name', COLUMN b SET TAG pii = 'email', k = 'v'");
        assert_eq!(
            both,
            [("a".to_owned(), vec![pair("pii", "name")]), ("b".to_owned(), vec![pair("pii", "email"), pair("k", "v")])]
        );
        assert_eq!(
            tags_of("ALTER TABLE t SET TAGS ('a' = '1', 'b')"),
            [(String::new(), vec![pair("a", "1"), pair("b", "")])]
        );
        let off = read(&words("ALTER TABLE t ALTER COLUMN c UNSET TAGS ('pii')"));
        assert_eq!(off.first().map(|mask| &mask.what), Some(&What::Untag(vec!["pii".to_owned()])));
    }

    #[test]
    fn row_policies_have_no_column() {
        assert_eq!(mask("ALTER TABLE t SET ROW FILTER f ON (region)"), Some(("t".into(), None, false)));
        assert_eq!(mask("ALTER TABLE t ENABLE ROW LEVEL SECURITY"), Some(("t".into(), None, false)));
        assert_eq!(mask("ALTER TABLE t ADD COLUMN c INT"), None);
    }
}
