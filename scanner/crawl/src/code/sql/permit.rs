//! Grants, memberships and masks of a script as facts.

use std::collections::BTreeSet;

use aedile_model::{
    Access, Asset, AssetId, AssetKind, Attribute, Basis, Class, Columns, Confidence, Flow, Protection, RelationKind,
    Tag, Value,
};

use super::run::Step;
use super::written::table_asset;
use super::{grant, mask};
use crate::code::dbt::class_of_word;
use crate::{Link, Ref};

/// Grants that stand at the end of a script.
#[derive(Default)]
pub(super) struct Grants {
    pub(super) links: Vec<Link>,
}

impl Step<'_> {
    pub(super) fn mask(&mut self, mask: &mask::Mask) {
        let name = self.schemas.canonical(&mask.table);
        let mut asset = table_asset(&name, "table");
        let tags: Vec<Tag> = mask.tags.iter().flat_map(|(key, value)| declared(key, value)).collect();
        if mask.tags.is_empty() {
            asset.set("masked", !mask.unset, Some(self.place.clone()));
        } else if mask.column.is_none() {
            tags.iter().for_each(|tag| asset.add_tag(tag.clone()));
        }
        if let Some(column) = &mask.column {
            let mut column_asset = Asset::new(
                AssetId::column(&asset.id, column),
                AssetKind::Column,
                format!("{name}.{column}"),
                column.as_str(),
            );
            if mask.tags.is_empty() {
                column_asset.set("masked", !mask.unset, Some(self.place.clone()));
            }
            tags.iter().for_each(|tag| column_asset.add_tag(tag.clone()));
            self.run.links.push(Link::new(
                RelationKind::PartOf,
                Ref::Id(column_asset.id.clone()),
                Ref::Id(asset.id.clone()),
                Some(self.place.clone()),
            ));
            self.run.assets.push(column_asset);
        }
        self.run.assets.push(asset);
    }

    pub(super) fn grant(&mut self, grant: &grant::Grant, grants: &mut Grants) {
        match grant {
            grant::Grant::Principal { kind, name } => {
                let asset = self.principal(*kind, name);
                self.run.assets.push(asset);
            }
            grant::Grant::Membership { revoke, roles, members } => {
                for role in roles {
                    let role = self.principal(AssetKind::Role, role);
                    for (kind, member) in members {
                        let member = self.principal(*kind, member);
                        let link = Link::new(
                            RelationKind::MemberOf,
                            Ref::Id(member.id.clone()),
                            Ref::Id(role.id.clone()),
                            Some(self.place.clone()),
                        );
                        if *revoke {
                            grants.links.retain(|held| {
                                !(held.kind == link.kind && held.from == link.from && held.to == link.to)
                            });
                        } else {
                            self.run.assets.push(member);
                            grants.links.push(link);
                        }
                    }
                    self.run.assets.push(role);
                }
            }
            grant::Grant::Privileges { revoke, access, objects, grantees, option, columns } => {
                for (object_kind, object) in objects {
                    let object = match object_kind {
                        AssetKind::Table => Ref::named(AssetKind::Table, self.schemas.canonical(object)),
                        kind => Ref::named(*kind, object.clone()),
                    };
                    for (kind, name) in grantees {
                        let principal = self.principal(*kind, name);
                        let from = Ref::Id(principal.id.clone());
                        if *revoke {
                            // A privilege on columns that is taken away leaves the one on the whole table.
                            if columns.is_none() {
                                revoke_from(&mut grants.links, &from, &object, access);
                            }
                            continue;
                        }
                        if access.is_empty() {
                            continue;
                        }
                        self.run.assets.push(principal);
                        let mut link = Link::new(RelationKind::Grants, from, object.clone(), Some(self.place.clone()));
                        link.access.clone_from(access);
                        link.flow = columns.as_ref().map(|columns| {
                            let named = columns.iter().map(|name| (name.clone(), Protection::None));
                            Flow::new(Columns::Named(named.collect()))
                        });
                        if *option {
                            link.access.insert(Access::Share);
                            link.attributes.insert(
                                "grantOption".to_owned(),
                                Attribute { value: Value::Bool(true), place: Some(self.place.clone()) },
                            );
                        }
                        grants.links.push(link);
                    }
                }
            }
        }
    }

    fn principal(&self, kind: AssetKind, name: &str) -> Asset {
        let mut asset = Asset::new(AssetId::new(kind, "", name), kind, name, name);
        asset.type_name = "sql".to_owned();
        asset.names.insert(name.to_owned());
        if kind != AssetKind::AnyOne {
            asset.place = Some(self.place.clone());
        }
        asset
    }
}

/// The classes that a tag of a catalog declares: by its value, or by its name where the value says nothing.
fn declared(key: &str, value: &str) -> Vec<Tag> {
    let name = key.rsplit('.').next().unwrap_or(key);
    let denied = matches!(value.to_lowercase().as_str(), "false" | "no" | "none" | "0" | "public");
    let class = class_of_word(value).or_else(|| class_of_word(name).filter(|_| !denied));
    let tag = class.map(|class| {
        let mut tag = Tag::new(Class::new(&class), Basis::Declared, Confidence::CERTAIN);
        tag.reasons.push(format!("declared by the catalog's tag `{key}`"));
        tag
    });
    tag.into_iter().collect()
}

fn revoke_from(links: &mut Vec<Link>, from: &Ref, object: &Ref, access: &BTreeSet<Access>) {
    for link in
        links.iter_mut().filter(|link| link.kind == RelationKind::Grants && link.from == *from && link.to == *object)
    {
        link.access.retain(|held| !access.contains(held));
        if link.access.iter().all(|held| *held == Access::Share) {
            link.access.clear();
        }
    }
    links.retain(|link| link.kind != RelationKind::Grants || !link.access.is_empty());
}
