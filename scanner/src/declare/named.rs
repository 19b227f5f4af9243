//! Where the configuration says what: names in `aedile.yaml` as places.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aedile_model::{Place, Source, Sources};

use crate::config::Loaded;

/// The configuration as a source that findings can point into.
#[derive(Debug)]
pub(crate) struct Named {
    path: Arc<str>,
    text: Arc<str>,
}

impl Named {
    /// The configuration of `loaded`, by its path below one of `roots`; its text is added to `sources` if the scan
    /// did not read it.
    pub(crate) fn new(loaded: &Loaded, roots: &[PathBuf], sources: &mut Sources) -> Named {
        let file = loaded.path.as_deref().unwrap_or(Path::new("aedile.yaml"));
        let below = roots.iter().find_map(|root| file.strip_prefix(root).ok());
        let below = below.filter(|below| below.components().next().is_some());
        let shown = below.or_else(|| file.file_name().map(Path::new)).unwrap_or(file);
        let path: Arc<str> = shown.to_string_lossy().replace('\\', "/").into();
        if loaded.path.is_some() && sources.source(&path).is_none() {
            sources.insert(Arc::clone(&path), Source { text: Arc::clone(&loaded.text), cells: Vec::new() });
        }
        Named { path, text: Arc::clone(&loaded.text) }
    }

    /// The configuration's path as findings show it.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Where `word` first stands as a whole value below the key `section`; the start of the file if it does not.
    pub(crate) fn place(&self, section: &str, word: &str) -> Place {
        let key = format!("\n{section}:");
        let from = if self.text.starts_with(key.trim_start()) { 0 } else { self.text.find(&key).unwrap_or(0) };
        let inside =
            |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"._/-*".contains(byte));
        let bytes = self.text.as_bytes();
        let whole = |at: &usize| {
            !inside(at.checked_sub(1).and_then(|before| bytes.get(before))) && !inside(bytes.get(at + word.len()))
        };
        match self.text.match_indices(word).map(|(at, _)| at).filter(|at| *at >= from).find(whole) {
            Some(at) if !word.is_empty() => Place::new(&self.path, at, at + word.len()),
            _ => Place::file(&self.path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_whole_value() {
        let text = "exclude: [raw.orders]\ndeclare:\n  - asset: raw.orders_old\n  - asset: raw.orders\n";
        let loaded = Loaded::parse("here/aedile.yaml".into(), text.into()).expect("a configuration");
        let mut sources = Sources::default();
        let named = Named::new(&loaded, &["here".into()], &mut sources);
        assert_eq!(named.path(), "aedile.yaml");
        assert_eq!(sources.locate(&named.place("declare", "raw.orders")).start.line, 4);
        assert_eq!(sources.locate(&named.place("declare", "raw.parcels")).start.line, 1);
    }
}
