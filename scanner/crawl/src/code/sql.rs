//! SQL: scripts, dbt models, and SQL in strings, through one reader.
//!
//! A text is split into statements first, so that one that does not parse is one gap. Statements that every
//! vendor writes in its own way (grants, masking, copies) are read by words, the others by a parser that
//! tries the dialects in turn.

mod copy;
mod grant;
mod lineage;
mod mask;
mod run;
mod schema;
mod split;
mod word;

use aedile_model::{Gap, GapKind, Place};
use sqlparser::ast;
use sqlparser::dialect::{
    BigQueryDialect, DatabricksDialect, Dialect, DuckDbDialect, GenericDialect, MsSqlDialect, MySqlDialect,
    PostgreSqlDialect, RedshiftSqlDialect, SnowflakeDialect,
};
use sqlparser::parser::{Parser, ParserError};

pub(crate) use run::{Run, lineage_links, run, table_asset};
pub(crate) use schema::Schemas;

use crate::code::origin::Offsets;

/// Binary operators of one statement; beyond it the tree would be too deep to walk.
const OPERATORS: usize = 1_500;

/// The statements of a text.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) statements: Vec<Statement>,
}

/// One statement and where it stands in the text.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) text: String,
    pub(crate) content: Content,
}

/// What a statement is.
#[derive(Debug)]
pub(crate) enum Content {
    /// Parsed in full.
    Ast(Box<ast::Statement>),
    /// `GRANT`, `REVOKE`, `CREATE ROLE`.
    Grant(grant::Grant),
    /// A mask or row policy is attached.
    Mask(mask::Mask),
    /// Data is loaded from or unloaded to files.
    Copy(copy::Copy),
}

impl Script {
    /// The statements of `text`. What does not parse goes to `gaps`; a gap's place has an empty path
    /// where `offsets` do not know it.
    pub(crate) fn parse(text: &str, offsets: Offsets, gaps: &mut Vec<Gap>) -> Script {
        let mut script = Script::default();
        for piece in split::statements(text) {
            let mut gap = |kind, message: String| {
                let place = offsets
                    .place(piece.start, piece.start + piece.text.len())
                    .unwrap_or_else(|| Place::file(&"".into()));
                gaps.push(Gap { place, kind, message });
            };
            let words = word::words(piece.text);
            let head: Vec<&str> = words.iter().take(8).map(|word| word.upper.as_str()).collect();
            let Some(first) = head.first() else { continue };
            if !STATEMENTS.contains(first) {
                continue;
            }
            let operators = words
                .iter()
                .filter(|word| matches!(word.upper.as_str(), "AND" | "OR" | "UNION" | "||" | "+" | "-" | "*" | "/"))
                .count();
            if operators > OPERATORS && !words.iter().any(|word| word.upper == "VALUES") || words.len() > 400_000 {
                gap(GapKind::Limit, format!("sql not parsed: more than {OPERATORS} operators in one statement"));
                continue;
            }
            let content = if let Some(grant) = grant::read(&words) {
                Some(Content::Grant(grant))
            } else if let Some(mask) = mask::read(&words) {
                Some(Content::Mask(mask))
            } else if let Some(copy) = copy::read(&words, piece.text) {
                Some(Content::Copy(copy))
            } else {
                match parse_within_bounds(piece.text) {
                    Ok(statement) => Some(Content::Ast(Box::new(statement))),
                    Err(TooDeep(true)) => {
                        gap(
                            GapKind::Limit,
                            format!("sql not parsed: a statement ({}) is nested too deep", first.to_lowercase()),
                        );
                        continue;
                    }
                    Err(TooDeep(false)) => None,
                }
            };
            match content {
                Some(content) => script.statements.push(Statement {
                    start: piece.start,
                    end: piece.start + piece.text.len(),
                    text: piece.text.to_owned(),
                    content,
                }),
                None if MOVING.contains(first) && !defines_code(&head) => gap(
                    GapKind::Unparsed,
                    format!("a sql statement ({}) does not parse in any dialect known", first.to_lowercase()),
                ),
                None => {}
            }
        }
        script
    }

    /// Whether nothing in the text was a statement.
    pub(crate) fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

/// Why no dialect takes a text: whether it is nested deeper than the parser descends (50 levels).
struct TooDeep(bool);

/// `text` by the first dialect that takes it.
pub(crate) fn parse(text: &str) -> Option<ast::Statement> {
    parse_within_bounds(text).ok()
}

fn parse_within_bounds(text: &str) -> Result<ast::Statement, TooDeep> {
    let dialects: [&dyn Dialect; 10] = [
        &GenericDialect {},
        &SnowflakeDialect {},
        &DatabricksDialect {},
        &PostgreSqlDialect {},
        &BigQueryDialect {},
        &DuckDbDialect {},
        &RedshiftSqlDialect {},
        &MsSqlDialect {},
        &MySqlDialect {},
        &sqlparser::dialect::HiveDialect {},
    ];
    for dialect in dialects {
        match Parser::new(dialect).try_with_sql(text).and_then(|mut parser| parser.parse_statements()) {
            Ok(mut statements) if statements.len() == 1 => return statements.pop().ok_or(TooDeep(false)),
            // Another dialect would descend as far.
            Err(ParserError::RecursionLimitExceeded) => return Err(TooDeep(true)),
            Ok(_) | Err(_) => {}
        }
    }
    Err(TooDeep(false))
}

/// Adds the tables that `script` defines, with the columns it lists.
pub(crate) fn declare(script: &Script, schemas: &mut Schemas) {
    for statement in &script.statements {
        if let Content::Ast(ast) = &statement.content
            && let ast::Statement::CreateTable(table) = &**ast
            && !table.temporary
        {
            schemas.add(
                &lineage::name_of(&table.name),
                table.columns.iter().map(|column| column.name.value.to_lowercase()),
            );
        }
    }
}

/// First words of statements that are read; anything else is no SQL or says nothing of data.
const STATEMENTS: [&str; 21] = [
    "ALTER", "ATTACH", "COPY", "CREATE", "DELETE", "EXPORT", "FROM", "GRANT", "INSERT", "LOAD", "MERGE", "PUT",
    "REPLACE", "REVOKE", "SELECT", "TRUNCATE", "UNLOAD", "UPDATE", "USE", "WITH", "(",
];

/// `CREATE OR REPLACE FUNCTION …` and the like: they define what may run, and move nothing themselves.
fn defines_code(head: &[&str]) -> bool {
    const CODE: [&str; 7] = ["FUNCTION", "PROCEDURE", "PROC", "TRIGGER", "EXTENSION", "SEQUENCE", "INDEX"];
    head.first() == Some(&"CREATE")
        && head
            .iter()
            .skip(1)
            .find(|word| {
                !matches!(
                    **word,
                    "OR" | "REPLACE" | "ALTER" | "TEMP" | "TEMPORARY" | "SECURE" | "UNIQUE" | "AGGREGATE" | "EXTERNAL"
                )
            })
            .is_some_and(|word| CODE.contains(word))
}

/// Of these, the ones that move or define data, so that not reading one is worth a gap.
const MOVING: [&str; 12] =
    ["COPY", "CREATE", "EXPORT", "GRANT", "INSERT", "MERGE", "REPLACE", "REVOKE", "SELECT", "UNLOAD", "UPDATE", "WITH"];

#[cfg(test)]
mod tests;
