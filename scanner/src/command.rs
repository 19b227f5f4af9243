//! What each subcommand does.

mod access;
mod baseline;
mod classify;
mod explain;
mod fix;
mod gaps;
mod init;
mod lineage;
mod log;
mod policy;
mod prove;
mod report;
mod rules;
mod scan;
mod suggest;

use std::io::Write as _;
use std::path::Path;

use miette::{IntoDiagnostic, Report, miette};

use crate::cli::{Cli, Command};
use crate::record::Run;
use crate::report::{Detail, Format, Look};
use crate::{output, terminal};

/// Carries out `cli` and gives the exit code.
///
/// # Errors
/// What could not be done; the exit code is then 2.
pub fn run(cli: &Cli) -> Result<u8, Report> {
    let detail = match (cli.quiet, cli.verbose) {
        (true, _) => Detail::Quiet,
        (false, 0) => Detail::Normal,
        (false, _) => Detail::Verbose,
    };
    match &cli.command {
        Command::Scan(args) => scan::run(args, detail),
        Command::Classify(args) => classify::run(args, detail),
        Command::Fix(args) => fix::run(args, detail),
        Command::Explain(args) => explain::run(args, detail),
        Command::Baseline(command) => baseline::run(command, detail),
        Command::Access(args) => access::run(args, detail),
        Command::Lineage(args) => lineage::run(args, detail),
        Command::Gaps(args) => gaps::run(args),
        Command::Report(args) => report::run(args, detail),
        Command::Init(args) => init::run(args, detail),
        Command::Suggest(args) => suggest::run(args, detail),
        Command::Log(command) => log::run(command),
        Command::Rules(command) => rules::run(command),
        Command::Policy(command) => policy::run(command, detail),
        Command::Schema { of } => schema(of),
    }
}

fn schema(of: &str) -> Result<u8, Report> {
    let schema = crate::schema::named(of).ok_or_else(|| miette!("there is no schema `{of}`"))?;
    terminal::print(&schema).into_diagnostic()?;
    Ok(0)
}

/// A report that was asked for: the format and the file, standard output if there is none.
struct Output {
    format: &'static Format,
    file: Option<String>,
}

/// The reports that `words` (`FORMAT` or `FORMAT=FILE`) ask for.
fn outputs(words: &[String]) -> Result<Vec<Output>, Report> {
    let outputs = words
        .iter()
        .map(|word| {
            let (name, file) =
                word.split_once('=').map_or((word.as_str(), None), |(name, file)| (name, Some(file.to_owned())));
            let format = Format::named(name).ok_or_else(|| {
                let names: Vec<&str> = crate::report::FORMATS.iter().map(|format| format.name).collect();
                miette!(
                    code = "aedile::format",
                    help = format!("use one of {}", names.join(", ")),
                    "`{name}` is not a report format"
                )
            })?;
            Ok(Output { format, file })
        })
        .collect::<Result<Vec<_>, Report>>()?;
    if outputs.iter().filter(|output| output.file.is_none()).count() > 1 {
        return Err(miette!(
            code = "aedile::format",
            help = "write all but one into files: `--format sarif=aedile.sarif`",
            "two reports cannot both go to standard output"
        ));
    }
    Ok(outputs)
}

/// Adds what the ledger at `path` tells of the findings over the runs, if one of `outputs` shows it.
fn tell_history(run: &mut Run, outputs: &[Output], path: &Path) -> Result<(), aedile_audit::LedgerError> {
    if outputs.iter().any(|output| output.format.shows_history()) {
        run.history = Some(crate::history::of_run(&aedile_audit::Ledger::open(path)?, run)?);
    }
    Ok(())
}

/// Renders `run` into every one of `outputs`.
fn write(run: &Run, outputs: &[Output], look: Look) -> Result<(), Report> {
    for output in outputs {
        match &output.file {
            None => {
                let text = (output.format.render)(run, look)?;
                terminal::print(&text).map_err(|error| {
                    miette!(
                        code = "aedile::output",
                        help = "write it into a file instead: `--format FORMAT=FILE`",
                        "the report cannot be written to standard output: {error}"
                    )
                })?;
            }
            Some(file) => {
                let text = (output.format.render)(run, Look { colour: false, links: false, ..look })?;
                output::replace(Path::new(file), text.as_bytes()).map_err(|error| {
                    miette!(
                        code = "aedile::output",
                        help = "check that the folder exists and can be written",
                        "the report `{file}` cannot be written: {error}"
                    )
                })?;
            }
        }
        if output.format.name == "github" {
            summarise(run, look)?;
        }
    }
    Ok(())
}

/// Adds the Markdown report to the summary of the job, where GitHub Actions names a file for it.
fn summarise(run: &Run, look: Look) -> Result<(), Report> {
    let Some(file) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty()) else { return Ok(()) };
    let Some(markdown) = Format::named("markdown") else { return Ok(()) };
    let text = (markdown.render)(run, Look { colour: false, links: false, ..look })?;
    // Other steps have written there too.
    let opened = std::fs::OpenOptions::new().create(true).append(true).open(&file);
    opened.and_then(|mut open| open.write_all(text.as_bytes())).map_err(|error| {
        miette!(
            code = "aedile::output",
            help = "GITHUB_STEP_SUMMARY names a file that GitHub Actions made; unset it elsewhere",
            "the summary of the job `{}` cannot be written: {error}",
            file.to_string_lossy()
        )
    })
}
