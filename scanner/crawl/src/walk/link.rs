//! Where a symbolic link leads.

use std::fs;
use std::path::Path;

use super::{Exclusions, name};

/// Where a link leads.
pub(super) enum Lead {
    /// To a file or folder under the same root, which is read in its own place.
    Inside,
    /// Elsewhere; why it is not followed.
    Astray(&'static str),
}

/// Where the link at `path`, found under the canonical `root`, leads.
pub(super) fn leads(root: &Path, path: &Path, exclusions: &Exclusions) -> Lead {
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Lead::Astray("a link to nothing"),
        Err(_) => return Lead::Astray("a link that cannot be followed, or that leads to itself"),
    };
    let Ok(inner) = target.strip_prefix(root) else {
        return Lead::Astray("a link that leads out of the root; not followed");
    };
    if path.starts_with(&target) {
        return Lead::Astray("a link to a folder that it lies in; not followed");
    }
    let mut shown = String::new();
    let mut components = inner.components().peekable();
    while let Some(component) = components.next() {
        if !shown.is_empty() {
            shown.push('/');
        }
        shown.push_str(&name::escape(component.as_os_str()));
        let is_folder = components.peek().is_some() || target.is_dir();
        if exclusions.matching(&shown, is_folder).is_some() {
            return Lead::Astray("a link to something that is excluded; not followed");
        }
    }
    Lead::Inside
}
