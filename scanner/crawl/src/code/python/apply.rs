//! Applies a rule of the catalog to a call.

use std::collections::BTreeMap;

use aedile_model::{Asset, AssetId, AssetKind, Attribute, Columns, Place, Protection, Value as Known};
use aedile_rules::{Api, Effect, SettingOf};

use super::argument::Arguments;
use super::call::Site;
use super::interpret::Interpreter;
use super::string::text_of;
use super::value::{ColumnExpression, Object, Shape, Text, Value};
use crate::Ref;
use crate::code::flow::{Data, Part};
use crate::code::output::{Destination, dataset_name, table_name};

/// The values that play roles in a call: its arguments, and what earlier calls of the chain were given.
pub(super) type Fields<'w> = BTreeMap<String, Value<'w>>;

impl<'w> Interpreter<'w> {
    /// What the call means by the rule `api`.
    pub(super) fn apply(
        &mut self,
        api: &'w Api,
        receiver: Value<'w>,
        arguments: Arguments<'w>,
        site: &Site<'w>,
    ) -> Value<'w> {
        let fields = self.fields(api, &receiver, &arguments);
        if !self.quiet {
            self.settings(api, &fields, &arguments, site);
        }
        // `dbutils.widgets.text("table", "raw.users")`: the default is the value.
        if let (Some(Value::Text(name)), Some(default)) = (fields.get("widget"), fields.get("widget_default")) {
            self.parameters.insert(format!("widget.{}", name.text), default.clone());
        }
        match api.effect {
            Effect::Make => self.returned(api, fields, Data::default(), &receiver, &arguments, site),
            Effect::Read => self.read(api, fields, &receiver, &arguments, site),
            Effect::Query => {
                let data = match fields.get("query").and_then(text_of) {
                    Some(text) => self.sql_text(&text, &site.place),
                    None => Data::default(),
                };
                self.returned(api, fields, data, &receiver, &arguments, site)
            }
            Effect::Write => {
                self.write(api, &fields, &receiver, &arguments, site);
                self.returned(api, fields, Data::default(), &receiver, &arguments, site)
            }
            Effect::Send | Effect::Log => {
                let data = self.travelling(api, &receiver, &arguments, &fields);
                self.send(api, &data, &fields, &arguments, site);
                // What an answer is made from may be in it, but an answer is not the data.
                self.returned(api, fields, Data::default(), &receiver, &arguments, site)
            }
            Effect::Train => self.train(api, receiver, &arguments, &fields, site),
            Effect::Load => {
                let mut made = Object {
                    kind: api.returns.clone().unwrap_or_else(|| "model".to_owned()),
                    fields,
                    ..Object::default()
                };
                made.made = Some(site.place.clone());
                Value::Object(made)
            }
            Effect::Release => {
                self.release(api, &receiver, &arguments, &fields, site);
                self.returned(api, fields, Data::default(), &receiver, &arguments, site)
            }
            Effect::Feature => {
                self.feature(api, &fields, &arguments, site);
                self.returned(api, fields, Data::default(), &receiver, &arguments, site)
            }
            Effect::Protect => protect(api.protection.unwrap_or_default(), receiver, &arguments, &site.place),
            Effect::Frame => self.frame(api, receiver, arguments, fields, site),
        }
    }

    fn fields(&self, api: &Api, receiver: &Value<'w>, arguments: &Arguments<'w>) -> Fields<'w> {
        let mut fields = match receiver {
            Value::Object(object) => object.fields.clone(),
            _ => Fields::new(),
        };
        for (role, argument) in &api.args {
            if let Some(value) = arguments.role(api, role) {
                fields.insert(role.clone(), value.clone());
            } else if let Some(default) = &argument.default {
                fields.entry(role.clone()).or_insert_with(|| Value::text(default.clone()));
            }
        }
        // `.option("dbtable", "clinic.patients")` gives the role that its first argument names.
        if let (Some(Value::Text(option)), Some(value)) = (fields.remove("option"), fields.remove("setting")) {
            fields.insert(option.text, value);
        }
        fields
    }

    fn settings(&mut self, api: &Api, fields: &Fields<'w>, arguments: &Arguments<'w>, site: &Site<'w>) {
        for setting in &api.sets {
            let holds = setting.when.as_ref().is_none_or(|when| arguments.holds(api, when));
            match setting.of {
                SettingOf::Pipeline => {}
                SettingOf::File => {
                    if holds {
                        self.pipeline.set_of_file(&setting.attribute, &site.place);
                    }
                    continue;
                }
                SettingOf::Relation | SettingOf::Asset => continue,
            }
            match (&setting.from, holds) {
                (Some(role), true) => {
                    if let Some(text) = fields.get(role).and_then(|value| value.shown()).filter(|text| !text.is_empty())
                    {
                        self.pipeline.set(&setting.attribute, Known::Text(text), &site.place);
                    }
                }
                (None, true) => match setting.otherwise {
                    // A property that every call of the file must have.
                    Some(false) => self.pipeline.set_weakest(&setting.attribute, true, &site.place),
                    _ => self.pipeline.set(&setting.attribute, Known::Bool(true), &site.place),
                },
                (None, false) => match setting.otherwise {
                    Some(false) => self.pipeline.set_weakest(&setting.attribute, false, &site.place),
                    Some(true) => self.pipeline.set(&setting.attribute, Known::Bool(true), &site.place),
                    None => {}
                },
                (Some(_), false) => {}
            }
        }
        if let Some(role) = &api.runs_as
            && let Some(Value::Text(text)) = fields.get(role)
            && !text.text.is_empty()
            && !text.text.starts_with('{')
        {
            self.pipeline.runs_as(&text.text, &site.place);
        }
    }

    /// The attributes that the rule gives to the relation of the call.
    pub(super) fn relation_attributes(
        &self,
        api: &Api,
        of: SettingOf,
        fields: &Fields<'w>,
        arguments: &Arguments<'w>,
        place: &Place,
    ) -> BTreeMap<String, Attribute> {
        let mut attributes = BTreeMap::new();
        for setting in api.sets.iter().filter(|setting| setting.of == of) {
            if !setting.when.as_ref().is_none_or(|when| arguments.holds(api, when)) {
                continue;
            }
            let value = match &setting.from {
                None => Some(Known::Bool(true)),
                Some(role) => fields.get(role).and_then(known),
            };
            if let Some(value) = value {
                // A setting that an argument decides stands where the argument does.
                let role = setting.from.as_ref().or(setting.when.as_ref().map(|when| &when.arg));
                let own = role.and_then(|role| arguments.role_place(api, role));
                attributes
                    .insert(setting.attribute.clone(), Attribute { value, place: own.or_else(|| Some(place.clone())) });
            }
        }
        attributes
    }

    /// The datasets that the call names.
    pub(super) fn targets(&self, api: &Api, fields: &Fields<'w>, arguments: &Arguments<'w>) -> Vec<Ref> {
        if let Some(value) = fields.get("table").or_else(|| fields.get("dbtable")) {
            return texts(value).into_iter().map(|text| self.table(&text, api, "table", arguments)).collect();
        }
        if let Some(template) = &api.uri {
            let mut uri = template.clone();
            for role in roles_of(template) {
                let text = fields.get(&role).and_then(text_of).map_or_else(|| format!("{{{role}}}"), |text| text.text);
                uri = uri.replace(&format!("{{{role}}}"), &text);
            }
            return vec![Ref::named(AssetKind::Dataset, dataset_name(&uri))];
        }
        let Some(value) = fields.get("path") else { return Vec::new() };
        let texts = texts(value);
        if texts.is_empty() {
            return vec![Ref::named(
                AssetKind::Dataset,
                self.unknown_name(arguments.role_source(api, "path").unwrap_or("?")),
            )];
        }
        texts
            .into_iter()
            .map(|text| {
                let format = fields.get("format").and_then(text_of).map(|format| format.text);
                if format.as_deref() == Some("kafka") {
                    return Ref::named(AssetKind::Dataset, format!("kafka://{}", text.text));
                }
                Ref::named(AssetKind::Dataset, self.named(&dataset_name(&text.text)))
            })
            .collect()
    }

    fn table(&self, text: &Text, api: &Api, role: &str, arguments: &Arguments<'w>) -> Ref {
        let name = table_name(&text.text);
        match self.is_all_hole(&name) {
            true => Ref::named(AssetKind::Table, self.unknown_name(arguments.role_source(api, role).unwrap_or("?"))),
            false => Ref::named(AssetKind::Table, name),
        }
    }

    /// `name`, or where nothing of it is known, a name that no other file shares.
    fn named(&self, name: &str) -> String {
        if self.is_all_hole(name) { self.unknown_name(name.trim_matches(['{', '}'])) } else { name.to_owned() }
    }

    fn is_all_hole(&self, name: &str) -> bool {
        let mut depth = 0_i32;
        !name.chars().any(|c| {
            depth += match c {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            depth == 0 && c.is_alphanumeric()
        })
    }

    fn unknown_name(&self, expression: &str) -> String {
        format!("{{{}#{}}}", self.at().path, super::expression::hole_name(expression))
    }

    fn read(
        &mut self,
        api: &'w Api,
        fields: Fields<'w>,
        receiver: &Value<'w>,
        arguments: &Arguments<'w>,
        site: &Site<'w>,
    ) -> Value<'w> {
        if let Some(query) =
            fields.get("query").and_then(text_of).filter(|text| text.text.trim().contains(char::is_whitespace))
        {
            let data = self.sql_text(&query, &site.place);
            return self.returned(api, fields, data, receiver, arguments, site);
        }
        let part = match fields.get("columns").map(Value::words) {
            Some(words) if !words.is_empty() => Part::named(words.iter().map(String::as_str)),
            _ => Part::all(),
        };
        let mut targets = self.targets(api, &fields, arguments);
        if targets.is_empty()
            && let Some(name) = fields.get("query").and_then(text_of)
        {
            targets.push(Ref::named(AssetKind::Table, table_name(&name.text)));
        }
        let mut data = Data::default();
        for target in targets {
            if let Ref::Named { name, .. } = &target
                && let Some(view) = self.views.get(name)
            {
                data.join(&view.clone());
                continue;
            }
            if !self.quiet {
                self.pipeline.reads(&target, &part, &site.place);
            }
            data.join(&Data::read(target, part.clone(), Some(site.place.clone())));
        }
        self.returned(api, fields, data, receiver, arguments, site)
    }

    /// The data that the rule says travels.
    pub(super) fn travelling(
        &mut self,
        api: &Api,
        receiver: &Value<'w>,
        arguments: &Arguments<'w>,
        fields: &Fields<'w>,
    ) -> Data {
        let mut data = Data::default();
        for role in &api.data {
            match role.as_str() {
                "all" => data.join(&arguments.data()),
                "receiver" => data.join(&receiver.data()),
                role => {
                    if let Some(value) = fields.get(role) {
                        data.join(&value.data());
                    }
                }
            }
        }
        data
    }

    fn write(
        &mut self,
        api: &'w Api,
        fields: &Fields<'w>,
        receiver: &Value<'w>,
        arguments: &Arguments<'w>,
        site: &Site<'w>,
    ) {
        let mut data = self.travelling(api, receiver, arguments, fields);
        if self.quiet {
            return;
        }
        for text in api.files.iter().filter_map(|role| fields.get(role)).filter_map(text_of) {
            let source = Ref::named(AssetKind::Dataset, self.named(&dataset_name(&text.text)));
            self.pipeline.reads(&source, &Part::all(), &site.place);
            data.join(&Data::read(source, Part::all(), Some(site.place.clone())));
        }
        let model = api.data.iter().filter_map(|role| fields.get(role)).find_map(model_of);
        let targets = self.targets(api, fields, arguments);
        for target in targets {
            match (&model, &target) {
                // A model written to a file is known by that file.
                (Some(id), Ref::Named { name, .. }) => {
                    if let Some(asset) = self.pipeline.asset_mut(id) {
                        asset.names.insert(name.clone());
                    }
                }
                _ => self.pipeline.writes(&target, &data, &site.place),
            }
        }
        if let Some(sink) = &api.sink {
            let destination = self.destination(sink, fields);
            self.pipeline.sends(&destination, &data, &site.place);
        }
    }

    fn destination(&self, sink: &aedile_rules::SinkRule, fields: &Fields<'w>) -> Destination {
        let vendor = sink.vendor.clone().or_else(|| {
            fields.get("url").and_then(text_of).map(|url| {
                let rest = url.text.split_once("://").map_or(url.text.as_str(), |(_, rest)| rest);
                rest.split(['/', '?', ':'])
                    .next()
                    .unwrap_or_default()
                    .rsplit('@')
                    .next()
                    .unwrap_or_default()
                    .to_lowercase()
            })
        });
        let address = match (sink.kind.as_str(), &vendor) {
            ("log", _) => String::new(),
            ("xcom", _) => self.pipeline.asset.address.clone(),
            (_, Some(vendor)) if !vendor.is_empty() => vendor.clone(),
            _ => "unknown".to_owned(),
        };
        let internal = sink.vendor.is_none() && is_internal_host(&address);
        Destination { kind: sink.kind.clone(), address, vendor, third_party: sink.third_party && !internal }
    }

    fn send(&mut self, api: &Api, data: &Data, fields: &Fields<'w>, _arguments: &Arguments<'w>, site: &Site<'w>) {
        if self.quiet {
            return;
        }
        let destination = match (&api.sink, api.effect) {
            (Some(sink), _) => self.destination(sink, fields),
            (None, _) => Destination::log(),
        };
        // Everything logs; only logged data is a fact. A tracker call with metrics alone is the same.
        let counts_without_data = matches!(destination.kind.as_str(), "llm" | "vendor" | "public-url" | "email");
        if data.is_empty() && !counts_without_data {
            return;
        }
        self.pipeline.sends(&destination, data, &site.place);
    }

    fn train(
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
        let mut object = match receiver {
            Value::Object(object) => object,
            _ => Object { kind: "model".to_owned(), ..Object::default() },
        };
        object.data = Data::default();
        let name =
            [fields.get("name"), object.fields.get("variable")].into_iter().flatten().find_map(text_of).map_or_else(
                || match (site.receiver, &self.target) {
                    (Some(receiver), _) if !api.methods.is_empty() => {
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
            self.pipeline.trains(&id, &data, &site.place, &attributes);
        }
        if let Some(target @ ruff_python_ast::Expr::Name(_)) = site.receiver
            && !api.methods.is_empty()
        {
            self.assign(target, Value::Object(object.clone()));
        }
        Value::Object(object)
    }

    fn release(
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
        let attributes = self.relation_attributes(api, SettingOf::Relation, fields, arguments, &site.place);
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
            (None, Some(name)) => Ref::named(AssetKind::Model, name),
            (None, None) if api.args.contains_key("name") && attributes.is_empty() => return,
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

    fn feature(&mut self, api: &Api, fields: &Fields<'w>, arguments: &Arguments<'w>, site: &Site<'w>) {
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

    /// The result of the call as the rule types it.
    fn returned(
        &mut self,
        api: &'w Api,
        fields: Fields<'w>,
        data: Data,
        receiver: &Value<'w>,
        arguments: &Arguments<'w>,
        site: &Site<'w>,
    ) -> Value<'w> {
        match api.returns.as_deref() {
            None | Some("none") => Value::Unknown,
            Some("frame") => Value::holding(Shape::Frame, data),
            Some("rows") => Value::holding(Shape::Rows, data),
            Some("value") => Value::holding(Shape::Scalar, data),
            Some("same") => match receiver {
                Value::Object(object) => Value::Object(Object { fields, ..object.clone() }),
                other => other.clone(),
            },
            Some(kind) => {
                let mut data = data;
                data.join(&receiver.data());
                let kept = api.data.iter().any(|role| role == "all");
                if kept {
                    data.join(&arguments.data());
                }
                Value::Object(Object { kind: kind.to_owned(), fields, data, made: Some(site.place.clone()) })
            }
        }
    }

    /// What a task of an orchestrator returns is kept by the orchestrator.
    pub(super) fn keep_task_result(&mut self, function: super::value::Function<'w>, result: &Value<'w>) {
        let data = result.data();
        if self.quiet || data.is_empty() {
            return;
        }
        for decorator in &function.def.decorator_list {
            let expression = match &decorator.expression {
                ruff_python_ast::Expr::Call(call) => &*call.func,
                other => other,
            };
            if let Value::External(path) = self.value(expression)
                && let Some(api) = self.world.apis.lookup(&format!("@{path}"))
                && let Some(sink) = &api.sink
            {
                let destination = self.destination(sink, &Fields::new());
                let place = self.place(&function.def.name);
                self.pipeline.sends(&destination, &data, &place);
            }
        }
    }
}

/// The value on at least the rung `least`.
fn protect<'w>(least: Protection, receiver: Value<'w>, arguments: &Arguments<'w>, place: &Place) -> Value<'w> {
    let mut expression = ColumnExpression::default();
    let (mut bound, mut shape) = (Data::default(), None);
    for value in std::iter::once(&receiver).chain(arguments.all()) {
        match value {
            Value::Expression(more) => {
                expression.columns.extend(more.columns.iter().map(|(name, rung)| (name.clone(), (*rung).max(least))));
            }
            Value::Data(held, data) => {
                shape = shape.or(Some(*held));
                bound.join(data);
            }
            other => bound.join(&other.data()),
        }
    }
    bound.protect(least);
    if !bound.parts.is_empty() {
        bound.step(place.clone());
        return Value::holding(shape.unwrap_or(Shape::Scalar), bound);
    }
    // `F.sha2("email", 256)`: a text is a column's name in a column function.
    if expression.columns.is_empty()
        && let Some(Value::Text(name)) = arguments.positional.first()
        && !name.holes
    {
        expression.columns.insert(name.text.clone(), least);
    }
    Value::Expression(expression)
}

/// The texts of a text, a path, or a list of them.
fn texts(value: &Value<'_>) -> Vec<Text> {
    match value {
        Value::List(items) => items.iter().filter_map(text_of).collect(),
        other => text_of(other).into_iter().collect(),
    }
}

/// Every URI in a text, an object with a path, a list or a mapping.
fn uris(value: &Value<'_>) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().flat_map(uris).collect(),
        Value::Map(items) => items.iter().flat_map(|(_, item)| uris(item)).collect(),
        other => text_of(other).map(|text| text.text).filter(|text| text.contains("://")).into_iter().collect(),
    }
}

fn items<'a, 'w>(value: &'a Value<'w>) -> &'a [Value<'w>] {
    match value {
        Value::List(items) => items,
        other => std::slice::from_ref(other),
    }
}

fn known(value: &Value<'_>) -> Option<Known> {
    match value {
        Value::Bool(truth) => Some(Known::Bool(*truth)),
        Value::Int(number) => Some(Known::Int(*number)),
        Value::Text(text) if text.holes => {
            Some(Known::unknown(text.text.clone(), "the value is not a constant in the sources"))
        }
        Value::Text(text) => Some(Known::Text(text.text.clone())),
        // `timedelta(days=30)`
        Value::Object(object) => object.fields.get("days").and_then(known),
        _ => None,
    }
}

/// The model that an object is.
fn model_of(value: &Value<'_>) -> Option<AssetId> {
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

/// The names in braces of a template.
fn roles_of(template: &str) -> Vec<String> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(role, _)| role.to_owned()).collect()
}

/// Whether a host is inside: no dot, an address of this machine, or a name under an internal suffix.
fn is_internal_host(host: &str) -> bool {
    host == "localhost"
        || host.starts_with("127.")
        || host.starts_with("10.")
        || host.starts_with("192.168.")
        || [".internal", ".local", ".svc", ".corp", ".cluster.local", ".lan"]
            .iter()
            .any(|suffix| host.ends_with(suffix))
        || (!host.contains('.') && !host.contains('{') && host != "unknown")
}
