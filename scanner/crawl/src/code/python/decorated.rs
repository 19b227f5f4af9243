//! What decorators of orchestrators say: settings of the pipeline, and where the result of a function is kept.

use aedile_model::{AssetKind, Place};
use aedile_rules::{Api, Effect, SinkRule};
use ruff_python_ast::{Decorator, Expr, ExprCall};

use super::apply::Fields;
use super::argument::Arguments;
use super::call::Site;
use super::interpret::Interpreter;
use super::movement::texts;
use super::value::{Function, Object, Shape, Value};
use crate::Ref;
use crate::code::flow::{Data, Part};
use crate::code::output::{dataset_name, table_name};

impl<'w> Interpreter<'w> {
    /// What the decorator `path` says with its arguments.
    pub(super) fn decoration(&mut self, path: &str, arguments: Arguments<'w>, place: Place) {
        if let Some(api) = self.world.apis.lookup(path) {
            self.apply(api, Value::Unknown, arguments, &Site { place, receiver: None });
        }
    }

    /// What the catalog says of a decorator, and its call if it has arguments.
    pub(super) fn decorated_by(&mut self, decorator: &'w Decorator) -> Option<(&'w Api, Option<&'w ExprCall>)> {
        let (callee, call) = match &decorator.expression {
            Expr::Call(call) => (&*call.func, Some(call)),
            other => (other, None),
        };
        let Value::External(path) = self.value(callee) else { return None };
        Some((self.world.apis.lookup(&format!("@{path}"))?, call))
    }

    /// What a task of an orchestrator returns is kept: by the orchestrator, or as the table that it is named for.
    pub(super) fn keep_task_result(&mut self, function: Function<'w>, result: &Value<'w>) {
        if self.quiet {
            return;
        }
        let data = result.data();
        for decorator in &function.def.decorator_list {
            let Some((api, call)) = self.decorated_by(decorator) else { continue };
            let place = self.place(&function.def.name);
            if api.effect == Effect::Write {
                let name = call.and_then(|call| self.name_of_result(api, call));
                let name = name.unwrap_or_else(|| function.def.name.as_str().to_owned());
                let table = Ref::named(AssetKind::Table, table_name(&name));
                self.pipeline.writes(&table, &data, &place);
            } else if let Some(sink) = &api.sink
                && !data.is_empty()
                && self.keeps(api, sink, call)
            {
                let destination = self.destination(sink, &Fields::default());
                self.pipeline.sends(&destination, &data, &place);
            }
        }
    }

    /// Whether the decorator says that the result is kept.
    fn keeps(&mut self, api: &Api, sink: &SinkRule, call: Option<&'w ruff_python_ast::ExprCall>) -> bool {
        let Some(when) = &sink.when else { return true };
        call.is_some_and(|call| self.arguments(call).holds(api, when))
    }

    /// What an orchestrator hands to the parameter `name` that nobody gives a value: the asset of that name, or the
    /// artifact that the annotation says it is.
    pub(super) fn upstream(
        &mut self,
        function: Function<'w>,
        name: &str,
        annotation: Option<&'w Expr>,
    ) -> Option<Value<'w>> {
        if let Some(Expr::Subscript(subscript)) = annotation
            && let Value::External(path) = self.value(&subscript.value)
            && self.world.apis.lookup(&path).is_some_and(|api| api.returns.as_deref() == Some("artifact"))
        {
            let path = ("path".to_owned(), Value::text(format!("artifact://{name}")));
            let uri = ("uri".to_owned(), Value::text(format!("artifact://{name}")));
            let object =
                Object { kind: "artifact".to_owned(), fields: [path, uri].into_iter().collect(), ..Object::default() };
            return Some(Value::Object(object));
        }
        if matches!(name, "context" | "self" | "cls") || annotation.is_some_and(|annotation| !is_frame(annotation)) {
            return None;
        }
        for decorator in &function.def.decorator_list {
            let callee = match &decorator.expression {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            if let Value::External(path) = self.value(callee)
                && let Some(api) = self.world.apis.lookup(&format!("@{path}"))
                && api.returns.as_deref() == Some("asset")
            {
                let table = Ref::named(AssetKind::Table, table_name(name));
                let place = self.place(&function.def.name);
                if !self.quiet {
                    self.pipeline.reads(&table, &Part::all(), &place);
                }
                return Some(Value::Data(Shape::Frame, Data::read(table, Part::all(), Some(place))));
            }
        }
        None
    }

    /// What an operator says that it takes and gives: `inlets=[Dataset("s3://…")]`.
    pub(super) fn declared_data(&mut self, arguments: &Arguments<'w>, site: &Site<'w>) {
        let named = |role: &str| {
            let texts = arguments.keyword(role).map(texts).unwrap_or_default();
            texts
                .into_iter()
                .filter(|text| text.text.contains("://"))
                .map(|text| Ref::named(AssetKind::Dataset, dataset_name(&text.text)))
        };
        let mut data = Data::default();
        for source in named("inlets").collect::<Vec<_>>() {
            if !self.quiet {
                self.pipeline.reads(&source, &Part::all(), &site.place);
            }
            data.join(&Data::read(source, Part::all(), Some(site.place.clone())));
        }
        for target in named("outlets").collect::<Vec<_>>() {
            if !self.quiet {
                self.pipeline.writes(&target, &data, &site.place);
            }
        }
    }

    fn name_of_result(&mut self, api: &Api, call: &'w ruff_python_ast::ExprCall) -> Option<String> {
        let arguments = self.arguments(call);
        let text = arguments.role(api, "table")?.as_text()?;
        Some(text.text.clone())
    }

    /// Frames that a call may name in its SQL: those it is given by name, and where the rule says so every variable.
    pub(super) fn named_frames(&mut self, api: &Api, arguments: &Arguments<'w>, text: &str) -> Vec<(String, Data)> {
        let mut frames: Vec<(String, Data)> = Vec::new();
        for (name, value) in &arguments.keywords {
            if let Value::Data(_, data) = value
                && text.contains(name.as_str())
            {
                frames.push((name.to_lowercase(), data.clone()));
            }
        }
        if api.sees_variables {
            for word in text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()) {
                if let Some(Value::Data(_, data)) = self.name(word) {
                    frames.push((word.to_lowercase(), data.clone()));
                }
            }
        }
        frames
    }
}

/// Whether an annotation names a frame.
fn is_frame(annotation: &Expr) -> bool {
    match annotation {
        Expr::Attribute(attribute) => matches!(attribute.attr.as_str(), "DataFrame" | "LazyFrame" | "Table"),
        Expr::Name(name) => matches!(name.id.as_str(), "DataFrame" | "LazyFrame" | "Table"),
        _ => false,
    }
}
