//! What a service is started with, and which are started.

use crate::house::{House, number, seen};

fn phase(house: &House, name: &str) -> String {
    house.service(name)["phase"].as_str().unwrap().to_owned()
}

const PROFILES: &str = r#"
    [services.db]
    run = "exec sleep 1000"
    [services.api]
    run = "exec sleep 1000"
    after = ["db"]
    [services.debug]
    run = "exec sleep 1000"
    profiles = ["dev"]
    after = ["tool"]
    [services.tool]
    run = "exec sleep 1000"
    profiles = ["tools"]
    [services.manual]
    run = "exec sleep 1000"
    autostart = false
"#;

#[test]
fn profiles_and_names_choose_what_starts() {
    let house = House::serving(PROFILES);
    let all = ["db", "api", "debug", "tool", "manual"];
    let phases = |house: &House| all.map(|name| phase(house, name));
    assert_eq!(phases(&house), ["running", "running", "down", "down", "down"]);
    // What a profile needs comes along, whatever its own profile.
    house.ok(&["up", "--profile", "dev", "--wait"]);
    assert_eq!(phases(&house), ["running", "running", "running", "running", "down"]);
    let list = house.json(&["service", "list", "--profile", "dev"]);
    assert_eq!(list.as_array().unwrap().len(), 1);

    house.ok(&["service", "stop", "--all", "--wait"]);
    assert_eq!(phases(&house), ["down"; 5]);
    house.ok(&["up", "a*", "--wait"]);
    assert_eq!(phases(&house), ["running", "running", "down", "down", "down"]);
    house.ok(&["service", "start", "manual", "--once", "--wait"]);
    crate::house::kill(number(&house.service("manual")["pid"]), "KILL");
    house.until_phase("manual", "failed");
    let wrong = house.gaia(&["up", "dbb"]);
    assert_eq!(wrong.status.code(), Some(4));
    assert!(seen(&wrong).contains("did you mean `db`?"), "{}", seen(&wrong));
}

#[test]
fn a_start_of_one_in_a_workspace_that_is_not_up_brings_what_it_needs() {
    let house = House::declaring(PROFILES);
    house.ok(&["service", "start", "api", "--wait"]);
    assert_eq!((phase(&house, "api"), phase(&house, "db")), ("running".into(), "running".into()));
    assert_eq!(phase(&house, "manual"), "down");
    house.ok(&["down"]);
    house.nothing_left("api");
}

#[test]
fn its_environment_comes_from_files_the_caller_and_the_definition() {
    let house = House::with(
        r#"
        name = "s"
        env.SHARED = "of all"
        env_files = ["all.env"]
        [services.a]
        command = ["sh", "-c", "env; echo end; exec sleep 1000"]
        env_files = ["own.env"]
        pass_env = ["PASSED"]
        env = { OWN = "${FROM_FILE}-${PASSED}-${NONE:-default}", SHARED = "of a", PAGE = "{{ workspace }} {{ name }}" }
        port = 45678
        ports.admin = "auto"
        probe.ready.log = "^end"
        limits = { nofile = 77, core = 0 }
        "#,
    );
    house.write("all.env", "ALL=1\nFROM_FILE=all\n");
    house.write("own.env", "# a comment\nexport FROM_FILE=\"own\"\n");
    let mut up = house.command(&["up", "--wait"]);
    let up = up.env("PASSED", "p").env("KEPT_BACK", "k").output().unwrap();
    assert!(up.status.success(), "{}", seen(&up));
    let service = house.service("a");
    let log = house.written("a");
    let env: Vec<&str> = log.lines().collect();
    let dir = house.workspace().canonicalize().unwrap();
    for wanted in [
        "ALL=1".to_owned(),
        "OWN=own-p-default".to_owned(),
        "SHARED=of a".to_owned(),
        format!("PAGE={} a", dir.display()),
        "PORT=45678".to_owned(),
        format!("PORT_ADMIN={}", service["ports"]["admin"]),
        "GAIA_SERVICE=a".to_owned(),
        "GAIA_SERVICE_ID=a@s".to_owned(),
        "GAIA_SESSION=s".to_owned(),
        format!("PWD={}", dir.display()),
    ] {
        assert!(env.contains(&wanted.as_str()), "no {wanted} in\n{log}");
    }
    assert!(!log.contains("KEPT_BACK"));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", service["pid"])).unwrap();
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[26..].split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!((limit("Max open files"), limit("Max core file size")), ("77".into(), "0".into()));
}

#[test]
fn it_runs_as_the_user_that_is_declared() {
    if !nix_is_root() {
        return; // Only root can run a program as another user.
    }
    let house = House::declaring(
        r#"
        [services.a]
        run = "id; echo x > /dev/tty && echo has its terminal; exec sleep 1000"
        user = "nobody"
        pre_start = "id -un"
        probe.ready = { exec = "test $(id -un) = nobody" }
        [services.b]
        run = "id; exec sleep 1000"
        user_if_root = "nobody"
        group = "daemon"
        probe.ready.log = "uid"
        [services.c]
        run = "exec sleep 1000"
        "#,
    );
    house.up();
    let ids = |name: &str| {
        let status = format!("/proc/{}/status", house.service(name)["pid"]);
        let status = std::fs::read_to_string(status).unwrap();
        let line = |key: &str| status.lines().find(|l| l.starts_with(key)).unwrap().to_owned();
        (line("Uid:"), line("Gid:"))
    };
    assert_eq!(ids("a").0, "Uid:\t65534\t65534\t65534\t65534");
    assert_eq!(ids("b").0, "Uid:\t65534\t65534\t65534\t65534");
    assert_eq!(ids("b").1, "Gid:\t1\t1\t1\t1");
    assert_eq!(ids("c").0, "Uid:\t0\t0\t0\t0");
    house.until("it has its terminal", || house.written("a").contains("has its terminal"));
    assert!(house.written("a").starts_with("nobody"), "{}", house.written("a"));
    // It dies like any other, by whoever kills its shim too.
    house.ok(&["down"]);
    assert!(["a", "b", "c"].iter().all(|name| house.processes_of(name).is_empty()));

    house.declare("[services.a]\nrun = \"id\"\nuser = \"no-such-user\"\n");
    let up = house.gaia(&["up"]);
    assert_eq!(up.status.code(), Some(2), "{}", seen(&up));
    assert!(seen(&up).contains("there is no user `no-such-user`"), "{}", seen(&up));
}

fn nix_is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn a_catalog_entry_of_the_workspace_is_built_on() {
    let house = House::declaring(
        "[services.a]\nuse = \"sleeper\"\nenv.WORD = \"mine\"\n[services.b]\nuse = \"sleeper\"\n",
    );
    std::fs::create_dir_all(house.path(".gaia/services")).unwrap();
    house.write(
        ".gaia/services/sleeper.toml",
        "description = \"Sleeps\"\nrun = \"echo $WORD in {{ data }}; ls -d $GAIA_DATA; exec sleep 1000\"\nenv.WORD = \"its own\"\nprobe.ready.log = \"data\"\n",
    );
    house.up();
    let data = house.workspace().canonicalize().unwrap().join(".gaia/data/a");
    let (a, b) = (house.written("a"), house.written("b"));
    assert!(a.contains(&format!("mine in {}\r\n", data.display())), "{a}");
    assert!(b.contains("its own in ") && data.is_dir(), "{b}");
}
