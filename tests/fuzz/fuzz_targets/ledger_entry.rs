//! Entries: what parses and is canonical has one spelling.
#![no_main]

use aedile_audit::Entry;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(entry) = Entry::parse(bytes) else { return };
    if let Ok(written) = entry.to_bytes() {
        let again = Entry::parse(&written).expect("what was written can be read");
        assert_eq!(again, entry);
        assert_eq!(again.to_bytes().expect("it was written before"), written);
    }
});
