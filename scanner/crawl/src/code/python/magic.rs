//! What is not Python in a notebook: magics, shell lines, Databricks cells.

/// The language of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Language {
    /// Python, `%line` magics and `!commands` included.
    Python,
    /// SQL after a magic.
    Sql {
        /// Bytes of the magic before the SQL.
        skip: usize,
        /// The variable that gets the result.
        into: Option<String>,
    },
    /// Shell commands.
    Shell,
    /// Prose, or a language that is not read.
    Text,
}

/// The language that a notebook cell's first line says, Python without a magic.
pub(crate) fn cell_language(text: &str) -> Language {
    let start = text.len() - text.trim_start().len();
    let body = text.get(start..).unwrap_or_default();
    let line = body.lines().next().unwrap_or_default();
    let Some(command) =
        line.strip_prefix("%%").or_else(|| (line.starts_with("%sql") && body.lines().count() > 1).then(|| &line[1..]))
    else {
        return Language::Python;
    };
    let mut words = command.split_whitespace();
    match words.next().unwrap_or_default() {
        "sql" | "sparksql" | "spark_sql" | "jpsql" | "read_sql" => {
            // `%%sql SELECT …` on one line, or a connection or options and the SQL below.
            let rest = command.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
            let inline = rest.trim_start().get(..6).is_some_and(|head| {
                ["select", "create", "insert", "merge ", "with a", "delete", "update", "grant "]
                    .contains(&head.to_ascii_lowercase().as_str())
            });
            let skip =
                if inline || line.len() >= body.len() { start + line.len() - rest.len() } else { start + line.len() };
            let into = words.next().and_then(|word| word.strip_suffix("<<")).map(str::trim).map(ToOwned::to_owned);
            Language::Sql { skip, into: into.filter(|name| !name.is_empty()) }
        }
        "bigquery" | "redshift" | "snowflake" | "athena" | "duckdb" => Language::Sql {
            skip: start + line.len(),
            into: words.next().filter(|word| !word.starts_with('-')).map(ToOwned::to_owned),
        },
        "bash" | "sh" | "script" | "shell" => Language::Shell,
        "time" | "timeit" | "capture" | "local" | "python" | "python3" | "py" | "prun" | "pyspark" => Language::Python,
        _ => Language::Text,
    }
}

/// Whether `text` is a Databricks notebook exported as source.
pub(super) fn is_databricks(text: &str) -> bool {
    text.starts_with("# Databricks notebook source")
}

/// A cell of a Databricks source.
pub(super) struct DatabricksCell {
    /// Bytes of the file before the cell.
    pub(super) base: usize,
    /// The cell with `# MAGIC ` blanked, so that offsets are those of the file.
    pub(super) text: String,
    /// What it is written in.
    pub(super) language: Language,
}

/// The cells of a Databricks source.
pub(super) fn databricks_cells(text: &str) -> Vec<DatabricksCell> {
    const SEPARATOR: &str = "# COMMAND ----------";
    let mut cells = Vec::new();
    let mut base = 0;
    for piece in text.split(SEPARATOR) {
        let first = |line: &&str| !line.trim().is_empty() && !is_databricks(line);
        let magic = piece.lines().find(first).is_some_and(|line| line.starts_with("# MAGIC"));
        let (masked, language) = if magic {
            let masked = piece.replace("# MAGIC", "       ");
            let language = databricks_language(&masked);
            // A magic stands at the start of its line; nothing shifts.
            let masked =
                if language == Language::Python { masked.replace("        %", "\n\n\n\n\n\n\n\n%") } else { masked };
            (masked, language)
        } else {
            (piece.to_owned(), Language::Python)
        };
        cells.push(DatabricksCell { base, text: masked, language });
        base += piece.len() + SEPARATOR.len();
    }
    cells
}

fn databricks_language(masked: &str) -> Language {
    let mut start = 0;
    for line in masked.split_inclusive('\n').take_while(|line| line.trim().is_empty() || is_databricks(line)) {
        start += line.len();
    }
    let rest = masked.get(start..).unwrap_or_default();
    start += rest.len() - rest.trim_start().len();
    let word: String = masked.get(start..).unwrap_or_default().chars().take_while(|c| !c.is_whitespace()).collect();
    match word.as_str() {
        "%sql" => Language::Sql { skip: start + word.len(), into: None },
        "%sh" => Language::Shell,
        "%run" => Language::Python,
        _ => Language::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_the_language() {
        assert_eq!(cell_language("x = 1"), Language::Python);
        assert_eq!(cell_language("%%sql\nSELECT 1"), Language::Sql { skip: 5, into: None });
        assert_eq!(
            cell_language("%%bigquery df --project p\nSELECT 1"),
            Language::Sql { skip: 25, into: Some("df".into()) }
        );
        assert_eq!(cell_language("%%bash\nls"), Language::Shell);
        assert_eq!(cell_language("%%html\n<b>"), Language::Text);
        assert_eq!(cell_language("%%time\nx = 1"), Language::Python);
    }

    #[test]
    fn databricks_sql_keeps_the_offsets_of_the_file() {
        let text = "# Databricks notebook source\nx = 1\n# COMMAND ----------\n# MAGIC %sql\n# MAGIC SELECT a FROM t\n";
        let cells = databricks_cells(text);
        assert_eq!(cells.len(), 2);
        let at = cells[1].text.find("SELECT").unwrap();
        assert_eq!(&text[cells[1].base + at..][..8], "SELECT a");
    }
}
