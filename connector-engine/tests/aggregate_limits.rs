//! The calls that a source keeps for others.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Place, World};
use connector_core::{Allowance, ErrorKind};
use connector_engine::store::RunStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const MOST: u64 = 100;

/// A source that reports its usage with each page.
fn counted(world: &World, used: &Arc<AtomicU64>) -> Fake {
    let mut fake = Fake::new(world);
    fake.page = 20;
    let (context, used) = (fake.context.clone(), used.clone());
    fake.script = Some(Arc::new(move |_, _, _| {
        let used = used.fetch_add(1, Ordering::Relaxed) + 1;
        context.meter().note_allowance("api-usage", Allowance::new(used, MOST));
        None
    }));
    fake
}

#[tokio::test]
async fn a_run_stops_before_it_uses_the_reserve_and_continues_when_calls_are_left() {
    let (place, world, used) = (Place::new(), World::of(400), Arc::new(AtomicU64::new(75)));
    let fake = counted(&world, &used);
    let reserve = Some("10%".parse().unwrap());
    let report = place.run(&Job { reserve, ..fake.job() }).await;
    assert_eq!(report.status, RunStatus::Interrupted, "{report:?}");
    let error = report.error.unwrap();
    assert_eq!(error.kind, ErrorKind::Guard);
    assert!(error.message.contains("limits.reserve"), "{error:?}");
    let now = used.load(Ordering::Relaxed);
    assert!((80..=90).contains(&now), "{now}");
    assert!(report.counts.accounts.seen + report.counts.entitlements.seen > 0, "{:?}", report.counts);

    used.store(0, Ordering::Relaxed);
    let fake = counted(&world, &used);
    let report = place.run(&Job { reserve, ..fake.job() }).await;
    assert_eq!((report.status, report.resumed), (RunStatus::Succeeded, true), "{report:?}");
    assert_eq!(report.counts.accounts.seen, 400);
}
