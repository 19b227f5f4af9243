//! Standard output, standard error, colours and progress.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::report::{Detail, Look};

/// How text reports look on standard output: colours on a terminal unless `NO_COLOR` is set.
#[must_use]
pub fn look(detail: Detail) -> Look {
    let terminal = io::stdout().is_terminal();
    // The crate asks whether it is a terminal that follows them; FORCE_HYPERLINK overrules it.
    let links = supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout);
    Look { width: width(), colour: terminal && colours(), links: links && colours(), detail }
}

fn colours() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

fn width() -> usize {
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .filter(|columns| (40..=400).contains(columns))
        .unwrap_or(80)
}

/// Writes `text` to standard output. A closed pipe (`| head`) is no error.
///
/// # Errors
/// Any other failure to write.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a line for people to standard error; a standard error that is closed is nobody's.
pub fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Sets how errors look: without colours and links where they would be in the way.
pub fn install_error_style() {
    let colour = io::stderr().is_terminal() && colours();
    // A hook that is already set stays: the first one wins.
    let _ = miette::set_hook(Box::new(move |_| {
        let options = miette::MietteHandlerOpts::new().terminal_links(false).width(100).color(colour).unicode(true);
        Box::new(options.build())
    }));
}

/// Shows `error` with its place and remedy on standard error.
pub fn error(error: &miette::Report) {
    let mut text = String::new();
    let _ = write!(text, "{error:?}");
    note(&text);
}

/// A progress bar on standard error if that is a terminal and `quiet` is not asked for.
#[must_use]
pub fn progress(quiet: bool) -> ProgressBar {
    if quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
