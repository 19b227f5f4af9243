//! Statements inside procedures, loops and branches: where the statement proper begins.

use super::word::Word;

/// What may stand before a statement in a block.
const OPENERS: [&str; 8] = ["AS", "BEGIN", "DO", "ELSE", "LOOP", "REPEAT", "ROW", "THEN"];

/// First words of what moves data.
const STARTS: [&str; 9] = ["COPY", "CREATE", "DELETE", "INSERT", "MERGE", "SELECT", "TRUNCATE", "UPDATE", "WITH"];

/// First words of pieces that may hold a statement behind an opener.
const CONTROL: [&str; 13] = [
    "BEGIN",
    "CASE",
    "DECLARE",
    "ELSE",
    "ELSEIF",
    "ELSIF",
    "EXCEPTION",
    "FOR",
    "IF",
    "LOOP",
    "REPEAT",
    "WHEN",
    "WHILE",
];

/// The byte at which the statement in a block begins, if `words` are a head of a procedure or control flow.
pub(super) fn start(words: &[Word]) -> Option<usize> {
    let first = words.first()?.upper.as_str();
    let upper: Vec<&str> = words.iter().take(8).map(|word| word.upper.as_str()).collect();
    let code = super::defines_code(&upper);
    if !code && !CONTROL.contains(&first) {
        return None;
    }
    let mut depth = 0_usize;
    let mut found = None;
    for (at, word) in words.iter().enumerate() {
        match word.upper.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > 0 || word.literal || !OPENERS.contains(&word.upper.as_str()) {
            continue;
        }
        let mut next = at + 1;
        while words.get(next).is_some_and(|word| {
            matches!(word.upper.as_str(), "TRY" | "CATCH" | "TRAN" | "TRANSACTION" | "ATOMIC" | "BEGIN" | "NOT")
        }) {
            next += 1;
        }
        let begins = words.get(next).filter(|word| !word.literal && STARTS.contains(&word.upper.as_str()));
        if let Some(begins) = begins {
            found = Some(begins.at);
            break;
        }
    }
    // T-SQL needs no opener: `IF EXISTS (…) INSERT …`.
    found.or_else(|| {
        let mut depth = 0_usize;
        words.iter().skip(1).find_map(|word| {
            match word.upper.as_str() {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            let moves = matches!(word.upper.as_str(), "INSERT" | "MERGE" | "TRUNCATE") && !word.literal && depth == 0;
            (moves && matches!(first, "IF" | "WHILE" | "ELSE" | "BEGIN")).then_some(word.at)
        })
    })
}

/// The body between dollar quotes of a procedure, a function or a block in SQL, and the byte at which it begins.
pub(super) fn body<'t>(words: &[Word], text: &'t str) -> Option<(usize, &'t str)> {
    let upper: Vec<&str> = words.iter().take(8).map(|word| word.upper.as_str()).collect();
    let first = upper.first()?;
    if !super::defines_code(&upper) && !matches!(*first, "DO" | "EXECUTE") {
        return None;
    }
    let language = words.windows(2).find(|pair| pair.first().is_some_and(|word| word.upper == "LANGUAGE"));
    let language = language.and_then(|pair| pair.last()).map(|word| word.text.to_uppercase());
    if !language.is_none_or(|name| matches!(name.as_str(), "SQL" | "PLPGSQL")) {
        return None;
    }
    let open = text.find('$')?;
    let rest = text.get(open + 1..)?;
    let tag = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    (rest.as_bytes().get(tag) == Some(&b'$')).then_some(())?;
    let quote = text.get(open..open + tag + 2)?;
    let from = open + quote.len();
    let len = text.get(from..)?.find(quote)?;
    Some((from, text.get(from..from + len)?))
}

/// The text that `EXECUTE IMMEDIATE '…'`, `EXEC ('…')` and `EXEC sp_executesql N'…'` run.
pub(super) fn executed(words: &[Word]) -> Option<Executed> {
    let first = words.first()?.upper.as_str();
    if !matches!(first, "EXEC" | "EXECUTE") {
        return None;
    }
    // BigQuery's texts may stand in double quotes.
    let is_text = |word: &&Word| word.literal || word.text.contains(' ');
    let literal = words.iter().take(5).find(is_text);
    let joined = words.iter().any(|word| matches!(word.upper.as_str(), "||" | "+" | "CONCAT" | "FORMAT"));
    let immediate = words.get(1).is_some_and(|word| word.upper == "IMMEDIATE");
    match literal {
        Some(literal) if !joined => {
            let text = literal.text.replace("''", "'");
            let start = text.split_whitespace().next().unwrap_or_default().to_uppercase();
            STARTS.contains(&start.as_str()).then_some(Executed::Text(text))
        }
        _ if immediate || joined => Some(Executed::Unknown),
        _ => None,
    }
}

/// What a dynamic statement runs.
pub(super) enum Executed {
    /// A text that stands there.
    Text(String),
    /// A text that is put together at run time.
    Unknown,
}
