//! Pages are read while earlier ones are being committed, and never too many of them.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Place, World};
use connector_engine::aggregate::RunStatus;
use connector_engine::store::Store;
use connector_sql::Connection;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn locked(store: &Store) -> Connection {
    let other = store.writer().unwrap();
    other.begin().unwrap();
    // On a server, only the row of the source is locked.
    other.execute("UPDATE sources SET name = name", []).unwrap();
    other
}

/// One branch, so that nothing but its next page can be read.
fn narrow(fake: Fake) -> Fake {
    Fake { branches: 1, entitlements: false, ..fake }
}

/// The store stays locked until the source is asked for the third page: without reading ahead, nobody ever asks for it.
#[tokio::test]
async fn the_next_page_is_read_while_a_page_is_being_committed() {
    let place = Place::new();
    let (file, lock) = (place.store.clone(), Mutex::new(None));
    let fake = narrow(Fake::new(&World::of(30)).with_script(move |_, _, number| {
        match number {
            0 => *lock.lock().unwrap() = Some(locked(&file)),
            2 => *lock.lock().unwrap() = None,
            _ => {}
        }
        None
    }));
    let report = place.run(&Job { concurrency: 1, ..fake.job() }).await;
    assert_eq!((report.status, report.counts.accounts.added), (RunStatus::Succeeded, 30), "{:?}", report.error);
    let asked = fake.asked.lock().unwrap().clone();
    assert_eq!(asked.iter().collect::<BTreeSet<_>>().len(), asked.len(), "a page was read twice: {asked:?}");
}

/// While the store is locked, no more pages are read than fit in the queue.
#[tokio::test]
async fn a_store_that_does_not_keep_up_stops_the_reads() {
    let place = Place::new();
    let (file, lock, highest) = (place.store.clone(), Arc::new(Mutex::new(None)), Arc::new(AtomicUsize::new(0)));
    let (held, seen) = (lock.clone(), highest.clone());
    let fake = narrow(Fake::new(&World::of(300)).with_script(move |_, _, number| {
        let mut lock = held.lock().unwrap();
        if number == 0 {
            *lock = Some(locked(&file));
            let held = held.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(300));
                *held.lock().unwrap() = None;
            });
        } else if lock.is_some() {
            seen.fetch_max(number, Ordering::SeqCst);
        }
        None
    }));
    let report = place.run(&Job { concurrency: 1, ..fake.job() }).await;
    assert_eq!((report.status, report.counts.accounts.added), (RunStatus::Succeeded, 300), "{:?}", report.error);
    assert!(highest.load(Ordering::SeqCst) <= 2, "page {highest:?} was read while none was committed");
}
