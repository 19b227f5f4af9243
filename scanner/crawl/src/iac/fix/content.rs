//! What is written: literals, references to other resources, templates with the names of the resource.

use std::collections::BTreeMap;

use aedile_rules::{Content, Literal};

use super::editor::Editor;
use super::{Workshop, hcl, is_hcl, yaml};
use crate::iac::resource::Resource;

impl Workshop<'_, '_, '_> {
    /// `to` in the language of `target`.
    pub(super) fn content(&self, target: &Resource, to: &Content) -> Result<Written, String> {
        let hcl = target.place.as_ref().is_some_and(|place| is_hcl(&place.path));
        Ok(match to {
            Content::Literal(literal) => match (literal, hcl) {
                (Literal::Text(text), true) => Written::Hcl(hcl::Value::Text(hcl::quoted(text))),
                (Literal::Text(text), false) => Written::Yaml(yaml::Value::Text(text.clone())),
                (other, true) => Written::Hcl(hcl::Value::Text(scalar(other))),
                (other, false) => Written::Yaml(yaml::Value::Plain(scalar(other))),
            },
            Content::Expression(expression) => {
                let text = self.filled(target, &expression.expression)?;
                if hcl { Written::Hcl(hcl::Value::Text(text)) } else { Written::Yaml(yaml::Value::Plain(text)) }
            }
            Content::Reference(reference) => {
                let text = self.reference(target, &reference.reference, hcl)?;
                if hcl { Written::Hcl(hcl::Value::Text(text)) } else { Written::Yaml(yaml::Value::Plain(text)) }
            }
            Content::List(items) => {
                let items = items.iter().map(|item| self.content(target, item)).collect::<Result<Vec<_>, String>>()?;
                if hcl {
                    let items: Vec<String> =
                        items.into_iter().filter_map(Written::hcl).map(|item| item.render()).collect();
                    Written::Hcl(hcl::Value::Text(format!("[{}]", items.join(", "))))
                } else {
                    Written::Yaml(yaml::Value::List(items.into_iter().filter_map(Written::yaml).collect()))
                }
            }
            Content::Map(members) => {
                let (mut ours, mut theirs) = (BTreeMap::new(), BTreeMap::new());
                for (key, member) in members {
                    match self.content(target, member)? {
                        Written::Hcl(value) => drop(ours.insert(key.clone(), value)),
                        Written::Yaml(value) => drop(theirs.insert(key.clone(), value)),
                    }
                }
                if hcl { Written::Hcl(hcl::Value::Map(ours)) } else { Written::Yaml(yaml::Value::Map(theirs)) }
            }
        })
    }

    /// The only resource of a type beside `target`, as a reference to its attribute.
    pub(super) fn reference(&self, target: &Resource, wanted: &str, hcl: bool) -> Result<String, String> {
        let (type_name, attribute) = wanted.rsplit_once('.').unwrap_or((wanted, "id"));
        let prefix = |resource: &Resource| {
            let (module, _) = split_address(&resource.address, &resource.type_name)?;
            Some(module.to_owned())
        };
        let own = prefix(target);
        let found: Vec<&Resource> = self
            .unit
            .of_type(type_name)
            .iter()
            .filter_map(|&at| self.unit.resource(at))
            .filter(|resource| !hcl || prefix(resource) == own)
            .filter(|resource| {
                hcl || resource.place.as_ref().map(|p| &p.path) == target.place.as_ref().map(|p| &p.path)
            })
            .collect();
        match found.as_slice() {
            [one] if hcl => match split_address(&one.address, type_name) {
                Some((_, local)) if !local.ends_with(']') => Ok(format!("{local}.{attribute}")),
                _ => Err(format!("which `{type_name}` is meant, a person must say")),
            },
            [one] => {
                let name = logical(&one.address);
                Ok(if attribute == "Ref" { format!("!Ref {name}") } else { format!("!GetAtt {name}.{attribute}") })
            }
            [] => Err(format!("it needs a `{type_name}`, and there is none beside it")),
            many => Err(format!("there are {} of `{type_name}`: which is meant, a person must say", many.len())),
        }
    }

    /// `{name}` and `{self}` filled in.
    pub(super) fn filled(&self, target: &Resource, text: &str) -> Result<String, String> {
        let Some((_, local)) = split_address(&self.resource.address, &self.resource.type_name) else {
            return Ok(text.replace("{name}", logical(&target.address)));
        };
        let bare = local.split('[').next().unwrap_or(local);
        let name = bare.rsplit('.').next().unwrap_or(bare);
        let key = match local.strip_prefix(bare).and_then(|key| key.chars().nth(1)) {
            None => "",
            Some('"') => "[each.key]",
            Some('*') if self.counted() => "[count.index]",
            Some('*') => "[each.key]",
            Some(_) => "[count.index]",
        };
        Ok(text.replace("{name}", name).replace("{self}", &format!("{bare}{key}")))
    }

    /// Whether the resource has `count`.
    pub(super) fn counted(&self) -> bool {
        self.edit(self.resource, |editor| match editor {
            Editor::Hcl(file, start) if file.expression(file.block(*start)?, "count").is_some() => Ok(Vec::new()),
            _ => Err(String::new()),
        })
        .is_ok()
    }
}

/// A value in the language of a file.
pub(super) enum Written {
    Hcl(hcl::Value),
    Yaml(yaml::Value),
}

impl Written {
    pub(super) fn hcl(self) -> Option<hcl::Value> {
        match self {
            Written::Hcl(value) => Some(value),
            Written::Yaml(_) => None,
        }
    }

    pub(super) fn yaml(self) -> Option<yaml::Value> {
        match self {
            Written::Yaml(value) => Some(value),
            Written::Hcl(_) => None,
        }
    }
}

/// A YAML node as a value to write.
pub(super) fn written(node: &crate::yaml::Node) -> yaml::Value {
    match &node.kind {
        crate::yaml::Kind::Scalar { text, plain: true } if node.tag.is_none() && !yaml::is_plain(text) => {
            yaml::Value::Plain(text.clone())
        }
        crate::yaml::Kind::Scalar { text, .. } => match &node.tag {
            Some(tag) => yaml::Value::Plain(format!("!{tag} {text}")),
            None => yaml::Value::Text(text.clone()),
        },
        crate::yaml::Kind::List(items) => yaml::Value::List(items.iter().map(written).collect()),
        crate::yaml::Kind::Map(entries) => yaml::Value::Map(
            entries.iter().filter_map(|entry| Some((entry.key.str()?.to_owned(), written(&entry.value)))).collect(),
        ),
    }
}

pub(super) fn scalar(literal: &Literal) -> String {
    match literal {
        Literal::Bool(truth) => truth.to_string(),
        Literal::Int(number) => number.to_string(),
        Literal::Text(text) => text.clone(),
    }
}

/// The module part of an address, and the rest: type, name and key.
pub(super) fn split_address<'a>(address: &'a str, type_name: &str) -> Option<(&'a str, &'a str)> {
    let at = address.rfind(&format!("{type_name}."))?;
    let (module, local) = address.split_at(at);
    (module.is_empty() || module.ends_with('.')).then_some((module, local))
}

/// The last part of an address: the logical name of a template's resource.
pub(super) fn logical(address: &str) -> &str {
    address.rsplit(['/', '.']).next().unwrap_or(address)
}
