//! The pipeline: crawl → classify → evaluate → record. Reports are rendered from what it returns.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aedile_crawl::{Crawl, CrawlError, Options, Progress};
use aedile_model::{AssetId, Gap, GapKind, Inventory, Place, Verdict};
use aedile_policies::{Frameworks, JudgeError, Judgement, Platform, Policies, PolicyError, PolicySource};
use aedile_rules::{Labels, PackError, PackSource, Rules};
use globset::Glob;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use time::{Date, OffsetDateTime};

use crate::baseline::Baseline;
use crate::compare::{self, Before, Compare};
use crate::config::{ConfigError, Loaded};
use crate::facts::FactStore;
use crate::fixing::Fixer;
use crate::gate::{self, Threshold};
use crate::record::{self, Run};
use crate::recording::{self, Recorder};
use crate::snippet::MaskedTexts;
use crate::waiver::Waivers;
use crate::{declare, declaring, git};

/// What a scan is asked to do.
#[derive(Debug)]
pub struct Request {
    /// Files or folders.
    pub roots: Vec<PathBuf>,
    /// The configuration in force, command line merged in.
    pub loaded: Loaded,
    /// The date that expiry and applicability are judged by.
    pub as_of: Date,
    /// The start of the run: the clock, or midnight of `as_of` where that was given.
    pub started: OffsetDateTime,
    /// What fails the gate.
    pub threshold: Threshold,
    /// The same for what is new against a baseline or a revision, where that is set apart.
    pub threshold_new: Option<Threshold>,
    /// Whether undecided verdicts and gaps fail it too.
    pub strict: bool,
    /// Findings that were there before.
    pub baseline: Option<Baseline>,
    /// A revision to compare with.
    pub compare: Option<Compare>,
    /// Where facts of unchanged files are kept; nowhere if absent.
    pub facts: Option<FactStore>,
}

/// Why a scan could not be done at all.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[non_exhaustive]
pub enum ScanError {
    /// A rule pack was refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Pack(#[from] PackError),
    /// A policy or framework was refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Policy(#[from] PolicyError),
    /// A root cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Crawl(#[from] CrawlError),
    /// A revision cannot be compared with.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] git::GitError),
    /// The configuration names a framework that there is not.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] ConfigError),
    /// A pack of the user cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    #[diagnostic(code(aedile::pack::unreadable), help("check the paths under `rules`, `policies` and `access`"))]
    Unreadable {
        /// The file or folder.
        path: String,
        /// The system's words.
        reason: String,
    },
}

/// Everything that recognises and judges, loaded and checked once; good for any number of scans.
#[derive(Debug)]
pub struct Packs {
    /// Identifiers, secrets, resource types, library calls.
    pub rules: Rules,
    /// Policies and frameworks.
    pub judges: Judges,
}

impl Packs {
    /// Our packs together with those that the configuration names.
    ///
    /// # Errors
    /// The first pack that cannot be used.
    pub fn load(loaded: &Loaded) -> Result<Packs, ScanError> {
        let (config, folder) = (&loaded.config, loaded.folder());
        let packs = rule_packs(&config.rules, &folder)?;
        let (controls, frameworks) = policy_packs(&config.policies, &folder)?;
        let (intended, _) = policy_packs(&config.access, &folder)?;
        // What recognises and what judges know nothing of each other.
        let (rules, judges) = rayon::join(|| Rules::load(&packs), || judges(&controls, &intended, &frameworks));
        Ok(Packs { rules: rules?, judges: judges? })
    }
}

/// Scans and judges; nothing is written.
///
/// # Errors
/// A pack, a policy or a root that cannot be used. What is wrong with a scanned file is a gap, not an error.
pub fn scan(request: &Request, watch: &(dyn Fn(Progress) + Sync)) -> Result<Run, ScanError> {
    // What is taken apart piece by piece as the program ends would be a part of every small scan.
    let packs = ManuallyDrop::new(Packs::load(&request.loaded)?);
    scan_with(&packs, request, watch)
}

/// Scans and judges by packs that are loaded already.
///
/// # Errors
/// A root that cannot be read.
pub fn scan_with(packs: &Packs, request: &Request, watch: &(dyn Fn(Progress) + Sync)) -> Result<Run, ScanError> {
    known_budgets(packs, &request.loaded)?;
    known_labels(packs, &request.loaded)?;
    let compared = || request.compare.as_ref().map(|compare| compare::before(packs, request, compare)).transpose();
    let (judged, before) = rayon::join(|| judge(packs, request, watch), compared);
    let (Judged { crawl, judgement, waivers }, before) = (judged?, before?);
    let keep = || request.facts.as_ref().map(FactStore::keep_answers);
    Ok(rayon::join(|| record(request, packs, &crawl, &judgement, waivers, before), keep).0)
}

/// What a scan found and how it was judged, before it is recorded.
#[derive(Debug)]
pub struct Judged {
    /// The inventory with its sources.
    pub crawl: Crawl,
    /// Every verdict.
    pub judgement: Judgement,
    waivers: Waivers,
}

/// Crawls and judges the roots of `request`.
///
/// # Errors
/// A root that cannot be read.
pub fn judge(packs: &Packs, request: &Request, watch: &(dyn Fn(Progress) + Sync)) -> Result<Judged, ScanError> {
    let options = options(&request.roots, &request.loaded);
    let kept = request.facts.as_ref().map(|store| store.open(&packs.rules));
    let crawl = aedile_crawl::crawl_keeping(&options, &packs.rules, kept.as_ref(), watch)?;
    let reader = &declare::on_disk;
    let keep = || {
        if let (Some(store), Some(kept)) = (&request.facts, kept) {
            store.close(kept);
        }
    };
    let judge = || judged(packs, request, &request.loaded, reader, crawl);
    let ((mut judged, platform), ()) = rayon::join(judge, keep);
    let (crawl, policies, rules) = (&judged.crawl, &packs.judges.policies, &packs.rules);
    let fixer = Fixer { crawl, policies, platform: &platform, rules, options: &options };
    fixer.attach(&mut judged.judgement.findings);
    let labels = labels(packs, &request.loaded);
    let comparison = comparison(packs, &labels);
    declaring::attach(&mut judged.judgement.findings, &judged.crawl, policies, &comparison);
    Ok(judged)
}

/// The vocabulary of labels in force.
pub(crate) fn labels(packs: &Packs, loaded: &Loaded) -> Labels {
    Labels::new(&loaded.config.labels.own(), packs.judges.policies.taxonomy().classes())
}

/// What declarations are compared by.
pub(crate) fn comparison<'a>(packs: &'a Packs, labels: &'a Labels) -> declare::Comparison<'a> {
    let taxonomy = packs.judges.policies.taxonomy();
    declare::Comparison { taxonomy, labels, identifiers: &packs.rules.identifiers }
}

/// The findings of a crawl judged by `loaded`, whose documents `reader` gives, with waivers applied but without patches and source lines, and how
/// many things were not read.
pub(crate) fn findings_of(
    packs: &Packs,
    request: &Request,
    loaded: &Loaded,
    reader: declare::Reader<'_>,
    crawl: Crawl,
) -> (Vec<record::Finding>, usize) {
    let (Judged { crawl, judgement, mut waivers }, _) = judged(packs, request, loaded, reader, crawl);
    let masked = MaskedTexts::default();
    let recorder = Recorder { sources: &crawl.sources, rules: &packs.rules, lines: false, masked: &masked };
    let mut findings = findings(&judgement, recorder);
    waivers.apply(&mut findings);
    (findings, crawl.inventory.gaps.len())
}

/// Judges what was crawled by `loaded`, whose documents `reader` gives.
fn judged(
    packs: &Packs,
    request: &Request,
    loaded: &Loaded,
    reader: declare::Reader<'_>,
    mut crawl: Crawl,
) -> (Judged, Platform) {
    let (config, rules, as_of) = (&loaded.config, &packs.rules, request.as_of);
    let named = declare::Named::new(loaded, &request.roots, &mut crawl.sources);
    let policies = &packs.judges.policies;
    let labels = labels(packs, loaded);
    declare::declare(loaded, &named, &mut crawl.inventory);
    declare::read_labels(&mut crawl.inventory, &labels);
    aedile_crawl::propagate(&mut crawl.inventory, rules);
    aedile_crawl::assess(&mut crawl.inventory);
    declare::relate(loaded, &named, &comparison(packs, &labels), policies, as_of, reader, &mut crawl);
    aedile_crawl::exercise(&mut crawl.inventory);

    let masked = MaskedTexts::default();
    let recorder = Recorder { sources: &crawl.sources, rules, lines: true, masked: &masked };
    let waivers = Waivers::new(loaded, &named, &crawl.waivers, recorder, as_of);
    for waiver in waivers.assets(as_of) {
        crawl.inventory.add(waiver);
    }
    crawl.inventory.settle();

    let platform = Platform { residency: config.residency.iter().cloned().collect(), as_of };
    let memory = request.facts.as_ref().map(FactStore::memory);
    let judgement = policies.judge_again(&crawl.inventory, &platform, memory);
    let not_judged: Vec<Gap> = judgement.errors.iter().map(|error| not_judged(error, &crawl.inventory)).collect();
    crawl.inventory.gaps.extend(not_judged);
    crawl.inventory.settle_gaps();
    (Judged { crawl, judgement, waivers }, platform)
}

/// Refuses a budget of a framework that there is not.
fn known_budgets(packs: &Packs, loaded: &Loaded) -> Result<(), ScanError> {
    let known: Vec<&str> = packs.judges.frameworks.iter().map(|framework| framework.id.as_str()).collect();
    match loaded.config.budgets.keys().find(|id| !known.contains(&id.as_str())) {
        None => Ok(()),
        Some(id) => {
            let help = format!("use one of {}", known.join(", "));
            Err(loaded.invalid(id, format!("there is no framework `{id}` to give a budget to"), help).into())
        }
    }
}

/// Refuses a word of a label whose class there is not.
fn known_labels(packs: &Packs, loaded: &Loaded) -> Result<(), ScanError> {
    let taxonomy = packs.judges.policies.taxonomy();
    let root = |class: &str| class.split('.').next().is_some_and(|root| taxonomy.knows_class(root));
    let is_known = |class: &str| class == "none" || taxonomy.knows_class(class) || root(class);
    match loaded.config.labels.words.iter().find(|(_, class)| !is_known(class)) {
        None => Ok(()),
        Some((word, class)) => {
            let help = "use a class such as `pii.contact.email`, or `none`; your own classes stand in `taxonomy.yaml` \
                        beside your policies";
            Err(loaded.invalid(word, format!("the label `{word}` means `{class}`, which is no class"), help).into())
        }
    }
}

/// The findings in their recorded form, most severe first.
fn findings(judgement: &Judgement, recorder: Recorder<'_>) -> Vec<record::Finding> {
    let mut findings: Vec<record::Finding> =
        judgement.findings.par_iter().map(|finding| recorder.finding(finding)).collect();
    findings.sort_by(|a, b| rank(a).cmp(&rank(b)));
    findings
}

/// What judges: policies and frameworks that agree with each other.
#[derive(Debug)]
pub struct Judges {
    /// Guardrails and intended access.
    pub policies: Policies,
    /// Laws and standards, each of whose controls exists.
    pub frameworks: Frameworks,
    /// Name and SHA-256 of every file behind them.
    pub packs: Vec<(String, String)>,
}

/// Our policies and frameworks together with the user's, checked against each other.
///
/// # Errors
/// The first that does not hold.
pub fn judges(
    controls: &[PolicySource],
    intended: &[PolicySource],
    frameworks: &[PolicySource],
) -> Result<Judges, PolicyError> {
    let mut packs = Frameworks::built_in_packs();
    packs.extend(frameworks.iter().map(|source| (source.name.clone(), hex(&Sha256::digest(source.text.as_bytes())))));
    let policies = || Policies::load_citing_nothing(controls, intended);
    let (policies, frameworks) = rayon::join(policies, || Frameworks::load(frameworks));
    let (policies, frameworks) = (policies?, frameworks?);
    frameworks.check(&policies)?;
    packs.extend(policies.packs().iter().cloned());
    Ok(Judges { policies: policies.cite(&frameworks), frameworks, packs })
}

/// What could not be asked or answered, as a gap at the asset it concerns.
fn not_judged(error: &JudgeError, inventory: &Inventory) -> Gap {
    let place = error.asset.as_ref().and_then(|id| inventory.asset(id)).and_then(|asset| asset.place.clone());
    let policy = error.policy.as_deref().map_or_else(String::new, |policy| format!("`{policy}`: "));
    let asset = error.asset.as_ref().map_or_else(String::new, |asset| format!(" ({asset})"));
    Gap {
        place: place.unwrap_or_else(|| Place::file(&Arc::from("policies"))),
        kind: GapKind::Unresolved,
        message: format!("not judged: {policy}{}{asset}", error.message),
    }
}

fn record(
    request: &Request,
    packs: &Packs,
    crawl: &Crawl,
    judgement: &Judgement,
    mut waivers: Waivers,
    before: Option<Before>,
) -> Run {
    let Packs { rules, judges: Judges { policies, frameworks, packs: judging } } = packs;
    let masked = MaskedTexts::default();
    let recorder = Recorder { sources: &crawl.sources, rules, lines: true, masked: &masked };
    let inventory = &crawl.inventory;
    let mut findings = findings(judgement, recorder);
    waivers.apply(&mut findings);
    let assets: Vec<record::Asset> = inventory.assets.values().map(|asset| recorder.asset(asset)).collect();
    if let Some(baseline) = &request.baseline {
        baseline.mark(&mut findings, &assets);
    }
    let diff = before.zip(request.compare.as_ref()).map(|(before, compare)| {
        let is_there = |path: &str| request.roots.iter().any(|root| root.join(path).exists());
        compare::mark(&mut findings, &before, &compare.revision, &is_there)
    });
    let gaps = accepted_gaps(&request.loaded, inventory.gaps.iter().map(|gap| recorder.gap(gap)).collect());
    let open_gaps = gaps.iter().filter(|gap| gap.accepted.is_none()).count();
    let terms = gate::Terms {
        threshold: request.threshold,
        threshold_new: request.threshold_new,
        strict: request.strict,
        budgets: &request.loaded.config.budgets,
    };
    let (outcome, gate) = gate::outcome(&findings, open_gaps, &terms);
    let verdicts: BTreeMap<String, record::Tally> =
        judgement.tallies.iter().map(|(policy, tally)| (policy.clone(), recording::tally(*tally))).collect();
    let wanted = &request.loaded.config.frameworks;
    let assessed = frameworks.assess(&judgement.tallies, request.as_of).into_iter();
    let assessed = assessed.filter(|framework| wanted.is_empty() || wanted.contains(&framework.id));
    let ours = rules.packs.iter().map(|pack| (pack.name.clone(), pack.sha256.clone()));
    let tool = tool(ours.chain(judging.iter().cloned()).collect());
    let run = info(request, &tool);
    Run {
        schema: record::SCHEMA.to_owned(),
        revision: record::REVISION,
        summary: summary(&findings, &gaps, &verdicts, outcome, crawl),
        tool,
        run,
        coverage: recording::coverage(&crawl.coverage, gaps),
        assets,
        relations: inventory.relations.iter().map(|relation| recorder.relation(relation)).collect(),
        datasets: recording::datasets(inventory),
        controls: policies.info().iter().map(|policy| recording::control(policy)).collect(),
        passed: passed(judgement, inventory),
        verdicts,
        frameworks: assessed.map(recording::framework).collect(),
        findings,
        waivers: waivers.into_recorded(),
        gate: record::Gate { due: request.loaded.config.due.clone(), ..gate },
        diff,
        history: None,
        ledger: None,
    }
}

/// The assets all of whose questions to a control passed, by control, as indices in the order of the inventory.
fn passed(judgement: &Judgement, inventory: &Inventory) -> BTreeMap<String, Vec<usize>> {
    let places: BTreeMap<&AssetId, usize> = inventory.assets.keys().enumerate().map(|(nth, id)| (id, nth)).collect();
    let mut all: BTreeMap<&str, BTreeMap<usize, bool>> = BTreeMap::new();
    for decision in &judgement.decisions {
        if let Some(at) = places.get(&decision.resource) {
            let kept = all.entry(&decision.policy).or_default().entry(*at).or_insert(true);
            *kept &= decision.verdict == Verdict::Pass;
        }
    }
    let kept = |assets: BTreeMap<usize, bool>| assets.into_iter().filter_map(|(at, kept)| kept.then_some(at)).collect();
    all.into_iter().map(|(policy, assets)| (policy.to_owned(), kept(assets))).collect()
}

/// Most severe first, decided before undecided, then by policy, asset and fingerprint.
fn rank(finding: &record::Finding) -> (std::cmp::Reverse<Option<aedile_model::Severity>>, &str, &str, &str, &str) {
    let severity = finding.severity.parse().ok();
    (std::cmp::Reverse(severity), &finding.verdict, &finding.policy, &finding.asset.id, &finding.fingerprint)
}

/// What is crawled of `roots`, and how.
pub(crate) fn options(roots: &[PathBuf], loaded: &Loaded) -> Options {
    let config = &loaded.config;
    let by_default = config.default_exclude.unwrap_or(true).then_some(aedile_crawl::DEFAULT_EXCLUDE);
    let by_default = by_default.into_iter().flatten().map(|&pattern| pattern.to_owned());
    Options {
        roots: roots.to_vec(),
        exclude: by_default.chain(config.exclude.iter().cloned()).collect(),
        limits: config.limits(),
        variables: config.variables.clone(),
        bindings: config.bindings(),
    }
}

fn accepted_gaps(loaded: &Loaded, mut gaps: Vec<record::Gap>) -> Vec<record::Gap> {
    for accepted in &loaded.config.accept_gaps {
        let Ok(glob) = Glob::new(&accepted.path) else { continue };
        let glob = glob.compile_matcher();
        for gap in gaps.iter_mut().filter(|gap| gap.kind == accepted.kind && glob.is_match(&gap.place.path)) {
            gap.accepted = Some(accepted.reason.clone());
        }
    }
    gaps
}

fn tool(packs: Vec<(String, String)>) -> record::Tool {
    let mut packs: Vec<record::Pack> = packs.into_iter().map(|(name, sha256)| record::Pack { name, sha256 }).collect();
    packs.sort();
    packs.dedup();
    record::Tool { name: "aedile".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned(), packs }
}

fn info(request: &Request, tool: &record::Tool) -> record::RunInfo {
    let config = &request.loaded.config;
    let commit = request.roots.first().and_then(|root| git::commit(root));
    let started = request.started.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
    let roots: Vec<String> = request.roots.iter().map(|root| root.display().to_string()).collect();
    // The configuration in force, command line included, not the file's bytes.
    let config_sha256 = hex(&Sha256::digest(serde_json::to_vec(config).unwrap_or_default()));
    let mut sha = Sha256::new_with_prefix(b"aedile.run.v1");
    let packs = tool.packs.iter().map(|pack| pack.sha256.as_str());
    let compared = request.compare.as_ref().map_or("", |compare| &compare.revision.commit);
    let commit_of = commit.as_deref().unwrap_or_default();
    let parts = [started.as_str(), &config_sha256, commit_of, request.threshold.as_str(), compared];
    for part in parts.into_iter().chain(roots.iter().map(String::as_str)).chain(packs) {
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part.as_bytes());
    }
    let id = hex(&sha.finalize());
    record::RunInfo {
        id: format!("run-{}", id.get(..16).unwrap_or(&id)),
        started,
        as_of: request.as_of.to_string(),
        roots,
        config_sha256,
        commit,
        below: git::below(&request.roots),
        entity: config.entity.clone(),
        period: config.period.clone(),
        operator: config.operator.clone(),
        fail_on: request.threshold.as_str().to_owned(),
        strict: request.strict,
        residency: config.residency.clone(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn summary(
    findings: &[record::Finding],
    gaps: &[record::Gap],
    verdicts: &BTreeMap<String, record::Tally>,
    outcome: record::Outcome,
    crawl: &Crawl,
) -> record::Summary {
    let mut open_by_severity: BTreeMap<String, usize> =
        aedile_model::Severity::ALL.iter().map(|severity| (severity.to_string(), 0)).collect();
    for finding in findings.iter().filter(|finding| finding.is_open()) {
        *open_by_severity.entry(finding.severity.clone()).or_default() += 1;
    }
    let count = |is: fn(&record::Finding) -> bool| findings.iter().filter(|finding| is(finding)).count();
    let mut all = record::Tally::default();
    for tally in verdicts.values() {
        all.pass += tally.pass;
        all.fail += tally.fail;
        all.not_applicable += tally.not_applicable;
        all.inconclusive += tally.inconclusive;
    }
    record::Summary {
        outcome,
        exit_code: outcome.exit_code(),
        findings: findings.len(),
        open_by_severity,
        waived: count(|finding| finding.waiver.is_some()),
        unchanged: count(|finding| matches!(finding.diff_state.as_deref(), Some("unchanged" | "moved"))),
        in_baseline: count(|finding| finding.baseline_state.as_deref() == Some("known")),
        inconclusive: count(|finding| finding.verdict == "inconclusive"),
        gaps: gaps.len(),
        verdicts: all,
        files: crawl.coverage.files,
        assets: crawl.inventory.assets.len(),
    }
}

/// The rule packs under `paths`: YAML files, or all of those in a folder, relative to `folder`.
///
/// # Errors
/// A path cannot be read.
pub fn rule_packs(paths: &[PathBuf], folder: &Path) -> Result<Vec<PackSource>, ScanError> {
    let texts = texts(paths, folder, &["yaml", "yml"])?;
    Ok(texts.into_iter().map(|(name, text)| PackSource { name, text }).collect())
}

/// The policies (`.cedar`) and frameworks (`.yaml`, cases left out) under `paths`, relative to `folder`.
///
/// # Errors
/// A path cannot be read.
pub fn policy_packs(paths: &[PathBuf], folder: &Path) -> Result<(Vec<PolicySource>, Vec<PolicySource>), ScanError> {
    let texts = texts(paths, folder, &["cedar", "yaml", "yml"])?;
    let sources = texts.into_iter().map(|(name, text)| PolicySource { name, text });
    let (policies, others): (Vec<PolicySource>, Vec<PolicySource>) =
        sources.partition(|source| source.name.ends_with(".cedar") || source.is_taxonomy());
    Ok((policies, others.into_iter().filter(|source| !is_cases(&source.name)).collect()))
}

/// Whether a file of that name holds cases of policies.
#[must_use]
pub fn is_cases(name: &str) -> bool {
    name.ends_with(".cases.yaml") || name.ends_with(".cases.yml")
}

/// The texts of the files under `paths` whose names end in one of `endings`, sorted by name. A file that is
/// named itself is read whatever its ending.
///
/// # Errors
/// A path cannot be read.
pub fn texts(paths: &[PathBuf], folder: &Path, endings: &[&str]) -> Result<Vec<(String, Arc<str>)>, ScanError> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| ScanError::Unreadable {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    let mut files = Vec::new();
    for path in paths {
        let path = folder.join(path);
        if path.is_dir() {
            for entry in std::fs::read_dir(&path).map_err(|error| unreadable(&path, &error))? {
                let file = entry.map_err(|error| unreadable(&path, &error))?.path();
                if file.extension().is_some_and(|end| endings.iter().any(|ending| end == *ending)) {
                    files.push(file);
                }
            }
        } else {
            files.push(path);
        }
    }
    files.sort();
    files.dedup();
    files
        .into_iter()
        .map(|file| match std::fs::read_to_string(&file) {
            Ok(text) => Ok((file.display().to_string(), Arc::from(text))),
            Err(error) => Err(unreadable(&file, &error)),
        })
        .collect()
}
