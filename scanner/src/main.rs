//! The `aedile` program: parse the command line, do it, map the outcome to an exit code.

use std::process::ExitCode;

use aedile::cli::Cli;
use aedile::terminal;
use clap::Parser;

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
