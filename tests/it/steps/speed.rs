//! What a step costs: `cargo test --test it -- --ignored --nocapture what_a_step_costs`.

use std::{sync::Arc, time::Instant};

use gaia::port::Steps;
use tokio::sync::Semaphore;

use super::{Yard, code, says};

/// User and system time of this process, and of all its dead children, in milliseconds.
fn cpu() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    let of = |who| {
        let usage = getrusage(who).unwrap();
        let span = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 * 1e3 + t.tv_usec() as f64 / 1e3;
        span(usage.user_time()) + span(usage.system_time())
    };
    of(UsageWho::RUSAGE_SELF) + of(UsageWho::RUSAGE_CHILDREN)
}

fn pss(pid: i32) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line =
        |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or(name).to_owned();
    format!("{} {} {}", line("Rss:"), line("Pss:"), line("Private_Dirty:"))
}

#[test]
#[ignore = "measures"]
fn what_a_step_costs() {
    let yard = Yard::new();
    let steps = yard.runtime.block_on(async { Arc::new(yard.steps()) });
    code(&yard.wait(steps.run(&yard.spec("first", &["true"]))).unwrap());
    let host = i32::try_from(steps.host_pid().unwrap()).unwrap();
    let ticks = || {
        let stat = std::fs::read_to_string(format!("/proc/{host}/stat")).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let field = |at| fields.split_whitespace().nth(at).unwrap().parse::<u64>().unwrap();
        [field(11), field(12), field(13), field(14)]
    };
    let (began, before, own) = (Instant::now(), ticks(), cpu());
    yard.wait(async {
        let room = Arc::new(Semaphore::new(16));
        let mut all = tokio::task::JoinSet::new();
        for number in 0..1000 {
            let (steps, room) = (Arc::clone(&steps), Arc::clone(&room));
            let attempt = yard.spec(&format!("f{number}"), &["true"]);
            all.spawn(async move {
                let _turn = room.acquire().await.unwrap();
                steps.run(&attempt).await.unwrap()
            });
        }
        while let Some(end) = all.join_next().await {
            assert_eq!(code(&end.unwrap()), (Some(0), false));
        }
    });
    let (wall, after) = (began.elapsed(), ticks());
    eprintln!("1000 at 16: {wall:?}; own cpu {:.0} ms", cpu() - own);
    eprintln!("  host and shims, ticks of 10 ms (user, system, children's): {before:?} {after:?}");
    let (began, own, before) = (Instant::now(), cpu(), ticks());
    for number in 0..200 {
        let attempt = yard.spec(&format!("c{number}"), &["true"]);
        code(&yard.wait(steps.run(&attempt)).unwrap());
    }
    let (wall, after) = (began.elapsed() / 200, ticks());
    eprintln!("chain of 200: {wall:?} each; own cpu {:.0} ms {before:?} {after:?}", cpu() - own);
    let attempt = yard.shell("s", "echo ready; sleep 1000");
    let (own, again) = (Arc::clone(&steps), attempt.clone());
    let run = yard.runtime.spawn(async move { own.run(&again).await });
    says(&attempt.folder, "ready");
    eprintln!("host {}\nshim {}", pss(host), pss(super::shim(&attempt.folder)));
    run.abort();
}
