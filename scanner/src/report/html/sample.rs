//! The population as CSV, and a sample of it that anybody can draw again.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::record::{Asset, Control, Run};
use crate::report::csv::row;

/// Assets of the sample over the whole population.
const DRAWN: usize = 25;
/// Assets that passed, of each control.
const OF_CONTROL: usize = 3;

/// The population as CSV (RFC 4180) with its SHA-256 in hex: every asset but columns, by id.
pub(super) fn population(run: &Run) -> (String, String) {
    let mut text = row(&["id", "kind", "address", "path", "line"].map(str::to_owned));
    for asset in members(run) {
        let place = asset.place.as_ref();
        text.push_str(&row(&[
            asset.id.clone(),
            asset.kind.clone(),
            asset.address.clone(),
            place.map(|place| place.path.clone()).unwrap_or_default(),
            place.map(|place| place.start.line.to_string()).unwrap_or_default(),
        ]));
    }
    let digest = hex(&Sha256::digest(text.as_bytes()));
    (text, digest)
}

pub(super) fn members(run: &Run) -> impl Iterator<Item = &Asset> {
    run.assets.iter().filter(|asset| asset.kind != "Column")
}

/// The assets whose SHA-256 over seed and id comes first.
pub(super) fn drawn(run: &Run) -> Vec<&Asset> {
    first(&run.run.id, members(run), DRAWN)
}

/// Of each control some of the assets that passed, drawn in the same way.
pub(super) fn passes(run: &Run) -> Vec<(&Control, usize, Vec<&Asset>)> {
    let controls: BTreeMap<&str, &Control> =
        run.controls.iter().map(|control| (control.id.as_str(), control)).collect();
    run.passed
        .iter()
        .filter(|(_, passed)| !passed.is_empty())
        .filter_map(|(id, passed)| {
            let assets = passed.iter().filter_map(|at| run.assets.get(*at));
            Some((*controls.get(id.as_str())?, passed.len(), first(&run.run.id, assets, OF_CONTROL)))
        })
        .collect()
}

fn first<'a>(seed: &str, assets: impl Iterator<Item = &'a Asset>, most: usize) -> Vec<&'a Asset> {
    let mut ranked: Vec<(String, &Asset)> = assets.map(|asset| (rank(seed, &asset.id), asset)).collect();
    ranked.sort_by(|one, other| one.0.cmp(&other.0));
    ranked.into_iter().take(most).map(|(_, asset)| asset).collect()
}

/// What `printf '%s%s' SEED ID | sha256sum` prints.
fn rank(seed: &str, id: &str) -> String {
    let mut sha = Sha256::new();
    sha.update(seed.as_bytes());
    sha.update(id.as_bytes());
    hex(&sha.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rank_is_what_sha256sum_prints() {
        // printf '%s%s' run-1 Bucket:a | sha256sum
        assert_eq!(
            super::rank("run-1", "Bucket:a"),
            super::hex(&<sha2::Sha256 as sha2::Digest>::digest(b"run-1Bucket:a"))
        );
    }
}
