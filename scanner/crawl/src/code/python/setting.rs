//! Settings that code reads from files of the repository: YAML and JSON become the mappings that they are.

use super::interpret::Interpreter;
use super::value::Value;
use crate::yaml::{self, Kind, Node};

/// Bytes of a file of settings; longer ones are data.
const LONGEST: usize = 128 << 10;

impl<'w> Interpreter<'w> {
    /// What the file that code calls `path` holds, if it is among the scanned files.
    pub(super) fn settings_file(&self, path: &str) -> Option<Value<'w>> {
        self.seen.borrow_mut().files.insert((self.module, path.to_owned()));
        let file = self.world.file(self.module, path)?;
        let text = file.text.as_ref().filter(|text| text.len() <= LONGEST)?;
        let (nodes, _) = yaml::parse(text, NESTING);
        nodes.first().map(|node| value(node, 0))
    }
}

/// Levels of a file of settings.
const NESTING: usize = 32;

fn value<'w>(node: &Node, depth: usize) -> Value<'w> {
    match &node.kind {
        _ if depth > NESTING => Value::Unknown,
        Kind::List(items) => Value::List(items.iter().map(|item| value(item, depth + 1)).collect()),
        Kind::Map(_) => {
            let entry = |entry: &yaml::Entry| {
                let key = entry.key.str().unwrap_or_default().to_owned();
                (key, value(&entry.value, depth + 1))
            };
            Value::Map(node.entries().iter().map(entry).collect())
        }
        Kind::Scalar { .. } => match node.value() {
            aedile_model::Value::Bool(truth) => Value::Bool(truth),
            aedile_model::Value::Int(number) => Value::Int(number),
            aedile_model::Value::Text(text) => Value::text(text),
            aedile_model::Value::Null => Value::None,
            _ => node.str().map_or(Value::Unknown, Value::text),
        },
    }
}
