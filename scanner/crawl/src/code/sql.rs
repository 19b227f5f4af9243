//! SQL: scripts, dbt models, and SQL in strings, through one reader.
//!
//! A text is split into statements first, so that one that does not parse is one gap. Statements that every
//! vendor writes in its own way (grants, masking, copies) are read by words, the others by a parser that
//! tries the dialects in turn.

mod answer;
mod block;
mod change;
mod copy;
mod dialect;
mod expression;
mod from;
mod function;
mod grant;
mod lineage;
mod mask;
mod model;
mod name;
mod permit;
mod position;
mod relation;
mod repair;
mod run;
mod schema;
mod several;
mod split;
mod word;
mod written;

use aedile_model::{Gap, GapKind, Place};
use sqlparser::ast;
use sqlparser::parser::{Parser, ParserError, ParserOptions};
use sqlparser::tokenizer::Tokenizer;

pub use answer::{SqlColumn, SqlEdge, SqlLineage, sql_lineage, sql_schema};
pub use dialect::Dialect;
pub(crate) use run::{Run, run};
pub(crate) use schema::Schemas;
pub(crate) use written::{lineage_links, table_asset};

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
    /// The dialect, where somebody said it.
    pub(crate) dialect: Option<Dialect>,
    /// Whether it stands in a procedure or function.
    pub(crate) in_code: bool,
    /// Whether it puts columns where their names are, not where they stand.
    pub(crate) by_name: bool,
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
    /// A model is trained.
    Model(model::Model),
}

/// Scripts in scripts that are followed: bodies of procedures, texts that are executed.
const NESTED: usize = 4;

impl Script {
    /// The statements of `text`. What does not parse goes to `gaps`; a gap's place has an empty path
    /// where `offsets` do not know it.
    pub(crate) fn parse(text: &str, offsets: Offsets, gaps: &mut Vec<Gap>) -> Script {
        Script::parse_as(text, offsets, None, gaps)
    }

    /// The same, in `dialect` first.
    pub(crate) fn parse_as(text: &str, offsets: Offsets, dialect: Option<Dialect>, gaps: &mut Vec<Gap>) -> Script {
        let mut reading = Reading { script: Script::default(), offsets, dialect, gaps, depth: 0, in_code: false };
        reading.read(text, 0);
        reading.script
    }

    /// Whether nothing in the text was a statement.
    pub(crate) fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }
}

/// A text as it is read into a script.
struct Reading<'g> {
    script: Script,
    offsets: Offsets,
    dialect: Option<Dialect>,
    gaps: &'g mut Vec<Gap>,
    depth: usize,
    in_code: bool,
}

impl Reading<'_> {
    /// Reads `text`, which stands after `shift` bytes of the whole.
    fn read(&mut self, text: &str, shift: usize) {
        for piece in split::statements(text) {
            self.piece(piece.text, shift + piece.start);
        }
    }

    fn gap(&mut self, start: usize, len: usize, kind: GapKind, message: String) {
        let place = self.offsets.place(start, start + len).unwrap_or_else(|| Place::file(&"".into()));
        self.gaps.push(Gap { place, kind, message });
    }

    fn piece(&mut self, text: &str, start: usize) {
        let words = word::words(text);
        let head: Vec<&str> = words.iter().take(8).map(|word| word.upper.as_str()).collect();
        let Some(&first) = head.first() else { return };
        if self.depth < NESTED
            && let Some((from, body)) = block::body(&words, text)
        {
            self.nested(body, start + from);
            return;
        }
        match block::executed(&words) {
            Some(block::Executed::Text(text)) if self.depth < NESTED => {
                // What was quoted twice stands elsewhere: the place is that of the statement.
                self.nested(&text, start);
                return;
            }
            Some(_) => {
                let message = "sql that is put together at run time is not read".to_owned();
                self.gap(start, text.len(), GapKind::Unresolved, message);
                return;
            }
            None => {}
        }
        if let Some(from) = block::start(&words).filter(|from| *from > 0 && self.depth < NESTED) {
            let was = std::mem::replace(&mut self.in_code, true);
            self.depth += 1;
            if let Some(inner) = text.get(from..) {
                self.piece(inner, start + from);
            }
            self.depth -= 1;
            self.in_code = was;
            return;
        }
        let tags = matches!(first, "SET" | "UNSET") && head.get(1) == Some(&"TAG");
        if !STATEMENTS.contains(&first) && !tags {
            return;
        }
        let operators = words
            .iter()
            .filter(|word| matches!(word.upper.as_str(), "AND" | "OR" | "UNION" | "||" | "+" | "-" | "*" | "/"))
            .count();
        if operators > OPERATORS && !words.iter().any(|word| word.upper == "VALUES") || words.len() > 400_000 {
            let message = format!("sql not parsed: more than {OPERATORS} operators in one statement");
            self.gap(start, text.len(), GapKind::Limit, message);
            return;
        }
        let mut by_name = false;
        let contents = if let Some(grant) = grant::read(&words) {
            vec![Content::Grant(grant)]
        } else if let masks = mask::read(&words)
            && !masks.is_empty()
        {
            masks.into_iter().map(Content::Mask).collect()
        } else if let Some(copy) = copy::read(&words, text) {
            vec![Content::Copy(copy)]
        } else if let Some(model) = model::read(&words, text) {
            vec![Content::Model(model)]
        } else if let Some(inserts) = several::inserts(&words, text) {
            let parsed: Vec<_> = inserts.iter().map(|text| parse_within_bounds(text, self.dialect)).collect();
            if parsed.iter().any(Result::is_err) {
                let message = "an insert into several tables does not parse in any dialect known".to_owned();
                self.gap(start, text.len(), GapKind::Unparsed, message);
            }
            parsed.into_iter().flatten().flatten().map(|statement| Content::Ast(Box::new(statement))).collect()
        } else {
            let mut parsed = parse_within_bounds(text, self.dialect);
            if matches!(parsed, Err(TooDeep(false)))
                && let Some((text, made)) = repair::repaired(&words, text)
            {
                by_name = made.by_name;
                parsed = parse_within_bounds(&text, self.dialect)
                    .map(|statements| statements.into_iter().map(|statement| with(statement, &made)).collect());
            }
            if matches!(parsed, Err(TooDeep(false)))
                && let Some(text) = repair::rewritten(&words, text)
            {
                parsed = parse_within_bounds(&text, self.dialect);
            }
            match parsed {
                Ok(statements) => statements.into_iter().map(|statement| Content::Ast(Box::new(statement))).collect(),
                Err(TooDeep(true)) => {
                    let message = format!("sql not parsed: a statement ({}) is nested too deep", first.to_lowercase());
                    self.gap(start, text.len(), GapKind::Limit, message);
                    return;
                }
                Err(TooDeep(false)) => Vec::new(),
            }
        };
        if contents.is_empty() && MOVING.contains(&first) && !defines_code(&head) {
            let message = format!("a sql statement ({}) does not parse in any dialect known", first.to_lowercase());
            self.gap(start, text.len(), GapKind::Unparsed, message);
        }
        self.script.statements.extend(contents.into_iter().map(|content| Statement {
            start,
            end: start + text.len(),
            text: text.to_owned(),
            content,
            dialect: self.dialect,
            in_code: self.in_code,
            by_name,
        }));
    }

    /// A script inside this one.
    fn nested(&mut self, text: &str, start: usize) {
        let was = std::mem::replace(&mut self.in_code, true);
        self.depth += 1;
        self.read(text, start);
        self.depth -= 1;
        self.in_code = was;
    }
}

/// `statement` with what was blanked of its text.
fn with(mut statement: ast::Statement, made: &repair::Made) -> ast::Statement {
    match &mut statement {
        ast::Statement::CreateTable(table) => {
            table.location = table.location.take().or_else(|| made.location.clone());
            table.columns.extend(made.columns.iter().map(|name| ast::ColumnDef {
                name: ast::Ident::new(name.as_str()),
                data_type: ast::DataType::Unspecified,
                options: Vec::new(),
            }));
        }
        ast::Statement::CreateView(view) => {
            view.columns.extend(made.columns.iter().map(|name| ast::ViewColumnDef {
                name: ast::Ident::new(name.as_str()),
                data_type: None,
                options: None,
            }));
        }
        _ => {}
    }
    statement
}

/// Why no dialect takes a text: whether it is nested deeper than the parser descends (50 levels).
struct TooDeep(bool);

/// `text` by the first dialect that takes it.
pub(crate) fn parse(text: &str) -> Option<ast::Statement> {
    parse_within_bounds(text, None).ok().and_then(|mut statements| statements.pop())
}

/// The statements of `text`: one, or several where T-SQL has no semicolon between them.
fn parse_within_bounds(text: &str, dialect: Option<Dialect>) -> Result<Vec<ast::Statement>, TooDeep> {
    let case = name::Case::of(dialect);
    for parser in dialect::parsers(dialect) {
        match read(text, parser, case, Parser::new(parser)) {
            Ok(statements) if statements.len() == 1 => return Ok(statements),
            // Another dialect would descend as far.
            Err(ParserError::RecursionLimitExceeded) => return Err(TooDeep(true)),
            Ok(_) | Err(_) => {}
        }
    }
    let options = ParserOptions { require_semicolon_stmt_delimiter: false, ..ParserOptions::default() };
    let tsql = sqlparser::dialect::MsSqlDialect {};
    let parsed = read(text, &tsql, name::Case::Ignored, Parser::new(&tsql).with_options(options));
    parsed.map_err(|_| TooDeep(false))
}

/// The statements of `text` by one parser, names that case tells apart marked.
fn read(
    text: &str,
    dialect: &dyn sqlparser::dialect::Dialect,
    case: name::Case,
    parser: Parser<'_>,
) -> Result<Vec<ast::Statement>, ParserError> {
    let mut tokens = Tokenizer::new(dialect, text).tokenize_with_location()?;
    case.mark(&mut tokens);
    parser.with_tokens_with_locations(tokens).parse_statements()
}

/// Adds the tables that `script` defines, with the columns it lists.
pub(crate) fn declare(script: &Script, schemas: &mut Schemas) {
    for statement in &script.statements {
        if let Content::Ast(ast) = &statement.content
            && let ast::Statement::CreateTable(table) = &**ast
            && !table.temporary
        {
            let names: Vec<String> = table.columns.iter().map(|column| name::column(&column.name)).collect();
            schemas.add(&name::name_of(&table.name), name::settled(&names));
        }
    }
}

/// First words of statements that are read; anything else is no SQL or says nothing of data.
const STATEMENTS: [&str; 24] = [
    "ALTER", "ATTACH", "CACHE", "COPY", "CREATE", "DELETE", "EXPORT", "FROM", "GRANT", "INSERT", "LOAD", "MERGE",
    "PUT", "RENAME", "REPLACE", "REVOKE", "SELECT", "TABLE", "TRUNCATE", "UNLOAD", "UPDATE", "USE", "WITH", "(",
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
