//! A scan against a revision: both sides are judged whole, by the same rules, and findings are matched.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use aedile_crawl::{Content, Leaf, LeafKind, Selected, crawl_selected, selected};
use aedile_model::Severity;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::{Config, FILE_NAMES, Loaded};
use crate::declare;
use crate::git::{self, Repository, Revision};
use crate::overrides::Overrides;
use crate::record::{self, Finding};
use crate::run::{Packs, Request, ScanError};
use crate::terminal;

mod cache;

/// What a scan is compared with.
#[derive(Debug)]
pub struct Compare {
    /// The repository that holds all roots.
    pub repository: Repository,
    /// The revision.
    pub revision: Revision,
    /// Where the result of the revision is kept; nowhere if absent.
    pub cache: Option<PathBuf>,
    /// The configuration file of the scan, if there is one: the revision is judged by its own version of it.
    pub config: Option<PathBuf>,
    /// What the command line adds to it.
    pub overrides: Overrides,
}

/// What a revision had.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// Its findings.
    pub findings: Vec<Was>,
    /// Things that were not read of it.
    pub gaps: usize,
}

/// A finding of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Was {
    fingerprint: String,
    policy: String,
    title: String,
    severity: String,
    verdict: String,
    kind: String,
    address: String,
    path: Option<String>,
    waived: bool,
}

/// Judges the revision, or takes the result from the cache.
///
/// Rules, policies and the date are those of the scan; the configuration (bindings, declarations, waivers) is the
/// revision's own. Files that git ignores and repositories inside of the repository have no older state: they count
/// as unchanged.
///
/// # Errors
/// The repository cannot be read.
pub fn before(packs: &Packs, request: &Request, compare: &Compare) -> Result<Before, ScanError> {
    let Compare { repository, revision, .. } = compare;
    let (leaves, modules) = repository.leaves(revision)?;
    let loaded = older(compare, &leaves, request)?;
    let mut untouched = repository.ignored()?;
    untouched.extend(modules);
    let options = crate::run::options(&request.roots, &loaded);
    let ids: BTreeMap<PathBuf, String> = leaves.iter().map(|(leaf, id)| (leaf.path.clone(), id.clone())).collect();
    let mut chosen = selected(leaves.into_iter().map(|(leaf, _)| leaf).collect(), &untouched, &options)?;

    let key = key(packs, request, compare, &loaded, &chosen);
    let kept = compare.cache.as_deref().map(|folder| (folder, key));
    if let Some(before) = kept.as_ref().and_then(|(folder, key)| cache::read(folder, key)) {
        return Ok(before);
    }
    let mut wanted: Vec<(&mut Leaf, &str)> = Vec::new();
    for (_, leaf) in &mut chosen.files {
        if let Some(id) = ids.get(&leaf.path) {
            wanted.push((leaf, id));
        }
    }
    git::fill(repository, revision, &mut wanted)?;
    let crawl = crawl_selected(chosen, &options, &packs.rules);
    let reader = |folder: &Path, path: &str| document(compare, &ids, &untouched, folder, path);
    let (findings, gaps) = crate::run::findings_of(packs, request, &loaded, &reader, crawl);
    let before = Before { findings: findings.iter().map(Was::new).collect(), gaps };
    if let Some((folder, key)) = kept
        && let Err(error) = cache::write(folder, &key, &before)
    {
        terminal::note(&format!("the result of {} was not kept in {}: {error}", revision.commit, folder.display()));
    }
    Ok(before)
}

/// A declared document as the revision has it; as it is now where no revision could have it.
fn document(
    compare: &Compare,
    ids: &BTreeMap<PathBuf, String>,
    ignored: &[PathBuf],
    folder: &Path,
    path: &str,
) -> Option<Vec<u8>> {
    let top = compare.repository.top();
    let disk = std::fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }).ok()?;
    let mut file = disk.clone();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => file.push(name),
            Component::CurDir => {}
            // Nothing outside of the folder is a document.
            _ => return None,
        }
    }
    if !disk.starts_with(top) || ignored.iter().any(|ignored| file.starts_with(ignored)) {
        return declare::on_disk(folder, path);
    }
    let id = ids.get(&file)?;
    let mut leaf = Leaf { path: file, kind: LeafKind::File, size: 0, content: Content::Missing(String::new()) };
    git::fill(&compare.repository, &compare.revision, &mut [(&mut leaf, id)]).ok()?;
    git::bytes(&leaf).ok().map(Cow::into_owned)
}

/// The configuration of the scan as the revision has it; the present one where the file lies outside of the
/// repository. Packs are the present ones on both sides.
fn older(compare: &Compare, leaves: &[(Leaf, String)], request: &Request) -> Result<Loaded, ScanError> {
    let now = &request.loaded;
    let top = compare.repository.top();
    let candidates: Vec<PathBuf> = match &compare.config {
        Some(path) => std::fs::canonicalize(path).into_iter().collect(),
        // A file that is gone since still says how the revision was judged.
        None => request
            .roots
            .first()
            .into_iter()
            .chain([&PathBuf::from(".")])
            .filter_map(|folder| std::fs::canonicalize(folder).ok())
            .flat_map(|folder| FILE_NAMES.map(|name| folder.join(name)))
            .collect(),
    };
    let found = candidates.iter().find_map(|path| leaves.iter().find(|(leaf, _)| leaf.path == *path));
    let config = match found {
        Some((leaf, id)) => read(compare, leaf, id)?,
        None if compare.config.is_some() && candidates.iter().all(|path| path.starts_with(top)) => {
            Some(Config::default())
        }
        None => None,
    };
    let Some(mut config) = config else { return Ok(now.clone()) };
    compare.overrides.apply(&mut config);
    config.rules.clone_from(&now.config.rules);
    config.policies.clone_from(&now.config.policies);
    config.access.clone_from(&now.config.access);
    Ok(Loaded { config, path: now.path.clone(), text: Arc::clone(&now.text) })
}

/// The configuration at `leaf`; `None`, and a note, if it does not hold.
fn read(compare: &Compare, leaf: &Leaf, id: &str) -> Result<Option<Config>, ScanError> {
    let mut leaf = leaf.clone();
    git::fill(&compare.repository, &compare.revision, &mut [(&mut leaf, id)])?;
    let Ok(bytes) = git::bytes(&leaf) else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    match Loaded::parse(leaf.path, text.into()) {
        Ok(loaded) => Ok(Some(loaded.config)),
        Err(error) => {
            let commit = &compare.revision.commit;
            terminal::note(&format!("{commit} is judged by the present configuration, its own does not hold: {error}"));
            Ok(None)
        }
    }
}

/// What the result of a revision depends on, as a digest: the program, its packs, the tree, the roots, the
/// configurations, the date, and the files that no revision holds.
fn key(packs: &Packs, request: &Request, compare: &Compare, loaded: &Loaded, chosen: &Selected) -> String {
    let mut sha = Sha256::new_with_prefix(b"aedile.before.v1");
    let mut part = |bytes: &[u8]| {
        sha.update((bytes.len() as u64).to_le_bytes());
        sha.update(bytes);
    };
    part(env!("CARGO_PKG_VERSION").as_bytes());
    part(compare.revision.tree.as_bytes());
    for root in &request.roots {
        let disk = std::fs::canonicalize(root).unwrap_or_else(|_| root.clone());
        part(disk.strip_prefix(compare.repository.top()).unwrap_or(&disk).as_os_str().as_encoded_bytes());
    }
    part(&serde_json::to_vec(&loaded.config).unwrap_or_default());
    part(request.as_of.to_string().as_bytes());
    for pack in &packs.rules.packs {
        part(pack.sha256.as_bytes());
    }
    for (_, digest) in &packs.judges.packs {
        part(digest.as_bytes());
    }
    for (path, disk) in chosen.untouched() {
        part(path.as_bytes());
        if let Ok(found) = std::fs::metadata(disk) {
            part(&found.len().to_le_bytes());
            let modified = found.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
            part(&modified.map_or(0, |time| time.as_nanos()).to_le_bytes());
        }
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Was {
    fn new(finding: &Finding) -> Was {
        Was {
            fingerprint: finding.fingerprint.clone(),
            policy: finding.policy.clone(),
            title: finding.title.clone(),
            severity: finding.severity.clone(),
            verdict: finding.verdict.clone(),
            kind: finding.asset.kind.clone(),
            address: finding.asset.address.clone(),
            path: finding.places.first().map(|place| place.path.clone()),
            waived: finding.waiver.is_some(),
        }
    }

    /// Whether `now` is no worse than it was: not graver, not decided against since, not waived then only.
    fn covers(&self, now: &Finding) -> bool {
        let grave = |word: &str| word.parse::<Severity>().ok();
        grave(&now.severity) <= grave(&self.severity)
            && !(self.verdict == "inconclusive" && now.verdict == "fail")
            && !(self.waived && now.waiver.is_none())
    }

    /// Whether `now`, of the same policy and kind, may be the same finding in a file of another name.
    fn moved_to(&self, now: &Finding) -> bool {
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let (Some(before), Some(after)) = (&self.path, now.places.first().map(|place| &place.path)) else {
            return false;
        };
        before != after && (name(before) == name(after) || self.address == now.asset.address) && self.covers(now)
    }
}

/// Says of each of `findings` whether the revision had it; `is_there` tells whether a path still exists.
pub(crate) fn mark(
    findings: &mut [Finding],
    before: &Before,
    revision: &Revision,
    is_there: &dyn Fn(&str) -> bool,
) -> record::Diff {
    let known: BTreeMap<&str, &Was> = before.findings.iter().map(|was| (was.fingerprint.as_str(), was)).collect();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for finding in findings.iter_mut() {
        let Some(was) = known.get(finding.fingerprint.as_str()) else { continue };
        seen.insert(&was.fingerprint);
        let same_file = was.path.as_ref() == finding.places.first().map(|place| &place.path);
        let state = match (was.covers(finding), same_file) {
            (false, _) => "new",
            (true, true) => "unchanged",
            (true, false) => "moved",
        };
        finding.diff_state = Some(state.to_owned());
    }
    // What is left on both sides and differs by the name of a file that is gone is one finding.
    let mut left: BTreeMap<(&str, &str), Vec<&Was>> = BTreeMap::new();
    for was in &before.findings {
        if !seen.contains(was.fingerprint.as_str()) && was.path.as_deref().is_some_and(|path| !is_there(path)) {
            left.entry((&was.policy, &was.kind)).or_default().push(was);
        }
    }
    for finding in findings.iter_mut().filter(|finding| finding.diff_state.is_none()) {
        let alike = left.get_mut(&(finding.policy.as_str(), finding.asset.kind.as_str()));
        let was = alike.and_then(|alike| {
            let nth = alike.iter().position(|was| was.moved_to(finding))?;
            Some(alike.remove(nth))
        });
        seen.extend(was.map(|was| was.fingerprint.as_str()));
        finding.diff_state = Some(if was.is_some() { "moved" } else { "new" }.to_owned());
    }
    let count = |state: &str| findings.iter().filter(|finding| finding.diff_state.as_deref() == Some(state)).count();
    let gone = before.findings.iter().filter(|was| !was.waived && !seen.contains(was.fingerprint.as_str()));
    record::Diff {
        reference: revision.reference.clone(),
        commit: revision.commit.clone(),
        new: count("new"),
        unchanged: count("unchanged"),
        moved: count("moved"),
        fixed: gone.map(Was::fixed).collect(),
        gaps: before.gaps,
    }
}

impl Was {
    fn fixed(&self) -> record::Fixed {
        record::Fixed {
            fingerprint: self.fingerprint.clone(),
            policy: self.policy.clone(),
            title: self.title.clone(),
            severity: self.severity.clone(),
            asset: self.address.clone(),
            path: self.path.clone(),
        }
    }
}
