//! Values that are already protected: the class stays, with the rung of the ladder.

use aedile_model::Protection;

use super::ColumnProfile;
use crate::identifier::cell::Kind;

/// The share of cells, in percent, from which a column counts as protected.
const LEAST_SHARE: u64 = 60;

/// How the cells are protected: the rung, how many, and in words.
///
/// `claimed` is the protection that the column's name claims: digests under a name that says they are keyed
/// are keyed. `is_id` says that values of the class are opaque by nature, so that a digest or UUID
/// is the identifier itself.
pub(crate) fn of_values(
    profile: &ColumnProfile,
    claimed: Option<Protection>,
    is_id: bool,
) -> Option<(Protection, u64, &'static str)> {
    let ladder = [
        (Kind::Masked, Protection::Truncated, "partly covered"),
        (Kind::Digest, Protection::Hashed, "digests"),
        (Kind::Opaque, Protection::Keyed, "opaque tokens"),
        (Kind::Uuid, Protection::Keyed, "UUIDs in the place of values"),
    ];
    ladder
        .into_iter()
        .filter(|(kind, ..)| *kind == Kind::Masked || !is_id)
        .find(|(kind, ..)| {
            u128::from(profile.kind(*kind)) * 100 >= u128::from(profile.filled().max(1)) * u128::from(LEAST_SHARE)
        })
        .map(|(kind, rung, what)| {
            let rung = match (rung, claimed) {
                (Protection::Hashed, Some(Protection::Keyed)) => Protection::Keyed,
                (rung, _) => rung,
            };
            (rung, profile.kind(kind), what)
        })
}
