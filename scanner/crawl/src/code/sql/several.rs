//! Hive's insert of one source into several tables: `FROM t INSERT INTO a SELECT … INSERT INTO b SELECT …`.
//!
//! Source: cwiki.apache.org/confluence/display/Hive/LanguageManual+DML, "Hive extension (multiple inserts)"; Spark reads it too.

use super::word::Word;

/// What ends the columns of a query whose `FROM` stands before it.
const BEHIND: [&str; 10] =
    ["WHERE", "GROUP", "HAVING", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE", "LIMIT", "LATERAL", "WINDOW"];

/// Each insert of `text` as a statement of its own; `None` if it is not of this form.
pub(super) fn inserts(words: &[Word], text: &str) -> Option<Vec<String>> {
    if words.first()?.upper != "FROM" {
        return None;
    }
    let mut depth = 0_usize;
    let mut level: Vec<(usize, &Word)> = Vec::new();
    for (at, word) in words.iter().enumerate().filter(|(_, word)| !word.literal) {
        match word.upper.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if depth == 0 => level.push((at, word)),
            _ => {}
        }
    }
    let begins: Vec<usize> = level.iter().filter(|(_, word)| word.upper == "INSERT").map(|(_, word)| word.at).collect();
    let &first = begins.first()?;
    let source = text.get(words.first()?.at..first)?.trim();
    let ends = begins.iter().skip(1).copied().chain([text.len()]);
    let mut statements = Vec::new();
    for (&begin, end) in begins.iter().zip(ends) {
        let inside = || level.iter().map(|(_, word)| *word).filter(move |word| begin < word.at && word.at < end);
        let select = inside().find(|word| word.upper == "SELECT")?.at;
        let behind = inside().find(|word| select < word.at && BEHIND.contains(&word.upper.as_str()));
        let behind = behind.map_or(end, |word| word.at);
        let (head, tail) = (text.get(begin..behind)?.trim_end(), text.get(behind..end)?);
        statements.push(format!("{head} {source} {}", tail.trim_end().trim_end_matches(';')));
    }
    Some(statements)
}

#[cfg(test)]
mod tests {
    use super::super::word::words;
    use super::*;

    fn parts(text: &str) -> Option<Vec<String>> {
        let tidy = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        inserts(&words(text), text).map(|all| all.into_iter().map(tidy).collect())
    }

    #[test]
    fn each_insert_gets_the_source() {
        let text = "FROM (SELECT * FROM s WHERE x) t INSERT OVERWRITE TABLE a PARTITION (d = '1') SELECT t.id, 'INSERT' WHERE t.id > 1 INSERT INTO b SELECT t.mail GROUP BY t.mail;";
        assert_eq!(
            parts(text).unwrap(),
            [
                "INSERT OVERWRITE TABLE a PARTITION (d = '1') SELECT t.id, 'INSERT' FROM (SELECT * FROM s WHERE x) t WHERE t.id > 1",
                "INSERT INTO b SELECT t.mail FROM (SELECT * FROM s WHERE x) t GROUP BY t.mail"
            ]
        );
    }

    #[test]
    fn other_statements_are_left_alone() {
        assert!(parts("FROM t SELECT a").is_none());
        assert!(parts("INSERT INTO a SELECT b FROM t").is_none());
    }
}
