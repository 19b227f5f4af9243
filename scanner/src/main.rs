//! The `aedile` program: parse the command line, do it, map the outcome to an exit code.

use std::process::ExitCode;

use aedile::cli::Cli;
use aedile::terminal;
use clap::Parser;

/// A scan makes millions of small values on many threads; a fifth of its time went into the system's allocator. Without huge
/// pages (`no_thp`), of which each thread touches many and fills none, data is read in the same time with a third less memory;
/// a small scan takes a tenth longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    terminal::install_error_style();
    match aedile::command::run(&cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            terminal::error(&error);
            ExitCode::from(2)
        }
    }
}
