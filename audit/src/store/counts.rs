//! What a run-end entry counts, so that a missing entry shows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use aedile_formats::Kind;

/// The entries of a run from its run-start up to, and without, its run-end.
///
/// Written as `{"kind": {…}, "policy": {…}}`: entries by kind, and findings by the text in their data's `policy`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    kind: BTreeMap<&'static str, u64>,
    policy: BTreeMap<String, u64>,
}

impl Counts {
    pub(crate) fn add(&mut self, kind: Kind, data: &Value) {
        *self.kind.entry(kind.name()).or_default() += 1;
        if kind == Kind::Finding
            && let Some(policy) = data.get("policy").and_then(Value::as_str)
        {
            match self.policy.get_mut(policy) {
                Some(count) => *count += 1,
                None => drop(self.policy.insert(policy.to_owned(), 1)),
            }
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        json!({"kind": self.kind, "policy": self.policy})
    }
}
