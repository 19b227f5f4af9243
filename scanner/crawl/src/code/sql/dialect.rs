//! The dialects of SQL by name.

use sqlparser::dialect::{
    AnsiDialect, BigQueryDialect, DatabricksDialect, Dialect as Parser, DuckDbDialect, GenericDialect, HiveDialect,
    MsSqlDialect, MySqlDialect, PostgreSqlDialect, RedshiftSqlDialect, SnowflakeDialect,
};

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// The standard.
    Ansi,
    /// BigQuery.
    BigQuery,
    /// Databricks and Spark.
    Databricks,
    /// DuckDB.
    DuckDb,
    /// Hive.
    Hive,
    /// MySQL and MariaDB.
    Mysql,
    /// PostgreSQL.
    Postgres,
    /// Amazon Redshift.
    Redshift,
    /// Snowflake.
    Snowflake,
    /// SQL Server, Synapse, Fabric.
    Tsql,
}

/// The names that people write for dialects.
const NAMES: [(&str, Dialect); 19] = [
    ("ansi", Dialect::Ansi),
    ("athena", Dialect::Hive),
    ("bigquery", Dialect::BigQuery),
    ("databricks", Dialect::Databricks),
    ("duckdb", Dialect::DuckDb),
    ("fabric", Dialect::Tsql),
    ("hive", Dialect::Hive),
    ("mariadb", Dialect::Mysql),
    ("mssql", Dialect::Tsql),
    ("mysql", Dialect::Mysql),
    ("postgres", Dialect::Postgres),
    ("postgresql", Dialect::Postgres),
    ("redshift", Dialect::Redshift),
    ("snowflake", Dialect::Snowflake),
    ("spark", Dialect::Databricks),
    ("sparksql", Dialect::Databricks),
    ("sqlserver", Dialect::Tsql),
    ("synapse", Dialect::Tsql),
    ("tsql", Dialect::Tsql),
];

impl Dialect {
    /// The dialect of that name, in any case.
    #[must_use]
    pub fn named(name: &str) -> Option<Dialect> {
        let name = name.to_lowercase();
        NAMES.iter().find(|(held, _)| *held == name).map(|(_, dialect)| *dialect)
    }

    /// Every name that is known, sorted.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    fn parser(self) -> &'static dyn Parser {
        match self {
            Dialect::Ansi => &AnsiDialect {},
            Dialect::BigQuery => &BigQueryDialect,
            Dialect::Databricks => &DatabricksDialect {},
            Dialect::DuckDb => &DuckDbDialect {},
            Dialect::Hive => &HiveDialect {},
            Dialect::Mysql => &MySqlDialect {},
            Dialect::Postgres => &PostgreSqlDialect {},
            Dialect::Redshift => &RedshiftSqlDialect {},
            Dialect::Snowflake => &SnowflakeDialect,
            Dialect::Tsql => &MsSqlDialect {},
        }
    }
}

/// The parsers in the order in which they are tried: the one that was named, then all others.
pub(super) fn parsers(first: Option<Dialect>) -> impl Iterator<Item = &'static dyn Parser> {
    const GENERIC: &dyn Parser = &GenericDialect {};
    let all = [
        Dialect::Snowflake,
        Dialect::Databricks,
        Dialect::Postgres,
        Dialect::BigQuery,
        Dialect::DuckDb,
        Dialect::Redshift,
        Dialect::Tsql,
        Dialect::Mysql,
        Dialect::Hive,
    ];
    let rest = all.into_iter().filter(move |dialect| Some(*dialect) != first).map(Dialect::parser);
    first.map(Dialect::parser).into_iter().chain([GENERIC]).chain(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_read_in_any_case() {
        assert!(NAMES.is_sorted_by_key(|(name, _)| *name));
        assert_eq!(Dialect::named("PostgreSQL"), Some(Dialect::Postgres));
        assert_eq!(Dialect::named("oracle"), None);
    }
}
