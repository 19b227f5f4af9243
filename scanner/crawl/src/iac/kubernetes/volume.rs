//! Volumes: which claims and paths of the node a workload mounts, where, and whether it may write there.
//!
//! A claim is a store; a path below its mount that code reads lies in it.

use aedile_model::{AssetKind, Place, RelationKind};

use super::workload::Workload;
use crate::iac::datum::Datum;
use crate::iac::resource::Unit;
use crate::{Facts, Link, Ref};

/// Mount paths that hold no data of the platform.
const SYSTEM: [&str; 8] = ["/dev", "/etc", "/lib", "/proc", "/run", "/sys", "/tmp", "/var"];

/// Writes what the workloads mount.
pub(super) fn write(unit: &Unit<'_>, workloads: &[Workload<'_>], facts: &mut Facts) {
    for workload in workloads {
        let Some(own) = facts.assets.get(workload.asset).map(|asset| asset.id.clone()) else { continue };
        for pod in &workload.pods {
            for volume in pod.member("volumes").map(Datum::items).unwrap_or_default() {
                let Some(store) = store(unit, workload, volume) else { continue };
                for mount in mounts(pod, volume) {
                    let mut links = vec![RelationKind::Reads];
                    if !mount.read_only {
                        links.push(RelationKind::Writes);
                    }
                    for kind in links {
                        facts.links.push(Link::new(kind, Ref::Id(own.clone()), store.clone(), mount.place.clone()));
                    }
                    if !SYSTEM.iter().any(|path| mount.path.starts_with(path)) && mount.path.len() > 1 {
                        let held = Ref::named(AssetKind::Dataset, mount.path.clone());
                        facts.links.push(Link::new(RelationKind::StoredIn, held, store.clone(), mount.place.clone()));
                    }
                }
            }
        }
    }
}

/// The store that a volume is: the claim that it names. Paths of the node are no store that anybody governs.
fn store(unit: &Unit<'_>, workload: &Workload<'_>, volume: &Datum) -> Option<Ref> {
    let claim = volume.member("persistentVolumeClaim")?.member("claimName")?.text()?;
    let name = format!("pvc:{}/{claim}", workload.namespace);
    let found = unit.of_type("PersistentVolumeClaim").iter().find(|&&at| {
        unit.resource(at).is_some_and(|object| {
            super::workload::namespace(object) == workload.namespace && super::workload::name(object) == claim
        })
    });
    match found.and_then(|&at| unit.asset(at)) {
        Some((_, id)) => Some(Ref::Id(id)),
        None => Some(Ref::named(AssetKind::Bucket, name)),
    }
}

struct Mount {
    path: String,
    read_only: bool,
    place: Option<Place>,
}

fn mounts(pod: &Datum, volume: &Datum) -> Vec<Mount> {
    let Some(name) = volume.member("name").and_then(Datum::text) else { return Vec::new() };
    let held = volume.member("persistentVolumeClaim").and_then(|claim| claim.member("readOnly"));
    let all_read_only = held.and_then(Datum::bool) == Some(true);
    let containers = ["containers", "initContainers"].iter().filter_map(|list| pod.member(list)).flat_map(Datum::items);
    let mounted = containers.filter_map(|container| container.member("volumeMounts")).flat_map(Datum::items);
    mounted
        .filter(|mount| mount.member("name").and_then(Datum::text).as_deref() == Some(name.as_str()))
        .filter_map(|mount| {
            Some(Mount {
                path: mount.member("mountPath")?.text()?.trim_end_matches('/').to_owned(),
                read_only: all_read_only || mount.member("readOnly").and_then(Datum::bool) == Some(true),
                place: mount.place.clone(),
            })
        })
        .collect()
}
