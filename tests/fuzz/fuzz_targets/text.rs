//! Running text: the search for secrets, with what stands in the place of one, and for personal data.
#![no_main]

use std::ops::Range;

use aedile_fuzz::RULES;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let secrets: Vec<Range<usize>> = RULES.secrets.scan(&text).into_iter().map(|hit| hit.span).collect();
    let values: Vec<Range<usize>> = RULES.identifiers.scan_text(&text).into_iter().map(|hit| hit.span).collect();
    for spans in [secrets, values] {
        assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start), "spans are in order and apart");
        // Whoever masks them slices the text.
        assert!(spans.into_iter().all(|span| !text[span].is_empty()));
    }
    aedile_fuzz::crawl("app.log", data);
});
