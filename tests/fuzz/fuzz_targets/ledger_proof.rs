//! Proof files.
#![no_main]

use aedile_audit::InclusionProof;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(proof) = InclusionProof::parse(text) {
        let again = InclusionProof::parse(&proof.to_string()).expect("what was written can be read");
        assert_eq!(again.path, proof.path);
        let _ = proof.verify(bytes, &[]);
    }
});
