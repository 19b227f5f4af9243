//! Charts as they lie in the sources: metadata, values, templates, files, and the charts below.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use aedile_model::{Gap, GapKind, Place, Span};

use super::archive;
use super::text::Origin;
use crate::{File, yaml};

/// Charts in charts.
const DEPTH: usize = 8;

/// Files of one chart, those of the charts below it included.
const FILES: usize = 20_000;

/// The files of one chart and of all below it, by path from the root. Packed charts are unpacked into it.
pub(super) struct Tree {
    pub(super) texts: Vec<Rc<str>>,
    /// Where each stands; a member of an archive has the archive's path.
    places: Vec<(Arc<str>, bool)>,
    paths: BTreeMap<String, usize>,
    pub(super) gaps: Vec<Gap>,
}

/// A chart.
#[derive(Debug)]
pub(super) struct Chart {
    /// The name under which the parent knows it.
    pub(super) name: String,
    pub(super) metadata: Option<(u32, yaml::Node)>,
    pub(super) values: Option<(u32, yaml::Node)>,
    /// Templates by path within the chart.
    pub(super) templates: Vec<(String, u32)>,
    /// All other files.
    pub(super) files: Vec<(String, usize)>,
    pub(super) dependencies: Vec<Dependency>,
    pub(super) children: Vec<Chart>,
    pub(super) is_library: bool,
}

/// What a chart says of a chart that it depends on.
#[derive(Debug, Clone)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) alias: Option<String>,
    pub(super) version: String,
    pub(super) repository: String,
    pub(super) conditions: Vec<String>,
    pub(super) tags: Vec<String>,
    /// Paths of values that the parent takes: from the child, to the parent.
    pub(super) imports: Vec<(String, String)>,
    pub(super) place: Option<Place>,
}

/// The folders of charts that are no part of another, sorted.
pub(super) fn roots(files: &[File]) -> Vec<String> {
    let all: BTreeSet<&str> = files.iter().filter(|file| file.name() == "Chart.yaml").map(File::folder).collect();
    let below = |folder: &str| {
        let inner = folder.match_indices("/charts/").any(|(at, _)| all.contains(folder.get(..at).unwrap_or_default()));
        inner || (folder.starts_with("charts/") && all.contains(""))
    };
    all.iter().filter(|folder| !below(folder)).map(|folder| (*folder).to_owned()).collect()
}

/// Whether the file at `path` is one of the chart in `folder`.
pub(super) fn within<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

impl Tree {
    /// The files below `folder`, and those of charts that it names by path.
    pub(super) fn of(files: &[File], folder: &str) -> Tree {
        let mut tree = Tree { texts: Vec::new(), places: Vec::new(), paths: BTreeMap::new(), gaps: Vec::new() };
        let start = files.partition_point(|file| &*file.path < folder);
        let sorted = files.is_sorted_by(|a, b| a.path <= b.path);
        let candidates = if sorted { files.get(start..).unwrap_or_default() } else { files };
        for file in candidates {
            if sorted && !folder.is_empty() && !file.path.starts_with(folder) {
                break;
            }
            if within(&file.path, folder).is_none() {
                continue;
            }
            if tree.texts.len() >= FILES {
                let message = format!("more than {FILES} files: the rest of the chart is not read");
                tree.gaps.push(Gap { place: Place::file(&file.path), kind: GapKind::Limit, message });
                break;
            }
            if let Some(text) = &file.text {
                tree.insert(file.path.to_string(), Rc::from(&**text), &file.path, true);
            } else if file.extension() == "tgz" && file.folder().ends_with("charts") {
                tree.unpack(file);
            }
        }
        tree
    }

    /// Adds a file that may stand elsewhere, one of values, and gives its path.
    pub(super) fn add(&mut self, file: &File) -> Option<String> {
        let text = file.text.as_ref()?;
        self.insert(file.path.to_string(), Rc::from(&**text), &file.path, true);
        Some(file.path.to_string())
    }

    /// The values of a file that was added.
    pub(super) fn values(&mut self, path: &str, nesting: usize) -> Option<(Option<u32>, yaml::Node)> {
        self.document(path, nesting).map(|(file, node)| (Some(file), node))
    }

    fn insert(&mut self, path: String, text: Rc<str>, place: &Arc<str>, exact: bool) {
        if let std::collections::btree_map::Entry::Vacant(vacant) = self.paths.entry(path) {
            vacant.insert(self.texts.len());
            self.texts.push(text);
            self.places.push((Arc::clone(place), exact));
        }
    }

    fn unpack(&mut self, file: &File) {
        let (members, problem) = match file.stream() {
            Ok(stream) => archive::unpacked(stream),
            Err(_) => (Vec::new(), Some("the archive cannot be read any more")),
        };
        if let Some(problem) = problem {
            let message = format!("the packed chart is not wholly read: {problem}");
            self.gaps.push(Gap { place: Place::file(&file.path), kind: GapKind::Limit, message });
        }
        for (name, text) in members {
            if self.texts.len() < FILES {
                self.insert(format!("{}/{name}", file.folder()), text.into(), &file.path, false);
            }
        }
    }

    fn text(&self, path: &str) -> Option<(u32, &Rc<str>)> {
        let at = *self.paths.get(path)?;
        Some((u32::try_from(at).ok()?, self.texts.get(at)?))
    }

    /// A place for an origin.
    pub(super) fn place(&self, from: Origin) -> Option<Place> {
        let (path, exact) = self.places.get(from.file as usize)?;
        Some(if *exact {
            Place::new(path, from.start as usize, from.end.max(from.start) as usize)
        } else {
            Place::file(path)
        })
    }

    /// Whether a file is one of values, rather than a template.
    pub(super) fn is_values(&self, file: u32) -> bool {
        self.path(file).is_some_and(|path| !path.contains("templates/"))
    }

    /// The path of a file in the sources; that of the archive for a member of one.
    pub(super) fn path(&self, file: u32) -> Option<&Arc<str>> {
        self.places.get(file as usize).map(|(path, _)| path)
    }

    /// The document of a YAML file of the chart.
    fn document(&mut self, path: &str, nesting: usize) -> Option<(u32, yaml::Node)> {
        let (file, text) = self.text(path)?;
        let (documents, error) = yaml::parse(&Rc::clone(text), nesting);
        if let Some(error) = error {
            let at = Origin { file, start: error.span.start, end: error.span.end, exact: false };
            let kind = if error.limit { GapKind::Limit } else { GapKind::Unparsed };
            if let Some(place) = self.place(at) {
                self.gaps.push(Gap {
                    place,
                    kind,
                    message: format!("the chart's file is not read: {}", error.message),
                });
            }
        }
        let first = documents.into_iter().next()?;
        for (key, span) in first.duplicates() {
            let at = Origin { file, start: span.start, end: span.end, exact: false };
            let message = format!("the key `{key}` stands twice: only the last one is read");
            self.gaps.extend(self.place(at).map(|place| Gap { place, kind: GapKind::Unparsed, message }));
        }
        Some((file, first))
    }

    /// The chart in `folder`.
    pub(super) fn chart(&mut self, folder: &str, nesting: usize, depth: usize) -> Chart {
        let inside = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        let metadata = self.document(&inside("Chart.yaml"), nesting);
        let values = self.document(&inside("values.yaml"), nesting);
        let requirements = self.document(&inside("requirements.yaml"), nesting);
        let text = |key: &str| metadata.as_ref().and_then(|(_, node)| node.get(key)).and_then(yaml::Node::str);
        let own = folder.rsplit('/').next().unwrap_or_default();
        let name = text("name").unwrap_or(own).to_owned();
        let is_library = text("type") == Some("library");
        let mut dependencies = Vec::new();
        for (file, node) in metadata.iter().chain(&requirements) {
            let list = node.get("dependencies").map(yaml::Node::items).unwrap_or_default();
            dependencies.extend(list.iter().filter_map(|node| self.dependency(*file, node)));
        }
        let (mut templates, mut files, mut below) = (Vec::new(), Vec::new(), Vec::new());
        for (path, &at) in &self.paths {
            let Some(relative) = within(path, folder) else { continue };
            if let Some(rest) = relative.strip_prefix("charts/") {
                if let Some((child, "Chart.yaml")) = rest.split_once('/') {
                    below.push(inside(&format!("charts/{child}")));
                }
            } else if relative.starts_with("templates/") {
                templates.extend(u32::try_from(at).map(|at| (relative.to_owned(), at)));
            } else {
                files.push((relative.to_owned(), at));
            }
        }
        let mut children = Vec::new();
        if depth < DEPTH {
            for folder in below {
                children.push(self.chart(&folder, nesting, depth + 1));
            }
        } else if let Some((file, node)) = metadata.as_ref().filter(|_| !below.is_empty()) {
            let at = Origin { file: *file, start: node.span.start, end: node.span.start, exact: false };
            let message = format!("charts nest more than {DEPTH} deep: those below are not read");
            self.gaps.extend(self.place(at).map(|place| Gap { place, kind: GapKind::Limit, message }));
        }
        Chart { name, metadata, values, templates, files, dependencies, children, is_library }
    }

    fn dependency(&self, file: u32, node: &yaml::Node) -> Option<Dependency> {
        let text = |key: &str| node.get(key).and_then(yaml::Node::str).unwrap_or_default().to_owned();
        let imports =
            node.get("import-values").map(yaml::Node::items).unwrap_or_default().iter().map(|item| match item.str() {
                Some(name) => (format!("exports.{name}"), String::new()),
                None => {
                    let part = |key: &str| item.get(key).and_then(yaml::Node::str).unwrap_or_default().to_owned();
                    (part("child"), part("parent"))
                }
            });
        let span = node.get("name").map_or(node.span, |name| name.span);
        let at = Origin { file, start: span.start, end: span.end, exact: false };
        Some(Dependency {
            name: node.get("name").and_then(yaml::Node::str)?.to_owned(),
            alias: node.get("alias").and_then(yaml::Node::str).map(str::to_owned),
            version: text("version"),
            repository: text("repository"),
            conditions: text("condition")
                .split(',')
                .map(|path| path.trim().to_owned())
                .filter(|p| !p.is_empty())
                .collect(),
            tags: node
                .get("tags")
                .map(yaml::Node::items)
                .unwrap_or_default()
                .iter()
                .filter_map(yaml::Node::str)
                .map(str::to_owned)
                .collect(),
            imports: imports.collect(),
            place: self.place(at),
        })
    }
}

/// The origin of a node of that file.
pub(super) fn origin(file: u32, span: Span) -> Option<Origin> {
    Some(Origin { file, start: span.start, end: span.end, exact: false })
}
