//! `aedile report`.

use aedile_audit::Ledger;
use miette::{Report, miette};

use super::{outputs, write};
use crate::cli::ReportArgs;
use crate::report::Detail;
use crate::{ledger, terminal};

pub(super) fn run(args: &ReportArgs, detail: Detail) -> Result<u8, Report> {
    let outputs = outputs(&args.format)?;
    let opened = Ledger::open(&args.ledger).map_err(super::log::ledger_error)?;
    let run = ledger::recorded(&opened, &args.run).map_err(super::log::ledger_error)?.ok_or_else(|| {
        miette!(
            code = "aedile::report::unknown",
            help = "`aedile log show --kind run-end` lists the runs",
            "the ledger `{}` holds no run `{}`, or its payload was erased",
            args.ledger.display(),
            args.run
        )
    })?;
    write(&run, &outputs, terminal::look(detail))?;
    Ok(run.summary.exit_code)
}
