//! Notes, checkpoints and keys: what parses writes back to the same bytes.
#![no_main]

use aedile_audit::{Checkpoint, SignedNote, SigningKey, VerifyingKey};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(note) = SignedNote::parse(text) {
        assert_eq!(note.to_string(), text);
        let key = SigningKey::from_seed("x", &[1; 32]).expect("a good name");
        let _ = note.verify(&[key.verifying_key().clone(), key.verifying_key().as_witness()]);
    }
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert!(text.starts_with(checkpoint.text().trim_end_matches('\n')));
    }
    if let Ok(key) = VerifyingKey::parse(text) {
        assert_eq!(key.to_string(), text.trim_ascii_end());
    }
    let _ = SigningKey::parse(text);
});
