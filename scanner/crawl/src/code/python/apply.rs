//! Applies a rule of the catalog to a call.

use std::collections::BTreeMap;

use aedile_model::{AssetKind, Attribute, Place, Value as Known};
use aedile_rules::{Api, ColumnPart, Effect, SettingOf};

use super::argument::Arguments;
use super::call::Site;
use super::interpret::Interpreter;
use super::movement::texts;
use super::part;
use super::protect::protect;
use super::string::text_of;
use super::value::{Object, Shape, Text, Value};
use crate::Ref;
use crate::code::flow::Data;
use crate::code::output::{dataset_name, table_name};
use crate::shared::Shared;

/// The values that play roles in a call: its arguments, and what earlier calls of the chain were given.
pub(super) type Fields<'w> = Shared<BTreeMap<String, Value<'w>>>;

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
            self.compared(api, &fields, site);
        }
        // `dbutils.widgets.text("table", "raw.users")`: the default is the value.
        if let (Some(Value::Text(name)), Some(default)) = (fields.get("widget"), fields.get("widget_default")) {
            self.parameters.insert(format!("widget.{}", name.text), default.clone());
        }
        // What is kept under a name is found by it again: `xcom_push(key, value)`, `xcom_pull(key=…)`.
        if let (Some(Value::Text(name)), Some(kept)) = (fields.get("kept_as"), fields.get("kept")) {
            self.parameters.insert(format!("kept.{}", name.text), kept.clone());
        }
        match api.effect {
            Effect::Transfer => {
                self.transfer(api, &fields, arguments, site);
                Value::Unknown
            }
            Effect::Make => self.returned(api, fields, Data::default(), &receiver, &arguments, site),
            Effect::Read => self.read(api, fields, &receiver, &arguments, site),
            Effect::Query => {
                let mut data = Data::default();
                for text in fields.get("query").map(texts).unwrap_or_default() {
                    data.join(&self.query(api, &text, &arguments, site));
                }
                // A cursor holds what it executed.
                if let (Value::Object(cursor), Some(ruff_python_ast::Expr::Name(name))) = (&receiver, site.receiver)
                    && !data.is_empty()
                {
                    let held = Object { data: data.clone(), ..cursor.clone() };
                    self.bind(name.id.as_str(), Value::Object(held));
                }
                self.returned(api, fields, data, &receiver, &arguments, site)
            }
            Effect::Write => {
                self.write(api, &fields, &receiver, &arguments, site);
                // `df.to_csv("x.csv")` gives nothing, `df.to_csv()` the text.
                if api.returns.as_deref() == Some("same")
                    && matches!(receiver, Value::Data(..))
                    && !self.targets(api, &fields, &arguments).is_empty()
                {
                    return Value::None;
                }
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
                if !self.quiet && api.returns.as_deref() == Some("model") {
                    let names = ["path", "model_uri"].iter().filter_map(|role| fields.get(*role)).flat_map(texts);
                    let names = names.map(|text| model_name(&text.text)).filter(|name| !name.contains('{')).collect();
                    self.pipeline.lists(crate::assessed::LOADS, names, &site.place);
                }
                let mut made = Object {
                    kind: api.returns.clone().unwrap_or_else(|| "model".to_owned()),
                    fields,
                    ..Object::default()
                };
                made.made = Some(site.place.clone());
                Value::Object(made)
            }
            Effect::Release => {
                let before = self.pipeline.made();
                self.release(api, &receiver, &arguments, &fields, site);
                let released = self.pipeline.made();
                let result = self.returned(api, fields, Data::default(), &receiver, &arguments, site);
                if released > before { released_by(result, released - 1) } else { result }
            }
            Effect::Feature => {
                self.feature(api, &fields, &arguments, site);
                self.returned(api, fields, Data::default(), &receiver, &arguments, site)
            }
            Effect::Card => {
                self.card(&fields, site);
                self.returned(api, fields, Data::default(), &receiver, &arguments, site)
            }
            Effect::Protect => protect(api.protection.unwrap_or_default(), receiver, &arguments, &site.place),
            Effect::Frame => self.frame(api, receiver, arguments, fields, site),
        }
    }

    fn fields(&self, api: &Api, receiver: &Value<'w>, arguments: &Arguments<'w>) -> Fields<'w> {
        let mut fields = match receiver {
            Value::Object(object) => object.fields.clone(),
            _ => Fields::default(),
        };
        for (role, argument) in &api.args {
            if argument.unless.as_ref().is_some_and(|unless| arguments.holds(api, unless)) {
                continue;
            }
            let mut given = arguments.role(api, role).cloned();
            if let Some(from) = argument.at.filter(|_| argument.every) {
                given = Some(Value::List(arguments.positional.iter().skip(from).cloned().collect()));
            }
            if let (Some(value), Some(at)) = (&given, argument.each) {
                given = Some(part::each(value, at));
            }
            given = given.or_else(|| part::made(argument, receiver, arguments).cloned());
            match (given, &argument.default) {
                (Some(value), _) => {
                    fields.insert(role.clone(), value);
                }
                (None, Some(default)) => {
                    fields.entry(role.clone()).or_insert_with(|| Value::text(default.clone()));
                }
                (None, None) => {}
            }
        }
        // `.options(dbtable="clinic.patients")`: every keyword is a role by its own name.
        if api.args.contains_key("*") {
            fields.extend(arguments.keywords.iter().cloned());
        }
        // `.option("dbtable", "clinic.patients")` gives the role that its first argument names.
        if ["option", "setting"].iter().any(|role| fields.contains_key(*role))
            && let (Some(Value::Text(option)), Some(value)) = (fields.remove("option"), fields.remove("setting"))
        {
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

    /// Notes by which columns a call compares groups.
    fn compared(&mut self, api: &Api, fields: &Fields<'w>, site: &Site<'w>) {
        if api.effect == Effect::Train {
            return;
        }
        let roles = api.parts.get(&ColumnPart::Protected).into_iter().flatten();
        let columns: Vec<String> = roles.filter_map(|role| fields.get(role)).flat_map(part::columns_of).collect();
        self.pipeline.lists("comparedColumns", columns, &site.place);
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

    /// What the SQL `text` gives; frames that it may name are views for it alone.
    fn query(&mut self, api: &Api, text: &Text, arguments: &Arguments<'w>, site: &Site<'w>) -> Data {
        let frames = self.named_frames(api, arguments, &text.text);
        let mut text = text.clone();
        for (name, _) in &frames {
            // `spark.sql("… {p}", p=people)`
            let (braced, plain) = (format!("{{{name}}}"), format!(" {name} "));
            text.text = text.text.replace(&braced, &plain);
        }
        // What a driver puts in stands as a literal of the same length.
        if api.args.contains_key("values") {
            text.text = text.text.replace("%s", "''");
        }
        let before = (!frames.is_empty()).then(|| self.views.clone());
        self.views.extend(frames);
        // `INSERT INTO t (a, b) VALUES (%s, %s)`: what is bound is written.
        let values = arguments.role(api, "values").map(Value::data).unwrap_or_default();
        let table = inserted(&text.text).filter(|_| !values.is_empty() && text.text.to_lowercase().contains("values"));
        let data = match table {
            Some(table) => {
                if !self.quiet {
                    self.pipeline.writes(&Ref::named(AssetKind::Table, table_name(table)), &values, &site.place);
                }
                Data::default()
            }
            None => self.sql_text(&text, &site.place),
        };
        if let Some(before) = before {
            self.views = before;
        }
        data
    }

    /// The result of the call as the rule types it.
    pub(super) fn returned(
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
            Some("kept") => {
                let name = ["kept_as", "task"].iter().find_map(|role| text_of(fields.get(*role)?));
                name.and_then(|name| self.parameters.get(&format!("kept.{}", name.text)).cloned()).unwrap_or_default()
            }
            Some("settings") => {
                let path = fields.get("path").and_then(text_of).filter(|path| !path.holes);
                path.and_then(|path| self.settings_file(&path.text)).unwrap_or_default()
            }
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
}

/// The name under which a model is found: the registered one of `models:/churn@champion`, else its path.
fn model_name(written: &str) -> String {
    match written.strip_prefix("models:/") {
        Some(registered) => registered.split(['/', '@']).next().unwrap_or(registered).to_owned(),
        None => dataset_name(written),
    }
}

/// What a release gives, with the number of the link that says it.
fn released_by(result: Value<'_>, link: usize) -> Value<'_> {
    let mut object = match result {
        Value::Object(object) => object,
        Value::Unknown => Object { kind: "released".to_owned(), ..Object::default() },
        other => return other,
    };
    object.fields.insert(super::gate::RELEASED.to_owned(), Value::Int(i64::try_from(link).unwrap_or(i64::MAX)));
    Value::Object(object)
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

/// The table that a statement inserts values into.
fn inserted(statement: &str) -> Option<&str> {
    let mut words = statement.split_whitespace();
    let verb = words.next()?.to_ascii_lowercase();
    let mut name = match verb.as_str() {
        "insert" | "replace" | "merge" => {
            words.find(|word| word.eq_ignore_ascii_case("into")).and_then(|_| words.next())
        }
        "update" => words.next(),
        _ => None,
    }?;
    name = name.split('(').next().unwrap_or(name);
    (!name.is_empty() && !name.contains('{')).then_some(name)
}
