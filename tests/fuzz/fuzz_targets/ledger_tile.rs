//! Tiles and bundles of entries.
#![no_main]

use aedile_exchange::tiles::{entries, hashes};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some(found) = entries(bytes) {
        let framed: Vec<u8> =
            found.iter().flat_map(|entry| [&(entry.len() as u16).to_be_bytes(), *entry].concat()).collect();
        assert_eq!(framed, bytes);
    }
    if let Some(found) = hashes(bytes) {
        assert_eq!(found.len() * 32, bytes.len());
    }
});
