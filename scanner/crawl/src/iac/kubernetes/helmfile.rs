//! `helmfile.yaml`: which charts are installed with which values.
//!
//! Source: helmfile.readthedocs.io, "configuration". The default environment is read; what a template of it decides is
//! not known.

use aedile_model::{Gap, GapKind, Place};

use super::release::{Named, nested};
use crate::File;
use crate::crawler::Context;
use crate::iac::datum::{Datum, Kind};
use crate::iac::document::documents;
use crate::iac::helm::Installation;
use crate::iac::path::joined;

/// Whether a file says which charts are installed.
pub(super) fn is_helmfile(file: &File) -> bool {
    let name = file.name();
    let named = matches!(name, "helmfile.yaml" | "helmfile.yml" | "helmfile.yaml.gotmpl" | "helmfile.gotmpl");
    named || (file.path.contains("helmfile.d/") && matches!(file.extension().as_str(), "yaml" | "yml" | "gotmpl"))
}

/// The charts that `file` installs; those of a repository are gaps.
pub(super) fn read(file: &File, context: Context<'_>, gaps: &mut Vec<Gap>) -> Vec<Named> {
    let text = file.text.as_deref().unwrap_or_default();
    // Templates at the level of lines are no YAML: their lines are left out.
    let templated = text.lines().any(|line| line.trim_start().starts_with("{{"));
    if templated {
        let message = "the file is a template: its loops and conditions are not evaluated".to_owned();
        gaps.push(Gap { place: Place::file(&file.path), kind: GapKind::Unsupported, message });
    }
    let text = if templated { without_actions(text) } else { text.to_owned() };
    let (documents, mut unread) = documents(file, &text, "this document", context.options);
    gaps.append(&mut unread);
    let mut found = Vec::new();
    for document in &documents {
        let body = Datum::from_yaml(document, &file.path);
        for release in body.member("releases").map(Datum::items).unwrap_or_default() {
            found.extend(installation(file, release, gaps));
        }
    }
    found
}

/// The text with blanks for the lines that are actions of a template, so that all others keep their places.
fn without_actions(text: &str) -> String {
    let blank = |line: &str| line.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect::<String>();
    let lines = text.split_inclusive('\n');
    lines.map(|line| if line.trim_start().starts_with("{{") { blank(line) } else { line.to_owned() }).collect()
}

fn installation(file: &File, release: &Datum, gaps: &mut Vec<Gap>) -> Option<Named> {
    let text = |key: &str| release.member(key).and_then(Datum::text);
    let chart = text("chart")?;
    let place = release.member("chart").and_then(|chart| chart.place.clone());
    let name = text("name").unwrap_or_default();
    if release.member("installed").and_then(Datum::bool) == Some(false) {
        return None;
    }
    if !(chart.starts_with('.') || chart.starts_with('/')) {
        let message = format!("the chart `{chart}` is not in the sources: its objects are missing");
        gaps.extend(place.map(|place| Gap { place, kind: GapKind::Unresolved, message }));
        return None;
    }
    let mut installation = Installation {
        release: Some(name.clone()).filter(|name| !name.is_empty()),
        namespace: text("namespace").filter(|namespace| !namespace.contains("{{")),
        place: place.clone(),
        ..Installation::default()
    };
    for item in release.member("values").map(Datum::items).unwrap_or_default() {
        match (&item.kind, item.text()) {
            (Kind::Map(_), _) => installation.inline.push(item.json_holed().to_string()),
            (_, Some(path)) if path.contains("{{") || path.ends_with(".gotmpl") => {
                let message = format!("the values of `{path}` are not known: a template decides them");
                gaps.extend(item.place.clone().map(|place| Gap { place, kind: GapKind::Unresolved, message }));
            }
            (_, Some(path)) => installation.value_files.push(joined(file.folder(), &path)),
            _ => {}
        }
    }
    for item in release.member("set").map(Datum::items).unwrap_or_default() {
        let part = |key: &str| item.member(key).and_then(Datum::text);
        if let (Some(name), Some(value)) = (part("name"), part("value")) {
            installation.inline.push(nested(&name, &value));
        }
    }
    Some(Named { chart: joined(file.folder(), &chart), name, installation })
}
