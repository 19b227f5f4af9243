//! Same input, same bytes, whatever the thread count (invariant I6).

use crate::program::{AS_OF, aedile, sample, samples, stderr};

#[test]
fn reports_are_the_same_bytes_for_any_number_of_threads() {
    for name in samples() {
        for format in ["html", "json", "sarif", "text"] {
            let report = |jobs: &str| {
                let output = aedile(
                    &sample(&name),
                    &["scan", ".", "--as-of", AS_OF, "--ledger", "none", "--format", format, "--jobs", jobs],
                );
                assert!(!output.stdout.is_empty(), "{}", stderr(&output));
                output.stdout
            };
            let one = report("1");
            assert!(one == report("4") && one == report("7"), "{name} as {format} depends on the number of threads");
        }
    }
}
