use std::collections::{BTreeMap, BTreeSet};

use aedile_model::Citation;
use serde::{Deserialize, Serialize};
use time::Date;
use time::format_description::well_known::Iso8601;

use crate::control::PolicyInfo;
use crate::judgement::Tally;
use crate::obligation::{Obligation, ObligationKind, ObligationResult};
use crate::packs::FRAMEWORKS;
use crate::{PolicyError, PolicySource};

/// A law or standard as a map from obligations to controls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// `gdpr`.
    pub id: String,
    /// Its name.
    pub title: String,
    /// The version of the text that was mapped.
    pub version: String,
    /// Where the text is published.
    pub source: String,
    /// Where it applies.
    pub jurisdictions: Vec<String>,
    /// What it demands.
    pub obligations: Vec<Obligation>,
}

/// A framework held against a judgement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameworkResult {
    /// The framework's id.
    pub id: String,
    /// Its name.
    pub title: String,
    /// The version that was mapped.
    pub version: String,
    /// Its obligations in the text's order.
    pub obligations: Vec<ObligationResult>,
}

/// All frameworks: the built-in ones and the user's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frameworks {
    all: BTreeMap<String, Framework>,
    /// The files of each, to point at what is wrong in them.
    sources: BTreeMap<String, Vec<PolicySource>>,
}

impl Frameworks {
    /// The built-in frameworks together with `user`'s. One of an id that is known already adds to it: obligations that
    /// it has not, and controls to those that it has. It takes nothing away.
    ///
    /// # Errors
    /// The first file that does not parse or contradicts itself. Whether its controls exist is told by
    /// [`Frameworks::check`].
    pub fn load(user: &[PolicySource]) -> Result<Frameworks, PolicyError> {
        let built_in = FRAMEWORKS.iter().map(|(name, text)| PolicySource::new(*name, *text));
        let mut frameworks = Frameworks::default();
        for source in built_in.chain(user.iter().cloned()) {
            let framework = parse(&source)?;
            frameworks.sources.entry(framework.id.clone()).or_default().push(source);
            match frameworks.all.get_mut(&framework.id) {
                Some(known) => known.tighten(framework.obligations),
                None => drop(frameworks.all.insert(framework.id.clone(), framework)),
            }
        }
        Ok(frameworks)
    }

    /// Every framework, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = &Framework> {
        self.all.values()
    }

    /// Whether there is a framework `id`.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.all.contains_key(id)
    }

    /// Each framework by name of its file and SHA-256, as [`crate::Policies::packs`] lists policies.
    #[must_use]
    pub fn built_in_packs() -> Vec<(String, String)> {
        FRAMEWORKS.iter().map(|(name, text)| ((*name).to_owned(), crate::policies::sha256(text))).collect()
    }

    /// Refuses a control that is not in `policies`.
    ///
    /// # Errors
    /// Every such control, with the one that may be meant.
    pub fn check(&self, policies: &crate::Policies) -> Result<(), PolicyError> {
        let info = policies.info();
        let known: Vec<&str> = info.iter().map(|info| info.id.as_str()).collect();
        let mut faults = Vec::new();
        for framework in self.all.values() {
            for obligation in &framework.obligations {
                for control in obligation.controls.iter().filter(|control| !known.contains(&control.as_str())) {
                    let near = crate::nearest::nearest(control, known.iter().copied());
                    let files = self.sources.get(&framework.id).map(Vec::as_slice).unwrap_or_default();
                    let Some(source) = files.iter().rfind(|file| file.text.contains(control.as_str())) else {
                        continue;
                    };
                    faults.push(PolicyError::Framework {
                        source_code: source.code(),
                        at: span(source, &[&obligation.id, control]),
                        framework: framework.id.clone(),
                        what: format!("`{}` names the control `{control}`, which does not exist", obligation.id),
                        advice: match near {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "`aedile policy list` shows the controls".to_owned(),
                        },
                    });
                }
            }
        }
        PolicyError::gathered(faults).map_or(Ok(()), Err)
    }

    /// Adds to `info` every obligation that names it; those that the policy itself cites get their titles.
    pub(crate) fn cite(&self, info: &mut PolicyInfo) {
        let own: BTreeSet<String> = info.cites.iter().map(|cite| cite.obligation.clone()).collect();
        let mut cites: BTreeMap<String, Citation> = BTreeMap::new();
        for cite in info.cites.drain(..).filter(|cite| cite.title.is_empty()) {
            cites.insert(cite.obligation.clone(), cite);
        }
        for framework in self.all.values() {
            for obligation in &framework.obligations {
                if obligation.controls.contains(&info.id) || own.contains(&obligation.id) {
                    cites.insert(
                        obligation.id.clone(),
                        Citation {
                            framework: framework.id.clone(),
                            obligation: obligation.id.clone(),
                            title: obligation.title.clone(),
                        },
                    );
                }
            }
        }
        info.cites = cites.into_values().collect();
    }

    /// Whether an obligation of this id applies on `as_of`; an unknown id does.
    pub(crate) fn applies(&self, obligation: &str, as_of: Date) -> bool {
        let mut found = self.all.values().flat_map(|framework| &framework.obligations);
        found.find(|known| known.id == obligation).is_none_or(|known| known.out_of_force(as_of).is_none())
    }

    /// Every framework held against the counts of a judgement, as of a day.
    #[must_use]
    pub fn assess(&self, tallies: &BTreeMap<String, Tally>, as_of: Date) -> Vec<FrameworkResult> {
        self.all.values().map(|framework| framework.assess(tallies, as_of)).collect()
    }
}

impl Framework {
    /// The framework in `source`.
    ///
    /// # Errors
    /// The file does not parse or contradicts itself.
    pub fn parse(source: &PolicySource) -> Result<Framework, PolicyError> {
        parse(source)
    }

    /// The framework held against the counts of a judgement, as of a day.
    #[must_use]
    pub fn assess(&self, tallies: &BTreeMap<String, Tally>, as_of: Date) -> FrameworkResult {
        FrameworkResult {
            id: self.id.clone(),
            title: self.title.clone(),
            version: self.version.clone(),
            obligations: self.obligations.iter().map(|obligation| obligation.assess(tallies, as_of)).collect(),
        }
    }
}

impl Framework {
    /// Adds `obligations`; of one that is there already only the further controls count.
    fn tighten(&mut self, obligations: Vec<Obligation>) {
        for further in obligations {
            match self.obligations.iter_mut().find(|known| known.id == further.id) {
                Some(known) => {
                    let new = further.controls.into_iter().filter(|control| !known.controls.contains(control));
                    let new: Vec<String> = new.collect();
                    known.controls.extend(new);
                }
                None => self.obligations.push(further),
            }
        }
    }
}

/// Where the last of `words` stands after the ones before it; the start of the file if it is not found.
fn span(source: &PolicySource, words: &[&str]) -> miette::SourceSpan {
    let mut from = 0;
    let mut length = 0;
    for word in words {
        match source.text.get(from..).and_then(|rest| rest.find(word)) {
            Some(at) => (from, length) = (from + at, word.len()),
            None => return (0, 0).into(),
        }
    }
    (from, length).into()
}

fn parse(source: &PolicySource) -> Result<Framework, PolicyError> {
    let framework: Framework = serde_yaml::from_str(&source.text).map_err(|error| PolicyError::Unparsed {
        name: source.name.clone(),
        reason: error.to_string(),
        advice: None,
        at: error.location().map(|at| (at.index(), 0).into()),
        source_code: source.code(),
    })?;
    let fault = |at: &str, what: String, advice: &str| PolicyError::Framework {
        framework: framework.id.clone(),
        what,
        advice: advice.to_owned(),
        source_code: source.code(),
        at: span(source, &[at]),
    };
    let mut seen = BTreeSet::new();
    for obligation in &framework.obligations {
        let id = &obligation.id;
        if id.strip_prefix(&framework.id).is_none_or(|rest| !rest.starts_with(':') || rest.len() < 2) {
            return Err(fault(
                id,
                format!("`{id}` is not an obligation of it"),
                "write the framework's id, a colon, the article",
            ));
        }
        if !seen.insert(id) {
            return Err(fault(id, format!("`{id}` stands twice"), "join the two"));
        }
        for day in [&obligation.applies_from, &obligation.applies_to].into_iter().flatten() {
            if Date::parse(day, &Iso8601::DATE).is_err() {
                return Err(fault(day, format!("`{day}` of `{id}` is not a date"), "write it as 2026-08-02"));
            }
        }
        if obligation.kind == ObligationKind::Manual && !obligation.controls.is_empty() {
            return Err(fault(
                id,
                format!("`{id}` is manual and has controls"),
                "make it technical, or leave them out",
            ));
        }
        if obligation.kind != ObligationKind::Manual && obligation.controls.is_empty() {
            return Err(fault(
                id,
                format!("`{id}` has no controls"),
                "name the controls that give evidence, or make it manual",
            ));
        }
        if obligation.kind == ObligationKind::Manual && obligation.why.trim().is_empty() {
            let advice = "say under `why` what a person has to look at, and why no artefact shows it";
            return Err(fault(id, format!("`{id}` is manual and does not say why"), advice));
        }
    }
    Ok(framework)
}
