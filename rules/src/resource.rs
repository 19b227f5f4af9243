//! Resource types of infrastructure as code: packs `resources/*.yaml`.
//!
//! A pack begins with `pack: resources` and holds any of these lists:
//!
//! - `resources:` one block a type. A new type is a new block, nothing else.
//! - `tags:` keys of tags and labels that mean an attribute (`team` → `owner`).
//! - `services:` what the actions of an AWS service give (`s3:GetObject` → read).
//! - `modules:` modules of registries, each told as a short configuration, see [`ModuleRule`].
//! - `policies:` what managed policies allow. `roles:` what roles and privileges allow.
//! - `permissions:` what permissions allow in roles that the configuration itself defines.
//! - `interfaces:` programs that serve a page, and whether they ask who somebody is.
//! - `data:` actions that reach data. `ports:` ports on which something of a data platform listens.
//!
//! ```yaml
//! pack: resources
//! resources:
//!   - id: aws_s3_bucket                  # the type in the source's words
//!     source: terraform                  # or cloudformation, kubernetes, compose, dockerfile
//!     like: …                            # the type of another source that is the same thing …
//!     paths: {name: BucketName}          # … all of which holds here, its paths spelt so
//!     docs: https://…                    # where paths and defaults were read
//!     asset: Bucket                      # left out by types that only grant
//!     name: [bucket]                     # paths of the short name, tried in order
//!     names: ["s3://{bucket}"]           # global names; holes are paths or {region}
//!     exports: {arn: "arn:aws:s3:::{bucket}"}   # what `aws_s3_bucket.x.arn` is
//!     companions:                        # resources that say something about this one
//!       block: {type: aws_s3_bucket_public_access_block, by: bucket}     # its attribute names us
//!       config: {type: aws_sagemaker_endpoint_configuration, via: endpoint_config_name, absorbs: true}
//!     attributes:                        # readers, tried in order; the first that decides gives the value
//!       versioned:
//!         - {from: versioning, path: versioning_configuration.status, map: {Enabled: true}}
//!         - {when: {path: versioning.enabled, equals: true}, is: true}
//!         - {default: false, since: "always; …"}
//!     relations:
//!       - {kind: encrypted-with, path: kms_key_id, to: Key}
//!     grants:
//!       - {form: resource-policy, document: policy}
//!     examples: [{source: "…", expect: {versioned: true}}]
//!     counter_examples: [{source: "…", expect: {versioned: false}}]
//! ```
//!
//! **Paths** are dotted keys; lists on the way are entered, so a path may give many values; `*` is any key, `**` the
//! value and everything in it at any depth. JSON in a text is entered like a map. A companion may exist many times;
//! all are read. A value that is only filled in at run time (`{% … %}`, `Key.$`, `{"Get": …}`) is unknown.
//!
//! **Companions** are joined through references (also by `for_each` key), through equal names, or,
//! with neither `by` nor `via`, by standing in the same configuration. `of: account` joins them to that companion
//! instead, which may be of another in turn. A name may be built of theirs: `{account.name}`. What is read in a
//! companion that is named but not in the sources, or that a variable without value may name, is unknown; with
//! `outside: nothing` one that is not in the sources says nothing, as if none were named.
//!
//! **Conditions** (`all`, `any`, `not`, or a test of a path) are true, false or unknown. A case (`when`,
//! `is`) whose condition is unknown makes the attribute unknown, unless everything after it would give
//! the same value. A path that gives nothing makes its test false, `exists: false` apart. Besides tests of values:
//!
//! - `{from: group, path: parameter, each: {all: [{path: name, equals: ssl}, {path: value, equals: "1"}]}}` asks
//!   each item at the path (without a path, each companion) for itself; `every: true` asks whether all pass;
//! - `{from: subnets, attribute: internetRoute, equals: true}` tests an attribute that the companions' own type reads;
//! - `{from: subnets}` is whether there is one, `{from: subnets, complete: true}` whether all of them are in the
//!   sources and each companion that they are `of` has one;
//! - `{path: gateway_id, refers: [aws_internet_gateway]}` is whether the value is a resource of that type;
//! - `{provider_from: "6.0"}` is whether all versions of the provider that are admitted are that or later; where no constraint
//!   settles it that is unknown, and with `provider_pinned_from` false;
//! - `{path: engine_version, version_from: "15"}` compares versions, `world: true` is whether a range of addresses
//!   lets in the world, `selects:` whether a backup selection takes in this resource.
//!
//! **Readings** take the first value that is not null. A value known only after apply is given, but not
//! readable: `as: given` is true of it, every other reading is unknown. A value that might be null (a
//! variable without default) makes `as: given` unknown too.
//!
//! `{path: rule, item: {all: [{path: access, equals: Allow}, {path: port, equals: 22}]}}` is true if one item of the list
//! passes; with `from` and without a path, if one companion does.
//!
//! `{path: lifecycle_config_name, unknown: "its script decides"}` makes the attribute unknown if something is
//! given there.
//!
//! **Columns** of a table are read from `columns: {path: column, name: name, masked: [masking_policy]}`; each becomes
//! an asset of its own, `masks: [{from: mask, column: column}]` names companions that mask one, and `tags` the type that
//! puts tags on columns, where a tag can carry a mask. `enforced` says when a tag in a column masks it.
//!
//! **Labels**: `labels: {entity: entity_name, kind: entity_type, tables: [tables], columns: [columns], key: tag_key, value:
//! tag_value}` is a resource that puts a tag on a table or column which it names in full.
//!
//! **Parts** are blocks that are resources of another type: `parts: [{type: databricks_cluster, path: job_cluster.new_cluster,
//! key: job_cluster_key}]`.
//!
//! **Bindings** give what their `roles` are said to give, or `access` whatever they name, or everything where the
//! path `everything` is true; `tagged` binds what carries tags. `wildcard: true` marks one on all that stands in something, `columns` limits it.
//!
//! **Examples** are run by tests of the crawlers, which can read the sources; loading demands at least one
//! example and one counter-example of each type.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::fix::{self, Fix, Repair};
use crate::{PackError, PackInfo, PackSource};
use lazy::LazyPack;

mod form;
mod lazy;
mod like;
#[cfg(test)]
mod tests;
mod valid;

pub use form::{
    ColumnMask, ColumnRule, ColumnTags, Companion, Condition, DataActions, Enforced, GrantForm, GrantRule, Interface,
    InterfaceCase, KnownPort, LabelRule, Literal, ManagedPolicy, ManagedStatement, ModuleExample, ModuleRule, OpenRule,
    Outside, Over, Part, Permission, PolicyTest, Reader, Reading, RelationRule, ResourceExample, ResourceSource,
    ResourceType, RoleAccess, Selection, Service, TagRule, Tagged, Tagging,
};

#[cfg(test)]
pub(crate) use form::Pack;

/// Our packs, sorted by name.
pub(crate) const PACKS: &[(&str, &str)] = &[
    ("resources/aws-ai.yaml", include_str!("../resources/aws-ai.yaml")),
    ("resources/aws-analytics.yaml", include_str!("../resources/aws-analytics.yaml")),
    ("resources/aws-audit.yaml", include_str!("../resources/aws-audit.yaml")),
    ("resources/aws-compute.yaml", include_str!("../resources/aws-compute.yaml")),
    ("resources/aws-database.yaml", include_str!("../resources/aws-database.yaml")),
    ("resources/aws-gateway.yaml", include_str!("../resources/aws-gateway.yaml")),
    ("resources/aws-identity.yaml", include_str!("../resources/aws-identity.yaml")),
    ("resources/aws-jobs.yaml", include_str!("../resources/aws-jobs.yaml")),
    ("resources/aws-keys.yaml", include_str!("../resources/aws-keys.yaml")),
    ("resources/aws-lakeformation.yaml", include_str!("../resources/aws-lakeformation.yaml")),
    ("resources/aws-ml.yaml", include_str!("../resources/aws-ml.yaml")),
    ("resources/aws-network.yaml", include_str!("../resources/aws-network.yaml")),
    ("resources/aws-policies.yaml", include_str!("../resources/aws-policies.yaml")),
    ("resources/aws-storage.yaml", include_str!("../resources/aws-storage.yaml")),
    ("resources/aws-stream.yaml", include_str!("../resources/aws-stream.yaml")),
    ("resources/aws-warehouse.yaml", include_str!("../resources/aws-warehouse.yaml")),
    ("resources/azure-arm-data.yaml", include_str!("../resources/azure-arm-data.yaml")),
    ("resources/azure-arm-identity.yaml", include_str!("../resources/azure-arm-identity.yaml")),
    ("resources/azure-arm-ml.yaml", include_str!("../resources/azure-arm-ml.yaml")),
    ("resources/azure-data.yaml", include_str!("../resources/azure-data.yaml")),
    ("resources/azure-identity.yaml", include_str!("../resources/azure-identity.yaml")),
    ("resources/azure-ml.yaml", include_str!("../resources/azure-ml.yaml")),
    ("resources/azure-roles.yaml", include_str!("../resources/azure-roles.yaml")),
    ("resources/cloudformation-analytics.yaml", include_str!("../resources/cloudformation-analytics.yaml")),
    ("resources/cloudformation-compute.yaml", include_str!("../resources/cloudformation-compute.yaml")),
    ("resources/cloudformation-database.yaml", include_str!("../resources/cloudformation-database.yaml")),
    ("resources/cloudformation-gateway.yaml", include_str!("../resources/cloudformation-gateway.yaml")),
    ("resources/cloudformation-identity.yaml", include_str!("../resources/cloudformation-identity.yaml")),
    ("resources/cloudformation-jobs.yaml", include_str!("../resources/cloudformation-jobs.yaml")),
    ("resources/cloudformation-keys.yaml", include_str!("../resources/cloudformation-keys.yaml")),
    ("resources/cloudformation-ml.yaml", include_str!("../resources/cloudformation-ml.yaml")),
    ("resources/cloudformation-network.yaml", include_str!("../resources/cloudformation-network.yaml")),
    ("resources/cloudformation-serverless.yaml", include_str!("../resources/cloudformation-serverless.yaml")),
    ("resources/cloudformation-storage.yaml", include_str!("../resources/cloudformation-storage.yaml")),
    ("resources/cloudformation-stream.yaml", include_str!("../resources/cloudformation-stream.yaml")),
    ("resources/common.yaml", include_str!("../resources/common.yaml")),
    ("resources/containers.yaml", include_str!("../resources/containers.yaml")),
    ("resources/databricks.yaml", include_str!("../resources/databricks.yaml")),
    ("resources/google-bigquery-rows.yaml", include_str!("../resources/google-bigquery-rows.yaml")),
    ("resources/google-data.yaml", include_str!("../resources/google-data.yaml")),
    ("resources/google-iam.yaml", include_str!("../resources/google-iam.yaml")),
    ("resources/google-identity.yaml", include_str!("../resources/google-identity.yaml")),
    ("resources/google-ml.yaml", include_str!("../resources/google-ml.yaml")),
    ("resources/google-roles.yaml", include_str!("../resources/google-roles.yaml")),
    ("resources/interfaces.yaml", include_str!("../resources/interfaces.yaml")),
    ("resources/kubernetes-ml.yaml", include_str!("../resources/kubernetes-ml.yaml")),
    ("resources/kubernetes-secrets.yaml", include_str!("../resources/kubernetes-secrets.yaml")),
    ("resources/kubernetes.yaml", include_str!("../resources/kubernetes.yaml")),
    ("resources/modules-aws.yaml", include_str!("../resources/modules-aws.yaml")),
    ("resources/modules-azure.yaml", include_str!("../resources/modules-azure.yaml")),
    ("resources/modules-google.yaml", include_str!("../resources/modules-google.yaml")),
    ("resources/snowflake.yaml", include_str!("../resources/snowflake.yaml")),
];

/// The compiled rules of `resources/*.yaml`.
#[derive(Debug, Default)]
pub struct Resources {
    types: BTreeMap<(ResourceSource, String), Place>,
    /// Our packs that are parsed when they are needed.
    lazy: Vec<LazyPack>,
    tags: Vec<TagRule>,
    services: BTreeMap<String, Service>,
    policies: BTreeMap<String, ManagedPolicy>,
    roles: BTreeMap<String, RoleAccess>,
    permissions: Vec<Permission>,
    interfaces: Vec<Interface>,
    modules: OnceLock<Vec<ModuleRule>>,
    /// Modules of packs that are parsed already.
    told: Vec<ModuleRule>,
    /// The user's repairs.
    given: Vec<Fix>,
    /// Ours, parsed when they are needed.
    fixes: OnceLock<Vec<Fix>>,
    data: BTreeMap<String, DataActions>,
    ports: BTreeMap<u16, KnownPort>,
    /// The types that old names stand for.
    aliases: BTreeMap<(ResourceSource, String), String>,
    /// Types that are like one of another source, whole; made when the first of them is asked for.
    whole: OnceLock<BTreeMap<String, ResourceType>>,
}

/// Where a type is.
#[derive(Debug)]
enum Place {
    Parsed(Box<ResourceType>),
    /// In `lazy`, at that index of that pack.
    Lazy(usize, usize),
}

impl Resources {
    pub(crate) fn load(user: &[PackSource], packs: &mut Vec<PackInfo>) -> Result<Resources, PackError> {
        let mut rules = Resources::default();
        for source in PACKS.iter().map(PackSource::embedded) {
            match lazy::index(&source.text) {
                Some(index) => {
                    packs.push(source.info(index.types.len() + index.modules));
                    let pack = rules.lazy.len();
                    rules.aliases.extend(index.aliases);
                    let places = index.types.into_iter().enumerate();
                    rules.types.extend(places.map(|(at, key)| (key, Place::Lazy(pack, at))));
                    rules.lazy.push(LazyPack::new(source));
                }
                None => rules.add(&source, packs)?,
            }
        }
        for source in user {
            if source.is("resources")? {
                rules.add(source, packs)?;
            }
        }
        for source in fix::PACKS.iter().map(PackSource::embedded) {
            packs.push(source.info(source.text.matches("makes:").count()));
        }
        for source in user {
            if source.is("fixes")? {
                rules.given.extend(fix::read(source, packs)?);
            }
        }
        Ok(rules)
    }

    /// How attributes of `rule` are repaired, in the order of trying: by the user's packs, by ours, and by what
    /// follows from its readers.
    #[must_use]
    pub fn repairs(&self, rule: &ResourceType) -> Vec<Repair> {
        let own = |block: &&Fix| block.source == rule.source && block.types.contains(&rule.id);
        let blocks = self.given.iter().chain(self.fixes()).filter(own);
        let mut repairs: Vec<Repair> = blocks.flat_map(|block| block.repairs.iter().cloned()).collect();
        repairs.extend(fix::derived(rule, &repairs));
        repairs
    }

    /// Whether there is a type of that id in any source.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.types.keys().any(|(_, known)| known == id)
    }

    /// Our repairs as the packs have them.
    #[must_use]
    pub fn fixes(&self) -> &[Fix] {
        self.fixes.get_or_init(|| {
            let ours = fix::PACKS.iter().map(PackSource::embedded);
            // A pack of ours that does not hold is found by its test.
            ours.filter_map(|source| fix::read(&source, &mut Vec::new()).ok()).flatten().collect()
        })
    }

    /// Parses `source` and adds what it holds.
    fn add(&mut self, source: &PackSource, packs: &mut Vec<PackInfo>) -> Result<(), PackError> {
        let pack: form::Pack = source.parse()?;
        let count = pack.resources.len()
            + pack.tags.len()
            + pack.services.len()
            + pack.policies.len()
            + pack.roles.len()
            + pack.data.len()
            + pack.ports.len()
            + pack.modules.len()
            + pack.permissions.len()
            + pack.interfaces.len();
        for module in &pack.modules {
            valid::check_module(module, source)?;
        }
        self.told.extend(pack.modules);
        for resource in pack.resources {
            valid::check(&resource, source)?;
            let key = (resource.source, resource.id.clone());
            let aliases = resource.aliases.iter().map(|alias| ((resource.source, alias.clone()), resource.id.clone()));
            self.aliases.extend(aliases);
            self.types.insert(key, Place::Parsed(Box::new(resource)));
        }
        self.tags.extend(pack.tags);
        self.services.extend(pack.services.into_iter().map(|service| (service.id.clone(), service)));
        self.policies.extend(pack.policies.into_iter().map(|policy| (policy.id.clone(), policy)));
        self.roles.extend(pack.roles.into_iter().map(|role| (role.id.to_ascii_lowercase(), role)));
        self.permissions.extend(pack.permissions);
        for interface in &pack.interfaces {
            valid::check_interface(interface, source)?;
        }
        self.interfaces.extend(pack.interfaces);
        self.data.extend(pack.data.into_iter().map(|data| (data.id.clone(), data)));
        self.ports.extend(pack.ports.into_iter().map(|port| (port.port, port)));
        packs.push(source.info(count));
        Ok(())
    }

    /// The type `id` of `source`, also by an old name of it.
    #[must_use]
    pub fn resource(&self, source: ResourceSource, id: &str) -> Option<&ResourceType> {
        let place = self.types.get(&(source, id.to_owned()));
        let of_alias = || self.types.get(&(source, self.canonical(source, id).to_owned()));
        place.or_else(of_alias).and_then(|place| self.at(place)).map(|own| self.completed(own))
    }

    /// `own`, or, if it has its attributes from the type it is like, the whole of it.
    fn completed<'r>(&'r self, own: &'r ResourceType) -> &'r ResourceType {
        if own.paths.is_none() {
            return own;
        }
        let whole = self.whole.get_or_init(|| {
            let same = |key: &&(ResourceSource, String)| key.0 == own.source;
            let all = self.types.iter().filter(|(key, _)| same(key)).filter_map(|(_, place)| self.at(place));
            let twin = |id: &str| self.types.get(&(ResourceSource::Terraform, id.to_owned())).and_then(|p| self.at(p));
            like::complete(&all.collect::<Vec<_>>(), twin)
        });
        whole.get(&own.id).unwrap_or(own)
    }

    /// The name under which the rules know the type `id`: itself, or what its old name stands for.
    #[must_use]
    pub fn canonical<'t>(&'t self, source: ResourceSource, id: &'t str) -> &'t str {
        self.aliases.get(&(source, id.to_owned())).map_or(id, String::as_str)
    }

    /// Actions that reach data, by service.
    pub fn data(&self) -> impl Iterator<Item = &DataActions> {
        self.data.values()
    }

    /// Ports on which something of a data platform listens, sorted.
    pub fn ports(&self) -> impl Iterator<Item = u16> + '_ {
        self.ports.keys().copied()
    }

    fn at<'r>(&'r self, place: &'r Place) -> Option<&'r ResourceType> {
        match place {
            Place::Parsed(resource) => Some(resource),
            Place::Lazy(pack, at) => self.lazy.get(*pack)?.resource(*at),
        }
    }

    /// Every type, sorted by source and id.
    pub fn types(&self) -> impl Iterator<Item = &ResourceType> {
        self.types.values().filter_map(|place| self.at(place)).map(|own| self.completed(own))
    }

    /// The types of one source, sorted by id: those of others need not be parsed for it.
    pub fn types_of(&self, source: ResourceSource) -> impl Iterator<Item = &ResourceType> {
        let own = self.types.range((source, String::new())..).take_while(move |((of, _), _)| *of == source);
        own.filter_map(|(_, place)| self.at(place)).map(|own| self.completed(own))
    }

    /// Keys of tags and labels, the user's after ours.
    #[must_use]
    pub fn tags(&self) -> &[TagRule] {
        &self.tags
    }

    /// Services with graded actions, sorted by prefix.
    pub fn services(&self) -> impl Iterator<Item = &Service> {
        self.services.values()
    }

    /// The managed policy of that ARN.
    #[must_use]
    pub fn policy(&self, arn: &str) -> Option<&ManagedPolicy> {
        self.policies.get(arn)
    }

    /// Modules of registries, those of the user after ours.
    #[must_use]
    pub fn modules(&self) -> &[ModuleRule] {
        self.modules.get_or_init(|| {
            let ours = self.lazy.iter().flat_map(|pack| pack.modules().iter().cloned());
            ours.chain(self.told.iter().cloned()).collect()
        })
    }

    /// Whether any role is known whose id begins so; the case of letters does not count.
    #[must_use]
    pub fn has_role_like(&self, start: &str) -> bool {
        let start = start.to_ascii_lowercase();
        self.roles.range(start.clone()..).next().is_some_and(|(id, _)| id.starts_with(&start))
    }

    /// What permissions allow in roles that a configuration defines.
    #[must_use]
    pub fn permissions(&self) -> &[Permission] {
        &self.permissions
    }

    /// Programs with an interface, in the order of the packs.
    #[must_use]
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// What the role or privilege `id` allows; the case of letters does not count.
    #[must_use]
    pub fn role(&self, id: &str) -> Option<&RoleAccess> {
        self.roles.get(&id.to_ascii_lowercase())
    }
}
