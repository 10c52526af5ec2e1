//! Promise: a process killed at any moment is taken up where it was.

mod aggregate_fake;

use aggregate_fake::{Fake, Place, World, run};
use connector_engine::aggregate::RunStatus;
use connector_engine::store::Store;
use connector_sandbox_postgres::place_of;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const STORE: &str = "CONNECTOR_TEST_STORE";
/// After how many reads the job that is killed stands still.
const READS: &str = "CONNECTOR_TEST_READS";

fn fake(world: &World) -> Fake {
    let mut fake = Fake::new(world);
    (fake.page, fake.delay) = (5, Duration::from_millis(1));
    fake
}

/// The file that the job writes when it stands still.
const MARK: &str = "CONNECTOR_TEST_MARK";

/// The job that is killed: [`killed_processes_lose_nothing`] starts it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by another test"]
async fn the_job_that_is_killed() {
    let store = std::env::var(STORE).unwrap();
    let reads: usize = std::env::var(READS).unwrap().parse().unwrap();
    let mark = PathBuf::from(std::env::var_os(MARK).unwrap());
    // Nothing is read any more from then on, and what was read is still committed.
    let fake = fake(&World::of(400)).with_script(move |_, _, number| {
        if number >= reads {
            std::fs::write(&mark, "").unwrap();
            loop {
                std::thread::park();
            }
        }
        None
    });
    let store = Store::open(place_of(&store)).unwrap();
    run(&store, &fake.job(), |_| {}, CancellationToken::new()).await.unwrap();
}

#[tokio::test]
async fn killed_processes_lose_nothing() {
    let (calm, killed) = (Place::new(), Place::new());
    let world = World::of(400);
    let undisturbed = fake(&world);
    calm.run(&undisturbed.job()).await;
    let mark = killed.file().parent().unwrap().with_extension("stands-still");
    for round in 1..=12_u64 {
        let reads = round * 3;
        let mut job = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_job_that_is_killed", "--ignored"])
            .envs([
                (STORE, killed.store.place().to_string().into()),
                (READS, reads.to_string().into()),
                (MARK, mark.clone().into_os_string()),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !mark.exists() {
            assert!(job.try_wait().unwrap().is_none(), "the job of round {round} ended before it was killed");
            std::thread::sleep(Duration::from_millis(1));
        }
        job.kill().unwrap();
        job.wait().unwrap();
        std::fs::remove_file(&mark).unwrap();
    }
    let report = killed.run(&fake(&world).job()).await;
    assert_eq!((report.status, report.resumed), (RunStatus::Succeeded, true));
    assert_eq!(killed.number("SELECT count(*) FROM runs"), 1);
    assert_eq!(report.counts.accounts.added, 400);
    assert_eq!(killed.rows(), calm.rows());
}
