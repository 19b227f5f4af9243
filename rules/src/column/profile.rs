//! What is counted of a column's cells.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::letters::Reads;
use super::sample::{Facts, Held, Known, Sample, hash};
use super::waiting::{Cell, Lent, Number, Wait, Waiting, trimmed};
use crate::Identifiers;
use crate::identifier::cell::{Kind, Summary, is_null};
use crate::identifier::shape::{LONGEST_CELL, Walk, mask};
use crate::text::Finder;

/// Bytes of the longest cell that is held as text; longer ones have no shape.
const LONGEST_HELD: usize = LONGEST_CELL;

/// Decades counted, from 1800 to 2199.
const DECADES: usize = 40;

/// Counts over the cells of one column. Merging is associative and commutative, so files, row groups
/// and threads can share the work. Until [`Identifiers::find_out`] it holds at most 256 cells, short ones; then counts, hashes
/// and masked shapes only.
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
    /// The greatest number that could be an age in years.
    oldest: Option<u8>,
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

/// Looks at cell after cell of one column. The profile holds them all once this is dropped.
pub struct Observer<'a> {
    identifiers: &'a Identifiers,
    profile: &'a mut ColumnProfile,
    /// `None` if no rule has a shape.
    walk: Option<Walk<'a>>,
    /// Cells of each set of shapes, by the walk's numbers.
    sets: Vec<u64>,
    /// Made for the first cell of text.
    finder: Option<Finder<'a>>,
    /// Rules of values in the last cell of text.
    found: Vec<u16>,
    waiting: Waiting,
    /// Of the sets of shapes of cells that are counted, plus one.
    numbers: Vec<u32>,
}

impl fmt::Debug for Observer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

impl Identifiers {
    /// Counts a cell into `profile`. `None`, blanks and the usual words for nothing (`NULL`, `N/A`) count
    /// as nulls. For many cells, [`Identifiers::observer`] is faster.
    pub fn observe(&self, profile: &mut ColumnProfile, cell: Option<&str>) {
        self.observer(profile).cell(cell);
    }

    /// Counts cells into `profile`, many at a time.
    #[must_use]
    pub fn observer<'a>(&'a self, profile: &'a mut ColumnProfile) -> Observer<'a> {
        Observer {
            identifiers: self,
            profile,
            walk: self.shapes.walk(),
            sets: Vec::new(),
            finder: None,
            found: Vec::new(),
            waiting: Waiting::default(),
            numbers: Vec::new(),
        }
    }

    /// Finds out everything about the cells that `profile` holds, and forgets them. Word lists, letters, and the checks of rules
    /// that speak for whole columns only, measure a share of cells and cost the most, so they are asked about these alone.
    pub fn find_out(&self, profile: &mut ColumnProfile) {
        if profile.sample.is_known() {
            return;
        }
        let mut walk = self.shapes.walk();
        profile.sample.find_out(|cell| self.known(walk.as_mut(), cell));
    }
}

impl Observer<'_> {
    /// Counts one cell, as [`Identifiers::observe`] does. Gives a fixed hash of its value, 0 if it has none: equal cells have equal
    /// ones. Not for keeping secrets: it must not leave memory.
    pub fn cell(&mut self, cell: Option<&str>) -> u32 {
        self.cells(cell, 1)
    }

    /// Counts a cell that stands so many times in the column, perhaps never; gives what [`Observer::cell`] gives.
    pub fn cells(&mut self, cell: Option<&str>, times: u64) -> u32 {
        self.profile.total += times;
        let cell = trimmed(cell.unwrap_or_default());
        if is_null(cell) {
            self.profile.nulls += times;
            return 0;
        }
        let hash = hash(cell.as_bytes());
        if times > 0 && !self.profile.sample.again(hash, times) {
            self.wait(cell, times);
            if self.profile.sample.wants(hash) {
                self.keep(cell, hash, times);
            }
        }
        // Not the high bits: those of cells that are kept are alike.
        (hash as u32).max(1)
    }

    /// Counts `cells`, each of which stays where it is meanwhile, as [`Observer::cell`] does; hands what that gives to `hand`.
    pub fn lent<'c>(&mut self, cells: impl IntoIterator<Item = Option<&'c str>>, hand: impl FnMut(u32)) {
        self.each(cells.into_iter(), hand);
    }

    /// As [`Observer::lent`], of cells that are known to be numbers.
    pub fn numbers<'c>(&mut self, cells: impl IntoIterator<Item = Option<Number<'c>>>, hand: impl FnMut(u32)) {
        self.each(cells.into_iter(), hand);
    }

    fn each<C: Cell>(&mut self, cells: impl Iterator<Item = Option<C>>, mut hand: impl FnMut(u32)) {
        let mut lent = Lent::default();
        for cell in cells {
            self.profile.total += 1;
            let cell = cell.unwrap_or_default().trimmed();
            let text = cell.text();
            if cell.is_raw() && is_null(text) {
                self.profile.nulls += 1;
                hand(0);
                continue;
            }
            let hash = hash(text.as_bytes());
            if !self.profile.sample.again(hash, 1) {
                if self.profile.sample.wants(hash) {
                    self.keep(text, hash, 1);
                }
                if text.len() > LONGEST_CELL {
                    self.count(cell.summary(), text, 1, None);
                } else if lent.add(cell) {
                    self.count_all(&mut lent);
                }
            }
            hand((hash as u32).max(1));
        }
        self.count_all(&mut lent);
    }

    fn keep(&mut self, cell: &str, hash: u64, times: u64) {
        let held = match cell.len() <= LONGEST_HELD {
            true => Held::Text(cell.into()),
            false => Held::Known(Box::new(self.identifiers.known(self.walk.as_mut(), cell))),
        };
        if self.profile.sample.keep(hash, times, held) {
            self.settle();
        }
    }

    /// Counts so many equal cells later.
    fn wait(&mut self, cell: &str, times: u64) {
        // It has no shape, and would be kept for long.
        if cell.len() > LONGEST_CELL {
            return self.count(Summary::of(cell), cell, times, None);
        }
        if self.waiting.add(cell, times) {
            self.count_waiting();
        }
    }

    /// Counts what waits.
    fn count_waiting(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        self.count_all(&mut waiting);
        self.waiting = waiting;
    }

    fn count_all(&mut self, waiting: &mut impl Wait) {
        waiting.order();
        let mut numbers = std::mem::take(&mut self.numbers);
        match &mut self.walk {
            Some(walk) => walk.wholes(waiting.len(), |nth| waiting.cell(nth).0.as_bytes(), &mut numbers),
            None => numbers.resize(waiting.len(), 0),
        }
        for (nth, number) in numbers.drain(..).enumerate() {
            let (cell, times) = waiting.cell(nth);
            self.count(waiting.summary(nth), cell, times, number.checked_sub(1));
        }
        waiting.clear();
        self.numbers = numbers;
    }

    /// Counts so many equal cells of that set of shapes into the sums.
    fn count(&mut self, summary: Summary, cell: &str, times: u64, number: Option<u32>) {
        self.profile.sum(&summary, summary.years(cell), times);
        let mut passed = false;
        if let Some(walk) = &mut self.walk
            && let Some(number) = number.map(|number| number as usize)
        {
            if self.sets.len() <= number {
                self.sets.resize(number + 1, 0);
            }
            if let Some(count) = self.sets.get_mut(number) {
                *count += times;
            }
            for &rule in walk.speaking(number) {
                if self.identifiers.passes(rule, cell.as_bytes()) {
                    grow(&mut self.profile.valid, rule, times);
                    passed = true;
                }
            }
        }
        // A telephone number holds no other value.
        if summary.text && !passed && !(summary.dialled && number.is_some()) {
            let finder = self.finder.get_or_insert_with(|| self.identifiers.finder());
            distinct_spans(finder, cell, &mut self.found);
            self.found.iter().for_each(|rule| grow(&mut self.profile.spans, *rule, times));
        }
    }

    /// Counts what the sample has not counted, and drops what it holds too much.
    fn settle(&mut self) {
        let mut sample = std::mem::take(&mut self.profile.sample);
        sample.settle(|cell, times| match cell {
            Held::Text(text) => self.wait(text, times),
            Held::Known(known) => self.profile.count(&known.facts, times),
        });
        self.profile.sample = sample;
    }
}

impl Identifiers {
    /// Everything that is found out about a cell.
    fn known(&self, walk: Option<&mut Walk<'_>>, cell: &str) -> Known {
        let summary = Summary::of(cell);
        let mut facts = Facts { years: summary.years(cell), summary, ..Facts::default() };
        let shaped = walk.and_then(|walk| walk.whole(cell.as_bytes()).map(|set| walk.set(set).to_vec()));
        let is_shaped = shaped.is_some();
        for number in shaped.unwrap_or_default() {
            let Some(rule) = self.rule(number) else { continue };
            let passes = rule.passes(cell.as_bytes());
            facts.shaped.push((number, passes));
            if passes && rule.speaks {
                facts.passed.push(number);
            }
        }
        if matches!(facts.summary.kind, Kind::Word | Kind::Words | Kind::Bool | Kind::Other) {
            self.look_up(cell, &mut facts.listed);
            facts.reads = (summary.kind != Kind::Bool && is_written(cell)).then(|| Reads::of(cell));
        }
        if facts.summary.text && facts.passed.is_empty() && !(facts.summary.dialled && is_shaped) {
            distinct_spans(&mut self.finder(), cell, &mut facts.spans);
        }
        Known { facts, mask: mask(cell).into() }
    }
}

/// Rules of values inside the text of a cell, each once, in the place of `rules`.
fn distinct_spans(finder: &mut Finder<'_>, cell: &str, rules: &mut Vec<u16>) {
    rules.clear();
    finder.each(cell, |found| rules.push(found.rule));
    rules.sort_unstable();
    rules.dedup();
}

impl Drop for Observer<'_> {
    fn drop(&mut self) {
        self.settle();
        self.profile.sample.order();
        self.count_waiting();
        for (number, count) in self.sets.iter().enumerate().filter(|(_, count)| **count > 0) {
            for rule in self.walk.as_ref().map(|walk| walk.set(number)).unwrap_or_default() {
                grow(&mut self.profile.shaped, *rule, *count);
            }
        }
    }
}

impl ColumnProfile {
    /// Cells that are not empty.
    #[must_use]
    pub fn cells(&self) -> u64 {
        self.total.saturating_sub(self.nulls)
    }

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
        self.oldest = self.oldest.max(other.oldest);
        self.sample.merge(&other.sample);
    }

    /// Counts so many cells without a value.
    pub fn observe_nulls(&mut self, count: u64) {
        self.total += count;
        self.nulls += count;
    }

    /// The decade of the greatest whole number of years from 0 to 130 among the cells: 90 for 97.
    #[must_use]
    pub fn oldest_decade(&self) -> Option<u8> {
        self.oldest.map(|years| years / 10 * 10)
    }

    /// Adds so many cells of which this is known.
    fn count(&mut self, facts: &Facts, times: u64) {
        self.sum(&facts.summary, facts.years, times);
        for (rule, _) in &facts.shaped {
            grow(&mut self.shaped, *rule, times);
        }
        for rule in &facts.passed {
            grow(&mut self.valid, *rule, times);
        }
        for rule in &facts.spans {
            grow(&mut self.spans, *rule, times);
        }
    }

    fn sum(&mut self, summary: &Summary, years: Option<u8>, times: u64) {
        if let Some(count) = self.kinds.get_mut(summary.kind as usize) {
            *count += times;
        }
        self.longest = self.longest.max(summary.len);
        self.shortest = Some(self.shortest.map_or(summary.len, |shortest| shortest.min(summary.len)));
        self.bytes += u64::from(summary.len) * times;
        if let Some(int) = summary.int {
            self.least = Some(self.least.map_or(int, |least| least.min(int)));
            self.most = Some(self.most.map_or(int, |most| most.max(int)));
        }
        self.oldest = self.oldest.max(years);
        if let Some(decade) = summary.year.and_then(|year| year.checked_sub(1800)).map(|years| years / 10)
            && usize::from(decade) < DECADES
        {
            grow(&mut self.decades, decade, times);
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
        let shapes = self.masks_of(|_| true);
        let all: u64 = shapes.iter().map(|(_, count)| count).sum();
        shapes.into_iter().take(most).map(|(mask, count)| (mask, count * 100 / all.max(1))).collect()
    }

    /// Masks of those kept cells that `which` picks by what was found out about them, commonest first.
    pub(crate) fn masks(&self, which: impl Fn(&Facts) -> bool) -> Vec<(String, u64)> {
        self.masks_of(|cell| cell.facts().is_some_and(&which))
    }

    fn masks_of(&self, which: impl Fn(&Held) -> bool) -> Vec<(String, u64)> {
        let mut counts: BTreeMap<Cow<'_, str>, u64> = BTreeMap::new();
        for kept in self.sample.cells().filter(|kept| which(&kept.cell)) {
            *counts.entry(kept.cell.mask()).or_default() += kept.count;
        }
        let mut shapes: Vec<(String, u64)> =
            counts.into_iter().map(|(mask, count)| (mask.into_owned(), count)).collect();
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

/// Whether `cell` is words, perhaps with numbers, and nothing that machines write.
fn is_written(cell: &str) -> bool {
    let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    letters > 0 && letters * 2 >= digits && !cell.contains(['{', '}', '[', ']', '<', '>', '=', '|', '@', '_', '\\'])
}

fn grow(counts: &mut Vec<u64>, at: u16, times: u64) {
    let at = usize::from(at);
    if counts.len() <= at {
        counts.resize(at + 1, 0);
    }
    if let Some(count) = counts.get_mut(at) {
        *count += times;
    }
}
