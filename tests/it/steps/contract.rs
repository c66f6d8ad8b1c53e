//! One suite for the fake and the real one.

use std::{path::Path, sync::Arc, time::Duration};

use gaia::port::{FakeSteps, StepEnd, StepError, StepFile, StepSpec, Steps};

use super::{Yard, code, lost};

const GRACE: Duration = Duration::from_millis(500);

/// `begun`: whether an attempt has begun, as it is seen from outside.
async fn steps_contract(steps: Arc<dyn Steps>, yard: &Yard, begun: impl Fn(&Path) -> bool) {
    let spec = |name: &str, argv: &[&str]| StepSpec { boot: steps.boot(), ..yard.spec(name, argv) };
    ends(&*steps, &spec).await;
    traces(&*steps, &spec).await;
    stops(&steps, &spec, begun).await;

    let other = StepSpec { boot: "another".to_owned(), ..spec("other-boot", &["true"]) };
    let end = steps.run(&other).await.unwrap();
    assert!(lost(&end).contains("started anew"), "{end:?}");
}

async fn ends(steps: &dyn Steps, spec: &impl Fn(&str, &[&str]) -> StepSpec) {
    let good = spec("good", &["true"]);
    let end = steps.run(&good).await.unwrap();
    assert_eq!(code(&end), (Some(0), false));
    assert_eq!(steps.run(&good).await.unwrap(), end, "it is not run again");
    let bad = steps.run(&spec("bad", &["false"])).await.unwrap();
    assert_eq!(code(&bad), (Some(1), false));
}

async fn traces(steps: &dyn Steps, spec: &impl Fn(&str, &[&str]) -> StepSpec) {
    let attempt = spec("said", &["echo", "some", "words"]);
    let folder: &Path = &attempt.folder;
    let file = async |which, limit| steps.file(folder, which, limit).await.unwrap();
    assert_eq!(file(StepFile::Out, 99).await, None);
    assert_eq!(steps.log(folder, 0, 99).await.unwrap().end, 0);
    assert_eq!(code(&steps.run(&attempt).await.unwrap()), (Some(0), false));
    assert_eq!(file(StepFile::Out, 99).await.unwrap(), b"some words\n");
    assert_eq!(file(StepFile::Out, 4).await.unwrap(), b"some");
    assert_eq!(file(StepFile::Output, 99).await, None);
    for (from, max, wanted) in [(0, 99, "some words\n"), (5, 3, "wor"), (99, 9, "")] {
        let span = steps.log(folder, from, max).await.unwrap();
        assert_eq!((span.from, span.end), (from.min(11), 11));
        assert_eq!(span.bytes, wanted.as_bytes());
    }
    steps.remove(folder).await.unwrap();
    assert_eq!(file(StepFile::Out, 99).await, None);
    steps.remove(folder).await.unwrap();
}

async fn stops(
    steps: &Arc<dyn Steps>,
    spec: &impl Fn(&str, &[&str]) -> StepSpec,
    begun: impl Fn(&Path) -> bool,
) {
    let long = spec("long", &["sleep", "1000"]);
    let (own, attempt) = (Arc::clone(steps), long.clone());
    let run = tokio::spawn(async move { own.run(&attempt).await });
    while !begun(&long.folder) {
        assert!(!run.is_finished());
        tokio::task::yield_now().await;
    }
    let runs = steps.remove(&long.folder).await.unwrap_err();
    assert!(matches!(runs, StepError::Runs(_)), "{runs}");
    steps.stop(&long.folder, 15, GRACE).await.unwrap();
    let end = run.await.unwrap().unwrap();
    let StepEnd::Exited { code: None, signal: Some(15), stopped: true, .. } = end else {
        panic!("{end:?}");
    };
    steps.stop(&long.folder, 15, GRACE).await.unwrap();
    assert_eq!(steps.run(&long).await.unwrap(), end);

    let never = spec("never", &["true"]);
    steps.stop(&never.folder, 15, GRACE).await.unwrap();
    let end = steps.run(&never).await.unwrap();
    let StepEnd::Exited { code: None, signal: None, stopped: true, .. } = end else {
        panic!("{end:?}");
    };
}

#[test]
fn steps() {
    let yard = Yard::new();
    let fake = FakeSteps::default();
    let ran = |folder: &Path| fake.ran().iter().any(|spec| spec.folder == folder);
    yard.wait(steps_contract(Arc::new(fake.clone()), &yard, ran));
    let real = yard.runtime.block_on(async { Arc::new(yard.steps()) });
    yard.wait(steps_contract(real, &yard, |folder| folder.join("claim").is_symlink()));
}
