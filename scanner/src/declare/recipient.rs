//! The register of recipients, held against the sinks that data flows to.

use aedile_model::{Asset, AssetId, AssetKind, Inventory, Place, Value};
use globset::Glob;

use super::Named;
use crate::config::{Config, Processor};

/// Adds every declared recipient, and says of each sink of another organisation whether it is one of them.
pub(super) fn recipients(config: &Config, named: &Named, inventory: &mut Inventory) {
    let places: Vec<Place> =
        config.processors.iter().map(|processor| named.place("processors", &processor.name)).collect();
    for (processor, place) in config.processors.iter().zip(&places) {
        inventory.add(asset(processor, named, place));
    }
    for sink in inventory.assets.values_mut().filter(|asset| asset.kind == AssetKind::Sink) {
        let known = config.processors.iter().zip(&places).find(|(processor, _)| receives(processor, sink));
        match known {
            Some((processor, place)) => enter(processor, place, sink),
            None if sink.value("thirdParty") == Some(&Value::Bool(true)) => sink.set("registered", false, None),
            None => {}
        }
    }
}

fn asset(processor: &Processor, named: &Named, place: &Place) -> Asset {
    let id = AssetId::new(AssetKind::Processor, "", &processor.name);
    let mut asset = Asset::new(id, AssetKind::Processor, &*processor.name, &*processor.name);
    asset.place = Some(place.clone());
    let texts = [
        ("role", &processor.role),
        ("contract", &processor.contract),
        ("place", &processor.region),
        ("region", &processor.region),
        ("transferInstrument", &processor.transfer),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            asset.set(name, text.as_str(), Some(named.place("processors", text)));
        }
    }
    asset.set("businessAssociate", processor.business_associate, Some(place.clone()));
    asset
}

/// Whether data that goes to `sink` goes to `processor`: by the vendor's or host's name, or by a glob on its address.
fn receives(processor: &Processor, sink: &Asset) -> bool {
    let vendor = sink.value("vendor").and_then(Value::as_text).unwrap_or_default();
    let is = |name: &str| name.eq_ignore_ascii_case(&processor.name);
    let globbed = |glob: &String| {
        Glob::new(glob).is_ok_and(|glob| {
            let glob = glob.compile_matcher();
            glob.is_match(&sink.address) || glob.is_match(vendor)
        })
    };
    is(vendor) || is(&sink.name) || is(&sink.address) || processor.sinks.iter().any(globbed)
}

fn enter(processor: &Processor, place: &Place, sink: &mut Asset) {
    sink.set("registered", true, Some(place.clone()));
    sink.set("businessAssociate", processor.business_associate, Some(place.clone()));
    if let Some(role) = &processor.role {
        sink.set("recipientRole", role.as_str(), Some(place.clone()));
    }
    if let (Some(region), None) = (&processor.region, sink.value("region")) {
        sink.set("region", region.as_str(), Some(place.clone()));
    }
}
