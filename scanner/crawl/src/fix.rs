//! Patches: for which attributes of which assets the text can be edited, and what edited texts would say.
//!
//! Offers come from reading the texts once more with the assets that are asked for; whether an offer keeps its
//! promise is told by reading the edited texts. Nothing is written here.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use aedile_model::{AssetId, Patch, Sources, Value};
use aedile_rules::Rules;

use crate::crawler::{CRAWLERS, Context};
use crate::{CrawlError, Facts, File, Options};

/// Texts by path.
pub type Texts = BTreeMap<Arc<str>, Arc<str>>;

/// How attributes of an asset could be given other values.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Whose.
    pub asset: AssetId,
    /// The attributes and their values afterwards.
    pub makes: BTreeMap<String, Value>,
    /// Ways to it, each by edits of one or more files; the best first.
    pub ways: Vec<Vec<Patch>>,
    /// Why there is none, or not the one that would be best; a clause.
    pub obstacle: Option<String>,
    /// What a person must know before applying it.
    pub warns: Option<String>,
}

/// What a reading of configuration is asked for beside its facts.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) assets: BTreeSet<AssetId>,
    pub(crate) texts: Texts,
}

/// What is asked for and what came out; empty in an ordinary crawl.
#[derive(Debug, Clone, Default)]
pub(crate) struct Repairing {
    pub(crate) asked: Option<Arc<Asked>>,
    pub(crate) offers: Vec<Offer>,
}

/// Crawlers that read no configuration.
const OTHERS: [&str; 3] = ["code", "dataset", "secrets"];

/// Files that are no configuration, by their extensions; they are not read again.
const NO_CONFIGURATION: [&str; 9] = ["csv", "ipynb", "jsonl", "md", "parquet", "py", "rs", "sql", "tsv"];

/// The texts of `sources` that can hold configuration.
#[must_use]
pub fn configuration(sources: &Sources) -> Texts {
    let path = |path: &Arc<str>| {
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        !NO_CONFIGURATION.contains(&extension)
    };
    let found = sources.paths().filter(|at| path(at));
    found
        .filter_map(|path| {
            let text = sources.text(&aedile_model::Place::file(path))?;
            (!text.is_empty()).then(|| (Arc::clone(path), Arc::clone(text)))
        })
        .collect()
}

/// What configuration says when it is read once more.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// The attributes of its assets.
    pub attributes: BTreeMap<AssetId, BTreeMap<String, Value>>,
    /// How many parts of it were not read.
    pub gaps: usize,
    /// What the packs offer for the assets that were asked for, in the order of the sources.
    pub offers: Vec<Offer>,
}

/// Reads the configuration in `texts` with offers for the assets `asked`.
#[must_use]
pub fn reread(texts: &Texts, asked: BTreeSet<AssetId>, options: &Options, rules: &Rules) -> Reading {
    let asked = (!asked.is_empty()).then(|| Arc::new(Asked { assets: asked, texts: texts.clone() }));
    let facts = read(texts, asked, options, rules);
    let attributes = facts.assets.into_iter().map(|asset| {
        let values = asset.attributes.into_iter().map(|(name, attribute)| (name, attribute.value));
        (asset.id, values.collect())
    });
    Reading { attributes: attributes.collect(), gaps: facts.gaps.len(), offers: facts.repairing.offers }
}

/// Where the files `paths` of a crawl lie; those that are not there any more are left out.
///
/// # Errors
/// As [`crate::crawl`].
pub fn located(paths: &BTreeSet<&str>, options: &Options) -> Result<BTreeMap<String, PathBuf>, CrawlError> {
    let walk = crate::walk::walk(options)?;
    let wanted = walk.entries.into_iter().filter(|entry| paths.contains(&*entry.path));
    let on_disk = |entry: crate::walk::Entry| match entry.content {
        crate::Content::Disk(disk) => Some((entry.path.to_string(), disk.to_path_buf())),
        crate::Content::Held(_) | crate::Content::Piped(_) | crate::Content::Missing(_) => None,
    };
    Ok(wanted.filter_map(on_disk).collect())
}

/// Whether the whole of `text` is what its name says.
#[must_use]
pub fn parses(path: &str, text: &str) -> bool {
    let name = path.to_ascii_lowercase();
    if [".tf", ".tofu", ".tfvars"].iter().any(|end| name.ends_with(end)) {
        return hcl_edit::parser::parse_body(text).is_ok();
    }
    crate::yaml::parse(text, crate::Limits::default().nesting).1.is_none()
}

fn read(texts: &Texts, asked: Option<Arc<Asked>>, options: &Options, rules: &Rules) -> Facts {
    let files: Vec<File> = texts.iter().map(|(path, text)| File::in_memory(path, text)).collect();
    let context = Context { asked: asked.as_ref(), ..Context::new(rules, options) };
    let mut facts = context.facts();
    for (_, run) in CRAWLERS.iter().filter(|(name, _)| !OTHERS.contains(name)) {
        run(&files, context, &mut facts);
    }
    facts
}

/// The edits of several patches in one text, and which patches they are. A patch that touches what an earlier
/// one changes is left out whole.
#[must_use]
pub fn composed(patches: &[&[Patch]]) -> (Vec<Patch>, Vec<usize>) {
    let (mut edits, mut taken): (Vec<Patch>, Vec<usize>) = (Vec::new(), Vec::new());
    // By file and start. Edits that are taken lie beside each other, so that few can touch another.
    let mut held: BTreeMap<&str, BTreeMap<u32, Vec<usize>>> = BTreeMap::new();
    for (at, patch) in patches.iter().enumerate() {
        let clashes = patch.iter().any(|edit| {
            let Some(held) = held.get(&*edit.place.path) else { return false };
            let span = edit.place.span;
            let before = held.range(..span.start).next_back();
            let near = before.into_iter().chain(held.range(span.start..=span.end.max(span.start)));
            let mut near = near.flat_map(|(_, places)| places).filter_map(|at| edits.get(*at));
            near.any(|held| held != edit && clash(held, edit))
        });
        if clashes {
            continue;
        }
        taken.push(at);
        for edit in *patch {
            let spaces = |edit: &Patch| !edit.replacement.is_empty() && edit.replacement.trim_matches(' ').is_empty();
            let own = held.entry(&edit.place.path).or_default().entry(edit.place.span.start).or_default();
            if own.iter().any(|at| edits.get(*at) == Some(edit)) {
                continue;
            }
            let same = |held: &Patch| held.place == edit.place && spaces(held) && spaces(edit);
            let same = own.iter().copied().find(|at| edits.get(*at).is_some_and(same));
            match same.and_then(|at| edits.get_mut(at)) {
                // Two wishes for the column of one `=`: the wider one.
                Some(held) if edit.replacement.len() > held.replacement.len() => {
                    held.replacement.clone_from(&edit.replacement);
                }
                Some(_) => {}
                None => {
                    own.push(edits.len());
                    edits.push(edit.clone());
                }
            }
        }
    }
    (edits, taken)
}

/// Whether two edits cannot both be made.
fn clash(one: &Patch, other: &Patch) -> bool {
    if one.place.path != other.place.path {
        return false;
    }
    let (a, b) = (one.place.span, other.place.span);
    let spaces =
        |edit: &Patch| edit.replacement.trim_matches(' ').is_empty() && edit.place.span.start < edit.place.span.end;
    if a == b {
        // Two insertions at one point stand one after the other, unless they begin the same thing.
        return if a.start == a.end { head(one) == head(other) } else { !(spaces(one) && spaces(other)) };
    }
    if a.start == a.end || b.start == b.end {
        let (point, span) = if a.start == a.end { (a.start, b) } else { (b.start, a) };
        return span.start < point && point < span.end;
    }
    a.start < b.end && b.start < a.end
}

/// What an insertion begins: a key, a block, a resource.
fn head(edit: &Patch) -> &str {
    let text = edit.replacement.trim_start_matches([',', ' ', '\n', '\r', '\t']);
    let line = text.lines().next().unwrap_or_default();
    if line.starts_with("resource ") { line } else { line.split(['=', '{', ':', ' ']).next().unwrap_or_default() }
}

/// `text` with those of `edits` made that belong to `path`. Columns of `=` are set where lines came in.
#[must_use]
pub fn patched(path: &str, text: &str, edits: &[Patch]) -> String {
    let mut own: Vec<&Patch> = edits.iter().filter(|edit| &*edit.place.path == path).collect();
    own.sort_by_key(|edit| (edit.place.span.start, edit.place.span.end));
    let (mut out, mut at, mut came) = (String::with_capacity(text.len()), 0, Vec::new());
    for edit in own {
        let (start, end) = (edit.place.span.start as usize, edit.place.span.end as usize);
        out.push_str(text.get(at..start).unwrap_or_default());
        if edit.replacement.contains('\n') {
            let from = out.len();
            came.extend(edit.replacement.match_indices('\n').map(|(newline, _)| from + newline + 1));
        }
        out.push_str(&edit.replacement);
        at = end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    let hcl = [".tf", ".tofu"].iter().any(|end| path.ends_with(end));
    if hcl { crate::iac::fix::aligned(&out, &came) } else { out }
}

/// The lines of `text` that edits of the file `path` at these places can change when [`patched`], with at least so many lines
/// around them.
#[must_use]
pub fn surroundings(path: &str, text: &str, edits: &[&Patch], context: usize) -> Range<usize> {
    let first = edits.iter().map(|edit| edit.place.span.start as usize).min().unwrap_or(0).min(text.len());
    let last =
        edits.iter().map(|edit| edit.place.span.end as usize).max().unwrap_or(text.len()).clamp(first, text.len());
    // Columns of `=` are set over neighbouring lines, and never over one without.
    let hcl = [".tf", ".tofu"].iter().any(|end| path.ends_with(end));
    let is_apart = |line: &str| !hcl || !line.contains('=');
    let mut start = first;
    for (nth, line) in text.get(..first).unwrap_or_default().split_inclusive('\n').rev().enumerate() {
        start -= line.len();
        // The line that the edit is in comes first, as far as it stands before it.
        if nth > context && is_apart(line) {
            break;
        }
    }
    let mut end = last;
    for (nth, line) in text.get(last..).unwrap_or_default().split_inclusive('\n').enumerate() {
        end += line.len();
        if nth > context && is_apart(line) {
            break;
        }
    }
    start..end
}
