//! Asks validators about numbers: `validator,number` lines in, `true`, `false` or `unknown` out.
//!
//! `rules/oracle/stdnum_vectors.py --against` holds them against python-stdnum by it.

use std::io::{BufRead as _, BufWriter, Error, Write as _};

fn main() -> Result<(), Error> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let said = line.split_once(',').and_then(|(validator, number)| aedile_rules::check(validator, number));
        writeln!(out, "{}", said.map_or_else(|| "unknown".to_owned(), |passes| passes.to_string()))?;
    }
    out.flush()
}
