//! `aedile report`.

use std::path::Path;

use aedile_audit::Ledger;
use miette::{Report, miette};

use super::{outputs, write};
use crate::cli::ReportArgs;
use crate::report::Detail;
use crate::{ledger, terminal};

pub(super) fn run(args: &ReportArgs, detail: Detail) -> Result<u8, Report> {
    let outputs = outputs(&args.format)?;
    let opened = Ledger::open(&args.ledger).map_err(super::log::ledger_error)?;
    let run = ledger::recorded(&opened, &args.run).map_err(super::log::ledger_error)?;
    let mut run = run.ok_or_else(|| unknown_run(&args.ledger, &args.run))?;
    if outputs.iter().any(|output| output.format.shows_history()) {
        run.history = Some(crate::history::of_run(&opened, &run).map_err(super::log::ledger_error)?);
    }
    write(&run, &outputs, terminal::look(detail))?;
    Ok(run.summary.exit_code)
}

pub(super) fn unknown_run(ledger: &Path, run: &str) -> Report {
    miette!(
        code = "aedile::report::unknown",
        help = "`aedile log show --kind run-end` lists the runs",
        "the ledger `{}` holds no run `{run}`, or its payload was erased",
        ledger.display()
    )
}
