//! Patches for findings: offered by the packs, chosen by asking the policy again, proved by reading the
//! patched texts.
//!
//! A patch is attached to a finding only if the configuration that it leaves still reads and gives the asset
//! the attributes that satisfy the policy, and changes no other asset in passing.

use std::collections::{BTreeMap, BTreeSet};

use aedile_crawl::{Crawl, Offer, Options, Reading, Texts, composed, configuration, patched, reread};
use aedile_model::{AssetId, Finding, Patch, Value};
use aedile_policies::{Platform, Policies, Trials};
use aedile_rules::Rules;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// Times that configuration is read again in one scan to prove patches; those left over are not offered.
const READINGS: usize = 96;

/// Readings that are under way at once; each holds what configuration says.
const ABREAST: usize = 4;

/// Attributes that one patch changes at the most.
const MOST_OFFERS: usize = 24;

/// SHA-256 of `text` in lower-case hex.
pub(crate) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What patches are made from and judged by.
pub(crate) struct Fixer<'a> {
    pub(crate) crawl: &'a Crawl,
    pub(crate) policies: &'a Policies,
    pub(crate) platform: &'a Platform,
    pub(crate) rules: &'a Rules,
    pub(crate) options: &'a Options,
}

/// A patch for one finding that is not proved yet.
struct Candidate {
    finding: usize,
    asset: AssetId,
    makes: BTreeMap<String, Value>,
    /// The ways that were not tried, the best first.
    ways: Vec<Vec<Patch>>,
    warning: Option<String>,
}

impl Fixer<'_> {
    /// Attaches patches to `findings`, or why there are none.
    pub(crate) fn attach(&self, findings: &mut [Finding]) {
        let with_repairs = |finding: &&Finding| {
            let asset = self.crawl.inventory.asset(&finding.asset.id);
            asset.is_some_and(|asset| self.rules.resources.knows(&asset.type_name))
        };
        let asked: BTreeSet<AssetId> =
            findings.iter().filter(with_repairs).map(|finding| finding.asset.id.clone()).collect();
        if asked.is_empty() {
            return;
        }
        let texts = configuration(&self.crawl.sources);
        let before = reread(&texts, asked, self.options, self.rules);
        let mut offers: BTreeMap<&AssetId, Vec<&Offer>> = BTreeMap::new();
        for offer in before.offers.iter().filter(|offer| self.changes(offer)) {
            offers.entry(&offer.asset).or_default().push(offer);
        }
        let trials = self.policies.trials(&self.crawl.inventory, self.platform);
        let chosen = |finding: &Finding| {
            offers.get(&finding.asset.id).map_or(Ok(None), |offers| self.chosen(finding, offers, &trials))
        };
        let chosen: Vec<_> = findings.par_iter().map(chosen).collect();
        let mut candidates = Vec::new();
        for (at, (finding, chosen)) in findings.iter_mut().zip(chosen).enumerate() {
            match chosen {
                Ok(Some(chosen)) => candidates.push(candidate(at, finding, &chosen)),
                Ok(None) => {}
                Err(obstacle) => finding.remediation.unpatched = Some(obstacle),
            }
        }
        let mut proof = Proof { fixer: self, texts: &texts, before: &before, left: READINGS };
        for (finding, result) in proof.proved(candidates) {
            let Some(finding) = findings.get_mut(finding) else { continue };
            match result {
                Ok((patches, warning)) => {
                    finding.remediation.patches = patches;
                    finding.remediation.warning = warning;
                }
                Err(why) => finding.remediation.unpatched = Some(why.to_owned()),
            }
        }
    }

    /// Whether the asset is not yet what the offer makes of it.
    fn changes(&self, offer: &Offer) -> bool {
        let asset = self.crawl.inventory.asset(&offer.asset);
        offer.makes.iter().any(|(name, value)| asset.and_then(|asset| asset.value(name)) != Some(value))
    }

    /// The offers that together satisfy the policy of `finding`; none if no offers do.
    fn chosen<'o>(
        &self,
        finding: &Finding,
        offers: &[&'o Offer],
        trials: &Trials<'_>,
    ) -> Result<Option<Vec<&'o Offer>>, String> {
        let holds = |offers: &[&Offer]| {
            let mut changed = BTreeMap::new();
            for (name, value) in offers.iter().flat_map(|offer| &offer.makes) {
                changed.entry(name.clone()).or_insert_with(|| value.clone());
            }
            trials.would_hold(&finding.policy, &finding.asset.id, &changed)
        };
        let read = self.policies.reads(&finding.policy);
        let offers: Vec<&Offer> = offers
            .iter()
            .copied()
            .filter(|offer| offer.makes.keys().any(|name| read.contains(name.as_str())))
            .collect();
        let alone: Vec<&Offer> = offers.iter().copied().filter(|offer| holds(&[offer])).collect();
        if let Some(offer) = alone.iter().find(|offer| !offer.ways.is_empty()) {
            return Ok(Some(vec![offer]));
        }
        if let Some(offer) = alone.first() {
            return Err(obstacle(offer));
        }
        let mut together: Vec<&Offer> = offers.into_iter().take(MOST_OFFERS).collect();
        if together.len() < 2 || !holds(&together) {
            return Ok(None);
        }
        let mut at = 0;
        while at < together.len() {
            let mut fewer = together.clone();
            fewer.remove(at);
            if holds(&fewer) { together = fewer } else { at += 1 }
        }
        match together.iter().find(|offer| offer.ways.is_empty()) {
            Some(offer) => Err(obstacle(offer)),
            None => Ok(Some(together)),
        }
    }
}

fn obstacle(offer: &Offer) -> String {
    offer.obstacle.clone().unwrap_or_else(|| "no way to it is known".to_owned())
}

fn candidate(at: usize, finding: &Finding, chosen: &[&Offer]) -> Candidate {
    let most = chosen.iter().map(|offer| offer.ways.len()).max().unwrap_or(0);
    let ways = (0..most).filter_map(|nth| {
        let parts: Vec<&[Patch]> =
            chosen.iter().filter_map(|offer| offer.ways.get(nth).or(offer.ways.last())).map(Vec::as_slice).collect();
        let (edits, taken) = composed(&parts);
        (taken.len() == parts.len()).then_some(edits)
    });
    let warnings: BTreeSet<&str> = chosen.iter().filter_map(|offer| offer.warns.as_deref()).collect();
    Candidate {
        finding: at,
        asset: finding.asset.id.clone(),
        makes: chosen.iter().flat_map(|offer| offer.makes.clone()).collect(),
        ways: ways.collect(),
        warning: (!warnings.is_empty()).then(|| warnings.into_iter().collect::<Vec<_>>().join("; ")),
    }
}

/// Reading patched texts, a bounded number of times.
struct Proof<'a> {
    fixer: &'a Fixer<'a>,
    texts: &'a Texts,
    before: &'a Reading,
    left: usize,
}

/// What came out for a finding: its patches with their warning, or why there are none.
type Proved = (usize, Result<(Vec<Patch>, Option<String>), &'static str>);

/// Up to `most` batches of candidates whose first ways can be read together, and the candidates left over.
fn batches(mut trying: Vec<Candidate>, most: usize) -> (Vec<Vec<Candidate>>, Vec<Candidate>) {
    let mut batches = Vec::new();
    while batches.len() < most && !trying.is_empty() {
        let ways = |candidate: &Candidate| candidate.ways.first().cloned().unwrap_or_default();
        let ways: Vec<Vec<Patch>> = trying.iter().map(ways).collect();
        let parts: Vec<&[Patch]> = ways.iter().map(Vec::as_slice).collect();
        let taken: BTreeSet<usize> = composed(&parts).1.into_iter().collect();
        let (mut batch, mut rest) = (Vec::new(), Vec::new());
        // Of one asset one at a time: a patch must do alone what it promises.
        let mut assets: BTreeSet<AssetId> = BTreeSet::new();
        for (at, candidate) in trying.into_iter().enumerate() {
            let alone = taken.contains(&at) && assets.insert(candidate.asset.clone());
            if alone { batch.push(candidate) } else { rest.push(candidate) }
        }
        batches.push(batch);
        trying = rest;
    }
    (batches, trying)
}

impl Proof<'_> {
    /// Tries the candidates' ways until each is proved or has none left. Those that do not touch each other
    /// are read together.
    fn proved(&mut self, mut waiting: Vec<Candidate>) -> Vec<Proved> {
        let mut results: Vec<Proved> = Vec::new();
        while !waiting.is_empty() {
            let (trying, none): (Vec<Candidate>, Vec<Candidate>) =
                waiting.into_iter().partition(|candidate| !candidate.ways.is_empty());
            let why = "the patched configuration would not read as it should";
            results.extend(none.into_iter().map(|candidate| (candidate.finding, Err(why))));
            let (batches, mut later) = batches(trying, self.left.min(ABREAST));
            self.left -= batches.len();
            let read: Vec<(bool, Vec<bool>)> = batches.par_iter().map(|batch| self.read(batch)).collect();
            for (batch, read) in batches.into_iter().zip(read) {
                self.settle(batch, read, &mut results, &mut later);
            }
            if self.left == 0 {
                results
                    .extend(later.into_iter().map(|candidate| (candidate.finding, Err("there are too many to prove"))));
                break;
            }
            waiting = later;
        }
        results
    }

    /// Takes the candidates of `batch` for what `read` says of them; if it went wrong, its halves are read.
    fn settle(
        &mut self,
        mut batch: Vec<Candidate>,
        (clean, done): (bool, Vec<bool>),
        results: &mut Vec<Proved>,
        later: &mut Vec<Candidate>,
    ) {
        if !clean && batch.len() > 1 {
            let second = batch.split_off(batch.len() / 2);
            for half in [batch, second] {
                if self.left == 0 {
                    later.extend(half);
                    continue;
                }
                self.left -= 1;
                let read = self.read(&half);
                self.settle(half, read, results, later);
            }
            return;
        }
        for (mut candidate, done) in batch.into_iter().zip(done) {
            let way = candidate.ways.remove(0);
            if clean && done {
                results.push((candidate.finding, Ok((way, candidate.warning))));
            } else {
                later.push(candidate);
            }
        }
    }

    /// Whether the patched texts read as well as before and change nothing in passing, and which candidates
    /// have what they promise.
    fn read(&self, batch: &[Candidate]) -> (bool, Vec<bool>) {
        let parts: Vec<&[Patch]> = batch.iter().filter_map(|c| c.ways.first()).map(Vec::as_slice).collect();
        let (edits, _) = composed(&parts);
        let touched: BTreeSet<_> = edits.iter().map(|edit| &edit.place.path).collect();
        let mut texts = self.texts.clone();
        for path in touched {
            if let Some(text) = self.texts.get(path) {
                texts.insert(path.clone(), patched(path, text, &edits).into());
            }
        }
        let after = reread(&texts, BTreeSet::new(), self.fixer.options, self.fixer.rules);
        let promised =
            |name: &String, value: &Value| batch.iter().any(|candidate| candidate.makes.get(name) == Some(value));
        let own: BTreeSet<&AssetId> = batch.iter().map(|candidate| &candidate.asset).collect();
        let in_passing = self.before.attributes.iter().filter(|(id, _)| !own.contains(id)).any(|(id, held)| {
            let Some(now) = after.attributes.get(id) else { return true };
            held.len() > now.len()
                || now.iter().any(|(name, value)| held.get(name) != Some(value) && !promised(name, value))
        });
        let clean = after.gaps <= self.before.gaps && !in_passing;
        let done = batch.iter().map(|candidate| {
            let now = after.attributes.get(&candidate.asset);
            candidate.makes.iter().all(|(name, value)| now.and_then(|now| now.get(name)) == Some(value))
        });
        (clean, done.collect())
    }
}
