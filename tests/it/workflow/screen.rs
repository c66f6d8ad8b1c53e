//! What a person sees on a terminal while a run goes on.

use std::{
    io::Read,
    os::fd::OwnedFd,
    process::{Child, Stdio},
    sync::{Arc, Mutex},
};

use super::Yard;

const ROWS: u16 = 30;
const COLUMNS: u16 = 80;

/// A gaia on a terminal.
struct Terminal {
    child: Child,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Terminal {
    fn new(yard: &Yard, args: &[&str]) -> Self {
        let size = nix::pty::Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = nix::pty::openpty(&size, None).unwrap();
        let side = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
        let mut command = yard.house.command(args);
        command.stdin(side(&pty.slave)).stdout(side(&pty.slave)).stderr(side(&pty.slave));
        let child = command.spawn().unwrap();
        drop((command, pty.slave));
        let mut output = std::fs::File::from(pty.master);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
        let into = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 65536];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                into.lock().unwrap().process(&bytes[..count]);
            }
        });
        Self { child, screen }
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    fn shows(&self, yard: &Yard, what: &[&str]) -> String {
        let mut text = String::new();
        yard.house.until(&format!("{what:?} on the terminal"), || {
            text = self.text();
            what.iter().all(|what| text.contains(what))
        });
        text
    }
}

const TWO: &str = "
steps:
  - { id: early, run: '{here}/gated one' }
  - { id: late, run: '{here}/gated two', needs: early }
";

#[test]
fn a_run_that_is_followed_is_drawn_over_with_each_step() {
    let yard = Yard::new(TWO);
    for gate in ["one", "two"] {
        yard.gate(gate);
    }
    let mut terminal = Terminal::new(&yard, &["run", "start", "w.yaml", "--follow"]);
    terminal.shows(&yard, &["• early", "│", "· late", "0/2 ✓0"]);
    yard.open("one");
    let text = terminal.shows(&yard, &["✓ early", "• late", "1/2 ✓1"]);
    assert!(!text.contains("0/2") && !text.contains("• early"), "{text}");
    let mut second = Terminal::new(&yard, &["run", "follow", "last"]);
    second.shows(&yard, &["✓ early", "• late", "1/2 ✓1"]);
    yard.open("two");
    for terminal in [&mut terminal, &mut second] {
        assert!(terminal.child.wait().unwrap().success());
        let text = terminal.shows(&yard, &["2/2 ✓2", "✓ early", "✓ late"]);
        assert!(!text.contains("1/2") && !text.contains('│'), "{text}");
    }
}

#[test]
fn who_follows_a_run_without_a_terminal_learns_how_it_ended() {
    let yard =
        Yard::new("steps:\n  - { id: a, run: '{here}/gated gate; exit $code' }\ninputs: [code]\n");
    yard.gate("gate");
    for (code, state) in [("3", "failed"), ("0", "done")] {
        let id = yard.start(&[&format!("code={code}")]);
        let follower = yard.house.command(&["run", "follow", &id]).stdout(Stdio::piped()).spawn();
        yard.until(&id, "a", "running");
        yard.open("gate");
        let output = follower.unwrap().wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(i32::from(state == "failed")), "{text}");
        assert!(text.contains(state) && !text.contains('\x1b'), "{text}");
        let again = yard.house.gaia(&["run", "follow", "last"]);
        assert_eq!(again.status.code(), output.status.code());
    }
}

#[test]
fn a_graph_takes_the_width_of_the_terminal_and_its_colours() {
    let wide: String = (0..9).map(|n| format!("  - {{ id: branch-{n}, run: x }}\n")).collect();
    let last = "  - { id: last, run: x, needs: branch-0 }\n";
    let yard = Yard::new(&format!("steps:\n{wide}{last}"));
    let mut terminal = Terminal::new(&yard, &["workflow", "graph", "w.yaml"]);
    assert!(terminal.child.wait().unwrap().success());
    let text = terminal.shows(&yard, &["branch-0", "branch-8"]);
    assert!(text.lines().all(|line| line.chars().count() < usize::from(COLUMNS)), "{text}");
    yard.house.until("its colours", || {
        let screen = terminal.screen.lock().unwrap();
        let screen = screen.screen();
        let cells = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column)));
        let mut cells = cells.filter_map(|(row, column)| screen.cell(row, column));
        cells.any(|cell| cell.fgcolor() != vt100::Color::Default || cell.dim() || cell.bold())
    });
}
