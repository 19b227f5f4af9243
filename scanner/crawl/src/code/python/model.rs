//! Models and feature views: what is trained, released and declared.

use aedile_model::{Asset, AssetId, AssetKind, Attribute, Columns, Protection};
use aedile_rules::card::is_placeholder;
use aedile_rules::{Api, SettingOf};

use super::apply::Fields;
use super::argument::Arguments;
use super::call::Site;
use super::interpret::Interpreter;
use super::part;
use super::string::text_of;
use super::value::{Object, Value};
use crate::Ref;
use crate::code::flow::{Data, Part};
use crate::code::output::{dataset_name, table_name};

impl<'w> Interpreter<'w> {
    pub(super) fn train(
        &mut self,
        api: &Api,
        receiver: Value<'w>,
        arguments: &Arguments<'w>,
        fields: &Fields<'w>,
        site: &Site<'w>,
    ) -> Value<'w> {
        let mut data = self.travelling(api, &receiver, arguments, fields);
        // Managed training is handed URIs: `estimator.fit({"train": "s3://…"})`.
        if let Some(value) = fields.get("inputs") {
            for uri in uris(value) {
                let target = Ref::named(AssetKind::Dataset, dataset_name(&uri));
                if !self.quiet {
                    self.pipeline.reads(&target, &Part::all(), &site.place);
                }
                data.join(&Data::read(target, Part::all(), Some(site.place.clone())));
            }
        }
        data.drop(&part::left_out(api, fields));
        let parts = part::parts(api, &receiver, fields, &data);
        let mut object = match receiver {
            Value::Object(object) => object,
            _ => Object { kind: "model".to_owned(), ..Object::default() },
        };
        object.data = Data::default();
        let name =
            [fields.get("name"), object.fields.get("variable")].into_iter().flatten().find_map(text_of).map_or_else(
                || match (site.receiver, &self.target) {
                    (Some(receiver), target) if !api.methods.is_empty() && (is_name(receiver) || target.is_none()) => {
                        super::expression::hole_name(self.source(receiver))
                    }
                    (_, Some(target)) => target.clone(),
                    _ => "model".to_owned(),
                },
                |text| text.text,
            );
        let id = AssetId::new(AssetKind::Model, &self.pipeline.asset.address, &name);
        object.fields.insert("model".to_owned(), Value::text(id.as_str()));
        if !self.quiet {
            let mut asset = Asset::new(id.clone(), AssetKind::Model, &*name, &*name);
            asset.type_name.clone_from(&object.kind);
            asset.place = Some(object.made.clone().unwrap_or_else(|| site.place.clone()));
            asset.in_tests = self.pipeline.asset.in_tests;
            self.pipeline.add(asset);
            let attributes = self.relation_attributes(api, SettingOf::Relation, fields, arguments, &site.place);
            for (part, data) in parts {
                self.pipeline.trains(&id, part, &data, &site.place, &attributes);
            }
        }
        if let Some(target @ ruff_python_ast::Expr::Name(_)) = site.receiver
            && !api.methods.is_empty()
        {
            self.assign(target, Value::Object(object.clone()));
        }
        Value::Object(object)
    }

    pub(super) fn release(
        &mut self,
        api: &Api,
        receiver: &Value<'w>,
        arguments: &Arguments<'w>,
        fields: &Fields<'w>,
        site: &Site<'w>,
    ) {
        if self.quiet {
            return;
        }
        let data = self.travelling(api, receiver, arguments, fields);
        if let Some(sink) = &api.sink
            && !data.is_empty()
        {
            let destination = self.destination(sink, fields);
            self.pipeline.sends(&destination, &data, &site.place);
        }
        let mut attributes = self.relation_attributes(api, SettingOf::Relation, fields, arguments, &site.place);
        let unsaid = attributes.keys().all(|name| name == "logged");
        if let Some(gate) = self.gate() {
            let gated = Attribute { value: true.into(), place: Some(gate.clone()) };
            attributes.insert("gated".to_owned(), gated);
        }
        let held = fields
            .get("model")
            .and_then(|value| model_of(value).or_else(|| model_id(value)))
            .or_else(|| model_of(receiver));
        let name = fields.get("name").and_then(text_of).map(|text| text.text).filter(|name| !self.is_all_hole(name));
        let what = match (held, name) {
            (Some(id), name) => {
                if let (Some(asset), Some(name)) = (self.pipeline.asset_mut(&id), name) {
                    asset.names.insert(name);
                }
                Ref::Id(id)
            }
            (None, Some(name)) => match fields.get("uri").and_then(text_of).filter(|uri| is_file(&uri.text)) {
                // What is registered is what was written there.
                Some(uri) => {
                    let id = AssetId::new(AssetKind::Model, &self.pipeline.asset.address, &name);
                    let mut asset = Asset::new(id.clone(), AssetKind::Model, &*name, &*name);
                    asset.place = Some(site.place.clone());
                    asset.in_tests = self.pipeline.asset.in_tests;
                    asset.names.extend([name, dataset_name(&uri.text)]);
                    self.pipeline.add(asset);
                    Ref::Id(id)
                }
                None => Ref::named(AssetKind::Model, name),
            },
            (None, None) if api.args.contains_key("name") && unsaid => return,
            (None, None) => {
                let name = site.receiver.map_or("model", |receiver| self.source(receiver));
                let id =
                    AssetId::new(AssetKind::Model, &self.pipeline.asset.address, &super::expression::hole_name(name));
                let mut asset = Asset::new(id.clone(), AssetKind::Model, name, name);
                asset.place = Some(site.place.clone());
                self.pipeline.add(asset);
                Ref::Id(id)
            }
        };
        self.pipeline.releases(what, &site.place, attributes);
    }

    /// A model card that code writes, with the parts that it is given.
    pub(super) fn card(&mut self, fields: &Fields<'w>, site: &Site<'w>) {
        let Some(name) = fields.get("name").and_then(text_of).filter(|_| !self.quiet) else { return };
        let id = AssetId::new(AssetKind::Document, &self.pipeline.asset.address, &name.text);
        let mut asset = Asset::new(id, AssetKind::Document, &*name.text, crate::card::MODEL_CARD);
        crate::card::CARD.clone_into(&mut asset.type_name);
        asset.place = Some(site.place.clone());
        asset.in_tests = self.pipeline.asset.in_tests;
        let (mut written, mut waiting) = (Vec::new(), Vec::new());
        parts_of(fields, 0, &mut written, &mut waiting);
        asset.set("documentKind", crate::card::MODEL_CARD, None);
        asset.set("found", true, Some(site.place.clone()));
        asset.set("about", vec![name.text.as_str().into()], None);
        asset.set("written", written, None);
        if !waiting.is_empty() {
            asset.set("waiting", waiting, None);
        }
        self.pipeline.add(asset);
    }

    pub(super) fn feature(&mut self, api: &Api, fields: &Fields<'w>, arguments: &Arguments<'w>, site: &Site<'w>) {
        if self.quiet {
            return;
        }
        let Some(name) = fields.get("name").and_then(text_of) else { return };
        let id = AssetId::new(AssetKind::FeatureView, &self.pipeline.asset.address, &name.text);
        let mut asset = Asset::new(id.clone(), AssetKind::FeatureView, &*name.text, &*name.text);
        asset.type_name.clone_from(&api.id);
        asset.place = Some(site.place.clone());
        asset.names.insert(name.text.clone());
        asset.attributes = self.relation_attributes(api, SettingOf::Asset, fields, arguments, &site.place);
        asset.labels.extend(labels(fields.get("tags"), &site.place));
        self.pipeline.add(asset);
        let mut declared = std::collections::BTreeMap::new();
        for field in fields.get("schema").map(items).unwrap_or_default() {
            if let Value::Object(field) = field
                && let Some(column) = field.fields.get("name").and_then(text_of)
            {
                let column_id = AssetId::column(&id, &column.text);
                declared.insert(column.text.clone(), Protection::None);
                let mut asset = Asset::new(column_id.clone(), AssetKind::Column, &*column.text, &*column.text);
                asset.place.clone_from(&field.made);
                let place = field.made.clone().unwrap_or_else(|| site.place.clone());
                asset.labels.extend(labels(field.fields.get("tags"), &place));
                self.pipeline.add(asset);
                self.pipeline.link(crate::Link::new(
                    aedile_model::RelationKind::PartOf,
                    Ref::Id(column_id),
                    Ref::Id(id.clone()),
                    field.made.clone(),
                ));
            }
        }
        if let Some(Value::Object(source)) = fields.get("source") {
            for role in ["path", "table"] {
                if let Some(text) = source.fields.get(role).and_then(text_of) {
                    let target = match role {
                        "path" => Ref::named(AssetKind::Dataset, dataset_name(&text.text)),
                        _ => Ref::named(AssetKind::Table, table_name(&text.text)),
                    };
                    let mut link = crate::Link::new(
                        aedile_model::RelationKind::DerivedFrom,
                        Ref::Id(id.clone()),
                        target,
                        Some(site.place.clone()),
                    );
                    let mut flow = crate::code::output::all_columns(vec![site.place.clone()]);
                    // A schema says which columns the view takes; without one it takes what the source has.
                    if !declared.is_empty() {
                        flow.columns = Columns::Named(declared.clone());
                    }
                    link.flow = Some(flow);
                    self.pipeline.link(link);
                }
            }
        }
    }
}

/// The names of what a card is given, at any depth: those that say something, and those that wait for a text.
fn parts_of(
    fields: &std::collections::BTreeMap<String, Value<'_>>,
    depth: usize,
    written: &mut Vec<aedile_model::Value>,
    waiting: &mut Vec<aedile_model::Value>,
) {
    // By what variable something is held is no part of it.
    for (name, value) in fields.iter().filter(|(name, _)| depth < 4 && *name != "variable") {
        match value {
            Value::None => {}
            Value::Text(text) if text.text.trim().is_empty() || is_placeholder(&text.text) => {
                waiting.push(name.as_str().into());
            }
            Value::Object(object) if !object.fields.is_empty() => {
                parts_of(&object.fields, depth + 1, written, waiting);
                written.push(name.as_str().into());
            }
            _ => written.push(name.as_str().into()),
        }
    }
}

/// Whether a URI names a file or folder, not a run or a version in a registry.
fn is_file(uri: &str) -> bool {
    uri.contains('/') && !uri.contains('{') && !["runs:/", "models:/"].iter().any(|scheme| uri.starts_with(scheme))
}

/// Whether `expression` is a name, so that what it holds is known by it: not `SVC()` in `model = SVC().fit(X, y)`.
fn is_name(expression: &ruff_python_ast::Expr) -> bool {
    matches!(expression, ruff_python_ast::Expr::Name(_) | ruff_python_ast::Expr::Attribute(_))
}

/// Every URI in a text, an object with a path, a list or a mapping.
fn uris(value: &Value<'_>) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().flat_map(uris).collect(),
        Value::Map(items) => items.iter().flat_map(|(_, item)| uris(item)).collect(),
        other => text_of(other).map(|text| text.text).filter(|text| text.contains("://")).into_iter().collect(),
    }
}

/// The labels in `tags={…}` of a feature store.
fn labels(tags: Option<&Value<'_>>, place: &aedile_model::Place) -> Vec<aedile_model::Label> {
    let Some(Value::Map(tags)) = tags else { return Vec::new() };
    let label = |(key, word): &(String, Value<'_>)| {
        let word = text_of(word)?.text;
        Some(aedile_model::Label::new("Feast tag", key, &word, Some(place.clone())))
    };
    tags.iter().filter_map(label).collect()
}

fn items<'a, 'w>(value: &'a Value<'w>) -> &'a [Value<'w>] {
    match value {
        Value::List(items) => items,
        other => std::slice::from_ref(other),
    }
}

/// The model that an object is.
pub(super) fn model_of(value: &Value<'_>) -> Option<AssetId> {
    match value {
        Value::Object(object) => object.fields.get("model").and_then(model_id),
        _ => None,
    }
}

fn model_id(value: &Value<'_>) -> Option<AssetId> {
    let text = value.as_text()?.text.strip_prefix("Model:")?;
    let (unit, address) = text.split_once('#')?;
    Some(AssetId::new(AssetKind::Model, unit, address))
}
