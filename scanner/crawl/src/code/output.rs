//! Facts of one pipeline: what it reads, writes, sends, trains and releases.

use std::collections::BTreeMap;
use std::sync::Arc;

use aedile_model::{Asset, AssetId, AssetKind, Attribute, Columns, Flow, Gap, Place, RelationKind, Value};
use aedile_rules::ColumnPart;

use crate::code::flow::{Data, Part};
use crate::{Facts, Link, Ref};

/// Gathers the facts of one script or notebook.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// The pipeline or notebook itself.
    pub(crate) asset: Asset,
    assets: BTreeMap<AssetId, Asset>,
    links: Vec<Link>,
    /// Where links of the same ends and place stand, so that none is said twice.
    said: BTreeMap<(RelationKind, Ref, Ref, Option<Place>), Vec<usize>>,
    gaps: Vec<Gap>,
}

/// Where data goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    /// The sink's kind, as the attribute `sinkKind` says it.
    pub(crate) kind: String,
    /// What tells it from others of the kind: vendor, host, path; empty for the log.
    pub(crate) address: String,
    /// Who runs it.
    pub(crate) vendor: Option<String>,
    /// Whether that is another organisation.
    pub(crate) third_party: bool,
}

impl Destination {
    /// The log: standard output, a logger.
    pub(crate) fn log() -> Destination {
        Destination { kind: "log".to_owned(), address: String::new(), vendor: None, third_party: false }
    }

    /// A file outside the stores that are governed.
    pub(crate) fn file(path: &str) -> Destination {
        Destination { kind: "file".to_owned(), address: path.to_owned(), vendor: None, third_party: false }
    }
}

impl Pipeline {
    /// The pipeline of the file at `path`.
    pub(crate) fn of(path: &Arc<str>, notebook: bool, in_tests: bool) -> Pipeline {
        let kind = if notebook { AssetKind::Notebook } else { AssetKind::Pipeline };
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let mut asset = Asset::new(AssetId::new(kind, "", path), kind, &**path, stem);
        asset.type_name = match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
            "sql" => "sql".to_owned(),
            "ipynb" => "notebook".to_owned(),
            _ => "python".to_owned(),
        };
        asset.place = Some(Place::file(path));
        asset.names.insert(path.to_string());
        asset.in_tests = in_tests;
        Pipeline { asset, assets: BTreeMap::new(), links: Vec::new(), said: BTreeMap::new(), gaps: Vec::new() }
    }

    fn me(&self) -> Ref {
        Ref::Id(self.asset.id.clone())
    }

    /// Records a gap.
    pub(crate) fn gap(&mut self, gap: Gap) {
        self.gaps.push(gap);
    }

    /// Adds an asset.
    pub(crate) fn add(&mut self, asset: Asset) {
        match self.assets.get_mut(&asset.id) {
            Some(held) => {
                held.names.extend(asset.names);
                held.attributes.extend(asset.attributes);
                held.labels.extend(asset.labels);
            }
            None => {
                self.assets.insert(asset.id.clone(), asset);
            }
        }
    }

    /// Changes an asset that was added.
    pub(crate) fn asset_mut(&mut self, id: &AssetId) -> Option<&mut Asset> {
        self.assets.get_mut(id)
    }

    /// Adds a link, once.
    pub(crate) fn link(&mut self, link: Link) {
        let key = (link.kind, link.from.clone(), link.to.clone(), link.place.clone());
        let same = self.said.entry(key).or_default();
        if !same.iter().any(|at| self.links.get(*at) == Some(&link)) {
            same.push(self.links.len());
            self.links.push(link);
        }
    }

    /// The pipeline reads what `part` says of `dataset`.
    pub(crate) fn reads(&mut self, dataset: &Ref, part: &Part, place: &Place) {
        let data = Data::read(dataset.clone(), part.clone(), Some(place.clone()));
        let mut flows = data.flows();
        for (_, flow) in &mut flows {
            // What a read names the columns is told where they arrive.
            flow.made.clear();
            let mut link = Link::new(RelationKind::Reads, self.me(), dataset.clone(), Some(place.clone()));
            link.flow = Some(flow.clone());
            self.link(link);
        }
        if flows.is_empty() {
            self.link(Link::new(RelationKind::Reads, self.me(), dataset.clone(), Some(place.clone())));
        }
    }

    /// A movement of `data` to `to`; without known data it is said without a flow.
    fn moves(
        &mut self,
        kind: RelationKind,
        to: Ref,
        data: &Data,
        place: &Place,
        attributes: &BTreeMap<String, Attribute>,
    ) {
        let mut flows = data.flows();
        if flows.is_empty() {
            let mut link = Link::new(kind, self.me(), to, Some(place.clone()));
            link.attributes.clone_from(attributes);
            self.link(link);
            return;
        }
        for (source, flow) in &mut flows {
            if flow.steps.last() != Some(place) {
                flow.steps.push(place.clone());
            }
            let mut link = Link::new(kind, self.me(), to.clone(), Some(place.clone()));
            link.flow = Some(flow.clone());
            link.sources = vec![source.clone()];
            link.attributes.clone_from(attributes);
            self.link(link);
        }
    }

    /// The pipeline writes `data` to `dataset`; a path outside the stores is a sink too.
    pub(crate) fn writes(&mut self, dataset: &Ref, data: &Data, place: &Place) {
        self.moves(RelationKind::Writes, dataset.clone(), data, place, &BTreeMap::new());
        if let Ref::Named { name, .. } = dataset
            && is_outside_stores(name)
        {
            self.sends(&Destination::file(name), data, place);
        }
    }

    /// The pipeline sends `data` to `destination`.
    pub(crate) fn sends(&mut self, destination: &Destination, data: &Data, place: &Place) {
        let address = match destination.address.as_str() {
            "" => destination.kind.clone(),
            address => format!("{}/{address}", destination.kind),
        };
        let id = AssetId::new(AssetKind::Sink, "", &address);
        let mut sink =
            Asset::new(id.clone(), AssetKind::Sink, &*address, destination.vendor.as_deref().unwrap_or(&address));
        sink.type_name.clone_from(&destination.kind);
        sink.set("sinkKind", destination.kind.as_str(), None);
        if let Some(vendor) = &destination.vendor {
            sink.set("vendor", vendor.as_str(), None);
        }
        sink.set("thirdParty", destination.third_party, None);
        self.add(sink);
        self.moves(RelationKind::SendsTo, Ref::Id(id), data, place, &BTreeMap::new());
    }

    /// The pipeline trains the model `id` with `data`, which plays `part` in it where that is known.
    pub(crate) fn trains(
        &mut self,
        id: &AssetId,
        part: Option<ColumnPart>,
        data: &Data,
        place: &Place,
        attributes: &BTreeMap<String, Attribute>,
    ) {
        let mut attributes = attributes.clone();
        if let Some(part) = part {
            attributes.insert("columnPart".to_owned(), Attribute { value: part.as_str().into(), place: None });
        }
        self.moves(RelationKind::Trains, Ref::Id(id.clone()), data, place, &attributes);
    }

    /// The pipeline releases `what`.
    pub(crate) fn releases(&mut self, what: Ref, place: &Place, attributes: BTreeMap<String, Attribute>) {
        let mut link = Link::new(RelationKind::Releases, self.me(), what, Some(place.clone()));
        link.attributes = attributes;
        self.link(link);
    }

    /// How many links there are.
    pub(crate) fn made(&self) -> usize {
        self.links.len()
    }

    /// The releases among `links` are done only where a condition is met.
    pub(crate) fn guard(&mut self, links: std::ops::Range<usize>) {
        for link in self.links.get_mut(links).into_iter().flatten() {
            if link.kind == RelationKind::Releases {
                link.attributes.insert("gated".to_owned(), Attribute { value: Value::Bool(true), place: None });
            }
        }
    }

    /// The pipeline runs as the principal named `role`.
    pub(crate) fn runs_as(&mut self, role: &str, place: &Place) {
        self.link(Link::new(RelationKind::RunsAs, self.me(), Ref::named(AssetKind::Role, role), Some(place.clone())));
    }

    /// Adds `texts` to the list that the attribute `name` of the pipeline is.
    pub(crate) fn lists(&mut self, name: &str, texts: Vec<String>, place: &Place) {
        if texts.is_empty() {
            return;
        }
        let held = self.asset.attributes.remove(name);
        let place = held.as_ref().and_then(|held| held.place.clone()).unwrap_or_else(|| place.clone());
        let before = held.iter().flat_map(|held| held.value.items()).filter_map(Value::as_text).map(str::to_owned);
        let all: std::collections::BTreeSet<String> = before.chain(texts).collect();
        let all: Vec<Value> = all.into_iter().map(Value::Text).collect();
        self.asset.set(name, all, Some(place));
    }

    /// `true` is never overwritten: one unsafe call in a file is enough.
    pub(crate) fn set(&mut self, attribute: &str, value: Value, place: &Place) {
        if self.asset.value(attribute) == Some(&Value::Bool(true)) {
            return;
        }
        self.asset.set(attribute, value, Some(place.clone()));
    }

    /// `attribute` is true of the file in which `place` is, which may be another than that of the pipeline.
    pub(crate) fn set_of_file(&mut self, attribute: &str, place: &Place) {
        if *place.path == *self.asset.address {
            self.set(attribute, Value::Bool(true), place);
            return;
        }
        // Whether that file lies among tests, its own facts say.
        let mut file = Pipeline::of(&place.path, place.path.ends_with(".ipynb"), true).asset;
        file.set(attribute, true, Some(place.clone()));
        self.add(file);
    }

    /// For a property that every call must have: `false` stays.
    pub(crate) fn set_weakest(&mut self, attribute: &str, value: bool, place: &Place) {
        if self.asset.value(attribute) == Some(&Value::Bool(false)) {
            return;
        }
        self.asset.set(attribute, value, Some(place.clone()));
    }

    /// All facts.
    pub(crate) fn finish(self) -> Facts {
        let mut assets = vec![self.asset];
        assets.extend(self.assets.into_values());
        Facts { assets, links: self.links, gaps: self.gaps, ..Facts::default() }
    }
}

/// The flow of every column without a source of its own: the other side is the source.
pub(crate) fn all_columns(steps: Vec<Place>) -> Flow {
    Flow { steps, ..Flow::new(Columns::All) }
}

/// Absolute local paths that are not outside: where platforms mount governed stores (SageMaker's `/opt/ml`, Unity
/// Catalog's `/Volumes`, Vertex AI's `/gcs`, Fabric's `/lakehouse`), where images hold the project itself, and devices.
const MOUNTS: [&str; 10] = [
    "/opt/ml/",
    "/Volumes/",
    "/gcs/",
    "/lakehouse/",
    "/app/",
    "/workspace/",
    "/workspaces/",
    "/code/",
    "/usr/src/app/",
    "/dev/",
];

/// Whether a path leads where no store's controls reach: any absolute path of the machine (shares, home and
/// temporary folders, drives), but those under [`MOUNTS`]; Databricks' FileStore (readable by every user of the
/// workspace); and folders of the project named for exports. Any other relative path (`data/out.csv`) is inside
/// the project and scanned as a dataset.
pub(crate) fn is_outside_stores(name: &str) -> bool {
    if name.starts_with("dbfs:/FileStore") || name.starts_with("~") {
        return true;
    }
    if name.starts_with(['/', '\\']) {
        return !MOUNTS.iter().any(|mount| name.starts_with(mount));
    }
    if let [drive, b':', b'/' | b'\\', ..] = name.as_bytes() {
        return drive.is_ascii_alphabetic();
    }
    let folder = name.split('/').next().unwrap_or_default().to_ascii_lowercase();
    matches!(folder.as_str(), "export" | "exports" | "downloads" | "desktop" | "tmp" | "temp")
}

/// Takes back the sinks of local paths that a person bound to another name: the store of that name governs them.
pub(crate) fn without_bound(facts: &mut Facts, bindings: &[crate::Binding]) {
    let bound = |side: &Ref| {
        let Ref::Id(id) = side else { return false };
        let Some(path) = id.as_str().strip_prefix("Sink:file/") else { return false };
        bindings.iter().flat_map(|binding| [&binding.name, &binding.is]).any(|name| {
            let name = dataset_name(name);
            let rest = path.strip_prefix(name.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    facts.links.retain(|link| !bound(&link.to));
    facts.assets.retain(|asset| !bound(&Ref::Id(asset.id.clone())));
}

/// A path or URI in the one form that names use.
pub(crate) fn dataset_name(path: &str) -> String {
    let mut name = path.trim().to_owned();
    for (scheme, plain) in [
        ("s3a://", "s3://"),
        ("s3n://", "s3://"),
        ("file://", ""),
        ("gcs://", "gs://"),
        ("/dbfs/", "dbfs:/"),
        ("abfs://", "abfss://"),
    ] {
        if let Some(rest) = name.strip_prefix(scheme) {
            name = format!("{plain}{rest}");
        }
    }
    while let Some(rest) = name.strip_prefix("./").or_else(|| name.strip_prefix("../")) {
        name = rest.to_owned();
    }
    name
}

/// A table name in the one form that names use: lower case, without quotes.
pub(crate) fn table_name(name: &str) -> String {
    name.trim().chars().filter(|c| !matches!(c, '`' | '"' | '[' | ']')).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_form() {
        assert_eq!(dataset_name("s3a://b/k"), "s3://b/k");
        assert_eq!(dataset_name("../data/x.csv"), "data/x.csv");
        assert_eq!(table_name("`Main`.\"Clinic\".Patients"), "main.clinic.patients");
    }

    #[test]
    fn project_folders_and_mounted_stores_are_no_sinks() {
        for outside in [
            "/tmp/x.csv",
            "/mnt/share/x.csv",
            "/data/x.csv",
            "~/x.csv",
            "C:\\out\\x.csv",
            "D:/x.csv",
            "\\\\nas\\x.csv",
            "exports/x.csv",
            "dbfs:/FileStore/x.csv",
        ] {
            assert!(is_outside_stores(outside), "{outside}");
        }
        for inside in [
            "data/x.csv",
            "s3://exports/x.csv",
            "/opt/ml/model/x",
            "/Volumes/main/clinic/raw/x.csv",
            "dbfs:/mnt/raw/x",
            "/app/data/x.csv",
            "{folder}/x.csv",
        ] {
            assert!(!is_outside_stores(inside), "{inside}");
        }
    }

    #[test]
    fn a_share_that_is_bound_to_a_store_is_no_sink() {
        let path: Arc<str> = "job.py".into();
        let binding = crate::Binding { name: "/mnt/lake/".into(), is: "s3://lake".into() };
        let mut pipeline = Pipeline::of(&path, false, false);
        for name in ["/mnt/lake/x.csv", "/mnt/lakes/x.csv"] {
            pipeline.writes(&Ref::named(AssetKind::Dataset, name), &Data::default(), &Place::file(&path));
        }
        let mut facts = pipeline.finish();
        without_bound(&mut facts, &[binding]);
        let sinks: Vec<&str> =
            facts.assets.iter().filter(|asset| asset.kind == AssetKind::Sink).map(|asset| asset.id.as_str()).collect();
        assert_eq!(sinks, ["Sink:file//mnt/lakes/x.csv"]);
    }
}
