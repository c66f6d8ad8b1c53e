//! Who waits for whom: what the other tool could wait for and gaia cannot is told, not written.

use std::{collections::BTreeMap, ops::Range};

use super::{
    draft::{DraftAfter, DraftService},
    sheet::Sheet,
};
use crate::service::model::{Condition, Policy, PortWish};

/// One thing that must hold before a service starts, as it was asked for.
pub(super) struct Edge {
    /// Where it stands.
    pub(super) at: Range<usize>,
    /// Who waits, by the name gaia gives it.
    pub(super) from: String,
    /// For whom.
    pub(super) to: String,
    /// For what.
    pub(super) condition: Condition,
    pub(super) optional: bool,
    /// Whether one of the two stands for several: a circle is nobody's mistake then.
    pub(super) merged: bool,
}

/// Gives every service what it waits for.
pub(super) fn tie(sheet: &mut Sheet<'_>, services: &mut [DraftService], edges: Vec<Edge>) {
    for edge in edges {
        let Some(other) = services.iter().find(|service| service.name == edge.to) else { continue };
        let condition = possible(sheet, &edge, other);
        let Some(service) = services.iter_mut().find(|service| service.name == edge.from) else {
            continue;
        };
        // One of many replicas is all of them here: the same edge may come twice.
        service.after.retain(|other| other.service != edge.to);
        service.after.push(DraftAfter {
            service: edge.to.clone(),
            condition,
            optional: edge.optional,
        });
        if let Some(circle) = circle(services, &edge.from) {
            untie(sheet, services, &edge, &circle.join(" → "));
        }
    }
}

/// Takes the last edge of a circle out again.
fn untie(sheet: &mut Sheet<'_>, services: &mut [DraftService], edge: &Edge, circle: &str) {
    if edge.merged {
        sheet.note(&edge.from, &format!("it does not wait for `{}`: {circle}", edge.to));
    } else {
        let what = format!("these wait for each other: {circle}");
        sheet.wrong(&edge.at, what, "take one of them out of the circle");
    }
    if let Some(service) = services.iter_mut().find(|service| service.name == edge.from) {
        service.after.pop();
    }
}

/// The condition, or `started` where it could never be met.
fn possible(sheet: &mut Sheet<'_>, edge: &Edge, other: &DraftService) -> Condition {
    let gated = other.ready.is_some()
        || other.uses.is_some()
        || (!other.oneshot && other.ports.iter().any(|(name, _)| name == "port"));
    let forever =
        !other.oneshot && matches!(other.restart, Some(Policy::Always | Policy::UnlessStopped));
    let to = &edge.to;
    let why = match &edge.condition {
        Condition::Ready if !gated => {
            format!("it waits only for the start of `{to}`: nothing there tells when it is ready")
        }
        Condition::Completed | Condition::CompletedOk if forever => {
            format!(
                "it waits only for the start of `{to}`, which is always started again and never ends"
            )
        }
        other => return other.clone(),
    };
    sheet.note(&edge.from, &why);
    Condition::Started
}

/// The way from a service back to itself, if there is one.
fn circle(services: &[DraftService], from: &str) -> Option<Vec<String>> {
    let mut ways = vec![vec![from.to_owned()]];
    let mut seen: Vec<String> = Vec::new();
    while let Some(way) = ways.pop() {
        let last = way.last().cloned().unwrap_or_default();
        let Some(service) = services.iter().find(|service| service.name == last) else { continue };
        for edge in &service.after {
            let longer = [way.clone(), vec![edge.service.clone()]].concat();
            if edge.service == from {
                return Some(longer);
            }
            if !seen.contains(&edge.service) {
                seen.push(edge.service.clone());
                ways.push(longer);
            }
        }
    }
    None
}

/// A port is one service's only; replicas have those that follow.
pub(super) fn part_ports(sheet: &mut Sheet<'_>, services: &mut [DraftService]) {
    let mut taken: BTreeMap<u16, String> = BTreeMap::new();
    for service in services {
        let replicas = service.replicas.max(1);
        for (_, wish) in &mut service.ports {
            let PortWish::Fixed(first) = *wish else { continue };
            let all = (0..replicas).map(|number| first.saturating_add(number));
            if let Some(other) = all.clone().find_map(|number| taken.get(&number)) {
                let why = format!("{first} is taken by `{other}`; gaia finds a free one");
                sheet.leave(&service.name, "port", &why);
                *wish = PortWish::Auto;
            } else if first.checked_add(replicas - 1).is_none() {
                sheet.leave(
                    &service.name,
                    "port",
                    "there are not so many ports above it; gaia finds free ones",
                );
                *wish = PortWish::Auto;
            } else {
                taken.extend(all.map(|number| (number, service.name.clone())));
            }
        }
    }
}
