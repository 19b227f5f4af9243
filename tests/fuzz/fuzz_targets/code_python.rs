//! A script that pipelines may run, beside a module that it imports.
#![no_main]

const MODULE: &str = "import pandas as pd\nPATH = 's3://raw/p.csv'\ndef load(path=PATH):\n    return pd.read_csv(path)\n";

libfuzzer_sys::fuzz_target!(|data: &[u8]| aedile_fuzz::crawl_beside("job.py", data, &[("lib/io.py", MODULE)]));
