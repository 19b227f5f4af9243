//! Names in SQL. They are keys: in lower case and without quotes, whatever the dialect, so that those of other readers
//! meet them. A column that a quoted name tells apart from what the same letters mean without quotes (`"Email"` in
//! PostgreSQL, `"email"` in Snowflake) keeps its quotes and its case as long as a table or query has the other one too.
//! Names of tables do not: two that differ in case alone are taken for one.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{Expr, Ident, JsonPathElem, ObjectName, ObjectNamePart};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::Dialect;

/// What becomes of the case of names.
///
/// Sources: PostgreSQL 17 documentation, 4.1.1; Amazon Redshift, "Names and identifiers"; Snowflake, "Identifier
/// requirements"; ISO/IEC 9075-2, 5.4; the others compare columns without case, quoted or not (BigQuery, "Lexical
/// structure"; MySQL 8.4, 11.2.3; Spark, "Identifiers"; DuckDB, "Keywords and identifiers"; T-SQL by its collation, which
/// by default does not look at it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// Without quotes they become capitals.
    Upper,
    /// Without quotes they become small letters.
    Lower,
    /// It says nothing.
    Ignored,
    /// Nobody says which dialect it is.
    Unknown,
}

impl Case {
    pub(super) fn of(dialect: Option<Dialect>) -> Case {
        match dialect {
            None => Case::Unknown,
            Some(Dialect::Ansi | Dialect::Snowflake) => Case::Upper,
            Some(Dialect::Postgres | Dialect::Redshift) => Case::Lower,
            Some(
                Dialect::BigQuery
                | Dialect::Databricks
                | Dialect::DuckDb
                | Dialect::Hive
                | Dialect::Mysql
                | Dialect::Tsql,
            ) => Case::Ignored,
        }
    }

    /// The key of a column that is called `stored` in its catalog.
    pub(super) fn key(self, stored: &str) -> String {
        let is_name = stored.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '$' | ' ' | '-'));
        let is_apart = match self {
            Case::Upper => stored.chars().any(char::is_lowercase),
            Case::Lower => stored.chars().any(char::is_uppercase),
            Case::Unknown => stored.chars().any(char::is_lowercase) && stored.chars().any(char::is_uppercase),
            Case::Ignored => false,
        };
        if is_name && is_apart { format!("\"{stored}\"") } else { stored.to_lowercase() }
    }

    /// Marks the quoted names in `tokens` that are told apart from others by case.
    pub(super) fn mark(self, tokens: &mut [TokenWithSpan]) {
        for token in tokens {
            if let Token::Word(word) = &mut token.token
                && word.quote_style == Some('"')
                && word.keyword == Keyword::NoKeyword
            {
                let key = self.key(&word.value);
                if is_apart(&key) {
                    word.value = key;
                }
            }
        }
    }
}

/// Whether a key is one that case tells apart.
pub(super) fn is_apart(key: &str) -> bool {
    key.len() > 2 && key.starts_with('"') && key.ends_with('"')
}

/// The key of the column that the same letters mean where case says nothing.
pub(super) fn plain(key: &str) -> String {
    let bare = if is_apart(key) { key.trim_matches('"') } else { key };
    bare.to_lowercase()
}

/// Whether two keys have the same letters, whatever their case.
pub(super) fn same_letters(one: &str, other: &str) -> bool {
    let bare = |key: &str| -> (usize, usize) { if is_apart(key) { (1, key.len() - 1) } else { (0, key.len()) } };
    let ((a, b), (c, d)) = (bare(one), bare(other));
    match (one.get(a..b), other.get(c..d)) {
        (Some(one), Some(other)) if one.is_ascii() && other.is_ascii() => one.eq_ignore_ascii_case(other),
        (Some(one), Some(other)) => one.to_lowercase() == other.to_lowercase(),
        _ => false,
    }
}

/// The keys of the columns of one table or list: those that case tells apart keep it only if another one has the same
/// letters.
pub(super) fn settled(keys: &[String]) -> Vec<String> {
    let alike = Alike::of(keys);
    keys.iter().map(|key| if is_apart(key) && alike.is_alone(key) { plain(key) } else { key.clone() }).collect()
}

/// Keys by their letters.
pub(super) struct Alike<'k>(BTreeMap<String, BTreeSet<&'k str>>);

impl<'k> Alike<'k> {
    pub(super) fn of(keys: &'k [String]) -> Alike<'k> {
        let mut alike: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        if keys.iter().any(|key| is_apart(key)) {
            for key in keys {
                alike.entry(plain(key)).or_default().insert(key);
            }
        }
        Alike(alike)
    }

    /// Whether no other key has the letters of `key`.
    pub(super) fn is_alone(&self, key: &str) -> bool {
        self.0.get(&plain(key)).is_none_or(|keys| keys.iter().all(|held| *held == key))
    }
}

/// A qualified name in lower case, without quotes.
pub(super) fn name_of(name: &ObjectName) -> String {
    let parts: Vec<String> = name
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) if ident.value.contains('/') => ident.value.clone(),
            ObjectNamePart::Identifier(ident) => plain(&ident.value),
            // `IDENTIFIER('db.t')`
            ObjectNamePart::Function(function) => match function.args.first() {
                Some(sqlparser::ast::FunctionArg::Unnamed(sqlparser::ast::FunctionArgExpr::Expr(Expr::Value(
                    value,
                )))) => value.value.clone().into_string().unwrap_or_default().to_lowercase(),
                _ => function.name.value.to_lowercase(),
            },
        })
        .filter(|part| !part.is_empty())
        .collect();
    parts.join(".")
}

/// What stands behind the last dot.
pub(super) fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// An identifier in lower case.
pub(super) fn lower(ident: &Ident) -> String {
    plain(&ident.value)
}

/// The key of a column.
pub(super) fn column(ident: &Ident) -> String {
    if is_apart(&ident.value) { ident.value.clone() } else { ident.value.to_lowercase() }
}

/// The key of the column that stands behind the last dot.
pub(super) fn last_column(name: &ObjectName) -> String {
    match name.0.last() {
        Some(ObjectNamePart::Identifier(ident)) if is_apart(&ident.value) => column(ident),
        _ => last_part(&name_of(name)).to_owned(),
    }
}

/// The name of an output column without an alias; `?` where dialects differ.
pub(super) fn output_name(expr: &Expr) -> String {
    match expr {
        Expr::Identifier(ident) => column(ident),
        Expr::CompoundIdentifier(parts) => parts.last().map_or_else(String::new, column),
        Expr::Named { name, .. } => column(name),
        Expr::Cast { expr, .. } | Expr::Nested(expr) | Expr::Prior(expr) => output_name(expr),
        Expr::JsonAccess { path, .. } => match path.path.last() {
            Some(JsonPathElem::Dot { key, .. }) => key.to_lowercase(),
            _ => "?".to_owned(),
        },
        Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last() {
            Some(sqlparser::ast::AccessExpr::Dot(expr)) => output_name(expr),
            _ => "?".to_owned(),
        },
        Expr::Function(function) => last_part(&name_of(&function.name)).to_owned(),
        _ => "?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_case_tells_apart_stay_apart_only_beside_each_other() {
        let keys = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect::<Vec<String>>();
        assert_eq!(settled(&keys(&["\"Email\"", "id"])), ["email", "id"]);
        assert_eq!(settled(&keys(&["\"Email\"", "email"])), ["\"Email\"", "email"]);
        assert_eq!(settled(&keys(&["\"EMail\"", "\"Email\"", "\"Id\""])), ["\"EMail\"", "\"Email\"", "id"]);
        assert!(same_letters("\"Email\"", "email") && same_letters("\"Größe\"", "größe"));
        assert!(!same_letters("\"Email\"", "mail") && !same_letters("\"", "\"\""));
        let many: Vec<String> = (0..100_000).map(|n| format!("\"Column{n}\"")).collect();
        assert_eq!(settled(&many).last().map(String::as_str), Some("column99999"));
    }
}
