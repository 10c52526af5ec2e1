//! Promise: a process killed at any moment is taken up where it was.

mod aggregate_fake;

use aggregate_fake::{Fake, Place, World};
use connector_engine::aggregate::{RunStatus, run};
use connector_engine::store::Store;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const STORE: &str = "CONNECTOR_TEST_STORE";

fn slow(world: &World) -> Fake {
    let mut fake = Fake::new(world);
    (fake.page, fake.delay) = (5, Duration::from_millis(1));
    fake
}

/// The job that is killed: does nothing unless [`killed_processes_lose_nothing`] starts it.
#[tokio::test]
async fn the_job_that_is_killed() {
    let Ok(store) = std::env::var(STORE) else { return };
    let store = Store::open(store).unwrap();
    run(&store, &slow(&World::of(400)).job(), |_| {}, CancellationToken::new()).await.unwrap();
}

#[tokio::test]
async fn killed_processes_lose_nothing() {
    let (calm, killed) = (Place::new(), Place::new());
    let world = World::of(400);
    calm.run(&slow(&world).job()).await;
    let mut kills = 0;
    for round in 0..12_u64 {
        let mut job = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_job_that_is_killed"])
            .env(STORE, killed.file())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(15 + round * 7 % 40));
        job.kill().unwrap();
        kills += usize::from(!job.wait().unwrap().success());
    }
    let report = killed.run(&slow(&world).job()).await;
    assert_eq!(report.status, RunStatus::Succeeded);
    assert!(kills > 0, "every job ended before it was killed");
    if killed.number("SELECT count(*) FROM runs") == 1 {
        assert_eq!(report.counts.accounts.added, 400);
        assert_eq!(killed.rows(), calm.rows());
    } else {
        assert_eq!(report.counts.accounts.unchanged, 400);
    }
}
