//! Frameworks of users.
#![no_main]

use aedile_policies::{Framework, PolicySource};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = Framework::parse(&PolicySource::new("fuzz.yaml", text)) {
        let _ = format!("{:?}", miette::Report::new(error));
    }
});
