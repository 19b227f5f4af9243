//! The vocabulary of aedile: what a platform consists of and what was said about it.
//!
//! Everything here is a plain value. Crawlers write [`Asset`]s and [`Relation`]s into an
//! [`Inventory`], classifiers add [`Tag`]s, policies give [`Verdict`]s and [`Finding`]s.
//! This crate is a leaf: it reads no file, no clock and no network.

mod asset;
mod finding;
mod gap;
mod inventory;
mod label;
mod place;
mod relation;
mod tag;
mod value;
mod verdict;

pub use asset::{Asset, AssetId, AssetKind, UnknownKind};
pub use finding::{Citation, Evidence, Finding, Fingerprint, Patch, Remediation, Step, Subject};
pub use gap::{Gap, GapKind};
pub use inventory::Inventory;
pub use label::Label;
pub use place::{Cell, Location, Place, Position, Source, Sources, Span};
pub use relation::{Access, Columns, Flow, LinkBasis, Relation, RelationKind, SOME};
pub use tag::{Basis, Class, Confidence, Protection, Tag};
pub use value::{Attribute, Unknown, Value};
pub use verdict::{Severity, Verdict};
