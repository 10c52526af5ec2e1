//! Promise: a stop at any moment loses nothing that was committed and repeats nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Pages, Place, World, failing, run};
use connector_core::{Cursor, Error, ErrorKind, Page, Retry};
use connector_engine::aggregate::RunStatus;
use connector_engine::query;
use proptest::prelude::*;
use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Two states of a source: what the first run reads, and what the second one reads.
fn worlds() -> impl Strategy<Value = (World, World)> {
    let change = (0..40_usize, 0..6_u8);
    (10..40_usize, proptest::collection::vec(change, 0..12)).prop_map(|(count, changes)| {
        let first = World::of(count);
        let mut second = first.clone();
        for (number, what) in changes {
            let id = format!("{:05}", number % count);
            match what {
                0 => {
                    second.accounts.remove(&id);
                }
                1 => second.add_account(&id, r#"{"Email":"changed"}"#, &["profile/user", "profile/late"]),
                2 => second.add_account(&format!("new{number}"), "{}", &["profile/user"]),
                3 => second.assignments.retain(|assignment| assignment.holder.account_id() != Some(id.as_str())),
                4 => second.assign(&id, "group/unread"),
                _ => second.add_entitlement("group/g1", &format!("Renamed {number}")),
            }
        }
        (first, second)
    })
}

/// Stops a run, in one way or another, after so many commits or reads.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Dropped(usize),
    Asked(usize),
    Failed(usize),
}

fn stops() -> impl Strategy<Value = Vec<Stop>> {
    let stop = prop_oneof![
        (0..20_usize).prop_map(Stop::Dropped),
        (0..20_usize).prop_map(Stop::Asked),
        (0..20_usize).prop_map(Stop::Failed),
    ];
    proptest::collection::vec(stop, 1..6)
}

async fn stopped(place: &Place, fake: &Fake, stop: Stop) -> RunStatus {
    let everything = Job { delete_threshold: connector_core::Percentage::new(100.0), ..fake.job() };
    match stop {
        Stop::Dropped(commits) => {
            place.run_and_drop(&everything, commits).await;
            // The thread still commits what it was given, perhaps the end itself.
            loop {
                let status = query::last_run(&place.store, "directory").unwrap().unwrap().report.status;
                if status != RunStatus::Running {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        Stop::Asked(reads) => {
            let token = CancellationToken::new();
            let progress = |_: &connector_engine::aggregate::Progress| {
                if fake.reads.load(Ordering::SeqCst) >= reads {
                    token.cancel();
                }
            };
            run(&place.store, &everything, progress, token.clone()).await.unwrap().status
        }
        Stop::Failed(_) => place.run(&everything).await.status,
    }
}

fn fake(world: &World, page: usize, branches: usize, stop: Option<Stop>) -> Fake {
    let mut fake = Fake::new(world);
    (fake.page, fake.branches) = (page, branches);
    match stop {
        Some(Stop::Failed(reads)) => {
            fake.with_script(
                move |_, _, number| {
                    if number >= reads { failing(Error::new(ErrorKind::Unavailable, "gone")) } else { None }
                },
            )
        }
        _ => fake,
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn runs_stopped_anywhere_end_in_the_rows_of_undisturbed_ones(
        (first, second) in worlds(),
        page in 1..9_usize,
        branches in 1..5_usize,
        stops in proptest::collection::vec(stops(), 2),
    ) {
        runtime().block_on(async {
            let (calm, disturbed) = (Place::new(), Place::new());
            for (world, stops) in [&first, &second].into_iter().zip(&stops) {
                let all = fake(world, page, branches, None);
                let everything = Job { delete_threshold: connector_core::Percentage::new(100.0), ..all.job() };
                let calm_report = calm.run(&everything).await;
                let mut done = false;
                for stop in stops {
                    let stopping = fake(world, page, branches, Some(*stop));
                    if matches!(stopped(&disturbed, &stopping, *stop).await, RunStatus::Succeeded | RunStatus::Refused) {
                        done = true;
                        break;
                    }
                }
                if !done {
                    let report = disturbed.run(&everything).await;
                    prop_assert_eq!(report.status, calm_report.status);
                    prop_assert_eq!(report.counts.accounts, calm_report.counts.accounts);
                    prop_assert_eq!(report.counts.assignments, calm_report.counts.assignments);
                }
                prop_assert_eq!(disturbed.rows(), calm.rows());
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_committed_page_is_never_read_again() {
    let place = Place::new();
    let world = World::of(60);
    let mut asked = Vec::new();
    let mut committed = HashSet::new();
    for commits in [3, 5, 8] {
        let fake = Fake::new(&world);
        place.run_and_drop(&Job { concurrency: 1, ..fake.job() }, commits).await;
        // Whoever takes the source next finds the pages that were on their way committed too.
        let other = Fake::new(&World::default());
        let token = CancellationToken::new();
        token.cancel();
        run(&place.store, &other.job(), |_| {}, token).await.unwrap();
        asked.extend(fake.asked.lock().unwrap().clone());
        for row in place.query("SELECT step, cursor FROM frontier WHERE done = 1") {
            committed.insert(format!("{row:?}"));
        }
    }
    let fake = Fake::new(&world);
    let report = place.run(&fake.job()).await;
    assert!(report.resumed);
    assert_eq!(report.counts.accounts.seen, 60);
    let last = fake.asked.lock().unwrap().clone();
    let whole = Fake::new(&world);
    Place::new().run(&whole.job()).await;
    assert_eq!(committed.len() + last.len(), whole.asked.lock().unwrap().len());
    assert!(asked.len() >= committed.len());
}

#[tokio::test]
async fn figures_are_those_of_the_whole_run() {
    let place = Place::new();
    let world = World::of(60);
    let mut fake = Fake::new(&world).with_script(|_, _, number| {
        if number == 20 { failing(Error::new(ErrorKind::Quota, "the day's calls are used up")) } else { None }
    });
    let failed = place.run(&Job { concurrency: 1, ..fake.job() }).await;
    assert_eq!((failed.status, failed.resumed), (RunStatus::Failed, false));
    let error = failed.error.unwrap();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Quota, "the day's calls are used up"));
    fake.script = None;
    let report = place.run(&fake.job()).await;
    assert_eq!((report.status, report.resumed, &report.run), (RunStatus::Succeeded, true, &failed.run));
    assert!(report.error.is_none());
    assert_eq!(report.counts.accounts.added, 60);
    assert_eq!(report.api_calls, fake.context.meter().api_calls(), "the calls of both jobs, each counted once");
    let runs = query::runs(&place.store, Some("directory"), None).unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].report, report);
}

#[tokio::test]
async fn a_restart_drops_the_unfinished_run() {
    let place = Place::new();
    let fake = Fake::new(&World::of(60));
    assert!(!place.run_and_drop(&fake.job(), 5).await);
    let report = place.run(&Job { restart: true, ..fake.job() }).await;
    assert_eq!((report.status, report.resumed, report.counts.accounts.seen), (RunStatus::Succeeded, false, 60));
    let runs = query::runs(&place.store, None, None).unwrap();
    let statuses: Vec<_> = runs.iter().map(|run| run.report.status).collect();
    assert_eq!(statuses, [RunStatus::Succeeded, RunStatus::Interrupted]);
}

#[tokio::test]
async fn a_stop_commits_what_was_read_and_says_so() {
    let place = Place::new();
    let fake = Fake::new(&World::of(60));
    let stop = CancellationToken::new();
    let report = run(
        &place.store,
        &fake.job(),
        |told| {
            if told.steps.accounts.seen > 10 {
                stop.cancel();
            }
        },
        stop.clone(),
    )
    .await
    .unwrap();
    assert_eq!(report.status, RunStatus::Interrupted);
    assert!(report.counts.accounts.seen > 10 && report.counts.accounts.seen < 60);
    assert_eq!(report.error.unwrap().kind, ErrorKind::Cancelled);
    assert_eq!(place.number("SELECT count(*) FROM accounts").unsigned_abs(), report.counts.accounts.seen);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_slow_source() {
    let place = Place::new();
    let mut fake = Fake::new(&World::of(5));
    fake.delay = Duration::from_hours(1);
    let stop = CancellationToken::new();
    stop.cancel();
    let report = run(&place.store, &fake.job(), |_| {}, stop).await.unwrap();
    assert_eq!(report.status, RunStatus::Interrupted);
}

#[tokio::test]
async fn a_run_that_is_gone_without_a_word_counts_as_interrupted() {
    let place = Place::new();
    let fake = Fake::new(&World::of(60));
    place.run_and_drop(&fake.job(), 5).await;
    while place.number("SELECT count(*) FROM runs WHERE status = 'running'") == 1 {
        if query::last_run(&place.store, "directory").unwrap().unwrap().report.status == RunStatus::Interrupted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the run went on without anybody");
}

#[tokio::test]
async fn only_one_job_reads_a_source_at_a_time() {
    let place = Place::new();
    let mut slow = Fake::new(&World::of(5));
    slow.delay = Duration::from_hours(1);
    let stop = CancellationToken::new();
    let quick = Fake::new(&World::of(5));
    let (job, other) = (slow.job(), quick.job());
    let (begun, wait) = tokio::sync::oneshot::channel();
    let begun = std::sync::Mutex::new(Some(begun));
    let tell = |_: &_| {
        if let Some(begun) = begun.lock().unwrap().take() {
            begun.send(()).unwrap();
        }
    };
    let second = async {
        wait.await.unwrap();
        assert_eq!(query::last_run(&place.store, "directory").unwrap().unwrap().report.status, RunStatus::Running);
        let error = run(&place.store, &other, |_| {}, CancellationToken::new()).await.unwrap_err();
        let elsewhere = place.run(&Job { source: "another", ..other }).await;
        stop.cancel();
        (error, elsewhere)
    };
    let (first, (error, elsewhere)) = tokio::join!(run(&place.store, &job, tell, stop.clone()), second);
    assert_eq!(first.unwrap().status, RunStatus::Interrupted);
    assert_eq!(error.kind(), ErrorKind::Guard);
    assert!(error.message().contains(&format!("pid {}", std::process::id())), "{error}");
    assert_eq!(elsewhere.status, RunStatus::Succeeded);
    assert_eq!(place.run(&other).await.status, RunStatus::Succeeded);
}

#[tokio::test]
async fn a_cursor_that_comes_back_ends_the_run() {
    for back in ["start", "same", "earlier"] {
        let place = Place::new();
        let fake = Fake::new(&World::of(40)).with_script(move |step, cursor, _| {
            let offset = cursor.position::<(usize, usize)>().unwrap()?.1;
            (step == "accounts" && offset >= 7).then(|| {
                let next = match back {
                    "start" => Cursor::start(),
                    "same" => cursor.clone(),
                    _ => Cursor::of(&(0, 0)).unwrap(),
                };
                Ok(Pages::Accounts(Page::then(vec![aggregate_fake::account(&format!("x{offset}"), "{}", &[])], next)))
            })
        });
        let report = place.run(&fake.job()).await;
        assert_eq!(report.status, RunStatus::Failed, "{back}");
        let error = report.error.unwrap();
        assert_eq!((error.kind, error.step.as_deref()), (ErrorKind::Protocol, Some("accounts")));
        assert!(error.message.contains("repeats itself"), "{}", error.message);
    }
}

#[tokio::test]
async fn pages_that_repeat_under_new_cursors_end_the_run() {
    let place = Place::new();
    let fake = Fake::new(&World::of(40)).with_script(|step, cursor, number| {
        (step == "accounts").then(|| {
            let rows = vec![aggregate_fake::account("same", "{}", &[])];
            let next = Cursor::of(&(0, number)).unwrap();
            let _ = cursor;
            Ok(Pages::Accounts(Page::then(rows, next)))
        })
    });
    let report = place.run(&fake.job()).await;
    assert_eq!(report.error.unwrap().kind, ErrorKind::Protocol);
}

#[tokio::test]
async fn what_is_worth_repeating_is_repeated_a_few_times() {
    let place = Place::new();
    let busy = || Error::new(ErrorKind::RateLimited, "busy").with_retry(Retry::After(Duration::from_millis(1)));
    let fake =
        Fake::new(&World::of(5)).with_script(move |_, _, number| if number < 4 { failing(busy()) } else { None });
    let report = place.run(&Job { concurrency: 1, ..fake.job() }).await;
    assert_eq!((report.status, report.retries), (RunStatus::Succeeded, 4));

    let fake = Fake::new(&World::of(5)).with_script(move |_, _, _| failing(busy()));
    let report = place.run(&Job { concurrency: 1, ..fake.job() }).await;
    assert_eq!((report.status, report.api_calls), (RunStatus::Failed, 5));

    let fake = Fake::new(&World::of(5))
        .with_script(move |_, _, _| failing(Error::new(ErrorKind::Timeout, "late").with_retry(Retry::Exhausted)));
    let report = place.run(&Job { concurrency: 1, restart: true, ..fake.job() }).await;
    assert_eq!((report.status, report.api_calls), (RunStatus::Failed, 1));
}

#[tokio::test]
async fn a_source_that_asks_for_a_long_wait_ends_the_run_and_the_next_one_goes_on() {
    let world = World::of(30);
    let place = Place::new();
    let minutes = Duration::from_mins(5);
    let busy = Fake::new(&world).with_script(move |step, cursor, _| {
        let busy = step == "assignments" && !cursor.is_start();
        let error = Error::new(ErrorKind::RateLimited, "too many logins").with_help("wait an hour");
        busy.then(|| Err(error.with_retry(Retry::After(minutes))))
    });
    // A run that waited would count a retry.
    let report = place.run(&busy.job()).await;
    assert_eq!(report.status, RunStatus::Failed);
    let error = report.error.unwrap();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::RateLimited, "too many logins"));
    assert_eq!(error.help.as_deref(), Some("wait an hour; the next run continues where this one stopped"));
    assert_eq!(report.retries, 0);
    let report = place.aggregate(&world).await;
    assert_eq!((report.status, report.resumed), (RunStatus::Succeeded, true));
}

#[tokio::test]
async fn a_run_of_another_definition_is_not_taken_up() {
    let place = Place::new();
    let world = World::of(60);
    place.aggregate(&world).await;
    let stopped = Fake::new(&world).with_script(|step, cursor, _| {
        let offset = cursor.position::<(usize, usize)>().unwrap().map_or(0, |(_, offset)| offset);
        let stop = step == "accounts" && offset >= 14;
        stop.then(|| Err(Error::new(ErrorKind::Unavailable, "gone")))
    });
    assert_eq!(place.run(&stopped.job()).await.status, RunStatus::Failed);

    let elsewhere = Fake::new(&World::of(3));
    let report = place.run(&Job { definition: "another org", ..elsewhere.job() }).await;
    assert_eq!((report.status, report.resumed, report.counts.accounts.seen), (RunStatus::Refused, false, 3));
    assert_eq!(
        report.warnings,
        ["the source file changed after the unfinished run began, so this run starts from the beginning"]
    );
    assert_eq!(place.number("SELECT count(*) FROM accounts WHERE removed_run IS NULL"), 60);
}

#[tokio::test]
async fn a_run_of_an_earlier_version_is_resumed_when_the_file_is_the_same() {
    let place = Place::new();
    let world = World::of(60);
    let stopped = Fake::new(&world).with_script(|step, cursor, number| {
        let stop = step == "accounts" && !cursor.is_start() && number > 20;
        stop.then(|| Err(Error::new(ErrorKind::Unavailable, "gone")))
    });
    let earlier = place.run(&Job { definition: "former fake", ..stopped.job() }).await;
    assert_eq!(earlier.status, RunStatus::Failed);

    let report = place.aggregate(&world).await;
    assert_eq!((report.status, report.resumed, report.counts.accounts.seen), (RunStatus::Succeeded, true, 60));
}
