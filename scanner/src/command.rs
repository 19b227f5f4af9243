//! What each subcommand does.

mod access;
mod baseline;
mod fix;
mod gaps;
mod init;
mod log;
mod policy;
mod report;
mod rules;
mod scan;
mod suggest;

use miette::{IntoDiagnostic, Report, miette};

use crate::cli::{Cli, Command};
use crate::record::Run;
use crate::report::{Detail, Format, Look};
use crate::terminal;

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
        Command::Fix(args) => fix::run(args, detail),
        Command::Baseline(command) => baseline::run(command, detail),
        Command::Access(args) => access::run(args, detail),
        Command::Gaps(args) => gaps::run(args),
        Command::Report(args) => report::run(args, detail),
        Command::Init(args) => init::run(args, detail),
        Command::Suggest(args) => suggest::run(args, detail),
        Command::Log(command) => log::run(command),
        Command::Rules(command) => rules::run(command),
        Command::Policy(command) => policy::run(command),
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

/// Renders `run` into every one of `outputs`.
fn write(run: &Run, outputs: &[Output], look: Look) -> Result<(), Report> {
    for output in outputs {
        match &output.file {
            None => terminal::print(&(output.format.render)(run, look)?).into_diagnostic()?,
            Some(file) => {
                let text = (output.format.render)(run, Look { colour: false, ..look })?;
                std::fs::write(file, text).map_err(|error| {
                    miette!(
                        code = "aedile::output",
                        help = "check that the folder exists and can be written",
                        "the report `{file}` cannot be written: {error}"
                    )
                })?;
            }
        }
    }
    Ok(())
}
