//! Faults of the world: a full disk, a locked, newer or damaged store, a killed writer.

use std::{collections::BTreeSet, process::Command};

use crate::house::{House, number, seen};

/// A home on a disk of its own of so many kilobytes, if this machine lets us mount one.
struct SmallDisk {
    house: House,
    mounted: bool,
}

impl SmallDisk {
    fn new(kilobytes: u32) -> Self {
        let house = House::new();
        std::fs::create_dir(house.home()).unwrap();
        let size = format!("size={kilobytes}k");
        let mount = ["-t", "tmpfs", "-o", &size, "gaia-test"];
        let done = Command::new("mount").args(mount).arg(house.home()).output();
        let mounted = done.is_ok_and(|output| output.status.success());
        Self { house, mounted }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.house.gaia(&["session", "kill", "demo"]);
        let _ = self.house.gaia(&["daemon", "stop"]);
        self.house.tmux(&["kill-server"]);
        if self.mounted {
            let _ = Command::new("umount").arg("-l").arg(self.house.home()).output();
        }
    }
}

#[test]
fn a_full_disk_stops_neither_program_nor_daemon_and_loses_no_fact() {
    let disk = SmallDisk::new(24 << 10);
    if !disk.mounted {
        return; // Only root may mount; where it may not, there is no small disk to fill.
    }
    let house = &disk.house;
    house.ok(&["session", "new", "demo"]);
    let pid = number(&house.pane("shell")["pid"]);
    house.ok(&["session", "send", "demo", "echo before"]);
    house.until("it echoes", || house.ok(&["session", "logs", "demo"]).contains("\r\nbefore"));

    let filler = house.home().join("filler");
    let dd = ["if=/dev/zero", "bs=64k", &format!("of={}", filler.display())];
    let _ = Command::new("dd").args(dd).output();
    let refused = house.gaia(&["session", "new", "other"]);
    assert_eq!(refused.status.code(), Some(1), "{}", seen(&refused));
    assert!(seen(&refused).contains("free some space"), "{}", seen(&refused));
    house.gaia(&["session", "send", "demo", "echo meanwhile; seq 1 5000"]);
    house.until("the program goes on", || {
        let screen = house.gaia(&["session", "capture", "demo"]);
        String::from_utf8_lossy(&screen.stdout).contains("5000")
    });

    std::fs::remove_file(&filler).unwrap();
    house.ok(&["session", "send", "demo", "echo after"]);
    house.until("the log goes on", || house.ok(&["session", "logs", "demo"]).contains("\r\nafter"));
    let log = house.ok(&["session", "logs", "demo"]);
    assert!(log.contains("before") && log.contains("the disk was full"), "{log:.300}");
    assert_eq!(number(&house.pane("shell")["pid"]), pid);
    house.until("what was owed is stored", || {
        let sent = house.json(&["ledger", "show", "--kind", "pane.sent"]);
        sent.as_array().unwrap().len() >= 3
    });
    house.ok(&["ledger", "verify"]);
    house.ok(&["session", "new", "other"]);
    house.ok(&["session", "kill", "other"]);
}

#[test]
fn a_store_of_another_process_or_a_later_gaia_is_left_alone() {
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    house.ok(&["session", "kill", "demo"]);
    house.ok(&["daemon", "stop"]);
    let path = house.home().join("store");
    {
        let store = gaia::adapter::SledStore::open(&path).unwrap();
        let output = house.gaia(&["status"]);
        assert_eq!(output.status.code(), Some(1), "{}", seen(&output));
        assert!(seen(&output).contains("is in use by another process"), "{}", seen(&output));
        use gaia::port::{Op, Store};
        store.apply(vec![Op::Put(b"meta/format".to_vec(), b"99".to_vec())]).unwrap();
        store.flush().unwrap();
    }
    let output = house.gaia(&["status"]);
    assert_eq!(output.status.code(), Some(1), "{}", seen(&output));
    assert!(seen(&output).contains("was written by a later gaia"), "{}", seen(&output));
}

#[test]
fn one_changed_entry_in_the_store_is_named() {
    use gaia::port::{Op, Store};
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    house.ok(&["session", "kill", "demo"]);
    house.ok(&["daemon", "stop"]);
    {
        let store = gaia::adapter::SledStore::open(&house.home().join("store")).unwrap();
        let key = [&b"e/"[..], &3_u64.to_be_bytes()].concat();
        let text = String::from_utf8(store.get(&key).unwrap().unwrap()).unwrap();
        let changed = text.replacen("demo", "dema", 1);
        assert_ne!(text, changed);
        store.apply(vec![Op::Put(key, changed.into_bytes())]).unwrap();
        store.flush().unwrap();
    }
    let output = house.gaia(&["ledger", "verify"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(seen(&output).contains("entry 3: changed"), "{}", seen(&output));
}

/// A flipped bit is noticed, or it hit nothing that matters: never is something else read.
#[test]
fn flipped_bits_never_change_what_is_read() {
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    house.ok(&["session", "kill", "demo"]);
    let before = house.json(&["ledger", "show"]);
    house.ok(&["daemon", "stop"]);
    let store = house.home().join("store");
    let files = |folder: &std::path::Path| -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        all.filter(|path| path.is_file()).map(|p| (p.clone(), std::fs::read(&p).unwrap())).collect()
    };
    let good = files(&store);
    for (path, bytes) in &good {
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
        for step in 0..4 {
            let mut bad = bytes.clone();
            let Some(byte) = bad.get_mut(used * (2 * step + 1) / 8) else { continue };
            *byte ^= 1 << step;
            std::fs::write(path, &bad).unwrap();
            let verify = house.gaia(&["ledger", "verify"]);
            let shown = house.gaia(&["ledger", "show", "--json"]);
            let what = format!("{} at {step}/4:\n{}", path.display(), seen(&verify));
            assert!(!seen(&verify).contains("panicked"), "{what}");
            if verify.status.success() {
                let after: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
                assert!(
                    after.as_array().unwrap().starts_with(before.as_array().unwrap()),
                    "{what}"
                );
            }
            let _ = house.gaia(&["daemon", "stop"]);
            for (path, _) in files(&store) {
                let _ = std::fs::remove_file(path);
            }
            for (path, bytes) in &good {
                std::fs::write(path, bytes).unwrap();
            }
        }
    }
    assert_eq!(house.json(&["ledger", "show"]), before);
}

/// A daemon killed in the middle of its writing: whatever was acknowledged is there afterwards.
#[test]
fn what_a_killed_daemon_acknowledged_is_there() {
    let house = House::new();
    house.ok(&["session", "new", "demo"]);
    let mut acknowledged = 0;
    for round in 0..12 {
        let senders: Vec<_> = (0..3)
            .map(|_| {
                let mut command = house.command(&["session", "send", "demo", "x", "--no-enter"]);
                command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
                command.spawn().unwrap()
            })
            .collect();
        if round % 2 == 0
            && let Some(pid) = house.daemon_pid()
        {
            crate::house::kill(pid, "KILL");
        }
        for mut sender in senders {
            acknowledged += usize::from(sender.wait().unwrap().success());
        }
    }
    let sent = house.json(&["ledger", "show", "--kind", "pane.sent"]);
    assert!(sent.as_array().unwrap().len() >= acknowledged, "{acknowledged}: {sent}");
    house.ok(&["ledger", "verify"]);
    let seqs: BTreeSet<u64> =
        sent.as_array().unwrap().iter().map(|entry| entry["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs.len(), sent.as_array().unwrap().len());
}
