//! What is counted of a column's cells.

use std::collections::BTreeMap;
use std::fmt;

use super::sample::{Facts, Kept, Sample, hash};
use crate::Identifiers;
use crate::identifier::cell::{Kind, Summary, is_null};
use crate::identifier::shape::mask;

/// Decades counted, from 1800 to 2199.
const DECADES: usize = 40;

/// Counts over the cells of one column. Merging is associative and commutative, so files, row groups
/// and threads can share the work. Holds no cell: counts, hashes and masked shapes only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ColumnProfile {
    total: u64,
    nulls: u64,
    kinds: [u64; Kind::COUNT],
    /// By rule.
    shaped: Vec<u64>,
    /// By rule, for those that speak in text.
    valid: Vec<u64>,
    spans: Vec<u64>,
    longest: u32,
    shortest: Option<u32>,
    bytes: u64,
    least: Option<i64>,
    most: Option<i64>,
    decades: Vec<u64>,
    sample: Sample,
}

/// Shows counts only.
impl fmt::Debug for ColumnProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColumnProfile")
            .field("total", &self.total)
            .field("nulls", &self.nulls)
            .field("distinct", &self.distinct())
            .finish_non_exhaustive()
    }
}

impl Identifiers {
    /// Counts a cell into `profile`. `None`, blanks and the usual words for nothing (`NULL`, `N/A`) count
    /// as nulls.
    pub fn observe(&self, profile: &mut ColumnProfile, cell: Option<&str>) {
        profile.total += 1;
        let cell = cell.unwrap_or_default().trim();
        if is_null(cell) {
            profile.nulls += 1;
            return;
        }
        let hash = hash(cell.as_bytes());
        let mut sample = std::mem::take(&mut profile.sample);
        match sample.again(hash) {
            Some(facts) => profile.count(facts),
            None => {
                let wanted = sample.wants(hash);
                let facts = self.facts(cell, wanted);
                profile.count(&facts);
                if wanted {
                    let mask = mask(cell).into();
                    sample.keep(hash, Kept { count: 1, mask, facts });
                }
            }
        }
        profile.sample = sample;
    }

    /// What is found out about `cell`. Word lists, and the checks of rules that speak for whole columns
    /// only, are asked about kept cells: they measure a share, and cost the most.
    fn facts(&self, cell: &str, kept: bool) -> Facts {
        let summary = Summary::of(cell);
        let mut facts = Facts {
            kind: summary.kind,
            len: summary.len,
            int: summary.int,
            year: summary.year,
            shaped: Vec::new(),
            passed: Vec::new(),
            listed: Vec::new(),
            spans: Vec::new(),
        };
        for &number in self.shapes.of(cell.as_bytes()).rules() {
            let Some(rule) = self.rule(number) else {
                continue;
            };
            let passes = (kept || rule.speaks) && rule.passes(cell.as_bytes());
            facts.shaped.push((number, passes));
            if passes && rule.speaks {
                facts.passed.push(number);
            }
        }
        if kept && matches!(summary.kind, Kind::Word | Kind::Words | Kind::Bool | Kind::Other) {
            self.look_up(cell, &mut facts.listed);
        }
        if summary.text && facts.passed.is_empty() {
            facts.spans = self.spans(cell).into_iter().map(|span| span.rule).collect();
            facts.spans.sort_unstable();
            facts.spans.dedup();
        }
        facts
    }
}

impl ColumnProfile {
    /// A profile of no cell.
    #[must_use]
    pub fn new() -> ColumnProfile {
        ColumnProfile::default()
    }

    /// Adds the counts of other cells of the same column, under the same rules.
    pub fn merge(&mut self, other: &ColumnProfile) {
        self.total += other.total;
        self.nulls += other.nulls;
        for (mine, theirs) in self.kinds.iter_mut().zip(&other.kinds) {
            *mine += theirs;
        }
        let pairs = [
            (&mut self.shaped, &other.shaped),
            (&mut self.valid, &other.valid),
            (&mut self.spans, &other.spans),
            (&mut self.decades, &other.decades),
        ];
        for (mine, theirs) in pairs {
            mine.resize(mine.len().max(theirs.len()), 0);
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                *mine += theirs;
            }
        }
        self.longest = self.longest.max(other.longest);
        self.shortest = self.shortest.into_iter().chain(other.shortest).min();
        self.bytes += other.bytes;
        self.least = self.least.into_iter().chain(other.least).min();
        self.most = self.most.into_iter().chain(other.most).max();
        self.sample.merge(&other.sample);
    }

    fn count(&mut self, facts: &Facts) {
        bump(&mut self.kinds, facts.kind as usize);
        for (rule, _) in &facts.shaped {
            grow(&mut self.shaped, *rule);
        }
        for rule in &facts.passed {
            grow(&mut self.valid, *rule);
        }
        for rule in &facts.spans {
            grow(&mut self.spans, *rule);
        }
        self.longest = self.longest.max(facts.len);
        self.shortest = Some(self.shortest.map_or(facts.len, |shortest| shortest.min(facts.len)));
        self.bytes += u64::from(facts.len);
        if let Some(int) = facts.int {
            self.least = Some(self.least.map_or(int, |least| least.min(int)));
            self.most = Some(self.most.map_or(int, |most| most.max(int)));
        }
        if let Some(decade) = facts.year.and_then(|year| year.checked_sub(1800)).map(|years| years / 10)
            && usize::from(decade) < DECADES
        {
            grow(&mut self.decades, decade);
        }
    }

    /// Cells looked at, nulls included.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Cells without a value.
    #[must_use]
    pub fn nulls(&self) -> u64 {
        self.nulls
    }

    /// Cells with a value.
    #[must_use]
    pub fn filled(&self) -> u64 {
        self.total - self.nulls
    }

    /// Distinct values: exact up to 256, then estimated (standard error about 6 %, 1/√256).
    #[must_use]
    pub fn distinct(&self) -> u64 {
        self.sample.distinct()
    }

    /// The length in bytes of the shortest and the longest value.
    #[must_use]
    pub fn lengths(&self) -> Option<(u32, u32)> {
        Some((self.shortest?, self.longest))
    }

    /// The commonest masked shapes with the share of sampled cells that have them, in percent; at most `most`.
    #[must_use]
    pub fn shapes(&self, most: usize) -> Vec<(String, u64)> {
        let shapes = self.masks(|_| true);
        let all: u64 = shapes.iter().map(|(_, count)| count).sum();
        shapes.into_iter().take(most).map(|(mask, count)| (mask, count * 100 / all.max(1))).collect()
    }

    /// Masks of those kept cells that `which` picks, commonest first.
    pub(crate) fn masks(&self, which: impl Fn(&Facts) -> bool) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for kept in self.sample.cells().filter(|kept| which(&kept.facts)) {
            *counts.entry(&kept.mask).or_default() += kept.count;
        }
        let mut shapes: Vec<(String, u64)> = counts.into_iter().map(|(mask, count)| (mask.to_owned(), count)).collect();
        shapes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        shapes
    }

    pub(crate) fn kind(&self, kind: Kind) -> u64 {
        self.kinds.get(kind as usize).copied().unwrap_or(0)
    }

    pub(crate) fn shaped(&self, rule: usize) -> u64 {
        self.shaped.get(rule).copied().unwrap_or(0)
    }

    pub(crate) fn valid(&self, rule: usize) -> u64 {
        self.valid.get(rule).copied().unwrap_or(0)
    }

    pub(crate) fn spans(&self, rule: usize) -> u64 {
        self.spans.get(rule).copied().unwrap_or(0)
    }

    pub(crate) fn range(&self) -> Option<(i64, i64)> {
        Some((self.least?, self.most?))
    }

    /// Cells by decade, from 1800 on.
    pub(crate) fn decades(&self) -> &[u64] {
        &self.decades
    }

    pub(crate) fn sample(&self) -> &Sample {
        &self.sample
    }
}

fn bump(counts: &mut [u64], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}

fn grow(counts: &mut Vec<u64>, at: u16) {
    let at = usize::from(at);
    if counts.len() <= at {
        counts.resize(at + 1, 0);
    }
    bump(counts, at);
}
