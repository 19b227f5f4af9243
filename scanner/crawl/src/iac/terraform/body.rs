//! Bodies as maps, with their nested and `dynamic` blocks.

use std::collections::BTreeMap;

use aedile_model::{GapKind, Unknown};

use super::evaluator::Evaluator;
use super::expand::{META, pair};
use super::parse::Origin;
use super::scope::Scope;
use super::syntax::{Block, Body};
use super::typed::each;
use crate::iac::datum::{Datum, Key, Kind, Map};
use crate::shared::Shared;

/// Blocks that one `dynamic` makes.
const BLOCKS: usize = 1_000;

impl Evaluator<'_> {
    /// The body of a resource as a map: attributes by name, nested blocks as lists of maps.
    pub(super) fn body(&mut self, body: &Body, origin: &Origin, scope: &Scope) -> Datum {
        self.level(body, origin, scope, &META)
    }

    /// A body without the attributes and blocks that `left_out` names.
    fn level(&mut self, body: &Body, origin: &Origin, scope: &Scope, left_out: &[&str]) -> Datum {
        let mut map = Map::default();
        if !self.bound.enter() {
            return Datum::unknown("body", "evaluating it reaches a limit");
        }
        for attribute in &body.attributes {
            if !left_out.contains(&attribute.name.as_str()) {
                let origin = attribute.home(origin);
                let value = self.evaluate(&attribute.value, origin, scope);
                map.members.insert(attribute.name.clone(), value.at(origin.place(attribute.span)));
            }
        }
        for block in &body.blocks {
            if block.word == "provider" || !left_out.contains(&block.word.as_str()) {
                self.block(block, origin, scope, &mut map);
            } else if block.word == "lifecycle"
                && let Some(kept) = block.body.attributes.iter().find(|kept| kept.name == "prevent_destroy")
            {
                // What Terraform refuses to destroy is protected; the rest of the block is of no resource.
                let origin = kept.home(block.home(origin));
                let value = self.evaluate(&kept.value, origin, scope).at(origin.place(kept.span));
                let kept = BTreeMap::from([("prevent_destroy".to_owned(), value)]);
                map.members.insert(block.word.clone(), kept.into());
            }
        }
        if let Some(why) = &body.broken {
            let why = Unknown { expression: "block".to_owned(), why: format!("a part of it does not parse: {why}") };
            map.open.get_or_insert(why);
        }
        self.bound.leave();
        Kind::Map(map).into()
    }

    /// The blocks of `body` that are called `name`, those of `dynamic` included.
    pub(super) fn nested_blocks(&mut self, body: &Body, name: &str, origin: &Origin, scope: &Scope) -> Option<Datum> {
        let mut map = Map::default();
        for block in &body.blocks {
            if block.word == name || block.word == "dynamic" && block.label(0) == Some(name) {
                self.block(block, origin, scope, &mut map);
            }
        }
        Some(map.members.remove(name).unwrap_or_else(|| Kind::List(Shared::default()).into()))
    }

    fn block(&mut self, block: &Block, origin: &Origin, scope: &Scope, map: &mut Map) {
        let origin = block.home(origin);
        if block.word == "dynamic" {
            self.dynamic(block, origin, scope, map);
        } else {
            let mut value = self.level(&block.body, origin, scope, &[]).at(origin.place(block.span));
            if let (Kind::Map(inner), labels) = (&mut value.kind, &block.labels) {
                // Labels of nested blocks are names, as in old forms of `backend "s3"`.
                for label in labels.iter().rev() {
                    let held = std::mem::take(inner);
                    let place = origin.place(block.span);
                    inner.members.insert(label.clone(), Datum::from(Kind::Map(held)).at(place));
                }
            }
            push(&mut map.members, &block.word, value);
        }
    }

    fn dynamic(&mut self, block: &Block, origin: &Origin, scope: &Scope, map: &mut Map) {
        let place = origin.place(block.span);
        let content = block.body.blocks("content").next();
        let (Some(name), Some(content)) = (block.label(0), content) else {
            let message = "the dynamic block has no label or no content: it is not read";
            self.gap(origin.place(block.header), GapKind::Unparsed, message);
            return;
        };
        let iterator = block.body.attribute("iterator").and_then(super::syntax::Expression::path);
        let iterator = iterator.unwrap_or_else(|| name.to_owned());
        let collection = match block.body.attribute("for_each") {
            Some(collection) => self.evaluate(collection, origin, scope),
            None => Datum::unknown(name, "the dynamic block has no for_each"),
        };
        let pairs = match &collection.kind {
            // A tuple keeps its order and its doubles, unlike a set.
            Kind::List(items) => Some(items.iter().map(|item| (item.clone(), item.clone())).collect()),
            _ => each(&collection).map(|pairs| {
                let text = |key: Key| match key {
                    Key::Text(text) => Datum::from_text(text),
                    _ => Kind::Null.into(),
                };
                pairs.into_iter().map(|(key, value)| (text(key), value)).collect::<Vec<_>>()
            }),
        };
        match pairs {
            Some(pairs) if pairs.len() <= BLOCKS => {
                for (key, value) in pairs {
                    let inner = scope.with(&iterator, pair(key, value));
                    let value = self.level(&content.body, origin, &inner, &[]).at(place.clone());
                    push(&mut map.members, name, value);
                }
            }
            _ => {
                let why = collection.why_unknown().map_or("there are too many".to_owned(), ToString::to_string);
                push(&mut map.members, name, Datum::unknown(format!("dynamic \"{name}\""), why).at(place));
            }
        }
    }
}

fn push(members: &mut BTreeMap<String, Datum>, name: &str, value: Datum) {
    match members.get_mut(name) {
        Some(Datum { kind: Kind::List(items), .. }) => items.push(value),
        // An attribute of the same name: the block form wins, as in providers that take both.
        Some(held) => held.kind = Kind::List(vec![value].into()),
        None => {
            let place = value.place.clone();
            members.insert(name.to_owned(), Datum::from(Kind::List(vec![value].into())).at(place));
        }
    }
}
