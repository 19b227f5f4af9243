//! `aedile baseline`.

use miette::{IntoDiagnostic, Report, WrapErr};

use super::scan::scanned;
use crate::cli::BaselineCommand;
use crate::gate::Baseline;
use crate::report::Detail;
use crate::terminal;

pub(super) fn run(command: &BaselineCommand, detail: Detail) -> Result<u8, Report> {
    match command {
        BaselineCommand::Create { target, output } => {
            let (run, _) = scanned(target, None, false, None, detail)?;
            let baseline = Baseline::of(&run);
            let text = serde_json::to_string_pretty(&baseline).into_diagnostic()? + "\n";
            std::fs::write(output, text)
                .into_diagnostic()
                .wrap_err_with(|| format!("the baseline `{}` cannot be written", output.display()))?;
            terminal::note(&format!("wrote {} with {} findings", output.display(), baseline.findings.len()));
            Ok(0)
        }
    }
}
