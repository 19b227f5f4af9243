//! The tasks of a job of Databricks.
//!
//! Source: docs.databricks.com/aws/en/dev-tools/bundles/job-task-types, "If/else condition task".

use aedile_rules::measure::is_measure;

use crate::iac::datum::Datum;
use crate::task::{Gate, Task};

/// Operators by which a number is held against another.
const ORDERING: [&str; 4] = ["GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL"];

/// Where the code of a task stands, relative to the root.
const CODE: [(&str, &str); 2] = [("spark_python_task", "python_file"), ("notebook_task", "notebook_path")];

/// Kinds of tasks that train and release nothing.
const PLAIN: [&str; 5] = ["alert_task", "condition_task", "dashboard_task", "dbt_task", "sql_task"];

/// The tasks of the job that `body` is.
pub(super) fn of(body: &Datum) -> Vec<Task> {
    body.member("task").map(Datum::items).unwrap_or_default().iter().filter_map(task).collect()
}

fn task(datum: &Datum) -> Option<Task> {
    let key = datum.member("task_key").and_then(Datum::text)?;
    let after = datum.member("depends_on").map(Datum::items).unwrap_or_default();
    let after = after.iter().filter_map(|one| one.member("task_key")?.text()).collect();
    let code = CODE.iter().filter_map(|(block, path)| datum.member(block)?.member(path)?.text());
    let runs: std::collections::BTreeSet<String> =
        code.filter(|path| path.ends_with(".py") || path.ends_with(".ipynb")).collect();
    let plain = PLAIN.iter().any(|block| datum.member(block).is_some());
    let unread = (runs.is_empty() && !plain).then(|| format!("task {key}"));
    let gate = datum.member("condition_task").filter(|condition| measures(condition)).map(|_| Gate::Measure);
    Some(Task { key, after, runs, gate, unread })
}

/// Whether a condition holds a value of another task against a number, or names a measure.
fn measures(condition: &Datum) -> bool {
    let text = |name: &str| condition.member(name).and_then(Datum::text).unwrap_or_default();
    let (left, right) = (text("left"), text("right"));
    let ordering = ORDERING.contains(&text("op").as_str());
    let names = |side: &str| side.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(is_measure);
    names(&left) || names(&right) || (ordering && (left.contains("tasks.") || right.contains("tasks.")))
}
