//! A whole crawl: walk, read, parse, resolve, link.

use std::collections::BTreeMap;

use aedile_model::{AssetId, AssetKind, Gap, GapKind, Inventory, Place, Source, Sources};
use aedile_rules::Rules;

use crate::code::notebook;
use crate::crawler::{CRAWLERS, Context};
use crate::{Coverage, Facts, File, InlineWaiver, Kept, Options, Selected, link, read, waiver, walk};

/// What a crawl found.
#[derive(Debug, Clone, Default)]
pub struct Crawl {
    /// Assets, relations and gaps, linked; [`crate::propagate`] has not run yet.
    pub inventory: Inventory,
    /// The texts that places point into. Of a dataset only its header is kept, never a row.
    pub sources: Sources,
    /// What was read.
    pub coverage: Coverage,
    /// Waivers written beside what they excuse, sorted by place.
    pub waivers: Vec<InlineWaiver>,
}

/// How far a crawl is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The roots are being listed.
    Walking,
    /// So many of so many files are read.
    Reading {
        /// Read.
        files: usize,
        /// Found.
        of: usize,
        /// Bytes read.
        bytes: u64,
    },
    /// A crawler is at work.
    Crawling {
        /// Its name in the coverage.
        crawler: &'static str,
        /// How many crawlers are done.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// Facts are being joined.
    Linking,
}

/// Why a crawl could not start.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum CrawlError {
    /// A root is not there, may not be read, or is neither file nor folder.
    #[error("cannot scan `{path}`: {reason}")]
    #[diagnostic(code(aedile::crawl::root), help("give the path of a file or folder that exists and may be read"))]
    Root {
        /// As it was given.
        path: String,
        /// The system's words.
        reason: String,
    },
    /// An exclusion is no glob.
    #[error("the exclusion `{pattern}` is not a glob: {reason}")]
    #[diagnostic(
        code(aedile::crawl::pattern),
        help("`*` matches within a name, `**` across folders, a `/` at the end means folders only")
    )]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Reads everything under the roots of `options` and joins it into one inventory.
///
/// The same files and options give the same result, whatever the number of threads. `watch` is called now
/// and then, from this thread.
///
/// # Errors
/// A root that is not there, or an exclusion that is no glob. What cannot be read below a root is a gap.
pub fn crawl(options: &Options, rules: &Rules, watch: &(dyn Fn(Progress) + Sync)) -> Result<Crawl, CrawlError> {
    crawl_keeping(options, rules, None, watch)
}

/// The same, where facts that `kept` has from earlier crawls need not be found again; the result is the same.
///
/// # Errors
/// See [`crawl`].
pub fn crawl_keeping(
    options: &Options,
    rules: &Rules,
    kept: Option<&Kept>,
    watch: &(dyn Fn(Progress) + Sync),
) -> Result<Crawl, CrawlError> {
    watch(Progress::Walking);
    let walk = walk::walk(options)?;
    let (files, mut gaps) = read::read(&walk.entries, &options.limits, watch);
    gaps.extend(walk.gaps);
    let coverage = Coverage { excluded: walk.excluded, links: walk.links, ..Coverage::default() };
    Ok(joined(&files, gaps, coverage, Context { kept, ..Context::new(rules, options) }, watch))
}

/// The same for a revision's files, as [`crate::selected`] chose them.
#[must_use]
pub fn crawl_selected(selected: Selected, options: &Options, rules: &Rules) -> Crawl {
    let walk = walk::walk_revision(selected);
    let (files, mut gaps) = read::read(&walk.entries, &options.limits, &|_| {});
    gaps.extend(walk.gaps);
    let coverage = Coverage { excluded: walk.excluded, links: walk.links, ..Coverage::default() };
    joined(&files, gaps, coverage, Context::new(rules, options), &|_| {})
}

/// The same for files that exist in memory only; the roots of `options` do not count.
#[must_use]
pub fn crawl_files(files: &[File], options: &Options, rules: &Rules) -> Crawl {
    joined(files, Vec::new(), Coverage::default(), Context::new(rules, options), &|_| {})
}

/// What `files` hold, as one inventory.
fn joined(
    files: &[File],
    mut gaps: Vec<Gap>,
    mut coverage: Coverage,
    context: Context<'_>,
    watch: &(dyn Fn(Progress) + Sync),
) -> Crawl {
    coverage.files = files.len();
    coverage.bytes = files.iter().map(|file| file.size).sum();
    let mut facts = Facts::default();
    let readers = run_crawlers(files, context, &mut facts, &mut coverage, watch);
    for (file, reader) in files.iter().zip(readers) {
        if reader == Reader::None {
            *coverage.unclaimed.entry(file.extension()).or_default() += 1;
        }
        // Only datasets are read from disk; every other reader needs the text.
        if reader != Reader::Dataset {
            gaps.extend(too_long(file, context.options.limits.text_bytes));
        }
    }
    facts.gaps.extend(gaps);

    watch(Progress::Linking);
    let inventory = link::link(facts, context.options);
    coverage.note_datasets(&inventory);
    let sources = sources(files, &inventory);
    let waivers = waiver::waivers(&sources);
    Crawl { inventory, sources, coverage, waivers }
}

/// Who read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reader {
    /// Nobody who knows its format; perhaps the search for secrets and personal data.
    None,
    /// A crawler of texts.
    Text,
    /// The crawler of datasets.
    Dataset,
}

/// Runs every crawler; says of each file who read it.
fn run_crawlers(
    files: &[File],
    context: Context<'_>,
    facts: &mut Facts,
    coverage: &mut Coverage,
    watch: &(dyn Fn(Progress) + Sync),
) -> Vec<Reader> {
    let mut readers = vec![Reader::None; files.len()];
    for (done, (name, run)) in CRAWLERS.iter().enumerate() {
        watch(Progress::Crawling { crawler: name, done, of: CRAWLERS.len() });
        let claimed = run(files, context, facts);
        coverage.parsed.insert((*name).to_owned(), claimed.len());
        let reader = match *name {
            "secrets" | "text" => Reader::None,
            "dataset" => Reader::Dataset,
            _ => Reader::Text,
        };
        for at in claimed {
            if let Some(known) = readers.get_mut(at) {
                *known = reader.max(*known);
            }
        }
    }
    readers
}

/// The gap of a text that nobody read because it is too long.
fn too_long(file: &File, limit: u64) -> Option<Gap> {
    (file.text.is_none() && file.size > limit && read::is_text(&file.bytes)).then(|| Gap {
        place: Place::file(&file.path),
        kind: GapKind::Limit,
        message: format!("not read: the text has {} bytes, the limit is {limit}", file.size),
    })
}

/// The texts of `files`. Of the rows of a dataset nothing is kept: its text ends with the names of its columns.
fn sources(files: &[File], inventory: &Inventory) -> Sources {
    let mut headers: BTreeMap<&str, usize> = BTreeMap::new();
    for place in inventory
        .assets
        .values()
        .filter(|asset| asset.kind == AssetKind::Column)
        .filter_map(|asset| asset.place.as_ref())
    {
        let end = headers.entry(&place.path).or_default();
        *end = (*end).max(place.span.end as usize);
    }
    let mut sources = Sources::default();
    for file in files {
        if let Some(text) = &file.text {
            let is_dataset = inventory
                .asset(&AssetId::new(AssetKind::Dataset, "", &file.path))
                .is_some_and(|asset| asset.place.is_some());
            let text = if is_dataset {
                let end = headers.get(&*file.path).copied().unwrap_or(0);
                text.get(..end).unwrap_or_default().into()
            } else {
                text.clone()
            };
            let cells = if file.extension() == "ipynb" { notebook::cells(&text) } else { Vec::new() };
            sources.insert(file.path.clone(), Source { text, cells });
        }
    }
    sources
}

#[cfg(test)]
mod tests;
