//! Grants, memberships and masks of a script as facts.

use std::collections::BTreeSet;

use aedile_model::{
    Access, Asset, AssetId, AssetKind, Attribute, Columns, Flow, Label, Protection, RelationKind, Value,
};

use super::mask::What;
use super::run::Step;
use super::written::table_asset;
use super::{grant, mask};
use crate::{Link, Ref};

/// The book of labels that a warehouse keeps.
pub(super) const CATALOG: &str = "catalog tag";

/// Grants that stand at the end of a script.
#[derive(Default)]
pub(super) struct Grants {
    pub(super) links: Vec<Link>,
}

impl Step<'_> {
    pub(super) fn mask(&mut self, mask: &mask::Mask) {
        let name = self.schemas.canonical(&mask.table);
        let mut table = table_asset(&name, "table");
        let of = table.id.clone();
        let mut asset = match &mask.column {
            None => table,
            Some(column) => {
                if mask.what == What::Set {
                    table.set("masked", true, Some(self.place.clone()));
                }
                let id = AssetId::column(&of, column);
                let link = Link::new(RelationKind::PartOf, Ref::Id(id.clone()), Ref::Id(of), Some(self.place.clone()));
                self.run.links.push(link);
                self.run.assets.push(table);
                Asset::new(id, AssetKind::Column, format!("{name}.{column}"), column.as_str())
            }
        };
        match &mask.what {
            What::Set => asset.set("masked", true, Some(self.place.clone())),
            What::Unset => asset.set("masked", false, Some(self.place.clone())),
            What::Tags(tags) => {
                let label = |(key, value): &(String, String)| Label::new(CATALOG, key, value, Some(self.place.clone()));
                asset.labels.extend(tags.iter().map(label));
            }
            // The last word on a tag counts.
            What::Untag(names) => {
                for held in self.run.assets.iter_mut().filter(|held| held.id == asset.id) {
                    held.labels.retain(|label| !names.contains(&label.key));
                }
            }
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
