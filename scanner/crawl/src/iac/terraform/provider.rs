//! Settings of the provider that a resource is of: region, default tags, own accounts.

use std::collections::BTreeSet;

use super::evaluate::Names;
use super::module::{Declared, label};
use super::scope::{Evaluator, Scope};
use crate::iac::datum::Datum;

/// What a provider configuration says of all its resources.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) region: Option<Datum>,
    pub(super) default_tags: Option<Datum>,
}

impl<'a> Evaluator<'a> {
    /// The settings for a resource of type `kind` declared in the module instance `at`.
    pub(super) fn provider(&mut self, at: usize, declared: &Declared<'a>, kind: &str) -> Settings {
        let named = declared.block.body.get_attribute("provider").map(|provider| provider.value.to_string());
        let default = kind.split('_').next().unwrap_or_default().to_owned();
        let name = named.map_or(default, |name| name.trim().trim_matches('"').to_owned());
        let Some((at, provider)) = self.configured(at, name) else {
            return Settings::default();
        };
        let scope = Scope { instance: at, names: Names::new() };
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

    /// The configuration called `name` (`aws`, `aws.eu`) and the instance it stands in: in the module itself,
    /// or in what calls it.
    fn configured(&self, mut at: usize, mut name: String) -> Option<(usize, Declared<'a>)> {
        loop {
            let instance = self.instance(at)?;
            let (local, alias) =
                name.split_once('.').map_or((name.as_str(), None), |(local, alias)| (local, Some(alias)));
            let found = instance.module.providers.iter().find(|provider| {
                let own = provider.block.body.get_attribute("alias").and_then(|alias| alias.value.as_str());
                label(provider.block, 0) == Some(local) && own == alias
            });
            if let Some(provider) = found {
                return Some((at, *provider));
            }
            if let Some(passed) = instance.providers.get(&name) {
                name = passed.clone();
            }
            at = instance.parent?;
        }
    }

    /// Accounts that provider configurations say are the only allowed ones.
    pub(super) fn own_accounts(&mut self) -> BTreeSet<String> {
        let mut accounts = BTreeSet::new();
        for at in 0..self.instances.len() {
            let Some(module) = self.module(at) else { continue };
            for provider in &module.providers {
                let Some(allowed) = provider.block.body.get_attribute("allowed_account_ids") else {
                    continue;
                };
                let scope = Scope { instance: at, names: Names::new() };
                let allowed = self.evaluate(&allowed.value, provider.origin, &scope);
                accounts.extend(allowed.items().iter().filter_map(Datum::text));
            }
        }
        accounts
    }
}
