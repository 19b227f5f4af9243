use std::collections::BTreeSet;

use serde_json::Value;

/// The part of a request that an attribute belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Side {
    Principal,
    Resource,
    Context,
}

/// What a policy's own expressions read and compare with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reads {
    /// Attributes, tested by `has` or read.
    pub(crate) attributes: BTreeSet<(Side, String)>,
    /// Whole numbers that stand in the policy.
    pub(crate) longs: BTreeSet<i64>,
    /// Texts that stand in the policy; of a `like` pattern the text that its literal parts make.
    pub(crate) texts: BTreeSet<String>,
}

impl Reads {
    /// What the policy of this JSON form reads.
    ///
    /// Without recursion: an untrusted policy decides how deep the tree is.
    pub(crate) fn of(policy: &Value) -> Reads {
        let mut reads = Reads::default();
        let mut waiting: Vec<&Value> = policy.get("conditions").into_iter().collect();
        while let Some(next) = waiting.pop() {
            match next {
                Value::Array(items) => waiting.extend(items),
                Value::Object(members) => {
                    for (key, value) in members {
                        reads.note(key, value);
                        waiting.push(value);
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        reads
    }

    fn note(&mut self, key: &str, value: &Value) {
        match key {
            "." | "has" => {
                let side = value.get("left").and_then(|left| left.get("Var")).and_then(Value::as_str).and_then(side);
                if let (Some(side), Some(attribute)) = (side, value.get("attr").and_then(Value::as_str)) {
                    self.attributes.insert((side, attribute.to_owned()));
                }
            }
            "Value" => match value {
                Value::Number(number) => self.longs.extend(number.as_i64()),
                Value::String(text) => {
                    self.texts.insert(text.clone());
                }
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
            },
            "like" => {
                let parts = value.get("pattern").and_then(Value::as_array).into_iter().flatten();
                self.texts.insert(parts.filter_map(|part| part.get("Literal").and_then(Value::as_str)).collect());
            }
            _ => {}
        }
    }
}

fn side(variable: &str) -> Option<Side> {
    match variable {
        "principal" => Some(Side::Principal),
        "resource" => Some(Side::Resource),
        "context" => Some(Side::Context),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_derived_from_the_expression_tree() {
        let policy = cedar_policy::Policy::parse(
            None,
            r#"forbid (principal, action, resource)
               when { resource has retentionDays && resource.name like "a*b" }
               unless { resource.retentionDays > 30 || context.approval == "Approved" };"#,
        )
        .unwrap();
        let reads = Reads::of(&policy.to_json().unwrap());
        let names: Vec<_> = reads.attributes.iter().map(|(side, name)| (*side, name.as_str())).collect();
        assert_eq!(names, [(Side::Resource, "name"), (Side::Resource, "retentionDays"), (Side::Context, "approval")]);
        assert_eq!(reads.longs, BTreeSet::from([30]));
        assert_eq!(reads.texts, BTreeSet::from(["Approved".to_owned(), "ab".to_owned()]));
    }
}
