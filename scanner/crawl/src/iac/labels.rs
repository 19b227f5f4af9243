//! Tags that a configuration puts on tables and columns by their full names.

use aedile_model::{Asset, AssetId, AssetKind, Gap, GapKind, Label, RelationKind};
use aedile_rules::ResourceType;

use super::datum::{Datum, has_hole};
use super::path::{texts, values};
use super::resource::Unit;
use crate::code::sql::table_asset;
use crate::{Facts, Link, Ref};

/// The book of labels that a warehouse keeps.
pub(super) const CATALOG: &str = "catalog tag";

/// Writes the label that the resource at `at` is.
pub(super) fn write(unit: &Unit<'_>, at: usize, rule: &ResourceType, facts: &mut Facts) {
    let (Some(labels), Some(resource)) = (&rule.labels, unit.resource(at)) else { return };
    let text = |path: &str| texts(&resource.body, path).into_iter().next();
    let Some(kind) = text(&labels.kind) else { return };
    let is_column = labels.columns.contains(&kind);
    if !is_column && !labels.tables.contains(&kind) {
        return;
    }
    let entity = values(&resource.body, &labels.entity).into_iter().next();
    let place = entity.as_ref().and_then(|entity| entity.place.clone()).or_else(|| resource.place.clone());
    let full = entity.as_ref().and_then(Datum::holed);
    let named = full.as_deref().and_then(|full| if is_column { full.rsplit_once('.') } else { Some((full, "")) });
    let table = named.and_then(|(table, _)| table_of(unit, table));
    let (Some(table), Some((_, column)), Some(key)) = (table, named, text(&labels.key)) else {
        let message = "a tag is put on a table or column whose name is not known".to_owned();
        facts.gaps.extend(place.map(|place| Gap { place, kind: GapKind::Unresolved, message }));
        return;
    };
    let label = Label::new(CATALOG, &key.to_lowercase(), &text(&labels.value).unwrap_or_default(), place.clone());
    let mut asset = table;
    if is_column {
        let name = column.to_lowercase();
        let of = asset.id.clone();
        let id = AssetId::column(&of, &name);
        let address = format!("{}.{name}", asset.address);
        facts.links.push(Link::new(RelationKind::PartOf, Ref::Id(id.clone()), Ref::Id(of), place));
        facts.assets.push(std::mem::replace(&mut asset, Asset::new(id, AssetKind::Column, address, name)));
    }
    asset.labels.insert(label);
    facts.assets.push(asset);
}

/// The table that `name` names: one of the configuration, or one that is known by that name.
fn table_of(unit: &Unit<'_>, name: &str) -> Option<Asset> {
    let declared =
        unit.referred(&Datum::from_text(name.to_owned())).into_iter().chain(unit.in_hole(name)).find_map(|at| {
            let (kind, id) = unit.asset(at).filter(|(kind, _)| *kind == AssetKind::Table)?;
            let resource = unit.resource(at)?;
            let short =
                unit.rule(resource)?.name.iter().find_map(|path| texts(&resource.body, path).into_iter().next());
            let mut asset = Asset::new(id, kind, &resource.address, short.unwrap_or_default());
            asset.type_name.clone_from(&resource.type_name);
            Some(asset)
        });
    declared.or_else(|| (!has_hole(name)).then(|| table_asset(&name.to_lowercase(), "table")))
}
