//! Tasks of an orchestration: what each runs, after which others, and whether it decides over what follows.
//!
//! They are kept on the orchestrating asset as the attribute `tasks`, a list of maps.

use std::collections::{BTreeMap, BTreeSet};

use aedile_model::Value;

/// One task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Task {
    /// Its name, distinct among the tasks of the orchestration.
    pub(crate) key: String,
    /// The tasks that it waits for.
    pub(crate) after: BTreeSet<String>,
    /// The files of code that it runs, relative to the root.
    pub(crate) runs: BTreeSet<String>,
    /// Whether it decides over what follows.
    pub(crate) gate: Option<Gate>,
    /// What it does where that is not in the sources.
    pub(crate) unread: Option<String>,
}

/// How a task decides over what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    /// By how good a model is.
    Measure,
    /// By a person.
    Approval,
    /// Perhaps by a person: that is set where sources do not tell.
    Person,
}

/// The attribute's name.
pub(crate) const TASKS: &str = "tasks";

/// `tasks` as a value.
pub(crate) fn value(tasks: &[Task]) -> Value {
    let texts = |of: &BTreeSet<String>| Value::List(of.iter().map(|text| Value::from(text.as_str())).collect());
    let one = |task: &Task| {
        let mut map = BTreeMap::from([("key".to_owned(), Value::from(task.key.as_str()))]);
        let lists = [("after", &task.after), ("runs", &task.runs)];
        map.extend(lists.into_iter().filter(|(_, of)| !of.is_empty()).map(|(name, of)| (name.to_owned(), texts(of))));
        let gate = task.gate.map(|gate| match gate {
            Gate::Measure => "measure",
            Gate::Approval => "approval",
            Gate::Person => "person",
        });
        map.extend(gate.map(|gate| ("gate".to_owned(), gate.into())));
        map.extend(task.unread.as_deref().map(|what| ("unread".to_owned(), what.into())));
        Value::Map(map)
    };
    Value::List(tasks.iter().map(one).collect())
}

/// The tasks that `value` holds.
pub(crate) fn read(value: &Value) -> Vec<Task> {
    let texts = |value: Option<&Value>| -> BTreeSet<String> {
        value.into_iter().flat_map(Value::items).filter_map(Value::as_text).map(str::to_owned).collect()
    };
    let one = |item: &Value| {
        let Value::Map(map) = item else { return None };
        Some(Task {
            key: map.get("key")?.as_text()?.to_owned(),
            after: texts(map.get("after")),
            runs: texts(map.get("runs")),
            gate: match map.get("gate").and_then(Value::as_text) {
                Some("measure") => Some(Gate::Measure),
                Some("approval") => Some(Gate::Approval),
                Some("person") => Some(Gate::Person),
                _ => None,
            },
            unread: map.get("unread").and_then(Value::as_text).map(str::to_owned),
        })
    };
    value.items().iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_tasks_is_read_again() {
        let tasks = vec![
            Task { key: "train".into(), runs: ["jobs/train.py".into()].into(), ..Task::default() },
            Task {
                key: "check".into(),
                after: ["train".into()].into(),
                gate: Some(Gate::Measure),
                unread: Some("an image".into()),
                ..Task::default()
            },
        ];
        assert_eq!(read(&value(&tasks)), tasks);
    }
}
