//! What lies under the roots: regular files, sorted, less what is excluded.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place};
use walkdir::WalkDir;

use crate::{Content, CrawlError, Options};

mod exclude;
mod link;
mod name;
mod revision;

pub use exclude::DEFAULT_EXCLUDE;
pub(crate) use exclude::Exclusions;
pub(crate) use revision::walk_revision;
pub use revision::{Leaf, LeafKind, Selected, selected};

/// A regular file that was found.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// As [`crate::File::path`].
    pub(crate) path: Arc<str>,
    /// Where its bytes are.
    pub(crate) content: Content,
    /// Bytes, as the folder says.
    pub(crate) size: u64,
}

/// What was found and what was passed over.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Files, sorted by path.
    pub(crate) entries: Vec<Entry>,
    /// Entries kept out, by the pattern that did it.
    pub(crate) excluded: BTreeMap<String, usize>,
    /// Symbolic links to something under the same root; their targets are read anyway.
    pub(crate) links: usize,
    /// What could not be entered or was not followed.
    pub(crate) gaps: Vec<Gap>,
}

/// Regular files below a folder.
#[derive(Debug, Default)]
pub struct Listed {
    /// Path relative to the folder, `/` between names, and where the file lies; sorted.
    pub files: Vec<(String, PathBuf)>,
    /// What could not be entered or was not followed.
    pub gaps: Vec<Gap>,
}

/// The regular files below the root of `options`, as a crawl chooses them.
///
/// # Errors
/// A root that is not there, or a pattern that is no glob.
pub fn listed(options: &Options) -> Result<Listed, CrawlError> {
    let walk = walk(options)?;
    let files = walk.entries.into_iter().filter_map(|entry| match entry.content {
        Content::Disk(path) => Some((entry.path.to_string(), path.to_path_buf())),
        Content::Held(_) | Content::Piped(_) | Content::Missing(_) => None,
    });
    Ok(Listed { files: files.collect(), gaps: walk.gaps })
}

/// A root, ready to be walked.
#[derive(Debug)]
struct Root {
    /// The canonical path.
    disk: PathBuf,
    /// What its paths begin with: empty, or a unique name and `/`.
    prefix: String,
}

/// Walks the roots of `options`.
///
/// No symbolic link below a root is followed and nothing but folders is opened. A root that lies in
/// another one is read once, under its own name.
///
/// # Errors
/// A root that is not there, or a pattern that is no glob.
pub(crate) fn walk(options: &Options) -> Result<Walk, CrawlError> {
    let exclusions = Exclusions::new(&options.exclude)?;
    let roots = roots(&options.roots)?;
    let mut walk = Walk::default();
    for root in &roots {
        let others: BTreeSet<&Path> =
            roots.iter().map(|root| root.disk.as_path()).filter(|disk| *disk != root.disk).collect();
        walk_root(root, &others, &exclusions, options, &mut walk);
    }
    walk.entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(walk)
}

/// Canonical, distinct roots that may be read; where there are several, each with a prefix of its own.
fn roots(given: &[PathBuf]) -> Result<Vec<Root>, CrawlError> {
    let mut disks: Vec<PathBuf> = Vec::new();
    for path in given {
        let unreadable =
            |error: std::io::Error| CrawlError::Root { path: path.display().to_string(), reason: error.to_string() };
        let disk = fs::canonicalize(path).map_err(unreadable)?;
        let file_type = fs::metadata(&disk).map_err(unreadable)?.file_type();
        if !file_type.is_file() && !file_type.is_dir() {
            return Err(CrawlError::Root {
                path: path.display().to_string(),
                reason: "it is neither a file nor a folder".to_owned(),
            });
        }
        // What lies below and is closed is a gap; a closed root would be a scan of nothing that passes.
        if file_type.is_dir() { fs::read_dir(&disk).map(drop) } else { fs::File::open(&disk).map(drop) }
            .map_err(unreadable)?;
        if !disks.contains(&disk) {
            disks.push(disk);
        }
    }
    let several = disks.len() > 1;
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut roots = Vec::new();
    for disk in disks {
        let prefix = if several && disk.is_dir() {
            let stem = disk.file_name().map_or_else(|| "root".to_owned(), name::escape);
            let mut unique = stem.clone();
            let mut nth = 2_usize;
            while !taken.insert(unique.clone()) {
                unique = format!("{stem}-{nth}");
                nth += 1;
            }
            format!("{unique}/")
        } else {
            String::new()
        };
        roots.push(Root { disk, prefix });
    }
    // Two single files of one name would be one path: the folders above tell them apart.
    let mut files: BTreeMap<String, usize> = BTreeMap::new();
    for root in roots.iter_mut().filter(|root| root.prefix.is_empty() && several) {
        let seen = files.entry(root.disk.file_name().map(name::escape).unwrap_or_default()).or_default();
        *seen += 1;
        if *seen > 1 {
            root.prefix = format!("root-{seen}/");
        }
    }
    Ok(roots)
}

/// The canonical roots, and what the shown paths of each begin with.
///
/// # Errors
/// A root that is not there.
pub fn prefixes(given: &[PathBuf]) -> Result<Vec<(PathBuf, String)>, CrawlError> {
    Ok(roots(given)?.into_iter().map(|root| (root.disk, root.prefix)).collect())
}

/// The manifest in the folder `target` of a dbt project: the one build output that says what the sources do not.
fn manifest(folder: &Path, shown: &str, inner: &str, exclusions: &Exclusions) -> Option<Entry> {
    let is_project = ["dbt_project.yml", "dbt_project.yaml"].iter().any(|name| folder.with_file_name(name).is_file());
    if !is_project || folder.file_name()? != "target" {
        return None;
    }
    let disk = folder.join("manifest.json");
    let metadata = fs::symlink_metadata(&disk).ok().filter(fs::Metadata::is_file)?;
    if exclusions.matching(&format!("{inner}/manifest.json"), false).is_some() {
        return None;
    }
    let path = format!("{shown}/manifest.json").into();
    Some(Entry { path, content: Content::Disk(disk.as_path().into()), size: metadata.len() })
}

fn walk_root(root: &Root, others: &BTreeSet<&Path>, exclusions: &Exclusions, options: &Options, walk: &mut Walk) {
    if root.disk.is_file() {
        let name = root.disk.file_name().map(name::escape).unwrap_or_default();
        let size = fs::metadata(&root.disk).map_or(0, |metadata| metadata.len());
        walk.entries.push(Entry {
            path: format!("{}{name}", root.prefix).into(),
            content: Content::Disk(root.disk.as_path().into()),
            size,
        });
        return;
    }
    // One level more than is read, so that what lies too deep is seen and recorded.
    let depth = options.limits.depth.saturating_add(1);
    let mut entries =
        WalkDir::new(&root.disk).follow_links(false).min_depth(1).max_depth(depth).sort_by_file_name().into_iter();
    while let Some(step) = entries.next() {
        let entry = match step {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().map_or_else(|| root.prefix.clone(), |path| shown(root, path));
                let reason = error
                    .io_error()
                    .map_or_else(|| "the walk came back to itself".to_owned(), |error| error.kind().to_string());
                walk.gaps.push(gap(&path, GapKind::Unreadable, format!("cannot be entered: {reason}")));
                continue;
            }
        };
        let path = shown(root, entry.path());
        let inner = path.get(root.prefix.len()..).unwrap_or(&path);
        let file_type = entry.file_type();
        if let Some(pattern) = exclusions.matching(inner, file_type.is_dir()) {
            *walk.excluded.entry(pattern.to_owned()).or_default() += 1;
            if file_type.is_dir() {
                walk.entries.extend(manifest(entry.path(), &path, inner, exclusions));
                entries.skip_current_dir();
            }
        } else if file_type.is_dir() {
            if others.contains(entry.path()) {
                entries.skip_current_dir();
            } else if entry.depth() >= depth {
                walk.gaps.push(gap(
                    &path,
                    GapKind::Limit,
                    format!("not entered: it lies more than {} folders deep", options.limits.depth),
                ));
                entries.skip_current_dir();
            }
        } else if file_type.is_symlink() {
            match link::leads(&root.disk, entry.path(), exclusions) {
                link::Lead::Inside => walk.links += 1,
                link::Lead::Astray(why) => walk.gaps.push(gap(&path, GapKind::Link, why.to_owned())),
            }
        } else if !file_type.is_file() {
            walk.gaps.push(gap(&path, GapKind::Unsupported, "not opened: it is a pipe, socket or device".to_owned()));
        } else if others.contains(entry.path()) {
            // It is a root itself.
        } else if walk.entries.len() >= options.limits.files {
            walk.gaps.push(gap(
                &path,
                GapKind::Limit,
                format!("not read, nor what follows it: more than {} files", options.limits.files),
            ));
            return;
        } else {
            let size = entry.metadata().map_or(0, |metadata| metadata.len());
            walk.entries.push(Entry { path: path.into(), content: Content::Disk(entry.path().into()), size });
        }
    }
}

fn gap(path: &str, kind: GapKind, message: String) -> Gap {
    Gap { place: Place::file(&path.into()), kind, message }
}

/// The path of `disk` as it is shown: relative to `root`, `/` between names, each name escaped.
fn shown(root: &Root, disk: &Path) -> String {
    let relative = disk.strip_prefix(&root.disk).unwrap_or(disk);
    let names: Vec<String> = relative.components().map(|component| name::escape(component.as_os_str())).collect();
    format!("{}{}", root.prefix, names.join("/"))
}
