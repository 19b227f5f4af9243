//! Judges an inventory by Cedar policies and frameworks.
//!
//! Facts become requests, one for every asset and every relation that policies ask about; every
//! policy gives a verdict; a Fail or Inconclusive becomes a finding. See `policies/README.md`.

mod built_in;
#[cfg(test)]
mod built_in_tests;
mod case;
mod cases;
mod control;
mod documents;
mod error;
mod evaluate;
mod export;
mod facts;
mod finding;
#[cfg(test)]
mod finding_tests;
mod frameworks;
mod graph;
mod index;
mod intended;
mod judge;
mod judgement;
mod lint;
mod memory;
mod nearest;
mod obligation;
mod packs;
mod parse;
mod policies;
#[cfg(feature = "prove")]
mod prove;
mod question;
mod reads;
mod remedy;
mod repeated;
mod schema;
mod severity;
mod source;
mod stake;
mod taxonomy;
#[cfg(test)]
mod traps;
mod untested;
mod variants;
mod words;

pub use cases::{CaseFailure, CaseReport};
pub use control::PolicyInfo;
pub use documents::{DocumentKind, Documents};
pub use error::PolicyError;
pub use export::{Export, ExportedRequest};
pub use frameworks::{Framework, FrameworkResult, Frameworks};
pub use judgement::{Decision, JudgeError, Judgement, Platform, Tally};
pub use memory::Memory;
pub use obligation::{Obligation, ObligationKind, ObligationResult, ObligationStatus};
pub use policies::Policies;
#[cfg(feature = "prove")]
pub use prove::{Answer, Claim, Proof, Solver};
pub use remedy::Trials;
pub use source::PolicySource;
pub use taxonomy::Taxonomy;
