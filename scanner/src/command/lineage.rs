//! `aedile lineage`.

use std::path::Path;

use aedile_audit::Ledger;
use aedile_crawl::{Dialect, SqlEdge, sql_lineage, sql_schema};
use miette::{IntoDiagnostic, Report, miette};
use serde_json::{Value, json};

use super::scan::{Asked as ScanAsked, scanned};
use crate::cli::LineageArgs;
use crate::config::Loaded;
use crate::lineage::{Answer, Asked, Edge, End, Map, dot, mermaid, text};
use crate::record::Run;
use crate::report::{Detail, openlineage};
use crate::run::Packs;
use crate::{ledger, terminal};

/// Bytes of a file of SQL that is read.
const SQL_BYTES: u64 = 64 << 20;

pub(super) fn run(args: &LineageArgs, detail: Detail) -> Result<u8, Report> {
    if let Some(file) = &args.sql {
        return sql(file, args);
    }
    let Some(name) = &args.asset else {
        return Err(miette!(
            code = "aedile::usage",
            help = "`aedile lineage clinic.patients`, or `aedile lineage --sql FILE --dialect NAME`",
            "an asset or `--sql` is needed"
        ));
    };
    let run = match &args.run {
        Some(id) => recorded(args, id)?,
        None => scanned(&args.target, ScanAsked { fail_on: Some("never"), ..ScanAsked::default() }, detail)?.0,
    };
    let map = Map::new(&run);
    let asked = map.find(name).map_err(|near| unknown(name, &near))?;
    let mut answer = map.answer(&asked, args.depth);
    if args.upstream {
        answer.downstream.clear();
    }
    if args.downstream {
        answer.upstream.clear();
    }
    let all: Vec<Edge> = answer.upstream.iter().chain(&answer.downstream).cloned().collect();
    let shown = match args.format.as_str() {
        "json" => {
            let answer = json!({
                "asset": { "kind": asked.kind, "asset": asked.asset, "column": asked.column },
                "upstream": answer.upstream, "downstream": answer.downstream,
                "complete": !answer.cut, "gaps": open_gaps(&run),
            });
            pretty(&answer)?
        }
        "dot" => dot(&all),
        "mermaid" => mermaid(&all),
        "openlineage" => openlineage::of_edges(&run.run.started, &openlineage::namespace(&run), &all)?,
        _ => told(&asked, &answer, args, &run),
    };
    terminal::print(&shown).into_diagnostic()?;
    Ok(0)
}

fn recorded(args: &LineageArgs, id: &str) -> Result<Run, Report> {
    let opened = Ledger::open(&args.ledger).map_err(super::log::ledger_error)?;
    let run = ledger::recorded(&opened, id).map_err(super::log::ledger_error)?;
    run.ok_or_else(|| super::report::unknown_run(&args.ledger, id))
}

fn unknown(name: &str, near: &[String]) -> Report {
    let help = match near {
        [] => "`aedile scan --format csv` lists the assets; a column is `table.column`".to_owned(),
        near => format!("do you mean {}?", near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    };
    let several = near.iter().any(|held| held.contains(':') && held.to_lowercase().contains(&name.to_lowercase()));
    if several && near.len() > 1 {
        return miette!(code = "aedile::lineage::ambiguous", help = help, "more than one asset is called `{name}`");
    }
    miette!(code = "aedile::lineage::unknown", help = help, "there is no asset or column `{name}`")
}

fn open_gaps(run: &Run) -> usize {
    run.coverage.gaps.iter().filter(|gap| gap.accepted.is_none()).count()
}

fn told(asked: &Asked, answer: &Answer, args: &LineageArgs, run: &Run) -> String {
    let width = terminal::look(Detail::Normal).width;
    let column = asked.column.as_ref().map(|column| format!(".{column}")).unwrap_or_default();
    let mut shown = format!("{}{column} ({})\n", asked.asset, asked.kind);
    let (give, decide): (Vec<Edge>, Vec<Edge>) = answer.upstream.iter().cloned().partition(Edge::is_direct);
    let (go, decided): (Vec<Edge>, Vec<Edge>) = answer.downstream.iter().cloned().partition(Edge::is_direct);
    let mut part = |title: &str, edges: &[Edge], none: &str| {
        if !edges.is_empty() {
            shown.push_str(&format!("\n{title}\n\n{}", text(edges, width)));
        } else if !none.is_empty() {
            shown.push_str(&format!("\n{none}\n"));
        }
    };
    if !args.downstream {
        part("COMES FROM", &give, "nothing is known of where it comes from");
        part("IS DECIDED BY", &decide, "");
    }
    if !args.upstream {
        part("GOES TO", &go, "nothing is known of where it goes");
        part("DECIDES OVER", &decided, "");
    }
    let mut close = format!("\n{} edges upstream, {} downstream", answer.upstream.len(), answer.downstream.len());
    if answer.cut {
        close.push_str("; there are more beyond the depth that was asked for");
    }
    if open_gaps(run) > 0 {
        close.push_str(&format!("; {} gaps: what was not read may add more", open_gaps(run)));
    }
    shown + &close + "\n"
}

fn sql(file: &Path, args: &LineageArgs) -> Result<u8, Report> {
    let dialect = args.dialect.as_deref().map(dialect).transpose()?;
    let loaded = Loaded::find(args.target.config.as_deref(), &[])?;
    let rules = Packs::load(&loaded)?.rules;
    let statements = read(file)?;
    let schema = match &args.schema {
        None => Vec::new(),
        Some(path) => schema(path, &rules)?,
    };
    let path = file.display().to_string().replace('\\', "/");
    let lineage = sql_lineage(&statements, &path, dialect, &schema, &rules);
    let lines = LineStarts::new(&statements);
    let column = |table: &str, column: Option<&str>| json!({ "table": table, "column": column });
    let edge = |edge: &SqlEdge| {
        json!({
            "from": column(&edge.from.table, Some(&edge.from.column)),
            "to": { "table": edge.table, "column": edge.column },
            "transform": edge.transform,
            "protection": edge.protection,
            "line": lines.line(edge.place.span.start),
        })
    };
    let edges: Vec<Edge> = lineage.edges.iter().map(|one| generic(one, &path, &lines)).collect();
    let shown = match args.format.as_str() {
        "json" => {
            let of = |direct: bool| -> Vec<Value> {
                lineage.edges.iter().filter(|one| one.direct == direct).map(edge).collect()
            };
            let gaps: Vec<Value> = lineage
                .gaps
                .iter()
                .map(|gap| json!({ "line": lines.line(gap.place.span.start), "message": gap.message }))
                .collect();
            pretty(&json!({
                "sources": lineage.sources, "targets": lineage.targets,
                "columns": of(true), "indirect": of(false), "gaps": gaps,
            }))?
        }
        "dot" => dot(&edges),
        "mermaid" => mermaid(&edges),
        "openlineage" => {
            let now = time::OffsetDateTime::now_utc();
            let now = now.replace_nanosecond(0).unwrap_or(now);
            let started = now.format(&time::format_description::well_known::Rfc3339).into_diagnostic()?;
            openlineage::of_edges(&started, "aedile", &edges)?
        }
        _ => {
            let list = |of: &std::collections::BTreeSet<String>| {
                if of.is_empty() { "nothing".to_owned() } else { of.iter().cloned().collect::<Vec<_>>().join(", ") }
            };
            let mut shown = format!("reads {}\nwrites {}\n", list(&lineage.sources), list(&lineage.targets));
            if !edges.is_empty() {
                shown.push_str(&format!("\n{}", text(&edges, terminal::look(Detail::Normal).width)));
            }
            shown
        }
    };
    terminal::print(&shown).into_diagnostic()?;
    for gap in &lineage.gaps {
        terminal::note(&format!("{path}:{}: {}", lines.line(gap.place.span.start), gap.message));
    }
    // What was not read would have said more.
    Ok(if lineage.gaps.is_empty() { 0 } else { 2 })
}

fn generic(edge: &SqlEdge, path: &str, lines: &LineStarts) -> Edge {
    let end = |table: &str, column: Option<&String>| End {
        kind: "Table".to_owned(),
        asset: table.to_owned(),
        column: column.cloned(),
    };
    Edge {
        from: end(&edge.from.table, Some(&edge.from.column)),
        to: end(edge.table.as_deref().unwrap_or("(result)"), edge.column.as_ref()),
        class: if edge.direct { "direct" } else { "indirect" },
        transform: edge.transform.to_owned(),
        protection: edge.protection.to_owned(),
        via: None,
        carries: Vec::new(),
        place: Some(format!("{path}:{}", lines.line(edge.place.span.start))),
    }
}

fn dialect(name: &str) -> Result<Dialect, Report> {
    Dialect::named(name).ok_or_else(|| {
        miette!(
            code = "aedile::lineage::dialect",
            help = format!("use one of {}", Dialect::names().collect::<Vec<_>>().join(", ")),
            "`{name}` is no dialect of SQL that is known"
        )
    })
}

fn read(file: &Path) -> Result<String, Report> {
    let refused = |reason: String| {
        miette!(
            code = "aedile::lineage::file",
            help = "name a file of SQL in UTF-8",
            "`{}` cannot be read: {reason}",
            file.display()
        )
    };
    let length = std::fs::metadata(file).map_err(|error| refused(error.to_string()))?.len();
    if length > SQL_BYTES {
        return Err(refused(format!("it has {length} bytes, and {SQL_BYTES} are the most that is read")));
    }
    std::fs::read_to_string(file).map_err(|error| refused(error.to_string()))
}

/// Tables and their columns: `CREATE TABLE` statements (`.sql`), or YAML or JSON (`table: [column, …]`, or
/// `table: {column: type, …}`).
fn schema(path: &Path, rules: &aedile_rules::Rules) -> Result<Vec<(String, Vec<String>)>, Report> {
    let text = read(path)?;
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("sql")) {
        let (tables, gaps) = sql_schema(&text, &path.display().to_string(), rules);
        return match gaps.first() {
            None => Ok(tables),
            Some(gap) => Err(miette!(
                code = "aedile::lineage::schema",
                help = "write it as YAML: `table: [column, …]`",
                "`{}` holds a statement that cannot be read: {}",
                path.display(),
                gap.message
            )),
        };
    }
    let refused = |reason: String| {
        miette!(
            code = "aedile::lineage::schema",
            help = "`table: [column, …]` in YAML or JSON, or CREATE TABLE statements in a .sql file",
            "`{}` is no schema: {reason}",
            path.display()
        )
    };
    let value: Value = serde_yaml::from_str(&text).map_err(|error| refused(error.to_string()))?;
    let tables = value.as_object().ok_or_else(|| refused("it is no mapping of tables".to_owned()))?;
    tables
        .iter()
        .map(|(table, columns)| {
            let names: Option<Vec<String>> = match columns {
                Value::Array(names) => names.iter().map(|name| name.as_str().map(str::to_owned)).collect(),
                Value::Object(types) => Some(types.keys().cloned().collect()),
                _ => None,
            };
            names
                .map(|names| (table.clone(), names))
                .ok_or_else(|| refused(format!("the columns of `{table}` are no list")))
        })
        .collect()
}

fn pretty(value: &Value) -> Result<String, Report> {
    Ok(serde_json::to_string_pretty(value).into_diagnostic()? + "\n")
}

/// Where the lines of a text start, in bytes.
struct LineStarts(Vec<usize>);

impl LineStarts {
    fn new(text: &str) -> LineStarts {
        LineStarts(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The line of a byte, from 1.
    fn line(&self, byte: u32) -> usize {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        self.0.partition_point(|start| *start <= byte).max(1)
    }
}
