//! Labels for what is not personal: they compete with the rules, and win where only values speak.

use super::ColumnProfile;
use crate::identifier::cell::Kind;

/// A label with the cells that speak for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Technical {
    /// `technical.…`.
    pub(crate) class: &'static str,
    /// What the cells are, for a reason: "cells are UUIDs".
    pub(crate) what: &'static str,
    pub(crate) hits: u64,
    /// Whether it says what a cell is, and not only how the cells of the column lie together.
    pub(crate) of_cells: bool,
}

/// The kinds that are labels, with the least share of cells in percent.
const LABELS: &[(Kind, &str, &str, u64)] = &[
    (Kind::Bool, "technical.boolean", "truth values", 95),
    (Kind::Epoch, "technical.epoch", "seconds or milliseconds since 1970", 98),
    (Kind::Float, "technical.float", "numbers with a fraction", 95),
    (Kind::Percent, "technical.percent", "percentages", 95),
    (Kind::Digest, "technical.hash", "digests", 95),
    (Kind::Timestamp, "technical.timestamp", "points in time", 95),
    (Kind::Uuid, "technical.uuid", "UUIDs", 95),
    (Kind::Version, "technical.version", "versions", 95),
    (Kind::Year, "technical.year", "years", 95),
];

/// Whole numbers this close together, on average, were counted up.
const WIDEST_STEP: u64 = 4;

/// Fewer cells do not show how a column lies.
const LEAST_CELLS: u64 = 20;

/// A set of more values is not closed.
const LARGEST_SET: u64 = 12;

/// The label of a column, if its cells have one.
pub(crate) fn label(profile: &ColumnProfile) -> Option<Technical> {
    let filled = profile.filled();
    if filled == 0 {
        return None;
    }
    let share =
        |hits: u64, percent: u64| hits > 0 && u128::from(hits) * 100 >= u128::from(filled) * u128::from(percent);
    for (kind, class, what, least) in LABELS {
        if share(profile.kind(*kind), *least) {
            return Some(Technical { class, what, hits: profile.kind(*kind), of_cells: true });
        }
    }
    let floats = profile.kind(Kind::Float);
    let ints = profile.kind(Kind::Int) + profile.kind(Kind::Year) + profile.kind(Kind::Epoch);
    if share(floats, 20) && share(floats + ints, 98) {
        return Some(Technical {
            class: "technical.float",
            what: "numbers with a fraction",
            hits: floats + ints,
            of_cells: true,
        });
    }
    let distinct = profile.distinct();
    if let Some((least, most)) = profile.range()
        && share(ints, 98)
        && filled >= LEAST_CELLS
    {
        let span = most.abs_diff(least).saturating_add(1);
        // The count of distinct cells is an estimate, 6 % off once or twice in three.
        let unique = distinct.saturating_mul(100) >= filled.saturating_mul(80);
        if unique && span / distinct.max(1) <= WIDEST_STEP {
            return Some(Technical {
                class: "technical.sequence",
                what: "numbers counted up",
                hits: ints,
                of_cells: false,
            });
        }
    }
    if distinct <= LARGEST_SET && filled >= LEAST_CELLS.max(distinct * 10) {
        return Some(Technical {
            class: "technical.category",
            what: "of a small closed set",
            hits: filled,
            of_cells: false,
        });
    }
    None
}
