//! What is not entered.

use globset::{GlobBuilder, GlobMatcher};

use crate::CrawlError;

/// What is left out unless the configuration says otherwise: version control, virtual environments,
/// installed packages, caches and build output. Only folders, at any depth; every entry that one of these
/// keeps out is counted in the coverage.
pub const DEFAULT_EXCLUDE: &[&str] = &[
    ".aedile/",
    ".git/",
    ".hg/",
    ".ipynb_checkpoints/",
    ".mypy_cache/",
    ".nox/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".svn/",
    ".terraform/",
    ".terragrunt-cache/",
    ".tox/",
    ".venv/",
    "__pycache__/",
    "build/",
    "dist/",
    "node_modules/",
    "site-packages/",
    "target/",
    "venv/",
];

/// Compiled patterns.
///
/// A pattern is a glob as in `.gitignore`: without `/` (but at the end) it matches a name at any depth, with
/// one it matches the path from the root; a `/` at the end means folders only. `*` stays within a name.
#[derive(Debug)]
pub(crate) struct Exclusions {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    text: String,
    folders_only: bool,
    whole_path: bool,
    glob: GlobMatcher,
}

impl Exclusions {
    /// Compiles `patterns`.
    ///
    /// # Errors
    /// The first that is no glob.
    pub(crate) fn new(patterns: &[String]) -> Result<Exclusions, CrawlError> {
        let compiled = patterns.iter().map(|text| {
            let bare = text.strip_suffix('/').unwrap_or(text);
            let whole_path = bare.contains('/');
            let bare = bare.strip_prefix("./").or_else(|| bare.strip_prefix('/')).unwrap_or(bare);
            let glob = GlobBuilder::new(bare)
                .literal_separator(true)
                .build()
                .map_err(|error| CrawlError::Pattern { pattern: text.clone(), reason: error.kind().to_string() })?;
            Ok(Pattern {
                text: text.clone(),
                folders_only: text.ends_with('/'),
                whole_path,
                glob: glob.compile_matcher(),
            })
        });
        Ok(Exclusions { patterns: compiled.collect::<Result<_, CrawlError>>()? })
    }

    /// The first pattern that keeps out `path` (relative to the root); folders above it are not looked at.
    pub(crate) fn matching(&self, path: &str, is_folder: bool) -> Option<&str> {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.patterns
            .iter()
            .filter(|pattern| is_folder || !pattern.folders_only)
            .find(|pattern| pattern.glob.is_match(if pattern.whole_path { path } else { name }))
            .map(|pattern| pattern.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_without_a_slash_matches_at_any_depth() {
        let exclusions =
            Exclusions::new(&["build/".into(), "data/*.csv".into(), "**/raw/**".into(), "*.tmp".into()]).unwrap();
        assert_eq!(exclusions.matching("a/b/build", true), Some("build/"));
        assert_eq!(exclusions.matching("a/build", false), None, "a file of that name is read");
        assert_eq!(exclusions.matching("data/x.csv", false), Some("data/*.csv"));
        assert_eq!(exclusions.matching("data/y/x.csv", false), None);
        assert_eq!(exclusions.matching("a/raw/x", false), Some("**/raw/**"));
        assert_eq!(exclusions.matching("q/x.tmp", false), Some("*.tmp"));
    }

    #[test]
    fn the_default_patterns_are_sorted_folders() {
        assert!(DEFAULT_EXCLUDE.is_sorted());
        assert!(DEFAULT_EXCLUDE.iter().all(|pattern| pattern.ends_with('/')));
    }

    #[test]
    fn a_pattern_that_is_no_glob_is_refused() {
        assert!(Exclusions::new(&["a[".into()]).is_err());
    }
}
