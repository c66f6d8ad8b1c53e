//! The real programs of the makes, offline: each runs in gaia's panes against a scripted model on
//! loopback. `scripts/agents` installs them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    unreachable_pub,
    missing_docs,
    reason = "tests"
)]

mod cases;
#[allow(dead_code, reason = "written for more than these tests")]
#[path = "../it/house.rs"]
mod house;
mod make;
mod model;
mod rig;

/// One test of a case, for a make and a mode.
macro_rules! tests {
    ($make:ident: $($name:ident = $case:ident($mode:ident);)*) => {
        mod $make {
            $(
                #[test]
                fn $name() {
                    if let Some(make) = crate::make::$make() {
                        crate::cases::$case(&make, crate::rig::Mode::$mode);
                    }
                }
            )*
        }
    };
}

/// The cases of a make that works through its command line, and more.
macro_rules! make {
    ($make:ident: $($more:tt)*) => {
        tests! { $make:
            headless_it_edits_a_file_and_runs_a_test = edits(Headless);
            headless_it_asks_and_the_answer_reaches_it = asks(Headless);
            headless_it_cannot_push = pushes(Headless);
            headless_it_cannot_write_outside_its_worktree = escapes(Headless);
            headless_it_goes_on_after_a_limit = limited(Headless);
            headless_it_goes_on_with_its_session = goes_on(Headless);
            headless_it_outlives_a_killed_daemon = outlives(Headless);
            $($more)*
        }
    };
}

make! { claude:
    headless_it_works_in_a_workflow = works_in_a_workflow(Headless);
    in_a_pane_it_edits_a_file_and_runs_a_test = edits(Interactive);
    in_a_pane_it_asks_and_the_answer_reaches_it = asks(Interactive);
    in_a_pane_it_cannot_push = pushes(Interactive);
    in_a_pane_it_cannot_write_outside_its_worktree = escapes(Interactive);
    in_a_pane_it_goes_on_with_its_session = goes_on(Interactive);
    in_a_pane_it_outlives_a_killed_daemon = outlives(Interactive);
}
make! { codex:
    in_a_pane_it_edits_a_file_and_runs_a_test = edits(Interactive);
    in_a_pane_it_asks_and_the_answer_reaches_it = asks(Interactive);
    in_a_pane_it_cannot_push = pushes(Interactive);
    in_a_pane_it_cannot_write_outside_its_worktree = escapes(Interactive);
    in_a_pane_it_goes_on_with_its_session = goes_on(Interactive);
    in_a_pane_it_outlives_a_killed_daemon = outlives(Interactive);
}
// Gemini CLI keeps no account in a pane that gaia reads; opencode tells nothing by hooks.
make! { gemini:
    in_a_pane_it_asks_and_the_answer_reaches_it = asks(Interactive);
    in_a_pane_it_cannot_push = pushes(Interactive);
    in_a_pane_it_cannot_write_outside_its_worktree = escapes(Interactive);
}
make! { opencode: }
