//! What strangers send: submissions to a witness, policies, time stamps, envelopes, lines of logs.
#![no_main]

use aedile_exchange::witness::Submission;
use aedile_exchange::{anchor, dsse, policy::Policy, timestamp};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = Submission::parse(bytes);
    let _ = Policy::parse(bytes);
    let _ = timestamp::read(bytes, "note", None);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = dsse::open(text, &[]);
        let _ = anchor::checkpoints(text);
    }
});
