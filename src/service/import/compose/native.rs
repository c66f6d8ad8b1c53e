//! Services that the catalog has as well.

use super::{keys, shared};
use crate::define::yaml::{Node, Value};
use crate::service::{
    import::{Beside, draft::DraftService, pass, sheet::Sheet},
    model::PortWish,
};

/// Images, and the entries of the catalog that run the same without a container.
const ENTRIES: &[(&str, &str)] = &[
    ("caddy", "caddy"),
    ("eclipse-mosquitto", "mosquitto"),
    ("mariadb", "mariadb"),
    ("memcached", "memcached"),
    ("mysql", "mariadb"),
    ("nginx", "nginx"),
    ("postgres", "postgres"),
    ("redis", "redis"),
];

const READ: &[&str] = &[
    "image",
    "environment",
    "env_file",
    "ports",
    "restart",
    "profiles",
    "depends_on",
    "stop_signal",
    "stop_grace_period",
    "container_name",
    "networks",
    "expose",
    "links",
];

/// The catalog entry of an image: an official one, whatever its tag.
pub(super) fn entry(image: &Node) -> Option<&'static str> {
    let Value::Text(image) = &image.value else { return None };
    let plain = image.split('@').next().unwrap_or(image);
    let plain = plain.strip_prefix("docker.io/").unwrap_or(plain);
    let plain = plain.strip_prefix("library/").unwrap_or(plain);
    let name = plain.split(':').next().unwrap_or(plain);
    ENTRIES.iter().find(|(known, _)| *known == name).map(|(_, entry)| *entry)
}

pub(super) fn read(
    sheet: &mut Sheet<'_>,
    name: &str,
    (entry, node): (&str, &Node),
    beside: Beside<'_>,
) -> DraftService {
    let uses = Some(entry.to_owned());
    let mut service = DraftService { name: name.to_owned(), uses, ..DraftService::default() };
    let image = node.get("image").and_then(|node| sheet.text(node, "image")).unwrap_or_default();
    sheet.leave(name, "image", &format!("the `{entry}` of this machine stands in for `{image}`"));
    let values = shared::environment(sheet, &mut service, (node, beside));
    shared::life(sheet, &mut service, node);
    let mut published =
        shared::ports(sheet, name, node).into_iter().filter_map(|one| one.published);
    service
        .ports
        .extend(published.next().map(|number| ("port".to_owned(), PortWish::Fixed(number))));
    if published.next().is_some() {
        sheet.leave(name, "ports", "only the first one is carried over");
    }
    keys::leave_rest(sheet, name, node, READ);
    pass(sheet, &mut service, &[], &values);
    service
}
