//! Functions of IP networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Arguments, Outcome, list};
use crate::iac::datum::{Datum, Kind};

/// Functions of arguments that are all known.
pub(super) fn call(name: &str, arguments: Arguments<'_>) -> Option<Outcome> {
    Some(match name {
        "cidrhost" => host(arguments),
        "cidrnetmask" => arguments.text(0).and_then(|text| {
            let network = Network::read(&text)?;
            if network.width != 32 {
                return Err("a mask in this form is for IPv4 only".to_owned());
            }
            Ok(Datum::from_text(network.address(network.mask())))
        }),
        "cidrsubnet" => subnet(arguments),
        "cidrsubnets" => subnets(arguments),
        "cidrcontains" => contains(arguments),
        _ => return None,
    })
}

/// A network; its address without the bits of hosts.
#[derive(Debug, Clone, Copy)]
struct Network {
    bits: u128,
    /// Bits of the prefix.
    prefix: u32,
    /// Bits of an address: 32 or 128.
    width: u32,
}

impl Network {
    fn read(text: &str) -> Result<Network, String> {
        let (address, prefix) = text.split_once('/').ok_or("it is no network")?;
        let (bits, width) = number(address)?;
        let prefix = prefix.parse().ok().filter(|prefix| *prefix <= width).ok_or("the prefix does not fit")?;
        let network = Network { bits, prefix, width };
        Ok(Network { bits: bits & network.mask(), ..network })
    }

    /// As many addresses as can be told, as a shift that may be all of a number.
    fn mask(self) -> u128 {
        let hosts = self.width - self.prefix;
        let all = u128::MAX >> (128 - self.width);
        all & !low(hosts)
    }

    fn address(self, bits: u128) -> String {
        match u32::try_from(bits) {
            Ok(bits) if self.width == 32 => Ipv4Addr::from(bits).to_string(),
            _ => Ipv6Addr::from(bits).to_string(),
        }
    }

    fn text(self) -> String {
        format!("{}/{}", self.address(self.bits), self.prefix)
    }
}

/// The lowest `count` bits.
fn low(count: u32) -> u128 {
    u128::MAX.checked_shr(128 - count).unwrap_or(0)
}

fn number(address: &str) -> Result<(u128, u32), String> {
    match address.parse() {
        Ok(IpAddr::V4(address)) => Ok((u128::from(u32::from(address)), 32)),
        Ok(IpAddr::V6(address)) => Ok((u128::from(address), 128)),
        Err(_) => Err("it is no address".to_owned()),
    }
}

fn host(arguments: Arguments<'_>) -> Outcome {
    let network = Network::read(&arguments.text(0)?)?;
    let wanted = arguments.number(1)?;
    let hosts = low(network.width - network.prefix);
    let distance = u128::from(wanted.unsigned_abs());
    // Negative numbers count from the end.
    let number = if wanted < 0 { hosts.checked_sub(distance - 1) } else { Some(distance) };
    let number = number.filter(|number| *number <= hosts).ok_or("the network has no such host")?;
    Ok(Datum::from_text(network.address(network.bits | number)))
}

fn divided(network: Network, more: i64) -> Result<Network, String> {
    let prefix = u32::try_from(more).ok().and_then(|more| network.prefix.checked_add(more));
    let prefix = prefix.filter(|prefix| *prefix <= network.width).ok_or("the prefix grows beyond an address")?;
    Ok(Network { prefix, ..network })
}

fn subnet(arguments: Arguments<'_>) -> Outcome {
    let network = Network::read(&arguments.text(0)?)?;
    let part = divided(network, arguments.number(1)?)?;
    let wanted = u128::try_from(arguments.number(2)?).map_err(|_| "the number is negative")?;
    if wanted > low(part.prefix - network.prefix) {
        return Err("there is no such part of the network".to_owned());
    }
    let bits = wanted.checked_shl(part.width - part.prefix).unwrap_or(0);
    Ok(Datum::from_text(Network { bits: network.bits | bits, ..part }.text()))
}

fn subnets(arguments: Arguments<'_>) -> Outcome {
    let network = Network::read(&arguments.text(0)?)?;
    let end = network.bits | low(network.width - network.prefix);
    let mut next = Some(network.bits);
    let mut parts = Vec::new();
    for at in 1..arguments.0.len() {
        let part = divided(network, arguments.number(at)?)?;
        let hosts = low(part.width - part.prefix);
        // Each begins where its own size allows.
        let from = next.and_then(|next| next.checked_add(hosts)).map(|bits| bits & !hosts);
        let from = from.filter(|from| (from | hosts) <= end).ok_or("the network is too small")?;
        parts.push(Datum::from_text(Network { bits: from, ..part }.text()));
        next = (from | hosts).checked_add(1);
    }
    Ok(list(parts))
}

/// OpenTofu: whether an address or network lies in a network.
fn contains(arguments: Arguments<'_>) -> Outcome {
    let network = Network::read(&arguments.text(0)?)?;
    let inner = arguments.text(1)?;
    let (bits, prefix, width) = match Network::read(&inner) {
        Ok(inner) => (inner.bits, inner.prefix, inner.width),
        Err(_) => number(&inner).map(|(bits, width)| (bits, width, width))?,
    };
    if width != network.width {
        return Err("one is IPv4, the other IPv6".to_owned());
    }
    Ok(Kind::Bool(prefix >= network.prefix && bits & network.mask() == network.bits).into())
}
