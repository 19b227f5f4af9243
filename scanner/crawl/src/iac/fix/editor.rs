//! Edits of the text of a resource, in the language that it is written in.

use std::rc::Rc;

use aedile_model::Patch;

use super::content::{Written, logical, written};
use super::path::Segment;
use super::{NESTING, Workshop, hcl, inside, yaml};

/// A file with the place of the resource in it.
pub(super) enum Editor<'t> {
    Hcl(Rc<hcl::Hcl<'t>>, usize),
    /// The place of the node, and the member of it that paths begin in.
    Yaml(Rc<yaml::Yaml<'t>>, usize, usize, Option<&'static str>),
}

impl Editor<'_> {
    pub(super) fn set(&self, path: &[Segment], value: Written) -> Result<Vec<Patch>, String> {
        match (self, value) {
            (Editor::Hcl(file, start), Written::Hcl(value)) => file.set(file.block(*start)?, path, &value),
            (Editor::Yaml(file, start, end, within), Written::Yaml(value)) => {
                file.set(file.node(*start, *end)?, &inside(*within, path), &value)
            }
            _ => Err("the value is of another language".to_owned()),
        }
    }

    pub(super) fn append(&self, path: &[Segment], value: Written) -> Result<Vec<Patch>, String> {
        match (self, value) {
            (Editor::Hcl(file, start), Written::Hcl(value)) => file.append(file.block(*start)?, path, &value),
            (Editor::Yaml(file, start, end, within), Written::Yaml(value)) => {
                file.append(file.node(*start, *end)?, &inside(*within, path), &value)
            }
            _ => Err("the value is of another language".to_owned()),
        }
    }

    pub(super) fn remove(&self, path: &[Segment]) -> Result<Vec<Patch>, String> {
        match self {
            Editor::Hcl(file, start) => file.remove(file.block(*start)?, path),
            Editor::Yaml(file, start, end, within) => file.remove(file.node(*start, *end)?, &inside(*within, path)),
        }
    }

    pub(super) fn add(&self, text: &str, workshop: &Workshop<'_, '_, '_>) -> Result<Vec<Patch>, String> {
        match self {
            Editor::Hcl(file, start) => {
                let block = file.block(*start)?;
                let text = workshop.filled(workshop.resource, text)?;
                workshop.refuse_twins(&text)?;
                file.add_after(block, &with_meta(file, block, &text, &workshop.resource.type_name)?)
            }
            Editor::Yaml(file, start, end, _) => {
                let node = file.node(*start, *end)?;
                let name = logical(&workshop.resource.address);
                let text = text.replace("{name}", name);
                let (documents, error) = crate::yaml::parse(&text, NESTING);
                let members = documents.first().map(|node| node.entries()).unwrap_or_default();
                if error.is_some() || members.is_empty() {
                    return Err("the text to add is no mapping".to_owned());
                }
                let members =
                    members.iter().filter_map(|m| Some((m.key.str()?.to_owned(), written(&m.value)))).collect();
                file.add_beside(node, name, &members)
            }
        }
    }
}

/// `text` with `count`, `for_each`, `provider` and `region` of `block` after its first line.
pub(super) fn with_meta(
    file: &hcl::Hcl<'_>,
    block: &hcl_edit::structure::Block,
    text: &str,
    type_name: &str,
) -> Result<String, String> {
    let mut meta = Vec::new();
    for name in ["count", "for_each", "provider", "region"] {
        if let Some((expression, whole)) = file.expression(block, name) {
            let label = block.labels.get(1).map_or("", |label| label.as_str());
            let value = match (name, whole) {
                (_, true) => expression.to_owned(),
                ("count", false) => format!("length({type_name}.{label})"),
                ("for_each", false) => format!("{type_name}.{label}"),
                _ => return Err(format!("its `{name}` stands on several lines")),
            };
            meta.push((name, value));
        }
    }
    let width = meta.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: String = meta.iter().map(|(name, value)| format!("  {name:<width$} = {value}\n")).collect();
    let (header, rest) = text.split_once('\n').unwrap_or((text, ""));
    Ok(if lines.is_empty() { text.to_owned() } else { format!("{header}\n{lines}\n{rest}") })
}
