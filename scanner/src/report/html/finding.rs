//! Each finding of the page: in full as far as the page's size allows, else in short.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use askama::Template;

use super::marked;
use crate::record::{Asset, Finding, Run};

/// What findings are told with.
struct Context<'a> {
    run: &'a Run,
    /// Why each control exists, by its id.
    effects: BTreeMap<&'a str, &'a str>,
    /// Who answers for an asset, by its id, where that is said.
    owners: BTreeMap<&'a str, &'a str>,
}

#[derive(Template)]
#[template(path = "finding.html")]
struct Told<'a> {
    context: &'a Context<'a>,
    finding: &'a Finding,
    /// Whether it is told in short.
    brief: bool,
}

/// All findings of `run` in at most `room` bytes, if that can be: the first ones (the gravest) in full, the others in
/// short. The page says from where on.
///
/// # Errors
/// A template cannot be written.
pub(super) fn told(run: &Run, room: usize) -> Result<String, askama::Error> {
    let context = Context {
        run,
        effects: run.controls.iter().map(|control| (control.id.as_str(), control.rationale.as_str())).collect(),
        owners: run.assets.iter().filter_map(owner).collect(),
    };
    let told = |brief: bool| -> Result<Vec<String>, askama::Error> {
        run.findings.iter().map(|finding| Told { context: &context, finding, brief }.render()).collect()
    };
    let full = told(false)?;
    if full.iter().map(String::len).sum::<usize>() <= room {
        return Ok(full.concat());
    }
    let brief = told(true)?;
    let mut spare = room.saturating_sub(brief.iter().map(String::len).sum());
    let mut first = 0;
    for (full, brief) in full.iter().zip(&brief) {
        let Some(left) = spare.checked_sub(full.len().saturating_sub(brief.len())) else { break };
        spare = left;
        first += 1;
    }
    let mut page = format!(
        "<p class=\"note\">Of {} findings the first {first} are told in full and the others in short, so that the page opens: their source lines and all evidence stand in the other reports, the texts of their criteria under <a href=\"#frameworks\">Laws and standards</a>, their effect under <a href=\"#controls\">Control matrix</a>, their patches in what <code>aedile fix</code> prints.</p>\n",
        run.findings.len()
    );
    for text in full.iter().take(first).chain(brief.iter().skip(first)) {
        write!(page, "{text}")?;
    }
    Ok(page)
}

fn owner(asset: &Asset) -> Option<(&str, &str)> {
    Some((asset.id.as_str(), asset.attributes.get("owner")?.as_str()?))
}

impl Told<'_> {
    /// What the finding means: why its control exists.
    fn effect(&self) -> &str {
        self.context.effects.get(self.finding.policy.as_str()).copied().unwrap_or_default()
    }

    fn owner(&self) -> Option<&str> {
        self.context.owners.get(self.finding.asset.id.as_str()).copied()
    }

    /// When it was seen first and what happened since.
    fn events(&self) -> Option<String> {
        Some(self.context.run.history.as_ref()?.events.get(&self.finding.fingerprint)?.join(", "))
    }

    /// The day by which it is to be mended: from the day that it was first seen, as the configuration says.
    fn due(&self) -> Option<String> {
        let run = self.context.run;
        let days = run.gate.due.get(&self.finding.severity)?;
        let seen = run.history.as_ref().and_then(|history| history.events.get(&self.finding.fingerprint)?.first());
        let first = crate::config::parse_date(seen.unwrap_or(&run.run.as_of).get(..10)?)?;
        Some(first.checked_add(time::Duration::days(i64::from(*days)))?.to_string())
    }

    /// As [`marked`].
    #[expect(clippy::unused_self, reason = "templates call methods of what they show")]
    fn marked(&self, text: &str) -> String {
        marked(text)
    }
}
