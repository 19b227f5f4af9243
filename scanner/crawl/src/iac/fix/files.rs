//! The files that are edited, each parsed once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::hcl::Hcl;
use super::text::Text;
use super::yaml::Yaml;
use super::{NESTING, is_hcl};
use crate::fix::Texts;

type Once<T> = RefCell<BTreeMap<Arc<str>, Result<Rc<T>, String>>>;

/// The texts of the configuration with what was parsed of them.
pub(super) struct Files<'t> {
    texts: &'t Texts,
    hcl: Once<Hcl<'t>>,
    yaml: Once<Yaml<'t>>,
    /// The lines of HCL in each folder, trimmed and sorted.
    lines: RefCell<BTreeMap<String, Rc<Vec<&'t str>>>>,
}

impl<'t> Files<'t> {
    pub(super) fn new(texts: &'t Texts) -> Files<'t> {
        Files { texts, hcl: RefCell::default(), yaml: RefCell::default(), lines: RefCell::default() }
    }

    /// The text of the file `path`.
    pub(super) fn text(&self, path: &str) -> Option<&'t str> {
        self.texts.get(path).map(|text| &**text)
    }

    /// A file of HCL, if all of it parses.
    pub(super) fn hcl(&self, path: &Arc<str>) -> Result<Rc<Hcl<'t>>, String> {
        self.once(&self.hcl, path, Hcl::new)
    }

    /// A file of YAML or JSON, if all of it parses.
    pub(super) fn yaml(&self, path: &Arc<str>) -> Result<Rc<Yaml<'t>>, String> {
        self.once(&self.yaml, path, |file| Yaml::new(file, NESTING))
    }

    fn once<T>(
        &self,
        known: &Once<T>,
        path: &Arc<str>,
        parse: impl FnOnce(Text<'t>) -> Result<T, String>,
    ) -> Result<Rc<T>, String> {
        let text = self.text(path).ok_or("its file is not at hand")?;
        let mut known = known.borrow_mut();
        let file = Text { path: Arc::clone(path), text };
        known.entry(Arc::clone(path)).or_insert_with(|| parse(file).map(Rc::new)).clone()
    }

    /// Whether a line of HCL in the folder of `path` begins with `start`.
    pub(super) fn has_line(&self, path: &str, start: &str) -> bool {
        let folder = folder(path);
        let mut known = self.lines.borrow_mut();
        let lines = known.entry(folder.to_owned()).or_insert_with(|| {
            let beside = self.texts.iter().filter(|(path, _)| is_hcl(path) && self::folder(path) == folder);
            let mut lines: Vec<&str> = beside.flat_map(|(_, text)| text.lines().map(str::trim_start)).collect();
            lines.sort_unstable();
            Rc::new(lines)
        });
        let at = lines.partition_point(|line| *line < start);
        lines.get(at).is_some_and(|line| line.starts_with(start))
    }
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
