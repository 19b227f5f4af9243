//! Override files: `override.tf`, `*_override.tf` and their forms in JSON and for OpenTofu.
//!
//! Source: developer.hashicorp.com/terraform/language/files/override. An argument replaces that of the same name,
//! nested blocks replace all of the same type, members of `locals` and `required_providers` go one by one. Blocks
//! that override nothing stay and are read as any other.

use std::sync::Arc;

use super::parse::{Origin, Source};
use super::syntax::Block;
use crate::File;

/// Whether the file is one.
pub(super) fn is_override(file: &File) -> bool {
    let name = file.name();
    let name = name.strip_suffix(".json").unwrap_or(name);
    let stem = name.strip_suffix(".tf").or_else(|| name.strip_suffix(".tofu"));
    stem.is_some_and(|stem| stem == "override" || stem.ends_with("_override"))
}

/// Merges the blocks of `over` into those of the files beside it; gives the blocks that override nothing.
pub(super) fn apply(base: &mut [(&File, Source)], over: &File, source: &mut Source) -> Vec<Block> {
    let origin = Arc::new(source.origin.clone());
    let mut left = Vec::new();
    for block in std::mem::take(&mut source.body.blocks) {
        let mut beside = base.iter_mut().filter(|(file, _)| file.folder() == over.folder());
        if block.word == "locals" {
            let rest = locals(&mut beside.map(|(_, source)| source).collect::<Vec<_>>(), block, &origin);
            left.extend(rest);
            continue;
        }
        let target = beside.find_map(|(_, source)| source.body.blocks.iter_mut().find(|held| same(held, &block)));
        match target {
            Some(target) => merge(target, block, &origin),
            None => left.push(block),
        }
    }
    left
}

fn same(held: &Block, over: &Block) -> bool {
    let alias = |block: &Block| block.body.attribute("alias").and_then(|alias| alias.literal().map(str::to_owned));
    held.word == over.word && held.labels == over.labels && (held.word != "provider" || alias(held) == alias(over))
}

fn locals(base: &mut [&mut Source], block: Block, origin: &Arc<Origin>) -> Option<Block> {
    let mut rest = block.clone();
    rest.body.attributes.clear();
    for mut attribute in block.body.attributes {
        let held = base
            .iter_mut()
            .flat_map(|source| source.body.blocks.iter_mut())
            .filter(|held| held.word == "locals")
            .flat_map(|held| held.body.attributes.iter_mut())
            .find(|held| held.name == attribute.name);
        match held {
            Some(held) => {
                attribute.elsewhere = Some(Arc::clone(origin));
                *held = attribute;
            }
            None => rest.body.attributes.push(attribute),
        }
    }
    (!rest.body.attributes.is_empty()).then_some(rest)
}

fn merge(target: &mut Block, over: Block, origin: &Arc<Origin>) {
    for mut attribute in over.body.attributes {
        attribute.elsewhere = Some(Arc::clone(origin));
        match target.body.attributes.iter_mut().find(|held| held.name == attribute.name) {
            Some(held) => *held = attribute,
            None => target.body.attributes.push(attribute),
        }
    }
    let kind = |block: &Block| match block.word.as_str() {
        "dynamic" => block.label(0).unwrap_or_default().to_owned(),
        word => word.to_owned(),
    };
    let replaced: Vec<String> = over
        .body
        .blocks
        .iter()
        .map(kind)
        .filter(|word| !["lifecycle", "required_providers"].contains(&word.as_str()))
        .collect();
    target.body.blocks.retain(|held| !replaced.contains(&kind(held)));
    for mut block in over.body.blocks {
        match target.body.blocks.iter_mut().find(|held| held.word == block.word && !replaced.contains(&kind(&block))) {
            Some(held) => merge(held, block, origin),
            None => {
                block.elsewhere = Some(Arc::clone(origin));
                target.body.blocks.push(block);
            }
        }
    }
}
