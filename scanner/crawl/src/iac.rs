//! Infrastructure as code: what is declared becomes assets, relations and grants.
//!
//! Each crawler ([`terraform`], [`cloudformation`], [`arm`], [`kubernetes`], [`compose`], [`bundle`], [`pulumi`]) turns its files into
//! [`resource::Resource`]s: a type, an address and a body of [`datum::Datum`]s with places. From there on all is common
//! and driven by the packs `rules/resources/*.yaml`: [`assets`] reads attributes, companions and relations, [`grants`]
//! reads who may do what. A new resource type is a block in a pack; code is for a new language.
//!
//! The files around pipelines have readers of their own: [`delivery`] for workflows, [`feast`], [`dbt_profiles`] and
//! [`airflow`] for the settings of those tools.

pub(crate) mod airflow;
pub(crate) mod arm;
mod assets;
mod bound;
pub(crate) mod bundle;
pub(crate) mod cloudformation;
mod columns;
pub(crate) mod compose;
mod condition;
mod connection;
mod credential;
mod datum;
pub(crate) mod dbt_profiles;
pub(crate) mod delivery;
mod document;
pub(crate) mod examples;
pub(crate) mod feast;
pub(crate) mod fides;
pub(crate) mod fix;
mod grants;
mod helm;
#[cfg(test)]
mod hostile;
mod interpolate;
mod json;
pub(crate) mod kubernetes;
mod kustomize;
mod labels;
mod links;
mod machine;
mod name;
mod path;
mod policy;
mod ports;
pub(crate) mod pulumi;
mod region;
mod resource;
mod selection;
mod tags;
pub(crate) mod terraform;
mod variant;
mod version;
