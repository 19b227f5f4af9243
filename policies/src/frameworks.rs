use std::collections::{BTreeMap, BTreeSet};

use aedile_model::Citation;
use serde::{Deserialize, Serialize};
use time::Date;
use time::format_description::well_known::Iso8601;

use crate::control::PolicyInfo;
use crate::judgement::Tally;
use crate::packs::FRAMEWORKS;
use crate::{PolicyError, PolicySource};

/// How an obligation can be assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObligationKind {
    /// From artefacts alone.
    Technical,
    /// A declaration must exist and agree with the artefacts.
    Declared,
    /// By a person; never assessed here.
    Manual,
}

/// What a law or standard demands, in our words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obligation {
    /// `gdpr:32(1)(a)`: the framework's id, a colon, the place in its text.
    pub id: String,
    /// What it demands.
    pub title: String,
    /// How it can be assessed.
    pub kind: ObligationKind,
    /// The first day it applies, `2026-08-02`; from the start if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies_from: Option<String>,
    /// The last day it applies; without end if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies_to: Option<String>,
    /// Policies that give evidence for it.
    #[serde(default)]
    pub controls: Vec<String>,
    /// What the evidence is, and what it does not show.
    #[serde(default)]
    pub evidence: String,
    /// What to do where it is not satisfied.
    #[serde(default)]
    pub remediation: String,
}

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

/// Whether an obligation is met, as far as can be told. Never "compliant" by absence of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObligationStatus {
    /// Every control that found something to judge passed.
    Satisfied,
    /// A control failed.
    NotSatisfied,
    /// Nothing was judged, something could not be decided, or only a person can tell.
    NotAssessed,
}

/// An obligation with its status and the numbers behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObligationResult {
    /// The obligation's id.
    pub id: String,
    /// What it demands.
    pub title: String,
    /// How it can be assessed.
    pub kind: ObligationKind,
    /// Whether it is met.
    pub status: ObligationStatus,
    /// Why it has that status, one clause.
    pub why: String,
    /// How many subjects its controls apply to.
    pub population: u64,
    /// How many of them fail.
    pub exceptions: u64,
    /// How many could not be decided.
    pub inconclusive: u64,
    /// The controls that give evidence.
    pub controls: Vec<String>,
    /// What the evidence is.
    pub evidence: String,
    /// What to do where it is not satisfied.
    pub remediation: String,
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
}

impl Frameworks {
    /// The built-in frameworks together with `user`'s; a user's replaces a built-in one of the same id.
    ///
    /// # Errors
    /// The first file that does not parse or contradicts itself. Whether its controls exist is told by
    /// [`Frameworks::check`].
    pub fn load(user: &[PolicySource]) -> Result<Frameworks, PolicyError> {
        let built_in = FRAMEWORKS.iter().map(|(name, text)| PolicySource::new(*name, *text));
        let mut all = BTreeMap::new();
        for source in built_in.chain(user.iter().cloned()) {
            let framework = parse(&source)?;
            all.insert(framework.id.clone(), framework);
        }
        Ok(Frameworks { all })
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
                    faults.push(PolicyError::Framework {
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
        let assessed = |framework: &Framework| FrameworkResult {
            id: framework.id.clone(),
            title: framework.title.clone(),
            version: framework.version.clone(),
            obligations: framework.obligations.iter().map(|obligation| obligation.assess(tallies, as_of)).collect(),
        };
        self.all.values().map(assessed).collect()
    }
}

impl Obligation {
    /// Why it does not apply on `as_of`, if so.
    fn out_of_force(&self, as_of: Date) -> Option<String> {
        let day = |text: &Option<String>| text.as_deref().and_then(|text| Date::parse(text, &Iso8601::DATE).ok());
        if let Some(from) = day(&self.applies_from).filter(|from| as_of < *from) {
            return Some(format!("applies from {from}"));
        }
        day(&self.applies_to).filter(|to| as_of > *to).map(|to| format!("applied until {to}"))
    }

    fn assess(&self, tallies: &BTreeMap<String, Tally>, as_of: Date) -> ObligationResult {
        let found: Vec<&Tally> = self.controls.iter().filter_map(|control| tallies.get(control)).collect();
        let sum = |count: fn(&Tally) -> u64| found.iter().map(|tally| count(tally)).sum::<u64>();
        let population = sum(Tally::population);
        let (failed, undecided) = (sum(|tally| tally.fail), sum(|tally| tally.inconclusive));
        let (status, why) = if let Some(why) = self.out_of_force(as_of) {
            (ObligationStatus::NotAssessed, why)
        } else if self.kind == ObligationKind::Manual {
            (ObligationStatus::NotAssessed, "only a person can tell".to_owned())
        } else if failed > 0 {
            (ObligationStatus::NotSatisfied, format!("{failed} of {population} fail"))
        } else if undecided > 0 {
            (ObligationStatus::NotAssessed, format!("{undecided} of {population} depend on something unknown"))
        } else if population == 0 {
            (ObligationStatus::NotAssessed, "nothing that its controls apply to was found".to_owned())
        } else {
            (ObligationStatus::Satisfied, format!("all {population} pass"))
        };
        ObligationResult {
            id: self.id.clone(),
            title: self.title.clone(),
            kind: self.kind,
            status,
            why,
            population,
            exceptions: failed,
            inconclusive: undecided,
            controls: self.controls.clone(),
            evidence: self.evidence.clone(),
            remediation: self.remediation.clone(),
        }
    }
}

fn parse(source: &PolicySource) -> Result<Framework, PolicyError> {
    let framework: Framework = serde_yaml::from_str(&source.text).map_err(|error| PolicyError::Unparsed {
        name: source.name.clone(),
        reason: error.to_string(),
        advice: None,
        at: error.location().map(|at| (at.index(), 0).into()),
        source_code: source.code(),
    })?;
    let fault = |what: String, advice: &str| PolicyError::Framework {
        framework: framework.id.clone(),
        what,
        advice: advice.to_owned(),
    };
    let mut seen = BTreeSet::new();
    for obligation in &framework.obligations {
        let id = &obligation.id;
        if id.strip_prefix(&framework.id).is_none_or(|rest| !rest.starts_with(':') || rest.len() < 2) {
            return Err(fault(format!("`{id}` is not an obligation of it"), "write the framework's id, a colon, the article"));
        }
        if !seen.insert(id) {
            return Err(fault(format!("`{id}` stands twice"), "join the two"));
        }
        for day in [&obligation.applies_from, &obligation.applies_to].into_iter().flatten() {
            if Date::parse(day, &Iso8601::DATE).is_err() {
                return Err(fault(format!("`{day}` of `{id}` is not a date"), "write it as 2026-08-02"));
            }
        }
        if obligation.kind == ObligationKind::Manual && !obligation.controls.is_empty() {
            return Err(fault(format!("`{id}` is manual and has controls"), "make it technical, or leave them out"));
        }
        if obligation.kind != ObligationKind::Manual && obligation.controls.is_empty() {
            return Err(fault(format!("`{id}` has no controls"), "name the controls that give evidence, or make it manual"));
        }
    }
    Ok(framework)
}
