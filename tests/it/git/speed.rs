//! Figures for people who look; nothing is asserted about them.

use std::time::{Duration, Instant};

use gaia::port::{Git, How};

use super::yard::{Yard, write};

fn fill(yard: &Yard, files: u32) {
    for n in 0..files {
        yard.write(format!("d{}/f{n}.txt", n % 50), &format!("file {n}\n").repeat(20));
    }
    yard.commit("many");
}

fn told(what: &str, spans: &mut [Duration]) {
    spans.sort();
    let (least, middle) = (spans[0], spans[spans.len() / 2]);
    eprintln!("{what}: least {least:.1?}, middle {middle:.1?}");
}

#[tokio::test]
#[ignore = "prints figures: run it alone with --ignored --nocapture"]
async fn what_a_worktree_and_a_landing_take() {
    for (files, rounds) in [(200, 7), (5000, 3)] {
        let yard = Yard::new();
        fill(&yard, files);
        let repo = yard.repo().await;
        let mut spans: [Vec<Duration>; 7] = std::array::from_fn(|_| vec![]);
        for round in 0..rounds {
            let mut at = Instant::now();
            let mut lap = |which: usize| {
                spans[which].push(at.elapsed());
                at = Instant::now();
            };
            let new = yard.new_work(&format!("w{round}"));
            lap(6);
            let work = yard.git.add_worktree(&repo, &new).await.unwrap();
            lap(0);
            write(&work.path, format!("d1/new{round}.txt"), "x\n");
            write(&work.path, format!("d2/f{}.txt", 2 + round * 50), "other\n");
            assert_eq!(yard.git.changes(&repo, &work).await.unwrap().len(), 2);
            lap(1);
            yard.git.state(&repo, &work, "main").await.unwrap();
            lap(2);
            let sha = yard.save(&work, "work").await;
            lap(3);
            let publish = yard.landed(&sha, How::Squash).await;
            lap(4);
            yard.git.publish(&repo, &publish).await.unwrap();
            lap(5);
        }
        let names = ["add_worktree", "changes", "state", "commit_all+repo", "land+repo", "publish"];
        for (name, spans) in names.iter().zip(&mut spans) {
            told(&format!("{files} files, {name}"), spans);
        }
    }
}
