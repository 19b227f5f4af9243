//! `aedile baseline`.

use miette::{IntoDiagnostic, Report, miette};

use super::scan::{Asked, scanned};
use crate::baseline::{Baseline, Changes};
use crate::cli::{BaselineArgs, BaselineCommand};
use crate::report::Detail;
use crate::{output, terminal};

pub(super) fn run(command: &BaselineCommand, detail: Detail) -> Result<u8, Report> {
    let (BaselineCommand::Create(args) | BaselineCommand::Update(args) | BaselineCommand::Prune(args)) = command;
    let held = match command {
        BaselineCommand::Create(_) => None,
        // Before the scan: a file that cannot be used need not be waited for.
        BaselineCommand::Update(_) | BaselineCommand::Prune(_) => Some(Baseline::read(&args.output)?),
    };
    let (run, _) = scanned(&args.target, Asked::default(), detail)?;
    let now = Baseline::of(&run);
    let told = |baseline: &Baseline, changes: &Changes| {
        format!(
            "wrote {} with {} findings: {} added, {} renewed, {} removed",
            args.output.display(),
            baseline.findings.len(),
            changes.added,
            changes.renewed,
            changes.removed
        )
    };
    let (baseline, said) = match (held, command) {
        (Some(mut held), BaselineCommand::Update(_)) => {
            let changes = held.update(now);
            let said = told(&held, &changes);
            (held, said)
        }
        (Some(mut held), _) => {
            let changes = held.prune(&now);
            let said = told(&held, &changes);
            (held, said)
        }
        (None, _) => {
            let said = format!("wrote {} with {} findings", args.output.display(), now.findings.len());
            (now, said)
        }
    };
    write(&baseline, args)?;
    terminal::note(&said);
    Ok(0)
}

fn write(baseline: &Baseline, args: &BaselineArgs) -> Result<(), Report> {
    let text = serde_json::to_string_pretty(baseline).into_diagnostic()? + "\n";
    output::replace(&args.output, text.as_bytes()).map_err(|error| {
        miette!(
            code = "aedile::output",
            help = "check that the folder exists and can be written",
            "the baseline `{}` cannot be written: {error}",
            args.output.display()
        )
    })
}
