//! A service as the pod that would say the same, with what it mounts and publishes.
//!
//! Source: github.com/compose-spec/compose-spec/blob/main/05-services.md. Docker's own defaults: its seccomp profile is
//! in force, processes may gain rights, the root file system can be written.

use std::collections::BTreeMap;

use aedile_model::{AssetKind, Place, RelationKind};

use super::{Files, Named, folder, join};
use crate::Ref;
use crate::iac::datum::{Datum, Kind, Map};

/// The body of the resource that a service is, and its relations.
pub(super) fn pod(files: &Files<'_>, path: &str, name: &str, service: &Datum) -> (Datum, Vec<Named>) {
    let mut container = Members::at(service);
    container.take("image", service.member("image"));
    container.put("env", Datum::from(Kind::List(environment(files, path, service).into())));
    container.put("args", Datum::from(Kind::List(command(service).into())));
    container.put("securityContext", security(files, path, service));
    let limits = ["mem_limit", "deploy.resources.limits.memory"].iter().find_map(|path| at(service, path));
    if let Some(memory) = limits {
        let limits = Datum::from(BTreeMap::from([("memory".to_owned(), memory)]));
        container.put("resources", Datum::from(BTreeMap::from([("limits".to_owned(), limits)])));
    }
    // An image that is built here is as pinned as what it is built from.
    if let Some(image) = built(files, path, service) {
        container.take("image", image.base().as_ref());
    }
    let mut pod = Members::at(service);
    for (key, setting) in [("hostNetwork", "network_mode"), ("hostPID", "pid"), ("hostIPC", "ipc")] {
        if let Some(mode) = service.member(setting) {
            let kind = match mode.why_unknown() {
                Some(why) => Kind::Unknown(why.clone()),
                None => Kind::Bool(mode.text().as_deref() == Some("host")),
            };
            pod.put(key, Datum::new(kind, mode.place.clone()));
        }
    }
    let mounts = mounts(service);
    let of_host = mounts.iter().filter(|mount| mount.source.starts_with(['/', '~'])).map(|mount| {
        let path = Datum::from_text(mount.source.clone()).at(mount.place.clone());
        Datum::from(BTreeMap::from([("hostPath".to_owned(), path)])).at(mount.place.clone())
    });
    pod.put("volumes", Datum::from(Kind::List(of_host.collect())));
    pod.put("containers", Datum::from(Kind::List(vec![container.datum()].into())));
    let mut body = Members::at(service);
    body.put("name", Datum::from_text(name));
    body.put("pod", pod.datum());
    body.take("image", service.member("image"));
    body.take("labels", service.member("labels"));
    if let Some(published) = published(service) {
        body.put("published", published);
    }
    (body.datum(), links(&mounts, path))
}

/// Members that are put together, at the place of a service.
struct Members {
    members: BTreeMap<String, Datum>,
    place: Option<Place>,
}

impl Members {
    fn at(service: &Datum) -> Members {
        Members { members: BTreeMap::new(), place: service.place.clone() }
    }

    fn put(&mut self, key: &str, value: Datum) {
        self.members.insert(key.to_owned(), value);
    }

    fn take(&mut self, key: &str, value: Option<&Datum>) {
        if let Some(value) = value {
            self.put(key, value.clone());
        }
    }

    fn datum(self) -> Datum {
        Datum::new(Kind::Map(Map { members: self.members.into(), open: None }), self.place)
    }
}

fn at(service: &Datum, path: &str) -> Option<Datum> {
    path.split('.').try_fold(service, |datum, key| datum.member(key)).filter(|datum| !datum.is_null()).cloned()
}

/// The Dockerfile that a service is built from.
fn built<'f>(files: &'f Files<'_>, path: &str, service: &Datum) -> Option<&'f super::dockerfile::Image> {
    let build = service.member("build")?;
    let context = build.text().or_else(|| build.member("context").and_then(Datum::text)).unwrap_or_default();
    let file = build.member("dockerfile").and_then(Datum::text).unwrap_or_else(|| "Dockerfile".to_owned());
    let wanted = join(&join(folder(path), &context), &file);
    files.images.get(&wanted).map(|(_, image)| image)
}

fn security(files: &Files<'_>, path: &str, service: &Datum) -> Datum {
    let mut context = Members::at(service);
    context.take("privileged", service.member("privileged"));
    context.take("readOnlyRootFilesystem", service.member("read_only"));
    let mut capabilities = Members::at(service);
    capabilities.take("add", service.member("cap_add"));
    capabilities.take("drop", service.member("cap_drop"));
    context.put("capabilities", capabilities.datum());
    let mut profile = ("RuntimeDefault", service.place.clone());
    for option in service.member("security_opt").map(Datum::items).unwrap_or_default() {
        let text = option.text().unwrap_or_default().replace('=', ":");
        match text.split_once(':').unwrap_or((&text, "true")) {
            ("no-new-privileges", truth) => {
                let kind = Kind::Bool(truth != "true");
                context.put("allowPrivilegeEscalation", Datum::new(kind, option.place.clone()));
            }
            ("seccomp", "unconfined") => profile = ("Unconfined", option.place.clone()),
            ("seccomp", _) => profile = ("Localhost", option.place.clone()),
            _ => {}
        }
    }
    let kind = Datum::from_text(profile.0).at(profile.1);
    context.put("seccompProfile", Datum::from(BTreeMap::from([("type".to_owned(), kind)])));
    let user = service.member("user").filter(|user| !user.is_null()).cloned();
    let user = user.or_else(|| built(files, path, service).and_then(super::dockerfile::Image::user));
    if let Some(user) = user {
        let (key, kind) = user_setting(&user);
        context.put(key, Datum::new(kind, user.place.clone()));
    }
    context.datum()
}

/// A user as the setting of a pod: by number, or by a name that is not `root`.
pub(super) fn user_setting(user: &Datum) -> (&'static str, Kind) {
    if let Some(why) = user.why_unknown() {
        return ("runAsUser", Kind::Unknown(why.clone()));
    }
    let text = user.text().unwrap_or_default();
    let name = text.split(':').next().unwrap_or_default();
    match (name, name.parse::<i64>()) {
        (_, Ok(id)) => ("runAsUser", Kind::Int(id)),
        ("root" | "", _) => ("runAsUser", Kind::Int(0)),
        _ => ("runAsNonRoot", Kind::Bool(true)),
    }
}

/// Entry point and command, as words.
fn command(service: &Datum) -> Vec<Datum> {
    ["entrypoint", "command"]
        .iter()
        .filter_map(|key| service.member(key))
        .flat_map(|value| match &value.kind {
            Kind::List(items) => items.clone(),
            _ => vec![value.clone()].into(),
        })
        .collect()
}

/// The variables of a service, those of its files first.
fn environment(files: &Files<'_>, path: &str, service: &Datum) -> Vec<Datum> {
    let mut all: BTreeMap<String, Datum> = BTreeMap::new();
    for named in service.member("env_file").map(Datum::items).unwrap_or_default() {
        let file = named.text().or_else(|| named.member("path").and_then(Datum::text));
        let found = file.and_then(|file| files.variables.get(&join(folder(path), &file)));
        all.extend(found.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())));
    }
    if let Some(own) = service.member("environment") {
        all.extend(variables(own));
    }
    all.into_iter()
        .map(|(name, value)| {
            let place = value.place.clone();
            Datum::from(BTreeMap::from([("name".to_owned(), Datum::from_text(name)), ("value".to_owned(), value)]))
                .at(place)
        })
        .collect()
}

/// Variables written as a mapping or as a list of `NAME=value`.
pub(super) fn variables(environment: &Datum) -> Vec<(String, Datum)> {
    match &environment.kind {
        Kind::Map(map) => map.members.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        Kind::List(items) => items
            .iter()
            .filter_map(|item| {
                let text = item.holed()?;
                let (name, value) = text.split_once('=')?;
                let kind = match item.why_unknown() {
                    Some(why) => Kind::Computed { text: value.to_owned(), why: why.clone() },
                    None => Kind::Text(value.to_owned()),
                };
                Some((name.to_owned(), Datum::new(kind, item.place.clone())))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether a port is published to other machines: the first that is, as a truth value.
fn published(service: &Datum) -> Option<Datum> {
    let ports = service.member("ports")?.items();
    let mut answer = None;
    for port in ports {
        let open = match (&port.kind, port.why_unknown()) {
            (Kind::Map(map), _) => {
                let address = map.members.get("host_ip").and_then(Datum::text);
                Ok(map.members.contains_key("published") && address.is_none_or(|address| !is_local(&address)))
            }
            (_, Some(why)) => {
                // The address stands first; a port that is not known changes nothing.
                let text = port.holed().unwrap_or_default();
                if text.starts_with(|c: char| c.is_ascii_digit()) || is_local(&text) {
                    Ok(!is_local(&text))
                } else {
                    Err(why.clone())
                }
            }
            _ => {
                let text = port.text().unwrap_or_default();
                let text = text.split('/').next().unwrap_or_default();
                Ok(!is_local(text))
            }
        };
        let kind = match open {
            Ok(true) => {
                return Some(Datum::new(Kind::Bool(true), port.place.clone()));
            }
            Ok(false) => Kind::Bool(false),
            Err(why) => Kind::Unknown(why),
        };
        answer = Some(Datum::new(kind, port.place.clone()));
    }
    answer
}

fn is_local(address: &str) -> bool {
    address.starts_with("127.")
        || address.starts_with("localhost")
        || address.starts_with("[::1]")
        || address.starts_with("::1")
}

/// A part of the host's file system in a container.
struct Mount {
    source: String,
    target: String,
    read_only: bool,
    place: Option<Place>,
}

fn mounts(service: &Datum) -> Vec<Mount> {
    let mut found = Vec::new();
    for volume in service.member("volumes").map(Datum::items).unwrap_or_default() {
        let place = volume.place.clone();
        if let Kind::Map(map) = &volume.kind {
            let text = |key: &str| map.members.get(key).and_then(Datum::text).unwrap_or_default();
            if text("type") == "bind" {
                let read_only = map.members.get("read_only").and_then(Datum::bool) == Some(true);
                found.push(Mount { source: text("source"), target: text("target"), read_only, place });
            }
            continue;
        }
        let text = volume.holed().unwrap_or_default();
        let mut parts = text.split(':');
        let (source, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if source.starts_with(['/', '.', '~']) && !target.is_empty() {
            let read_only = parts.any(|options| options.split(',').any(|option| option == "ro"));
            found.push(Mount { source: source.to_owned(), target: target.to_owned(), read_only, place });
        }
    }
    found
}

/// Folders of the project that a service reads and writes.
fn links(mounts: &[Mount], path: &str) -> Vec<Named> {
    let mut found = Vec::new();
    for mount in mounts.iter().filter(|mount| mount.source.starts_with('.')) {
        let folder = join(folder(path), &mount.source);
        if folder.is_empty() || mount.target.is_empty() {
            continue;
        }
        let named = || Ref::named(AssetKind::Dataset, folder.clone());
        found.push((RelationKind::Reads, named(), mount.place.clone()));
        if !mount.read_only {
            found.push((RelationKind::Writes, named(), mount.place.clone()));
        }
    }
    found
}
