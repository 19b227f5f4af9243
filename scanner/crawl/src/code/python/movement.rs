//! Movements of data: what a call reads, writes and sends, and where to.

use aedile_model::AssetKind;
use aedile_rules::{Api, SinkRule};

use super::apply::Fields;
use super::argument::Arguments;
use super::call::Site;
use super::interpret::Interpreter;
use super::model::model_of;
use super::string::text_of;
use super::value::{Object, Text, Value};
use crate::Ref;
use crate::code::flow::{Data, Part};
use crate::code::output::{Destination, dataset_name, table_name};

impl<'w> Interpreter<'w> {
    /// The datasets that the call names.
    pub(super) fn targets(&self, api: &Api, fields: &Fields<'w>, arguments: &Arguments<'w>) -> Vec<Ref> {
        if let Some(value) = fields.get("table").or_else(|| fields.get("dbtable")) {
            let schema = fields.get("schema").and_then(text_of).filter(|schema| !schema.is_hole());
            return texts(value)
                .into_iter()
                .map(|text| match &schema {
                    Some(schema) if !text.text.contains('.') => {
                        self.table(&Text::plain(format!("{}.{}", schema.text, text.text)), api, "table", arguments)
                    }
                    _ => self.table(&text, api, "table", arguments),
                })
                .collect();
        }
        if let Some(template) = &api.uri {
            let mut uri = template.clone();
            for role in roles_of(template) {
                let text = fields.get(&role).and_then(text_of).map_or_else(|| format!("{{{role}}}"), |text| text.text);
                uri = uri.replace(&format!("{{{role}}}"), &text);
            }
            return vec![Ref::named(AssetKind::Dataset, dataset_name(&uri))];
        }
        // `.format("kafka").option("subscribe", "visits")`
        if let Some(topic) =
            ["subscribe", "topic", "subscribePattern"].iter().find_map(|role| text_of(fields.get(*role)?))
        {
            let name = if self.is_all_hole(&topic.text) { self.unknown_name("topic") } else { topic.text };
            return vec![Ref::named(AssetKind::Dataset, format!("kafka://{name}"))];
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
    pub(super) fn named(&self, name: &str) -> String {
        if self.is_all_hole(name) { self.unknown_name(name.trim_matches(['{', '}'])) } else { name.to_owned() }
    }

    pub(super) fn is_all_hole(&self, name: &str) -> bool {
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

    pub(super) fn read(
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
        let part = match fields.get("columns").or_else(|| fields.get("names")).map(Value::words) {
            Some(words) if !words.is_empty() => Part::named(words.iter().map(String::as_str)),
            _ => Part::all(),
        };
        // What was read before is read on: the body of a response, a buffer in memory.
        let before = fields.get("path").filter(|path| text_of(path).is_none()).map(Value::data).unwrap_or_default();
        if !before.is_empty() {
            return self.returned(api, fields, before, receiver, arguments, site);
        }
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
        let in_parts = ["chunksize", "iterator"].iter().any(|name| {
            arguments.keyword(name).is_some_and(|value| !matches!(value, Value::None | Value::Bool(false)))
        });
        match self.returned(api, fields, data, receiver, arguments, site) {
            // Rows come in frames, one after another.
            frame @ Value::Data(super::value::Shape::Frame, _) if in_parts => Value::list(vec![frame]),
            value => value,
        }
    }

    /// Copies what `from` names to where `to` does.
    pub(super) fn transfer(&mut self, api: &Api, fields: &Fields<'w>, arguments: Arguments<'w>, site: &Site<'w>) {
        let from = api.from.as_deref().unwrap_or_default();
        let data = match from.strip_prefix("query:").and_then(|role| fields.get(role)).and_then(text_of) {
            Some(query) => self.sql_text(&query, &site.place),
            None => {
                let mut data = Data::default();
                for source in self.ends(from, fields, &arguments) {
                    if !self.quiet {
                        self.pipeline.reads(&source, &Part::all(), &site.place);
                    }
                    data.join(&Data::read(source, Part::all(), Some(site.place.clone())));
                }
                data
            }
        };
        for target in self.ends(api.to.as_deref().unwrap_or_default(), fields, &arguments) {
            if !self.quiet {
                self.pipeline.writes(&target, &data, &site.place);
            }
        }
    }

    /// What one end of a transfer names: one dataset, or one for each text of a list.
    fn ends(&self, template: &str, fields: &Fields<'w>, arguments: &Arguments<'w>) -> Vec<Ref> {
        let (kind, template) = match template.strip_prefix("table:") {
            Some(rest) => (AssetKind::Table, rest),
            None => (AssetKind::Dataset, template),
        };
        let mut names = vec![template.to_owned()];
        for role in roles_of(template) {
            // What is left out of a name is not part of it; what is not known is a hole.
            let hole = || if arguments.keyword(&role).is_some() { format!("{{{role}}}") } else { String::new() };
            let texts: Vec<String> =
                fields.get(&role).map(texts).unwrap_or_default().into_iter().map(|t| t.text).collect();
            let texts = if texts.is_empty() { vec![hole()] } else { texts };
            names = names
                .iter()
                .flat_map(|name| texts.iter().map(|text| name.replace(&format!("{{{role}}}"), text)))
                .take(Value::MOST)
                .collect();
        }
        let named = |name: String| match kind {
            AssetKind::Table => Ref::named(kind, table_name(name.trim_matches('.'))),
            kind => Ref::named(kind, dataset_name(&name)),
        };
        names.into_iter().map(named).collect()
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

    pub(super) fn write(
        &mut self,
        api: &'w Api,
        fields: &Fields<'w>,
        receiver: &Value<'w>,
        arguments: &Arguments<'w>,
        site: &Site<'w>,
    ) {
        let mut data = self.travelling(api, receiver, arguments, fields);
        for text in api.files.iter().filter_map(|role| fields.get(role)).filter_map(text_of) {
            let source = Ref::named(AssetKind::Dataset, self.named(&dataset_name(&text.text)));
            if !self.quiet {
                self.pipeline.reads(&source, &Part::all(), &site.place);
            }
            data.join(&Data::read(source, Part::all(), Some(site.place.clone())));
        }
        // A buffer in memory holds what is written to it.
        if let Some(Value::Object(buffer)) = fields.get("path")
            && matches!(buffer.kind.as_str(), "io.StringIO" | "io.BytesIO")
        {
            if let Some(name) = arguments.role_source(api, "path") {
                let held = Object { data, ..buffer.clone() };
                self.bind(name, Value::Object(held));
            }
            return;
        }
        if self.quiet {
            return;
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

    pub(super) fn destination(&self, sink: &SinkRule, fields: &Fields<'w>) -> Destination {
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

    pub(super) fn send(
        &mut self,
        api: &Api,
        data: &Data,
        fields: &Fields<'w>,
        _arguments: &Arguments<'w>,
        site: &Site<'w>,
    ) {
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
}

/// The texts of a text, a path, or a list of them.
pub(super) fn texts(value: &Value<'_>) -> Vec<Text> {
    match value {
        Value::List(items) => items.iter().flat_map(texts).collect(),
        Value::Either(items) => items.iter().flat_map(texts).collect(),
        // Options of a connection: `{"path": "s3://…"}`.
        Value::Map(_) => {
            let role = ["path", "paths", "query"].iter().find_map(|name| value.member(name));
            role.map(texts).unwrap_or_default()
        }
        other => text_of(other).into_iter().collect(),
    }
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
