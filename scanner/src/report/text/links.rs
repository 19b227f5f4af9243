//! Links of a terminal from a place to its file.

use std::path::PathBuf;

use crate::record::{Place, Run};
use crate::report::Look;

/// Where the shown paths of a run lie on the disk; nowhere, if the terminal follows no links.
#[derive(Debug, Default)]
pub(super) struct Links(Vec<(PathBuf, String)>);

impl Links {
    pub(super) fn new(run: &Run, look: Look) -> Links {
        let roots: Vec<PathBuf> = run.run.roots.iter().map(PathBuf::from).collect();
        Links(if look.links { aedile_crawl::prefixes(&roots).unwrap_or_default() } else { Vec::new() })
    }

    /// `text` as a link to the file of `place` (OSC 8, as terminal emulators agreed on it), itself where there is none.
    pub(super) fn to(&self, place: &Place, text: String) -> String {
        let file = self.0.iter().find_map(|(disk, prefix)| {
            let rest = place.path.strip_prefix(prefix.as_str())?;
            Some(if disk.is_dir() { disk.join(rest) } else { disk.clone() }).filter(|file| file.is_file())
        });
        match file.as_deref().and_then(|file| file.to_str()) {
            Some(file) => {
                let target = crate::report::wording::uri(file);
                format!("\u{1b}]8;;file://{target}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
            }
            None => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Position;

    #[test]
    fn a_place_links_to_its_file_and_what_is_no_file_to_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("a b.tf"), "").expect("writable");
        let links = Links(vec![(folder.path().to_path_buf(), String::new())]);
        let start = Position { line: 1, column: 1 };
        let place = |path: &str| Place { path: path.to_owned(), start, end: start, cell: None, snippet: None };
        let text = links.to(&place("a b.tf"), "a b.tf:1:1".to_owned());
        assert!(text.starts_with("\u{1b}]8;;file:///") && text.contains("/a%20b.tf\u{1b}\\a b.tf:1:1"), "{text:?}");
        assert_eq!(links.to(&place("gone.tf"), "gone.tf".to_owned()), "gone.tf");
        assert_eq!(Links::default().to(&place("a b.tf"), "a b.tf".to_owned()), "a b.tf");
    }
}
