//! `aedile suggest`.

use std::fmt::Write as _;
use std::path::Path;

use miette::{IntoDiagnostic, Report, miette};

use super::scan::judged;
use crate::cli::SuggestArgs;
use crate::report::Detail;
use crate::suggest::{Suggestion, declare, dialects, suggest};
use crate::terminal;

pub(super) fn run(args: &SuggestArgs, detail: Detail) -> Result<u8, Report> {
    let known = dialects()?;
    if let Some(dialect) = args.dialect.as_ref().filter(|dialect| !known.contains(dialect)) {
        return Err(miette!(
            code = "aedile::usage",
            help = format!("use one of {}", known.join(", ")),
            "`{dialect}` is not a dialect"
        ));
    }
    let (judged, packs, loaded) = judged(&args.target, detail)?;
    let taxonomy = packs.judges.policies.taxonomy();
    let mut suggestion = suggest(&judged.crawl.inventory, taxonomy, args.dialect.as_deref())?;
    let labels = crate::run::labels(&packs, &loaded);
    declare(&mut suggestion, &judged.crawl, &crate::run::comparison(&packs, &labels))?;
    if let Some(folder) = &args.write {
        write(&suggestion, folder)?;
    }
    let text = match (args.format.as_str(), &args.write) {
        ("json", _) => serde_json::to_string_pretty(&suggestion).into_diagnostic()? + "\n",
        (_, Some(folder)) => written(&suggestion, folder),
        _ => text(&suggestion),
    };
    terminal::print(&text).into_diagnostic()?;
    Ok(0)
}

/// Writes every draft below `folder`; what is there already and says something else stops everything.
fn write(suggestion: &Suggestion, folder: &Path) -> Result<(), Report> {
    let held = |path: &Path, text: &str| std::fs::read_to_string(path).is_ok_and(|held| held != text);
    for draft in &suggestion.files {
        let path = folder.join(&draft.path);
        if held(&path, &draft.text) || (path.exists() && !path.is_file()) {
            return Err(miette!(
                code = "aedile::suggest::exists",
                help = "move it away, or write into another folder",
                "`{}` is there already and says something else; nothing was written",
                path.display()
            ));
        }
    }
    for draft in &suggestion.files {
        let path = folder.join(&draft.path);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&path, &draft.text)).map_err(|error| {
            miette!(
                code = "aedile::output",
                help = "check that the folder can be written",
                "`{}` cannot be written: {error}",
                path.display()
            )
        })?;
    }
    Ok(())
}

fn text(suggestion: &Suggestion) -> String {
    let mut text = String::new();
    for draft in &suggestion.files {
        let _ = writeln!(text, "==> {} ({}: {})\n{}", draft.path, draft.dialect, draft.about.join(", "), draft.text);
    }
    closing(text, suggestion)
}

fn written(suggestion: &Suggestion, folder: &Path) -> String {
    let mut text = String::new();
    for draft in &suggestion.files {
        let _ = writeln!(text, "wrote {} for {}", folder.join(&draft.path).display(), draft.about.join(", "));
    }
    closing(text, suggestion)
}

fn closing(mut text: String, suggestion: &Suggestion) -> String {
    for left_out in &suggestion.left_out {
        let _ = writeln!(text, "left out: {}: {}", left_out.what, left_out.why);
    }
    let (files, left_out) = (suggestion.files.len(), suggestion.left_out.len());
    let _ = writeln!(text, "{files} files suggested, {left_out} things left out; review before you apply them");
    text
}
