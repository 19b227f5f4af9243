//! What was read and what was not.

use std::collections::BTreeMap;

use aedile_model::{Asset, AssetKind, Inventory};

/// What a crawl looked at. With the inventory's gaps it accounts for every file under the roots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Regular files under the roots, less the excluded ones.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files read by each crawler, by the crawler's name. A file may be read by several.
    pub parsed: BTreeMap<String, usize>,
    /// Files that no crawler understands, by extension in lower case (empty for none). A text among them is still
    /// searched for secrets.
    pub unclaimed: BTreeMap<String, usize>,
    /// Entries kept out (a folder counts once), by the pattern that did it.
    pub excluded: BTreeMap<String, usize>,
    /// Symbolic links to something under the same root, which is read in its own place.
    pub links: usize,
    /// How much of each dataset was sampled, by path.
    pub datasets: BTreeMap<String, Rows>,
}

/// Rows of a dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rows {
    /// Rows that were read.
    pub read: u64,
    /// Rows there are, if that is known without reading all of it.
    pub total: Option<u64>,
}

impl Coverage {
    /// Takes the rows read from the attributes of the datasets in `inventory`.
    pub(crate) fn note_datasets(&mut self, inventory: &Inventory) {
        let number = |asset: &Asset, name: &str| {
            asset.value(name).and_then(aedile_model::Value::as_int).and_then(|n| u64::try_from(n).ok())
        };
        self.datasets = inventory
            .assets
            .values()
            .filter(|asset| asset.kind == AssetKind::Dataset)
            .filter_map(|asset| {
                let read = number(asset, "rowsRead")?;
                Some((asset.address.clone(), Rows { read, total: number(asset, "rowsTotal") }))
            })
            .collect();
    }
}
