//! From points of evidence to how often they are right: `calibration.yaml`.

use aedile_model::Confidence;
use serde::Deserialize;

/// How often a column is what its evidence says, measured on labelled columns. Ascending in both numbers; without steps
/// the points stand for themselves.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Calibration {
    /// For columns whose cells were looked at.
    with_values: Vec<Step>,
    /// For names alone.
    name_only: Vec<Step>,
}

/// From so many points on.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    points: u8,
    /// In percent.
    right: u8,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looked {
    AtValues,
    AtTheName,
}

impl Calibration {
    /// Ours. Points stand for themselves if the embedded file does not parse, which a test holds.
    pub(crate) fn ours() -> Calibration {
        serde_yaml::from_str(include_str!("../../calibration.yaml")).unwrap_or_default()
    }

    /// How often evidence of so many points is right.
    pub(crate) fn right(&self, points: Confidence, looked: Looked) -> Confidence {
        let steps = match looked {
            Looked::AtValues => &self.with_values,
            Looked::AtTheName => &self.name_only,
        };
        let least = steps.first().map_or(100, |step| step.right);
        match steps.iter().rev().find(|step| step.points <= points.value()) {
            Some(step) => Confidence::percent(step.right),
            // Fewer points than any labelled column has are not more often right.
            None => points.min(Confidence::percent(least)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_points_are_never_less_right_and_what_counts_stays_so() {
        let ours: Calibration = serde_yaml::from_str(include_str!("../../calibration.yaml")).unwrap();
        for looked in [Looked::AtValues, Looked::AtTheName] {
            let right = |points: u8| ours.right(Confidence::percent(points), looked).value();
            for points in 40..=100 {
                assert!(right(points - 1) <= right(points), "{looked:?} {points}");
                assert_eq!(points >= 50, right(points) >= 50, "{looked:?} {points}: at 50 a tag begins to count");
            }
            assert!(right(60) > 60, "{looked:?}: what is measured is told");
            assert!(right(100) <= 99, "{looked:?}: nothing measured is certain");
        }
    }
}
