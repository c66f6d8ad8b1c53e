//! The keys that a service of a compose file may have.

use crate::define::yaml::{Key, Node};
use crate::service::import::sheet::Sheet;

/// All of the specification. Also docker compose refuses others.
const KEYS: &[&str] = &[
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "driver_opts",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "provider",
    "pull_policy",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
];

/// Tells every key that is none.
pub(super) fn check(sheet: &mut Sheet<'_>, key: &Key, node: &Node) {
    let name = key.text.as_str();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !name.chars().all(fits) || name.starts_with('-') {
        // It becomes an argument of docker compose, which refuses it as well.
        let help = "use A-Z, a-z, 0-9, ., _ and -, not starting with -";
        sheet.wrong(&key.at, format!("`{name}` is no name of a service"), help);
    }
    let mut fields = sheet.fields(node, name, "service");
    for key in KEYS {
        fields.take(key);
    }
    fields.done(
        sheet,
        &[
            ("env", "write environment:"),
            ("cwd", "write working_dir:"),
            ("readiness_probe", "write healthcheck:"),
        ],
    );
}

/// Whether it has none but these.
pub(super) fn are_known(node: &Node) -> bool {
    let known = |word: &str| word.starts_with("x-") || KEYS.contains(&word);
    node.entries().iter().all(|(key, _)| known(&key.text))
}

/// What of these a service has that gaia has no word for.
pub(super) fn leave_rest(sheet: &mut Sheet<'_>, name: &str, node: &Node, read: &[&str]) {
    for (key, _) in node.entries() {
        let word = key.text.as_str();
        if KEYS.contains(&word) && !read.contains(&word) {
            sheet.leave(name, word, reason(word));
        }
    }
}

fn reason(key: &str) -> &'static str {
    match key {
        "volumes" | "volumes_from" | "tmpfs" | "configs" | "read_only" => {
            "nothing is mounted: it sees the files of this machine as they are"
        }
        "secrets" => "write secrets = { NAME = { file = \"…\" } }, which sets a variable",
        "networks" | "network_mode" | "links" | "external_links" | "hostname" | "domainname"
        | "dns" | "dns_opt" | "dns_search" | "extra_hosts" | "expose" => {
            "it is on the network of this machine; others are at 127.0.0.1"
        }
        "deploy" | "cpus" | "mem_limit" | "mem_reservation" | "pids_limit" | "cpu_shares" => {
            "of these gaia has `limits` and `max_memory`"
        }
        "develop" => "gaia has `watch`, which restarts it",
        "post_start" | "pre_stop" => "gaia has hooks of the same name; write their commands there",
        "logging" => "gaia keeps all output itself and turns its logs over",
        // These are left behind only where the catalog runs it.
        "command" | "entrypoint" | "healthcheck" | "user" | "working_dir" => {
            "the entry of the catalog has its own"
        }
        "tty" | "stdin_open" => "every service of gaia has a terminal of its own",
        _ => "it means something in a container only",
    }
}
