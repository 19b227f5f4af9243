//! A bounded, seeded sample of the rows of a dataset, spread evenly over all of them.

/// Keeps an evenly spread sample of what is offered: each offered item has the same chance.
///
/// Vitter, "Random Sampling with a Reservoir" (1985), algorithm R; seeded, so that the same
/// input and seed give the same sample.
#[derive(Debug)]
pub(super) struct Reservoir<T> {
    limit: usize,
    offered: u64,
    random: SplitMix,
    kept: Vec<(u64, T)>,
}

impl<T> Reservoir<T> {
    /// One that keeps `limit` items, at least one.
    pub(super) fn new(limit: usize, seed: u64) -> Reservoir<T> {
        Reservoir { limit: limit.max(1), offered: 0, random: SplitMix(seed), kept: Vec::new() }
    }

    /// Offers an item, which is made only if it is kept.
    pub(super) fn offer(&mut self, make: impl FnOnce() -> T) {
        let nth = self.offered;
        self.offered += 1;
        if self.kept.len() < self.limit {
            self.kept.push((nth, make()));
            return;
        }
        let slot = usize::try_from(self.random.next() % self.offered).unwrap_or(usize::MAX);
        if let Some(slot) = self.kept.get_mut(slot) {
            *slot = (nth, make());
        }
    }

    /// How many were offered.
    pub(super) fn offered(&self) -> u64 {
        self.offered
    }

    /// What was kept, in the order of offering.
    pub(super) fn into_kept(mut self) -> Vec<T> {
        self.kept.sort_by_key(|(nth, _)| *nth);
        self.kept.into_iter().map(|(_, item)| item).collect()
    }
}

/// Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
#[derive(Debug)]
pub(super) struct SplitMix(pub(super) u64);

impl SplitMix {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservoir_is_spread_and_repeatable() {
        let sample = || {
            let mut reservoir = Reservoir::new(100, 7);
            (0..10_000).for_each(|n| reservoir.offer(|| n));
            reservoir.into_kept()
        };
        let kept = sample();
        assert_eq!(kept, sample());
        assert_eq!(kept.len(), 100);
        assert!(kept.is_sorted());
        let late = kept.iter().filter(|&&n| n >= 5_000).count();
        assert!((30..=70).contains(&late), "{late} of 100 from the second half");
    }

    #[test]
    fn a_reservoir_keeps_everything_it_has_room_for() {
        let mut reservoir = Reservoir::new(10, 7);
        (0..7).for_each(|n| reservoir.offer(|| n));
        assert_eq!((reservoir.offered(), reservoir.into_kept().len()), (7, 7));
    }
}
