//! Looks at all services of a workspace together.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use super::fill::references;
use crate::{
    base::nearest,
    define::{Command, Faults, Page},
    service::{
        graph,
        machine::backoff_ms,
        model::{Condition, Kind, Policy, PortWish, Secret, Service},
        probe::{Check, Probe},
    },
};

/// Adds every fault that one service alone does not show.
pub(super) fn check(
    page: &Page<'_>,
    faults: &mut Faults,
    (services, names): (&[(Range<usize>, Service)], &[String]),
    resolves: &dyn Fn(&str) -> bool,
) {
    let by_name: BTreeMap<&str, &Service> =
        services.iter().map(|(_, s)| (s.name.as_str(), s)).collect();
    let mut ports = BTreeMap::new();
    for (at, service) in services {
        let mut told = told_once(page, faults, at);
        edges(&mut told, service, (&by_name, names));
        limits(&mut told, service);
        probes(&mut told, service, resolves);
        texts(&mut told, service, &by_name);
        own_port(&mut told, service, &mut ports);
    }
    windows(page, faults, services);
    let plain: Vec<&Service> = services.iter().map(|(_, service)| service).collect();
    for circle in graph::circles(&plain) {
        let first = circle.first().cloned().unwrap_or_default();
        let at = services.iter().find(|(_, s)| s.name.as_str() == first).map(|(at, _)| at.clone());
        let what = format!("these services wait for each other: {}", circle.join(" → "));
        let help = "take one `after` out of the circle";
        faults.push(page.fault(at.unwrap_or(0..0), what).help(help));
    }
}

/// Adds a fault at the name of the service.
type Tell<'a> = dyn FnMut(String, String) + 'a;

fn told_once<'a>(
    page: &'a Page<'_>,
    faults: &'a mut Faults,
    at: &'a Range<usize>,
) -> impl FnMut(String, String) + 'a {
    move |what, help| faults.push(page.fault(at.clone(), what).help(help))
}

fn edges(
    tell: &mut Tell<'_>,
    service: &Service,
    (all, names): (&BTreeMap<&str, &Service>, &[String]),
) {
    for edge in &service.after {
        let (name, wanted) = (&service.name, edge.service.as_str());
        let Some(other) = all.get(wanted) else {
            // It is there, and wrong in itself: that is told at its own place.
            if names.iter().any(|name| name == wanted) {
                continue;
            }
            let help = match nearest(wanted, all.keys().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is: {}", all.keys().copied().collect::<Vec<_>>().join(", ")),
            };
            tell(format!("`{name}` waits for `{wanted}`, and there is no such service"), help);
            continue;
        };
        let ends = other.kind == Kind::Oneshot
            || !matches!(other.restart.policy, Policy::Always | Policy::UnlessStopped);
        match &edge.condition {
            Condition::Ready if !other.has_gate() => tell(
                format!("`{name}` waits for `{wanted}` to be ready, and nothing tells when it is"),
                format!("give `{wanted}` a probe.ready, or wait for `started`"),
            ),
            Condition::Completed | Condition::CompletedOk if !ends => tell(
                format!("`{name}` waits for `{wanted}` to end, and it is always started again"),
                format!("make `{wanted}` type = \"oneshot\""),
            ),
            Condition::Started
            | Condition::Ready
            | Condition::Completed
            | Condition::CompletedOk
            | Condition::Log(_)
            | Condition::HealthyFor(_) => (),
        }
    }
}

/// A limit that the pauses make unreachable would never give up, without saying so.
fn limits(tell: &mut Tell<'_>, service: &Service) {
    let rule = &service.restart;
    if rule.policy == Policy::No || rule.limit == 0 {
        return;
    }
    let mut fastest = 0;
    for attempt in 0..rule.limit {
        fastest += backoff_ms(rule, attempt, 0);
        // A limit of millions needs no counting to its end, nor does a pause of 0.
        if fastest > rule.window_ms || attempt > 100_000 {
            break;
        }
    }
    if fastest > rule.window_ms {
        tell(
            format!(
                "`{}` can never reach its limit: the pauses before {} restarts are longer than the window of {} s",
                service.name,
                rule.limit,
                rule.window_ms / 1000
            ),
            "lower max_restarts or backoff_cap, or make restart_window longer".to_owned(),
        );
    }
}

fn all_probes(service: &Service) -> impl Iterator<Item = &Probe> {
    let probes = &service.probes;
    probes.startup.iter().chain(&probes.ready).chain(&probes.alive)
}

fn probes(tell: &mut Tell<'_>, service: &Service, resolves: &dyn Fn(&str) -> bool) {
    let name = &service.name;
    if service.user.is_some() && all_probes(service).any(|probe| probe.check == Check::Notify) {
        tell(
            format!("`{name}` runs as another user, who cannot reach the socket of `notify`"),
            "use another kind of probe, or leave `user` out".to_owned(),
        );
    }
    let mut hosts = BTreeSet::new();
    for probe in all_probes(service) {
        match &probe.check {
            Check::Http(http) if http.url.starts_with('/') => {
                if !service.ports.contains_key("port") {
                    tell(
                        format!("`{name}` has no port to ask for {}", http.url),
                        "give it port = \"auto\", or write http://127.0.0.1:PORT/PATH".to_owned(),
                    );
                }
            }
            Check::Http(http) => drop(hosts.insert(host_of(&http.url["http://".len()..]))),
            Check::Tcp(address) => drop(hosts.insert(host_of(address))),
            Check::Port(word) if word.parse::<u16>().is_err() && !word.contains("{{") => {
                if !service.ports.contains_key(word) {
                    let help = "write its number, or give the service that port".to_owned();
                    tell(format!("`{name}` has no port called `{word}` to listen on"), help);
                }
            }
            Check::Exec(_)
            | Check::Log(_)
            | Check::File(_)
            | Check::Port(_)
            | Check::Pane(_)
            | Check::Notify => (),
        }
    }
    for host in hosts.iter().filter(|host| !host.contains("{{") && !resolves(host)) {
        let help = "write 127.0.0.1 or a name that this machine knows".to_owned();
        tell(format!("`{name}` asks the host `{host}`, which has no address"), help);
    }
}

fn host_of(rest: &str) -> String {
    let authority = rest.split('/').next().unwrap_or("");
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    host.trim_matches(['[', ']']).to_owned()
}

/// Every `{{ … }}` must be something that can be filled in.
fn texts(tell: &mut Tell<'_>, service: &Service, all: &BTreeMap<&str, &Service>) {
    for text in all_texts(service) {
        let keys = match references(text) {
            Ok(keys) => keys,
            Err(what) => {
                tell(format!("`{}`: {what}", service.name), "close it with }}".to_owned());
                continue;
            }
        };
        for (_, key) in keys {
            if let Some(help) = unknown(&key, service, all) {
                tell(format!("`{}`: `{{{{ {key} }}}}` is not known", service.name), help);
            }
        }
    }
}

/// What to write instead of a key that cannot be filled in.
fn unknown(key: &str, service: &Service, all: &BTreeMap<&str, &Service>) -> Option<String> {
    let no_port = |of: &str, port: &str| {
        let at =
            if port == "port" { "port = \"auto\"".to_owned() } else { format!("ports.{port}") };
        Some(format!("give `{of}` {at}"))
    };
    match key.split('.').collect::<Vec<_>>()[..] {
        ["port"] if !service.ports.contains_key("port") => no_port(service.name.as_str(), "port"),
        ["ports", port] if !service.ports.contains_key(port) => {
            no_port(service.name.as_str(), port)
        }
        ["services", other, ref rest @ ..] => {
            let Some(found) = all.get(other) else {
                let near = nearest(other, all.keys().copied());
                return Some(near.map_or("there is no such service".to_owned(), |near| {
                    format!("did you mean services.{near}?")
                }));
            };
            match rest {
                ["port"] if !found.ports.contains_key("port") => no_port(other, "port"),
                ["ports", port] if !found.ports.contains_key(*port) => no_port(other, port),
                ["port" | "data" | "host"] | ["ports", _] => None,
                _ => Some(format!("services.{other} has port, ports.NAME, host and data")),
            }
        }
        ["port" | "data" | "dir" | "workspace" | "name" | "replica"] | ["ports", _] => None,
        _ => Some(
            "there is port, ports.NAME, data, dir, workspace, name, replica, services.NAME.port"
                .to_owned(),
        ),
    }
}

/// Every text of a service that is filled in.
fn all_texts(service: &Service) -> Vec<&str> {
    let mut texts: Vec<&str> = service.env.values().map(String::as_str).collect();
    let hooks = service.pre_start.iter().chain(&service.post_start).chain(&service.pre_stop);
    let mut commands: Vec<&Command> = hooks.chain([&service.command]).collect();
    commands.extend(&service.stop.command);
    for probe in all_probes(service) {
        match &probe.check {
            Check::Http(http) => texts.push(&http.url),
            Check::Tcp(text) | Check::File(text) | Check::Port(text) => texts.push(text),
            Check::Exec(command) => commands.push(command),
            Check::Log(_) | Check::Pane(_) | Check::Notify => (),
        }
    }
    if let Kind::Forking(file) = &service.kind {
        texts.push(file);
    }
    for command in commands {
        match command {
            Command::Line(line) => texts.push(line),
            Command::Argv(words) => texts.extend(words.iter().map(String::as_str)),
            Command::Shell | Command::Service(_) | Command::Task(_) => (),
        }
    }
    for secret in service.secrets.values() {
        if let Secret::Command(words) = secret {
            texts.extend(words.iter().map(String::as_str));
        }
    }
    texts
}

fn own_port(tell: &mut Tell<'_>, service: &Service, taken: &mut BTreeMap<u16, String>) {
    for (name, wish) in &service.ports {
        let PortWish::Fixed(first) = wish else { continue };
        for port in (0..service.replicas).map(|n| first.saturating_add(n)) {
            let who = format!("{}.{name}", service.name);
            match taken.get(&port) {
                Some(other) => {
                    let help = "give one of them another port, or \"auto\"".to_owned();
                    tell(format!("{other} and {who} want the same port {port}"), help);
                }
                None => drop(taken.insert(port, who)),
            }
        }
    }
}

/// `api#2` has the window `api-2`, which is no other service's.
fn windows(page: &Page<'_>, faults: &mut Faults, services: &[(Range<usize>, Service)]) {
    let mut taken = BTreeMap::new();
    let workspace = crate::base::Name::near("w", "w");
    for (at, service) in services {
        for id in service.ids(&workspace) {
            if let Some(other) = taken.insert(id.window(), id.short()) {
                let what = format!("{other} and {} would have the same window", id.short());
                faults.push(page.fault(at.clone(), what).help("give one of them another name"));
            }
        }
    }
}
