//! Repairs of resources: edits of the text, found by the packs `rules/fixes/*.yaml` for the assets that are
//! asked for.
//!
//! Where the value that decides is a literal written elsewhere (the default of a variable, a local value, an
//! entry of a map, the input of a module), that literal is edited; the resource itself is the second way.
//! Whether an edit does what it promises is not decided here but by reading the edited texts again,
//! see [`crate::fix`].

use aedile_model::{Patch, Value};
use aedile_rules::{Content, Literal, Repair, ResourceSource, Step, Way};

use super::condition::{Around, Truth, View};
use super::datum::{Datum, Kind};
use super::path::values;
use super::resource::{Resource, Unit};
use crate::Facts;
use crate::fix::Offer;

mod align;
mod content;
mod editor;
mod files;
mod hcl;
mod path;
#[cfg(test)]
mod tests;
mod text;
mod yaml;

pub(crate) use align::aligned;
use content::scalar;
use editor::Editor;
use files::Files;
use path::{Segment, plain, segments};

/// Levels that a file of configuration is followed into; deeper ones are not edited.
const NESTING: usize = 128;

/// Ways that are tried of one repair.
const MOST_WAYS: usize = 8;

/// Writes the repairs of those assets of `unit` that are asked for.
pub(crate) fn offer<'a>(unit: &Unit<'a>, facts: &mut Facts) {
    let Some(asked) = facts.repairing.asked.clone() else { return };
    let files = Files::new(&asked.texts);
    let mut offers = Vec::new();
    for (at, resource) in unit.resources.iter().enumerate() {
        let (Some(rule), Some((_, id))) = (unit.rule(resource), unit.asset(at)) else { continue };
        if !asked.assets.contains(&id) || !in_own_language(resource) {
            continue;
        }
        let around = Around::new(unit, at, rule);
        let workshop = Workshop { unit, resource, around: &around, files: &files };
        for repair in &unit.rules.repairs(rule) {
            let (ways, obstacle) = workshop.repair(repair);
            offers.push(Offer {
                asset: id.clone(),
                makes: repair.makes.iter().map(|(name, value)| (name.clone(), Value::from(value))).collect(),
                ways,
                obstacle,
                warns: repair.warns.clone(),
            });
        }
    }
    facts.repairing.offers.append(&mut offers);
}

/// Whether the resource is written in the language that its type's paths are of: an object of Kubernetes or Azure may
/// stand in a file of Terraform too.
fn in_own_language(resource: &Resource) -> bool {
    let terraform = resource.place.as_ref().is_none_or(|place| {
        let path = place.path.to_ascii_lowercase();
        [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|end| path.ends_with(end))
    });
    terraform == (resource.source == ResourceSource::Terraform)
}

/// One resource whose text is edited.
struct Workshop<'w, 'a, 't> {
    unit: &'w Unit<'a>,
    resource: &'w Resource,
    around: &'w Around<'w, 'a>,
    files: &'w Files<'t>,
}

/// What a step can be done by: edits, the best first.
type Choices = Result<Vec<Vec<Patch>>, String>;

impl Workshop<'_, '_, '_> {
    /// Every way to `repair` that is possible, and why there is none.
    fn repair(&self, repair: &Repair) -> (Vec<Vec<Patch>>, Option<String>) {
        let mut ways: Vec<Vec<Patch>> = Vec::new();
        let mut obstacle = repair.needs.as_ref().map(|needs| format!("a person must give {needs}"));
        for way in &repair.by {
            match self.way(way) {
                Ok(found) => ways.extend(found.into_iter().filter(|edits| !edits.is_empty())),
                Err(Some(why)) => obstacle = Some(why),
                Err(None) => {}
            }
        }
        ways.dedup();
        ways.truncate(MOST_WAYS);
        if ways.is_empty() && obstacle.is_none() {
            obstacle = Some("no way to it fits what is written here".to_owned());
        }
        (ways, obstacle)
    }

    /// The edits of `way`; `Err(None)` if it is not meant for this resource.
    fn way(&self, way: &Way) -> Result<Vec<Vec<Patch>>, Option<String>> {
        let mut all: Vec<Vec<Patch>> = vec![Vec::new()];
        for step in way.steps() {
            if let Some(condition) = &step.when
                && !matches!((View { around: self.around, body: &self.resource.body }).holds(condition), Truth::True(_))
            {
                return Err(None);
            }
            if let Some(name) = &step.companion
                && self.companions(name).is_empty()
            {
                return Err(None);
            }
            let choices = self.step(step).map_err(Some)?;
            // The best of each step together, then the second best of each.
            let most = choices.len().max(all.len());
            let nth =
                |choices: &[Vec<Patch>], at: usize| choices.get(at).or(choices.last()).cloned().unwrap_or_default();
            all = (0..most).map(|at| [nth(&all, at), nth(&choices, at)].concat()).collect();
        }
        // Two steps that would make the same block are none.
        all.retain(|edits| {
            let single: Vec<&[Patch]> = edits.iter().map(std::slice::from_ref).collect();
            crate::fix::composed(&single).1.len() == single.len()
        });
        Ok(all)
    }

    fn companions(&self, name: &str) -> Vec<&Resource> {
        let joined = self.around.companions.get(name).map(|joined| joined.at.as_slice()).unwrap_or_default();
        joined.iter().filter_map(|&at| self.unit.resource(at)).collect()
    }

    fn step(&self, step: &Step) -> Choices {
        let targets = match &step.companion {
            Some(name) => self.companions(name),
            None => vec![self.resource],
        };
        let mut all: Vec<Vec<Patch>> = vec![Vec::new(); 2];
        for target in targets {
            let choices = self.on(target, step)?;
            for (at, edits) in all.iter_mut().enumerate() {
                edits.extend(choices.get(at).or(choices.last()).cloned().unwrap_or_default());
            }
        }
        all.dedup();
        Ok(all)
    }

    fn on(&self, target: &Resource, step: &Step) -> Choices {
        if let (Some(path), Some(to)) = (&step.set, &step.to) {
            let path = segments(path);
            let mut choices = Vec::new();
            let found = values(&target.body, &plain(&path));
            if let Some(why) = found.iter().find_map(Datum::why_unknown) {
                return Err(format!("its value comes from `{}`", why.expression));
            }
            if let Content::Literal(literal) = to
                && let Some(edits) = self.elsewhere(&found, literal)
            {
                match edits.is_empty() {
                    true if path.len() == 1 => return Ok(vec![edits]),
                    true => {}
                    false => choices.push(edits),
                }
            }
            match self.edit(target, |editor| editor.set(&path, self.content(target, to)?)) {
                Ok(edits) => choices.push(edits),
                Err(why) if choices.is_empty() => return Err(why),
                Err(_) => {}
            }
            return Ok(choices);
        }
        let edits = if let (Some(path), Some(to)) = (&step.append, &step.to) {
            let found = values(&target.body, &plain(&segments(path)));
            if let Some(why) = found.iter().find_map(Datum::why_unknown) {
                return Err(format!("its value comes from `{}`", why.expression));
            }
            self.edit(target, |editor| editor.append(&segments(path), self.content(target, to)?))?
        } else if let Some(path) = &step.remove {
            self.edit(target, |editor| editor.remove(&segments(path)))?
        } else if let Some(text) = &step.add {
            self.edit(target, |editor| editor.add(text, self))?
        } else {
            Vec::new()
        };
        Ok(vec![edits])
    }

    /// Edits of the literals that give `found`, if each of them is one.
    fn elsewhere(&self, found: &[Datum], to: &Literal) -> Option<Vec<Patch>> {
        if found.is_empty() {
            return None;
        }
        let mut edits = Vec::new();
        for datum in found {
            let place = datum.written.as_ref()?;
            let text = self.files.text(&place.path)?;
            let held = text.get(place.span.start as usize..place.span.end as usize)?;
            let new = literal_over(held, to, is_hcl(&place.path))?;
            if held != new {
                edits.push(Patch { place: place.clone(), replacement: new });
            }
        }
        edits.dedup();
        Some(edits)
    }

    fn edit(
        &self,
        target: &Resource,
        make: impl FnOnce(&Editor<'_>) -> Result<Vec<Patch>, String>,
    ) -> Result<Vec<Patch>, String> {
        let place = target.place.as_ref().ok_or("it has no place")?;
        let editor = if is_hcl(&place.path) {
            Editor::Hcl(self.files.hcl(&place.path)?, place.span.start as usize)
        } else {
            let body = target.body.place.as_ref().filter(|body| body.path == place.path).ok_or("it has no place")?;
            let (start, end) = (body.span.start as usize, body.span.end as usize);
            if place.path.rsplit('/').next().is_some_and(|name| name.starts_with("Pulumi.")) {
                return Err("its properties have other names in Pulumi".to_owned());
            }
            let plan = place.path.ends_with(".json")
                && ![".tf.json", ".tofu.json"].iter().any(|end| place.path.ends_with(end));
            if target.source == ResourceSource::Terraform && plan {
                return Err("it stands in a plan".to_owned());
            }
            let document = self.files.yaml(&place.path)?;
            if target.source == ResourceSource::CloudFormation {
                let (start, end) = document.declared(start, &target.type_name)?;
                return make(&Editor::Yaml(document, start, end, Some("Properties")));
            }
            Editor::Yaml(document, start, end, None)
        };
        make(&editor)
    }
}

impl Workshop<'_, '_, '_> {
    /// Refuses a block whose address the module has already.
    fn refuse_twins(&self, text: &str) -> Result<(), String> {
        let header = text.lines().next().unwrap_or_default().trim_end_matches('{').trim();
        let twin = self.resource.place.as_ref().is_some_and(|place| self.files.has_line(&place.path, header));
        if twin { Err(format!("there is a {header} already")) } else { Ok(()) }
    }
}

/// Members of a CloudFormation resource that stand beside its properties.
const BESIDE: [&str; 2] = ["DeletionPolicy", "UpdateReplacePolicy"];

/// `path` under the member `within`.
fn inside(within: Option<&str>, path: &[Segment]) -> Vec<Segment> {
    let beside = path.first().is_some_and(|first| BESIDE.contains(&first.key.as_str()));
    let outer = within.filter(|_| !beside).map(|key| Segment { key: key.to_owned(), map: false, required: false });
    outer.into_iter().chain(path.iter().cloned()).collect()
}

/// `to` in place of the literal `held`, in its quotes.
fn literal_over(held: &str, to: &Literal, hcl: bool) -> Option<String> {
    let text = match to {
        Literal::Text(text) => text,
        other if hcl && held.starts_with('"') => return Some(hcl::quoted(&scalar(other))),
        other => return Some(scalar(other)),
    };
    Some(match held.chars().next() {
        Some('|' | '>' | '&' | '*' | '!' | '<') => return None,
        _ if hcl => hcl::quoted(text),
        Some('\'') => format!("'{}'", text.replace('\'', "''")),
        Some('"') => yaml::quoted(text),
        _ if yaml::is_plain(text) => text.clone(),
        _ => yaml::quoted(text),
    })
}

fn is_hcl(path: &str) -> bool {
    [".tf", ".tofu", ".tfvars"].iter().any(|end| path.to_ascii_lowercase().ends_with(end))
}

impl Datum {
    /// The same, noted as a literal at `place`.
    pub(crate) fn literal(mut self, place: Option<aedile_model::Place>) -> Datum {
        if matches!(self.kind, Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) | Kind::Text(_)) {
            self.written = place;
        }
        self
    }
}
