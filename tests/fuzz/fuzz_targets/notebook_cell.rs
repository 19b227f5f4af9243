//! The text of one code cell, magics and shell lines included.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let source = String::from_utf8_lossy(data);
    let quoted: String = source
        .chars()
        .map(|c| match c {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            c if (c as u32) < 0x20 => format!("\\u{:04x}", c as u32),
            c => c.to_string(),
        })
        .collect();
    let text = format!(
        "{{\"nbformat\":4,\"nbformat_minor\":5,\"metadata\":{{}},\"cells\":[{{\"cell_type\":\"code\",\"metadata\":{{}},\"outputs\":[],\"source\":\"{quoted}\"}}]}}"
    );
    aedile_fuzz::crawl("notebook.ipynb", text.as_bytes());
});
