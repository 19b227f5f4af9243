//! Statements that attach a mask or a row policy to a table, by their words.

use super::word::Word;
use crate::code::output::table_name;

/// A mask or row policy on a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mask {
    /// The table.
    pub(crate) table: String,
    /// The masked column; `None` for a policy on rows.
    pub(crate) column: Option<String>,
    /// Whether it is taken off.
    pub(crate) unset: bool,
    /// Tags that are set instead of a mask: name and value.
    pub(crate) tags: Vec<(String, String)>,
}

/// The mask that `words` attach, if they do.
pub(super) fn read(words: &[Word]) -> Option<Mask> {
    let word = |at: usize| words.get(at).map(|word| word.upper.as_str());
    let has = |phrase: &[&str]| {
        words.windows(phrase.len()).any(|run| run.iter().zip(phrase).all(|(word, text)| word.upper == *text))
    };
    let named_after = |phrase: &[&str]| {
        let at = words
            .windows(phrase.len())
            .position(|run| run.iter().zip(phrase).all(|(word, text)| word.upper == *text))?;
        words.get(at + phrase.len()).map(|word| word.text.clone())
    };
    match word(0)? {
        "ALTER" if matches!(word(1), Some("TABLE" | "VIEW" | "MATERIALIZED")) => {
            let at = if word(1) == Some("MATERIALIZED") { 3 } else { 2 };
            let at = if word(at) == Some("IF") { at + 2 } else { at };
            let table = table_name(&words.get(at)?.text);
            let column = named_after(&["COLUMN"]).map(|name| name.to_lowercase());
            if has(&["MASKING", "POLICY"]) || has(&["SET", "MASK"]) || has(&["DROP", "MASK"]) {
                return Some(Mask {
                    table,
                    column,
                    unset: has(&["UNSET", "MASKING"]) || has(&["DROP", "MASK"]),
                    tags: Vec::new(),
                });
            }
            // Unity Catalog's `SET TAGS ('k' = 'v')`, Snowflake's `SET TAG k = 'v'`.
            let set = words.windows(2).position(
                |pair| matches!(pair, [a, b] if a.upper == "SET" && matches!(b.upper.as_str(), "TAG" | "TAGS")),
            );
            if let Some(set) = set {
                return Some(Mask {
                    table,
                    column,
                    unset: false,
                    tags: tags(words.get(set + 2..).unwrap_or_default()),
                });
            }
            let rows =
                has(&["ROW", "ACCESS", "POLICY"]) || has(&["ROW", "FILTER"]) || has(&["ROW", "LEVEL", "SECURITY"]);
            rows.then(|| Mask { table, column: None, unset: has(&["DROP"]) || has(&["DISABLE"]), tags: Vec::new() })
        }
        // Redshift.
        "ATTACH" if word(1) == Some("MASKING") => {
            let table = table_name(&named_after(&["ON"])?);
            let open = words.iter().position(|word| word.upper == "(")?;
            Some(Mask {
                table,
                column: words.get(open + 1).map(|word| word.text.to_lowercase()),
                unset: false,
                tags: Vec::new(),
            })
        }
        // Redshift, BigQuery.
        "ATTACH" if word(1) == Some("RLS") => {
            Some(Mask { table: table_name(&named_after(&["ON"])?), column: None, unset: false, tags: Vec::new() })
        }
        "CREATE" if has(&["ROW", "ACCESS", "POLICY"]) && has(&["FILTER", "USING"]) => {
            Some(Mask { table: table_name(&named_after(&["ON"])?), column: None, unset: false, tags: Vec::new() })
        }
        _ => None,
    }
}

/// `k = 'v', …`, in brackets or not.
fn tags(words: &[Word]) -> Vec<(String, String)> {
    words
        .windows(3)
        .filter_map(|three| match three {
            [key, sign, value] if sign.upper == "=" && value.literal => {
                Some((key.text.to_lowercase(), value.text.clone()))
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::word::words;
    use super::*;

    fn mask(text: &str) -> Option<(String, Option<String>, bool)> {
        read(&words(text)).map(|mask| (mask.table, mask.column, mask.unset))
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
        let tags = |text: &str| read(&words(text)).unwrap().tags;
        let one = vec![("class".to_owned(), "pii".to_owned())];
        assert_eq!(tags("ALTER TABLE t ALTER COLUMN email SET TAGS ('class' = 'pii')"), one);
        let governed = vec![("gov.pii".to_owned(), "email".to_owned())];
        assert_eq!(tags("ALTER TABLE t MODIFY COLUMN email SET TAG gov.pii = 'email'"), governed);
    }

    #[test]
    fn row_policies_have_no_column() {
        assert_eq!(mask("ALTER TABLE t SET ROW FILTER f ON (region)"), Some(("t".into(), None, false)));
        assert_eq!(mask("ALTER TABLE t ENABLE ROW LEVEL SECURITY"), Some(("t".into(), None, false)));
        assert_eq!(mask("ALTER TABLE t ADD COLUMN c INT"), None);
    }
}
