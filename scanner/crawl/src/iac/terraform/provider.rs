//! Settings of the provider that a resource is of: region, default tags, own accounts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::evaluator::Evaluator;
use super::expand::pair;
use super::module::Declared;
use super::scope::Scope;
use super::syntax::{Expression, Form, Key as ObjectKey, Step};
use super::typed::each;
use crate::iac::datum::{Datum, Key, Kind};
use crate::iac::version::Bounds;

/// What a provider configuration says of all its resources.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) region: Option<Datum>,
    pub(super) default_tags: Option<Datum>,
}

/// A provider configuration as a resource or call names it: `aws.eu`, with OpenTofu also `aws.by_region["eu"]`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Reference {
    name: String,
    key: Option<String>,
}

impl<'a> Evaluator<'a> {
    /// The settings for a resource of type `kind` declared in the module instance `at`.
    pub(super) fn provider(&mut self, declared: &Declared<'a>, kind: &str, scope: &Scope) -> Arc<Settings> {
        let named = declared.block.body.attribute("provider");
        let default = || Reference { name: kind.split('_').next().unwrap_or_default().to_owned(), key: None };
        let reference = match named {
            Some(expression) => self.reference(expression, declared.origin, scope).unwrap_or_else(default),
            None => default(),
        };
        let memo = (scope.instance, format!("{}[{}]", reference.name, reference.key.as_deref().unwrap_or_default()));
        if let Some(held) = self.settings.get(&memo) {
            return Arc::clone(held);
        }
        let settings = Arc::new(self.settings_of(scope.instance, reference));
        self.settings.insert(memo, Arc::clone(&settings));
        settings
    }

    fn settings_of(&mut self, at: usize, reference: Reference) -> Settings {
        let Some((at, provider, key)) = self.configured(at, reference) else {
            return Settings::default();
        };
        let mut scope = Scope::of(at);
        if let Some(collection) = provider.block.body.attribute("for_each") {
            let collection = self.evaluate(collection, provider.origin, &scope);
            let unknown = || Datum::unknown("each.value", "the instance of the provider is not known");
            let value = key.as_ref().and_then(|key| {
                let pairs = each(&collection)?;
                pairs.into_iter().find(|(held, _)| *held == Key::Text(key.clone())).map(|(_, value)| value)
            });
            let key = key.map_or_else(unknown, Datum::from_text);
            scope = scope.with("each", pair(key, value.unwrap_or_else(unknown)));
        }
        let body = self.body(&provider.block.body, provider.origin, &scope);
        let tags = body.member("default_tags").or_else(|| body.member("default_labels"));
        Settings {
            region: body.member("region").filter(|region| !region.is_null()).cloned(),
            default_tags: tags
                .and_then(|tags| tags.items().first())
                .map(|first| first.member("tags").unwrap_or(first))
                .cloned(),
        }
    }

    /// The configuration that `reference` means, the instance it stands in and its key: in the module itself,
    /// or in what calls it.
    fn configured(&self, mut at: usize, mut reference: Reference) -> Option<(usize, Declared<'a>, Option<String>)> {
        loop {
            let instance = self.instance(at)?;
            let name = reference.name.as_str();
            let (local, alias) = name.split_once('.').map_or((name, None), |(local, alias)| (local, Some(alias)));
            let found = instance.module.providers.iter().find(|provider| {
                let own = provider.block.body.attribute("alias").and_then(Expression::literal);
                provider.block.label(0) == Some(local) && own == alias
            });
            if let Some(provider) = found {
                return Some((at, *provider, reference.key));
            }
            let call = instance.call.as_ref()?;
            if let Some(passed) = call.providers.get(name) {
                reference = passed.clone();
            }
            at = call.parent;
        }
    }

    /// The versions of the provider of type `kind` that the constraints of the module instance `at` and of those that
    /// call it admit; all of them hold.
    pub(super) fn versions(&mut self, at: usize, kind: &str) -> Option<Bounds> {
        let provider = kind.split('_').next().unwrap_or_default().to_owned();
        let memo = (at, provider);
        if let Some(held) = self.bounds.get(&memo) {
            return held.clone();
        }
        let instance = self.instance(at)?;
        let written = instance.module.versions.get(memo.1.as_str()).copied();
        let parent = instance.call.as_ref().map(|call| call.parent);
        let mut bounds = parent.and_then(|parent| self.versions(parent, kind));
        if let Some(written) = written {
            let asked = self.evaluate(written.expression, written.origin, &Scope::of(at));
            if let Some(constraint) = asked.member("version").unwrap_or(&asked).text() {
                bounds.get_or_insert_default().narrow(&constraint);
            }
        }
        self.bounds.insert(memo, bounds.clone());
        bounds
    }

    /// `providers = { aws = aws.eu }` of a module call.
    pub(super) fn passed_providers(&mut self, at: usize, declared: Declared<'a>) -> BTreeMap<String, Reference> {
        let mut passed = BTreeMap::new();
        if let Some(Expression { form: Form::Object(members), .. }) = declared.block.body.attribute("providers") {
            for (key, value) in members {
                let key = match key {
                    ObjectKey::Word(word, _) => Some(word.clone()),
                    ObjectKey::Computed(expression) => expression.path(),
                };
                if let (Some(key), Some(value)) = (key, self.reference(value, declared.origin, &Scope::of(at))) {
                    passed.insert(key, value);
                }
            }
        }
        passed
    }

    fn reference(
        &mut self,
        expression: &Expression,
        origin: &super::parse::Origin,
        scope: &Scope,
    ) -> Option<Reference> {
        let name = expression.path()?;
        let index = match &expression.form {
            Form::Traversal(_, steps) => steps.iter().find_map(|step| match step {
                Step::Index(index) => Some(index),
                _ => None,
            }),
            _ => None,
        };
        let key = index.and_then(|index| self.evaluate(index, origin, scope).text());
        Some(Reference { name, key })
    }

    /// Accounts that provider configurations say are the only allowed ones.
    pub(super) fn own_accounts(&mut self) -> BTreeSet<String> {
        let mut accounts = BTreeSet::new();
        for at in 0..self.instances.len() {
            let Some(module) = self.module(at) else { continue };
            for provider in &module.providers {
                let Some(allowed) = provider.block.body.attribute("allowed_account_ids") else {
                    continue;
                };
                let allowed = self.evaluate(allowed, provider.origin, &Scope::of(at));
                accounts.extend(allowed.items().iter().filter_map(Datum::text));
            }
        }
        accounts
    }
}

impl Settings {
    /// The settings where a resource names its own region.
    pub(super) fn region_of(&self, body: &Datum) -> Option<Datum> {
        let own = body.member("region").filter(|region| !matches!(region.kind, Kind::Null));
        own.cloned().or_else(|| self.region.clone())
    }
}
