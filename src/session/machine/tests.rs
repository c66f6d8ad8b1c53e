use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::{
    base::unit::OnServerExit,
    session::model::{Command, StopRule, Window},
};

fn pane(name: &str, command: &str) -> Pane {
    Pane {
        name: name.parse().unwrap(),
        command: Command::Line(command.into()),
        dir: "/w".into(),
        env: Default::default(),
        env_files: vec![],
        pass_env: vec![],
        on_exit: OnExit::Keep,
        on_server_exit: OnServerExit::Keep,
        autostart: false,
        focus: false,
        stop: StopRule::default(),
        limits: Default::default(),
        added: false,
    }
}

fn declared(windows: &[(&str, &[(&str, &str)])]) -> Declared {
    let window = |(name, panes): &(&str, &[(&str, &str)])| Window {
        name: name.parse().unwrap(),
        layout: Layout::Tiled,
        focus: false,
        panes: panes.iter().map(|(name, command)| pane(name, command)).collect(),
    };
    let name = "s".parse().unwrap();
    Declared { name, dir: "/w".into(), windows: windows.iter().map(window).collect() }
}

fn slot(number: u64, window: &str, pane: Pane, life: Life, shown: bool) -> Slot {
    let window = window.parse().unwrap();
    Slot { unit: UnitId::new(number, 0), window, pane, life, shown }
}

const LIVES: [Life; 6] =
    [Life::Starting, Life::Held, Life::Running, Life::Exited, Life::Closed, Life::Lost];

/// Every choice of `plan` for one slot on one page.
#[test]
fn the_plan_for_one_pane() {
    let wanted = declared(&[("w", &[("a", "run")])]);
    let mut table = String::new();
    for life in LIVES {
        for shown in [true, false] {
            let same = slot(1, "w", pane("a", "run"), life, shown);
            let other = slot(1, "w", pane("a", "old"), life, shown);
            let gone = slot(1, "w", pane("b", "run"), life, shown);
            let moves = |slot: Slot| {
                let moves = plan(&wanted, &wanted, &[slot]);
                let words: Vec<String> = moves.iter().map(Move::show).collect();
                if words.is_empty() { "-".to_owned() } else { words.join(" + ") }
            };
            let shown = if shown { "shown" } else { "hidden" };
            let life = format!("{life:?}");
            writeln!(
                table,
                "{life:<9} {shown:<7} same: {:<24} changed: {:<14} undeclared: {}",
                moves(same),
                moves(other),
                moves(gone)
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_change_that_needs_no_other_process_is_only_noted() {
    let wanted = declared(&[("w", &[("a", "run")])]);
    let before = Pane { on_exit: OnExit::Close, ..pane("a", "run") };
    let moves = plan(&wanted, &wanted, &[slot(1, "w", before, Life::Running, true)]);
    assert_eq!(moves.iter().map(Move::show).collect::<Vec<_>>(), ["note w.a"]);
}

#[test]
fn only_programs_that_ended_by_themselves_are_started_again() {
    let exit = |reason: Reason| Exit {
        v: 1,
        id: UnitId::new(1, 1),
        incarnation: 1,
        code: Some(1),
        signal: None,
        core: false,
        reason,
        left: false,
        at: crate::base::Moment(0),
        log_end: 0,
    };
    let pause = |reason, lived, failures| {
        again(OnExit::Restart, &exit(reason), Duration::from_secs(lived), failures)
            .map(|(pause, failures)| (pause.as_secs(), failures))
    };
    assert_eq!(pause(Reason::Exited, 0, 0), Some((1, 1)));
    assert_eq!(pause(Reason::Exited, 0, 3), Some((8, 4)));
    assert_eq!(pause(Reason::Exited, 0, 40), Some((60, 41)));
    assert_eq!(pause(Reason::Exited, 3600, 40), Some((1, 1)));
    assert_eq!(pause(Reason::NotStarted(String::new()), 0, 0), Some((1, 1)));
    for reason in [Reason::Stopped, Reason::Hangup, Reason::ServerExit] {
        assert_eq!(pause(reason, 0, 0), None);
    }
    let kept = again(OnExit::Keep, &exit(Reason::Exited), Duration::ZERO, 0);
    assert_eq!(kept, None);
}

/// A world that does what a move says, and nothing else.
fn carry_out(slots: &mut Vec<Slot>, moves: &[Move], next: &mut u64) {
    for one in moves {
        match one {
            Move::Make(window, pane) => {
                *next += 1;
                slots.push(slot(*next, window.as_str(), pane.clone(), Life::Running, true));
            }
            Move::Open(unit, _, pane) | Move::Change(unit, _, pane) => {
                let slot = slots.iter_mut().find(|s| s.unit == *unit).unwrap();
                slot.pane = pane.clone();
                slot.life = Life::Running;
                slot.shown = true;
            }
            Move::Note(unit, _, pane) => {
                slots.iter_mut().find(|s| s.unit == *unit).unwrap().pane = pane.clone();
            }
            Move::Show(unit, _) => {
                slots.iter_mut().find(|s| s.unit == *unit).unwrap().shown = true;
            }
            Move::Close(unit, ..) => slots.retain(|s| s.unit != *unit),
            Move::Arrange(..) => (),
        }
    }
}

fn some_declared() -> impl Strategy<Value = Declared> {
    let panes = proptest::collection::btree_map(0..4_u8, 0..3_u8, 1..4);
    proptest::collection::btree_map(0..3_u8, panes, 1..3).prop_map(|windows| {
        let windows = windows.into_iter().map(|(window, panes)| Window {
            name: format!("w{window}").parse().unwrap(),
            layout: Layout::Tiled,
            focus: false,
            panes: panes
                .into_iter()
                .map(|(name, command)| pane(&format!("p{name}"), &format!("run {command}")))
                .collect(),
        });
        Declared { name: "s".parse().unwrap(), dir: "/w".into(), windows: windows.collect() }
    })
}

proptest! {
    #[test]
    fn after_its_moves_a_plan_is_empty_and_every_place_is_filled_once(
        old in some_declared(),
        new in some_declared(),
        fates in proptest::collection::vec((0..LIVES.len(), any::<bool>()), 0..12),
    ) {
        let (mut slots, mut next) = (vec![], 0);
        let moves = plan(&old, &old, &slots);
        carry_out(&mut slots, &moves, &mut next);
        for (slot, (life, shown)) in slots.iter_mut().zip(fates) {
            slot.life = LIVES[life];
            slot.shown = shown && slot.life.has_shim();
        }

        let moves = plan(&new, &old, &slots);
        carry_out(&mut slots, &moves, &mut next);

        prop_assert_eq!(plan(&new, &new, &slots), vec![]);
        for window in &new.windows {
            for pane in &window.panes {
                let of = |s: &&Slot| s.window == window.name && s.pane.name == pane.name;
                prop_assert_eq!(slots.iter().filter(of).count(), 1);
            }
        }
    }
}
