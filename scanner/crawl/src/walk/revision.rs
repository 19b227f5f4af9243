//! What an older revision of the roots holds: the same choice as the walk makes, on a list of names instead of a disk.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aedile_model::GapKind;

use super::{Entry, Exclusions, Root, Walk, gap, roots, shown, walk};
use crate::{Content, CrawlError, Options};

/// What stands at a path of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafKind {
    /// A regular file.
    File,
    /// A symbolic link; not followed.
    Link,
}

/// A path of a revision.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// Where it would lie on the disk, absolute.
    pub path: PathBuf,
    /// What it is.
    pub kind: LeafKind,
    /// Bytes.
    pub size: u64,
    /// The bytes; the caller fills them in for the leaves that were chosen.
    pub content: Content,
}

/// The files of a revision that a crawl reads.
#[derive(Debug, Default)]
pub struct Selected {
    /// Files, with the path under which they are shown.
    pub files: Vec<(String, Leaf)>,
    walk: Walk,
}

/// Chooses among the `leaves` of a revision those that a walk of the roots of `options` would find, and takes
/// from the disk what lies under one of `untouched`: files that no revision holds.
///
/// # Errors
/// As [`crate::crawl`].
pub fn selected(leaves: Vec<Leaf>, untouched: &[PathBuf], options: &Options) -> Result<Selected, CrawlError> {
    let exclusions = Exclusions::new(&options.exclude)?;
    let roots = roots(&options.roots)?;
    let mut selected = Selected::default();
    let mut kept_out: BTreeSet<String> = BTreeSet::new();
    for leaf in leaves {
        let holding = roots.iter().filter(|root| leaf.path.starts_with(&root.disk));
        // A root that lies in another one is read once, under its own name.
        let Some(root) = holding.max_by_key(|root| root.disk.components().count()) else { continue };
        choose(leaf, root, &exclusions, options, &mut kept_out, &mut selected);
    }
    if !untouched.is_empty() {
        let known: BTreeSet<String> = selected.files.iter().map(|(path, _)| path.clone()).collect();
        let present = walk(options)?.entries.into_iter().filter(|entry| !known.contains(&*entry.path));
        selected.walk.entries = present.filter(|entry| lies_in(&entry.content, untouched)).collect();
    }
    Ok(selected)
}

fn lies_in(content: &Content, folders: &[PathBuf]) -> bool {
    match content {
        Content::Disk(disk) => folders.iter().any(|folder| disk.starts_with(folder)),
        Content::Held(_) | Content::Piped(_) | Content::Missing(_) => false,
    }
}

fn choose(
    leaf: Leaf,
    root: &Root,
    exclusions: &Exclusions,
    options: &Options,
    kept_out: &mut BTreeSet<String>,
    selected: &mut Selected,
) {
    let path = if leaf.path == root.disk { single(root) } else { shown(root, &leaf.path) };
    let inner = path.get(root.prefix.len()..).unwrap_or(&path);
    let folders = inner.match_indices('/').map(|(at, _)| (inner.get(..at).unwrap_or_default(), true));
    for (part, is_folder) in folders.chain([(inner, false)]) {
        if leaf.path != root.disk
            && let Some(pattern) = exclusions.matching(part, is_folder)
        {
            // A folder that is kept out counts once, as on the disk.
            if kept_out.insert(format!("{}{part}", root.prefix)) {
                *selected.walk.excluded.entry(pattern.to_owned()).or_default() += 1;
            }
            return;
        }
    }
    let gaps = &mut selected.walk.gaps;
    if inner.matches('/').count() > options.limits.depth {
        let message = format!("not read: it lies more than {} folders deep", options.limits.depth);
        gaps.push(gap(&path, GapKind::Limit, message));
    } else if leaf.kind == LeafKind::Link {
        selected.walk.links += 1;
    } else if selected.files.len() >= options.limits.files {
        gaps.push(gap(&path, GapKind::Limit, format!("not read: more than {} files", options.limits.files)));
    } else {
        selected.files.push((path, leaf));
    }
}

/// The shown path of a root that is a file.
fn single(root: &Root) -> String {
    let name = root.disk.file_name().map(super::name::escape).unwrap_or_default();
    format!("{}{name}", root.prefix)
}

/// The walk that finds what was chosen.
pub(crate) fn walk_revision(selected: Selected) -> Walk {
    let Selected { files, mut walk } = selected;
    let entry = |(path, leaf): (String, Leaf)| Entry { path: path.into(), content: leaf.content, size: leaf.size };
    walk.entries.extend(files.into_iter().map(entry));
    walk.entries.sort_by(|one, other| one.path.cmp(&other.path));
    walk
}

impl Selected {
    /// Path, size and place on the disk of the files that no revision holds, in the order of the walk.
    pub fn untouched(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.walk.entries.iter().filter_map(|entry| match &entry.content {
            Content::Disk(disk) => Some((&*entry.path, &**disk)),
            Content::Held(_) | Content::Piped(_) | Content::Missing(_) => None,
        })
    }
}
