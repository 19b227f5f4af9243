//! Dockerfiles: what an image is built from, as whom it runs, what is written into it.
//!
//! Source: docs.docker.com/reference/dockerfile. Every stage counts for what it is built from; user, variables and
//! copied data are those of the last stage and of the stages that it is built on.

use std::collections::BTreeMap;

use aedile_model::{AssetKind, Gap, GapKind, Place, RelationKind, Unknown};
use aedile_rules::ResourceSource;

mod instruction;

use super::service::user_setting;
use super::{folder, join};
use crate::iac::condition::Truth;
use crate::iac::datum::{Datum, Kind, Map, hole_for};
use crate::iac::kubernetes::pod::{in_text, literal};
use crate::iac::resource::Resource;
use crate::{Facts, File, Link, Ref};
use instruction::{Instruction, instructions};

/// Stages that may be built on each other.
const STAGES: usize = 1_000;

/// What a Dockerfile says.
#[derive(Debug, Default)]
pub(crate) struct Image {
    stages: Vec<Stage>,
    pub(super) gaps: Vec<Gap>,
}

/// One stage.
#[derive(Debug, Default)]
struct Stage {
    name: Option<String>,
    /// What it is built from, with its place; another stage by its number.
    from: Option<Datum>,
    parent: Option<usize>,
    user: Option<Datum>,
    /// Where a credential is written out.
    secret: Option<Truth>,
    /// Where something is added from the network without a checksum.
    fetched: Option<Place>,
    /// Paths of the build context that are copied.
    copied: Vec<(String, Place)>,
    place: Option<Place>,
}

/// Names of Dockerfiles, in lower case.
pub(super) fn is_dockerfile(name: &str) -> bool {
    match name.split_once('.') {
        None => name == "dockerfile" || name == "containerfile",
        Some(("dockerfile" | "containerfile", suffix)) => !SOURCES.contains(&suffix),
        Some(_) => name.ends_with(".dockerfile"),
    }
}

/// Endings of programs and texts about Dockerfiles, which are none.
const SOURCES: [&str; 12] = ["c", "cpp", "cs", "go", "html", "java", "js", "md", "py", "rb", "rs", "ts"];

/// Reads `text`.
pub(super) fn parse(file: &File, text: &str) -> Image {
    let mut image = Image::default();
    let mut global: BTreeMap<String, Datum> = BTreeMap::new();
    let mut local: BTreeMap<String, Datum> = BTreeMap::new();
    for instruction in instructions(text) {
        let place = file.place(instruction.start, instruction.end);
        if instruction.name == "FROM" {
            if image.stages.len() >= STAGES {
                let message = format!("more than {STAGES} stages: the rest is not read");
                image.gaps.push(Gap { place, kind: GapKind::Limit, message });
                break;
            }
            local = BTreeMap::new();
            image.from(&instruction, &global, place);
            continue;
        }
        if instruction.name == "ARG" && image.stages.is_empty() {
            global.extend(argument(&instruction, &global, &place));
            continue;
        }
        let known: Vec<&str> = image.stages.iter().filter_map(|stage| stage.name.as_deref()).collect();
        let from_stage = instruction.flag("from").is_some_and(|from| {
            known.contains(&from.to_ascii_lowercase().as_str()) || from.bytes().all(|byte| byte.is_ascii_digit())
        });
        let Some(stage) = image.stages.last_mut() else {
            let message = format!("`{}` stands before the first FROM", instruction.name);
            image.gaps.push(Gap { place, kind: GapKind::Unparsed, message });
            continue;
        };
        match instruction.name.as_str() {
            "USER" => stage.user = Some(filled(instruction.rest.trim(), &local).at(Some(place))),
            "ARG" | "ENV" => {
                let pairs = if instruction.name == "ARG" {
                    let mut pairs = argument(&instruction, &local, &place);
                    for (name, value) in &mut pairs {
                        // An argument without a value of its own has that of the file's head.
                        if value.is_none_given()
                            && let Some(held) = global.get(name)
                        {
                            *value = held.clone();
                        }
                    }
                    pairs
                } else {
                    variables(&instruction, &local, &place)
                };
                for (name, value) in pairs {
                    if let Some(truth) = literal(&name, &value).filter(|_| !value.is_none_given()) {
                        stage.note_secret(truth);
                    }
                    local.insert(name, value);
                }
            }
            "RUN" | "CMD" | "ENTRYPOINT" if in_text(&instruction.rest) => stage.note_secret(Truth::True(Some(place))),
            "ADD" | "COPY" if !from_stage && instruction.flag("from").is_none() => {
                for source in instruction.sources() {
                    if source.starts_with("http://") || source.starts_with("https://") || source.starts_with("git@") {
                        if instruction.flag("checksum").is_none() {
                            stage.fetched.get_or_insert(place.clone());
                        }
                    } else if stage.copied.len() < STAGES {
                        stage.copied.push((source.to_owned(), place.clone()));
                    }
                }
            }
            _ => {}
        }
    }
    if image.stages.is_empty() && image.gaps.is_empty() && !text.trim().is_empty() {
        let message = "the Dockerfile has no FROM".to_owned();
        image.gaps.push(Gap { place: file.place(0, 0), kind: GapKind::Unparsed, message });
    }
    image
}

impl Stage {
    fn note_secret(&mut self, truth: Truth) {
        if !matches!(self.secret, Some(Truth::True(_))) {
            self.secret = Some(truth);
        }
    }
}

impl Datum {
    /// Whether an argument has no value of its own.
    fn is_none_given(&self) -> bool {
        matches!(&self.kind, Kind::Unknown(_))
    }
}

impl Image {
    fn from(&mut self, instruction: &Instruction, arguments: &BTreeMap<String, Datum>, place: Place) {
        let mut words = instruction.rest.split_whitespace();
        let base = words.next().unwrap_or_default();
        let name = words.next().filter(|word| word.eq_ignore_ascii_case("as")).and_then(|_| words.next());
        let parent = self
            .stages
            .iter()
            .rposition(|stage| stage.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(base)));
        let from = (parent.is_none() && base != "scratch").then(|| filled(base, arguments).at(Some(place.clone())));
        self.stages.push(Stage {
            name: name.map(str::to_ascii_lowercase),
            from,
            parent,
            place: Some(place),
            ..Stage::default()
        });
    }

    /// The last stage and those that it is built on, the last first.
    fn last(&self) -> Vec<&Stage> {
        let mut chain = Vec::new();
        let mut at = self.stages.len().checked_sub(1);
        while let Some(stage) = at.and_then(|at| self.stages.get(at)) {
            chain.push(stage);
            at = stage.parent;
        }
        chain
    }

    /// The user of the image; one that the base image's tag gives away counts.
    pub(super) fn user(&self) -> Option<Datum> {
        let chain = self.last();
        let said = chain.iter().find_map(|stage| stage.user.clone());
        said.or_else(|| {
            let base = chain.last()?.from.as_ref()?;
            let name = base.holed()?.to_ascii_lowercase();
            let harmless = ["nonroot", "unprivileged", "rootless"].iter().any(|word| name.contains(word));
            harmless.then(|| Datum::from_text("nonroot").at(base.place.clone()))
        })
    }

    /// The first thing that it is built from that is not pinned by its digest, or else the base image.
    pub(super) fn base(&self) -> Option<Datum> {
        let from = || self.stages.iter().filter_map(|stage| stage.from.as_ref());
        let loose = |base: &&Datum| !base.holed().is_some_and(|text| text.contains("@sha256:"));
        from().find(loose).or_else(|| from().next_back()).cloned()
    }

    /// The image as a resource: its body is the pod of one container.
    pub(super) fn resource(&self, path: &str, file: &File) -> Resource {
        let chain = self.last();
        let place = chain.first().and_then(|stage| stage.place.clone());
        let mut members = BTreeMap::new();
        let name = folder(path).rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("image");
        members.insert("name".to_owned(), Datum::from_text(name));
        // What is given out is the last stage; what is pinned or not, all of them.
        if let Some(base) = self.base() {
            members.insert("base".to_owned(), base);
        }
        if let Some(user) = self.user() {
            let (key, kind) = user_setting(&user);
            members.insert(key.to_owned(), Datum::new(kind, user.place));
        }
        let secret = self.stages.iter().filter_map(|stage| stage.secret.clone()).collect::<Vec<_>>();
        match crate::iac::condition::any(secret.into_iter()) {
            Truth::True(at) => members.insert("secret".to_owned(), Datum::from(Kind::Bool(true)).at(at)),
            Truth::False(at) => members.insert("secret".to_owned(), Datum::from(Kind::Bool(false)).at(at)),
            Truth::Unknown(why, at) => members.insert("secret".to_owned(), Datum::from(Kind::Unknown(why)).at(at)),
        };
        let fetched = self.stages.iter().find_map(|stage| stage.fetched.clone());
        members.insert("fetched".to_owned(), Datum::from(Kind::Bool(fetched.is_some())).at(fetched));
        Resource {
            source: ResourceSource::Dockerfile,
            type_name: "image".to_owned(),
            address: path.to_owned(),
            unit: String::new(),
            body: Datum::new(Kind::Map(Map { members: members.into(), open: None }), place.clone()),
            place,
            in_tests: file.in_tests,
            region: None,
            default_tags: None,
            doubt: None,
            provider: None,
        }
    }

    /// Data of the build context that is copied into the image.
    pub(super) fn links(&self, facts: &mut Facts, path: &str) {
        let id = aedile_model::AssetId::new(AssetKind::Workload, "", path);
        for (source, place) in self.last().iter().flat_map(|stage| &stage.copied) {
            let target = join(folder(path), source.trim_end_matches('*'));
            if target.is_empty() || source.contains('$') {
                continue;
            }
            let named = Ref::named(AssetKind::Dataset, target.clone());
            // A folder or a file of data; code is copied too, and holds none.
            if is_data(&target) {
                let own = Ref::Id(id.clone());
                facts.links.push(Link::new(RelationKind::Reads, own, named, Some(place.clone())));
            }
        }
    }
}

/// Whether a copied path is one of data: by its extension, or by the folder's name.
fn is_data(path: &str) -> bool {
    const ENDS: [&str; 9] = [".avro", ".csv", ".jsonl", ".ndjson", ".orc", ".parquet", ".psv", ".sqlite", ".tsv"];
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    ENDS.iter().any(|end| name.ends_with(end)) || matches!(name.as_str(), "data" | "dataset" | "datasets")
}

/// The names and values of an `ARG`.
fn argument(instruction: &Instruction, held: &BTreeMap<String, Datum>, place: &Place) -> Vec<(String, Datum)> {
    instruction
        .words()
        .into_iter()
        .map(|word| match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), filled(unquoted(value), held).at(Some(place.clone()))),
            None => {
                let why = "the argument is given when the image is built".to_owned();
                let unknown = Kind::Unknown(Unknown { expression: format!("${{{word}}}"), why });
                (word.clone(), Datum::from(unknown).at(Some(place.clone())))
            }
        })
        .collect()
}

/// The names and values of an `ENV`, in its old form too: `ENV NAME value`.
fn variables(instruction: &Instruction, held: &BTreeMap<String, Datum>, place: &Place) -> Vec<(String, Datum)> {
    let words = instruction.words();
    if words.first().is_some_and(|first| !first.contains('=')) {
        let (name, value) = instruction.rest.trim().split_once(char::is_whitespace).unwrap_or_default();
        return vec![(name.to_owned(), filled(unquoted(value.trim()), held).at(Some(place.clone())))];
    }
    let pairs = words.iter().filter_map(|word| word.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), filled(unquoted(value), held).at(Some(place.clone())))).collect()
}

fn unquoted(value: &str) -> &str {
    let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    quoted.unwrap_or(value)
}

/// `text` with the arguments and variables that are known.
fn filled(text: &str, held: &BTreeMap<String, Datum>) -> Datum {
    let (mut out, mut unknown) = (String::new(), None);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, default, next) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some((inside, next)) => match inside.split_once(":-") {
                Some((name, default)) => (name, Some(default), next),
                None => (inside, None, next),
            },
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                let (name, next) = after.split_at(end);
                (name, None, next)
            }
        };
        rest = next;
        match (held.get(name).map(|value| (value.text(), value.why_unknown())), default) {
            (Some((Some(value), _)), _) => out.push_str(&value),
            (_, Some(default)) => out.push_str(default),
            (found, None) => {
                let why = found.and_then(|(_, why)| why.cloned()).unwrap_or_else(|| Unknown {
                    expression: format!("${name}"),
                    why: "the variable is not set in this file".to_owned(),
                });
                out.push_str(&hole_for(&why.expression));
                unknown.get_or_insert(why);
            }
        }
    }
    out.push_str(rest);
    match unknown {
        Some(why) => Kind::Computed { text: out, why }.into(),
        None => Datum::from_text(out),
    }
}
