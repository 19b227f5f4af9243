//! Governance and compliance scanner for data and ML platforms.
//!
//! [`run`] is the pipeline: crawl, classify, evaluate, record. [`report`] renders what was recorded,
//! [`gate`] decides whether a change may pass, [`command`] is the command line over both.

pub mod access;
pub mod attest;
pub mod baseline;
pub mod classified;
pub mod cli;
pub mod command;
pub mod compare;
pub mod config;
mod declare;
mod declaring;
mod diff;
pub mod facts;
mod fixing;
pub mod gaps;
pub mod gate;
pub mod git;
pub mod history;
pub mod init;
pub mod ledger;
pub mod lineage;
pub mod output;
pub mod overrides;
pub mod proof;
pub mod record;
pub mod recorded;
mod recording;
pub mod report;
pub mod run;
pub mod schema;
pub mod signer;
pub mod snippet;
pub mod suggest;
pub mod terminal;
mod waiver;
