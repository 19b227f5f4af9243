use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use aedile_model::{Access, RelationKind, Value};

use super::inventory::{Map, one_line, unfit};
use super::{Draft, LeftOut};

/// Where the permits go.
const PATH: &str = "access/suggested.cedar";

const HEAD: &str = "\
// Drafted from the grants and reads that were found, for review. What code was seen doing is permitted, what nobody was seen
// doing is not; where nothing is known of the use, the grant is permitted as it stands and says so. Name the file in aedile.yaml:
//
//     access: [access/suggested.cedar]
";

/// Who does what kind of thing to which kind of resource.
type Key<'a> = (&'a str, &'a str, &'a str, &'static str);

/// By their actions, so that what may only be read is not written.
type Permits<'a> = BTreeMap<Key<'a>, BTreeMap<BTreeSet<&'static str>, Permit<'a>>>;

#[derive(Default)]
struct Permit<'a> {
    resources: BTreeSet<&'a str>,
    notes: BTreeSet<&'static str>,
}

/// Permits for every grant of personal data that is fit to stay, and for every read and training by code.
pub(super) fn draft(map: &Map<'_>, left_out: &mut Vec<LeftOut>) -> Option<Draft> {
    let mut permits = Permits::new();
    for (grant, from, to) in map.grants() {
        if !map.any_in(&map.carried(grant, to), "personal") {
            continue;
        }
        if let Some(why) = unfit(grant, from) {
            let what = format!("the grant of {} on {}", from.address, to.address);
            left_out.push(LeftOut { what, why: why.to_owned() });
            continue;
        }
        let used = grant.attributes.get("used").map(|used| &used.value) == Some(&Value::Bool(true));
        let mut access = grant.access.clone();
        if used {
            let acting = map.acting(&from.id);
            let touches = |access: Access| {
                let touched = map.touched(&acting, access);
                let mut chains = touched.iter().flat_map(|id| map.chain(id));
                let inside = |asset: &&aedile_model::Asset| touched.contains(&asset.id);
                chains.any(|asset| asset.id == to.id) || map.chain(&to.id).iter().any(inside)
            };
            access.retain(|access| touches(*access));
        }
        let note = (!used).then_some("No code was seen that acts as it: check who needs this");
        let actions = access.iter().map(|access| access.as_str()).collect();
        let key = (from.address.as_str(), from.kind.as_str(), to.kind.as_str(), "grant");
        note_down(&mut permits, key, actions, &to.address, note);
    }
    for (kind, action) in [(RelationKind::Reads, "process"), (RelationKind::Trains, "train")] {
        for (relation, from, to) in map.of(kind) {
            if map.any_in(&map.carried(relation, to), "personal") {
                let key = (from.address.as_str(), from.kind.as_str(), to.kind.as_str(), action);
                note_down(&mut permits, key, BTreeSet::from([action]), &to.address, None);
            }
        }
    }
    let mut about = BTreeSet::new();
    let mut text = HEAD.to_owned();
    let mut ids = BTreeSet::new();
    for ((principal, kind, resource_kind, _), permits) in &permits {
        for (actions, permit) in permits {
            about.insert((*principal).to_owned());
            write_permit(&mut text, (principal, kind, resource_kind), actions, permit, &mut ids);
        }
    }
    let about: Vec<String> = about.into_iter().collect();
    (!about.is_empty()).then(|| Draft { path: PATH.to_owned(), dialect: "cedar".to_owned(), about, text })
}

fn note_down<'a>(
    permits: &mut Permits<'a>,
    key: Key<'a>,
    actions: BTreeSet<&'static str>,
    resource: &'a str,
    note: Option<&'static str>,
) {
    if actions.is_empty() {
        return;
    }
    let permit = permits.entry(key).or_default().entry(actions).or_default();
    permit.notes.extend(note);
    permit.resources.insert(resource);
}

fn write_permit(
    text: &mut String,
    (principal, kind, resource_kind): (&str, &str, &str),
    actions: &BTreeSet<&str>,
    permit: &Permit<'_>,
    ids: &mut BTreeSet<String>,
) {
    let actions: Vec<&str> = actions.iter().copied().collect();
    let id = unused(&slug(&format!("{principal} {} {resource_kind}", actions.join(" "))), ids);
    let _ = write!(text, "\n// {} ({kind}): {}.", one_line(principal), actions.join(", "));
    for note in &permit.notes {
        let _ = write!(text, " {note}.");
    }
    let actions: Vec<String> = actions.iter().map(|action| format!("Aedile::Action::{}", quoted(action))).collect();
    let resources: Vec<String> = permit.resources.iter().map(|address| quoted(address)).collect();
    let resources = match resources.as_slice() {
        [one] => format!("resource.address == {one}"),
        several => format!("[{}].contains(resource.address)", several.join(", ")),
    };
    let _ = write!(
        text,
        "\n@id(\"{id}\")\npermit (\n  principal is Aedile::{kind},\n  action in [{}],\n  resource is Aedile::{resource_kind}\n)\nwhen {{ principal.address == {} && {resources} }};\n",
        actions.join(", "),
        quoted(principal)
    );
}

/// A text in Cedar's language.
fn quoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|character| match character {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            other if other.is_control() => format!("\\u{{{:x}}}", u32::from(other)),
            other => other.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

/// Lower-case letters and digits with hyphens between, at most 60.
fn slug(text: &str) -> String {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    joined
        .chars()
        .skip_while(|character| !character.is_ascii_alphabetic())
        .take(60)
        .collect::<String>()
        .trim_end_matches('-')
        .to_owned()
}

fn unused(slug: &str, ids: &mut BTreeSet<String>) -> String {
    let slug = if slug.is_empty() { "permit" } else { slug };
    let candidates = std::iter::once(slug.to_owned()).chain((2..).map(|nth| format!("{slug}-{nth}")));
    let found = candidates.into_iter().find(|id| !ids.contains(id)).unwrap_or_default();
    ids.insert(found.clone());
    found
}
