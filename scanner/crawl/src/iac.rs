//! Infrastructure as code: what is declared becomes assets, relations and grants.
//!
//! Each crawler ([`terraform`], [`cloudformation`], [`kubernetes`]) turns its files into [`resource::Resource`]s: a type, an
//! address and a body of [`datum::Datum`]s with places. From there on all is common and driven by the packs
//! `rules/resources/*.yaml`: [`assets`] reads attributes, companions and relations, [`grants`] reads who may
//! do what. A new resource type is a block in a pack; code is for a new language.

mod assets;
pub(crate) mod cloudformation;
mod columns;
mod condition;
mod datum;
#[cfg(test)]
mod examples;
mod grants;
pub(crate) mod kubernetes;
mod links;
mod name;
mod path;
mod policy;
mod resource;
mod tags;
pub(crate) mod terraform;
