//! `aedile explain`: everything that is known of a finding, a policy or a rule.

use aedile_audit::Ledger;
use miette::{IntoDiagnostic, Report, miette};

use super::{policy, rules};
use crate::cli::ExplainArgs;
use crate::record::{Finding, Run};
use crate::report::{self, Detail, Look};
use crate::{ledger, terminal};

/// Letters of a fingerprint that are needed to look a finding up.
const LEAST: usize = 6;

pub(super) fn run(args: &ExplainArgs, detail: Detail) -> Result<u8, Report> {
    let told = match policy::told(&args.what, &args.policy)? {
        Some(told) => Some(told),
        None => rules::told(&args.what, &args.rules)?,
    };
    let told = match told {
        Some(told) => told,
        None => finding(args, terminal::look(detail))?,
    };
    terminal::print(&told).into_diagnostic()?;
    Ok(0)
}

fn finding(args: &ExplainArgs, look: Look) -> Result<String, Report> {
    let unknown = |help: String| {
        miette!(
            code = "aedile::explain",
            help = help,
            "`{}` is neither a policy nor a rule nor a finding of a recorded run",
            args.what
        )
    };
    let lists = "`aedile policy list` and `aedile rules list` list what there is";
    let is_print = args.what.len() >= LEAST && args.what.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_print || !args.ledger.exists() {
        return Err(unknown(format!(
            "{lists}; findings are looked up in the ledger, by {LEAST} letters of their fingerprint"
        )));
    }
    let opened = Ledger::open(&args.ledger).map_err(super::log::ledger_error)?;
    let run = ledger::recorded(&opened, &args.run).map_err(super::log::ledger_error)?;
    let run =
        run.ok_or_else(|| unknown(format!("the ledger `{}` holds no run `{}`", args.ledger.display(), args.run)))?;
    let given = args.what.to_ascii_lowercase();
    let found: Vec<&Finding> = run.findings.iter().filter(|finding| finding.fingerprint.starts_with(&given)).collect();
    match found.as_slice() {
        [] => Err(unknown(format!("{lists}; run {} has no finding with that fingerprint", run.run.id))),
        [finding] => told(args, &run, finding, look),
        several => Err(miette!(
            code = "aedile::explain",
            help = "give more letters",
            "`{}` is the beginning of {} fingerprints",
            args.what,
            several.len()
        )),
    }
}

fn told(args: &ExplainArgs, run: &Run, finding: &Finding, look: Look) -> Result<String, Report> {
    let mut told = report::told(finding, Look { detail: Detail::Verbose, ..look })?;
    told.push_str(&format!("  fingerprint {}\n  run {} as of {}\n", finding.fingerprint, run.run.id, run.run.as_of));
    if let Some(why) = finding.excuse() {
        told.push_str(&format!("  {why}\n"));
    }
    if let Some(policy) = policy::told(&finding.policy, &args.policy)? {
        told.push_str(&format!("\n{policy}"));
    }
    Ok(told)
}
