//! Crawlers: bytes become an inventory of the platform.
//!
//! Every crawler has two halves. `parse` sees one file and nothing else, so that files are parsed in
//! parallel and the same bytes give the same facts. `resolve` sees the parsed files of one unit (a
//! Terraform module, a dbt project, a Python package) and writes [`Facts`]. Linking joins the facts of
//! all crawlers into one [`aedile_model::Inventory`]; [`propagate`] carries classes along its relations.
//!
//! Input is hostile: nothing is executed, no network is used, no link leads out of the root, and every
//! reader is bounded in bytes, depth, expansion and count. What is not read becomes a gap.

mod assessed;
mod card;
mod code;
mod coverage;
mod crawl;
mod crawler;
mod data;
mod declaring;
mod examples;
mod exercise;
mod facts;
mod fix;
mod iac;
mod kept;
mod link;
mod options;
mod propagate;
mod read;
mod secrets;
mod shared;
mod source;
mod task;
mod texts;
mod waiver;
mod walk;
mod yaml;

pub use assessed::assess;
pub use card::{Section, days, sections};
pub use code::notebook::{NotebookText, notebook_texts};
pub use code::sql::{Dialect, SqlColumn, SqlEdge, SqlLineage, sql_lineage, sql_schema};
pub use coverage::{Coverage, Rows};
pub use crawl::{Crawl, CrawlError, Progress, crawl, crawl_files, crawl_keeping, crawl_selected};
pub use data::{Alike, Classified, ClassifiedColumn, classify};
pub use declaring::{Wanted, configuring, declaring};
pub use examples::failing_examples;
pub use exercise::exercise;
pub use facts::{Facts, Link, Ref};
pub use fix::{Offer, Reading, Texts, composed, configuration, located, parses, patched, reread, surroundings};
pub use kept::Kept;
pub use options::{Binding, Limits, Options};
pub use propagate::propagate;
pub use source::{BytesRead, Cells, Content, File, Pipe, Snippet, in_tests};
pub use waiver::{InlineWaiver, WaiverDialect};
pub use walk::{DEFAULT_EXCLUDE, Leaf, LeafKind, Listed, Selected, listed, prefixes, selected};
