//! Missing declarations as edits: of the YAML that describes a table, or of aedile.yaml where none does.

use std::collections::BTreeMap;

use aedile_crawl::{Crawl, composed, configuring, declaring, parses, patched};
use aedile_model::{AssetId, Finding, Patch, Place, Verdict};
use aedile_policies::Policies;

use crate::config::FILE_NAMES;
use crate::declare::{Comparison, Missing};

/// The attribute that such findings hang on.
const ATTRIBUTE: &str = "undeclaredColumns";

/// Attaches to every finding of columns that nobody declared the edits that declare them, or why there are none.
pub(crate) fn attach(findings: &mut [Finding], crawl: &Crawl, policies: &Policies, comparison: &Comparison<'_>) {
    let asks = |finding: &&mut Finding| {
        finding.verdict == Verdict::Fail && policies.reads(&finding.policy).contains(ATTRIBUTE)
    };
    let mut asked = findings.iter_mut().filter(asks).peekable();
    if asked.peek().is_none() {
        return;
    }
    let missing = comparison.missing(&crawl.inventory);
    for finding in asked {
        let Some(missing) = missing.get(&finding.asset.id) else { continue };
        match edits(&finding.asset.address, missing, crawl, comparison) {
            Ok(patches) => finding.remediation.patches = patches,
            Err(why) => finding.remediation.unpatched = Some(why),
        }
    }
}

/// The edits of every file that describes a table with columns of which something is missing; the tables for which there
/// are none, with the reason.
pub(crate) fn all(
    missing: &BTreeMap<AssetId, Missing>,
    crawl: &Crawl,
    comparison: &Comparison<'_>,
) -> (BTreeMap<AssetId, Vec<Patch>>, BTreeMap<AssetId, String>) {
    let (mut made, mut left) = (BTreeMap::new(), BTreeMap::new());
    for (id, missing) in missing {
        let address = crawl.inventory.asset(id).map_or("", |asset| asset.address.as_str());
        match edits(address, missing, crawl, comparison) {
            Ok(patches) => {
                made.insert(id.clone(), patches);
            }
            Err(why) => {
                left.insert(id.clone(), why);
            }
        }
    }
    (made, left)
}

/// The edits for one table: of the YAML that describes it, else of the configuration.
fn edits(address: &str, missing: &Missing, crawl: &Crawl, comparison: &Comparison<'_>) -> Result<Vec<Patch>, String> {
    let is_yaml = |place: &&Place| [".yml", ".yaml"].iter().any(|end| place.path.ends_with(end));
    let described = missing.described.as_ref().filter(is_yaml);
    let configuration = crawl.sources.paths().find(|path| FILE_NAMES.contains(&&***path));
    let (path, text) = match (described, configuration) {
        (Some(place), _) => (&place.path, crawl.sources.text(place)),
        (None, Some(path)) => (path, crawl.sources.text(&Place::file(path))),
        (None, None) => return Err("no YAML describes it, and there is no aedile.yaml to declare it in".to_owned()),
    };
    let text = text.ok_or("the file that describes it is not at hand")?;
    let (wanted, labels) = (&missing.wanted, comparison.labels);
    let patches = match described {
        Some(place) => declaring(path, text, place.span, wanted, labels)?,
        None => configuring(path, text, address, wanted, labels)?,
    };
    let (edits, taken) = composed(&[&patches]);
    if taken.is_empty() || !parses(path, &patched(path, text, &edits)) {
        return Err("the edited file would not read as it should".to_owned());
    }
    Ok(edits)
}
