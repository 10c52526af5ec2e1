//! Promise: the cost of a job is linear in its rows. These tests count reads, calls and bytes; they measure no time.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Place, World};
use connector_engine::aggregate::RunStatus;
use std::sync::atomic::Ordering;

/// Reads of the source, and pages of the store, after a first and an unchanged second run.
struct Cost {
    reads: usize,
    pages: i64,
    reads_again: usize,
    pages_again: i64,
    history: i64,
}

async fn cost(count: usize) -> Cost {
    let place = Place::new();
    let fake = Fake::new(&World::of(count));
    assert_eq!(place.run(&fake.job()).await.status, RunStatus::Succeeded);
    let reads = fake.reads.load(Ordering::SeqCst);
    let pages = place.number("SELECT page_count FROM pragma_page_count");
    assert_eq!(place.run(&fake.job()).await.status, RunStatus::Succeeded);
    Cost {
        reads,
        pages,
        reads_again: fake.reads.load(Ordering::SeqCst) - reads,
        pages_again: place.number("SELECT page_count FROM pragma_page_count"),
        history: place.number(
            "SELECT (SELECT count(*) FROM changes) + (SELECT count(*) FROM seen) + (SELECT count(*) FROM frontier)",
        ),
    }
}

#[tokio::test]
async fn twice_the_rows_cost_at_most_twice_the_reads_and_the_store() {
    let (one, two) = (cost(400).await, cost(800).await);
    assert!(two.reads <= 2 * one.reads, "{} reads, then {}", one.reads, two.reads);
    assert!(two.pages <= 2 * one.pages, "{} pages, then {}", one.pages, two.pages);
    for cost in [one, two] {
        assert_eq!(cost.reads, cost.reads_again, "a run reads each page once");
        assert!(cost.pages_again <= cost.pages + 4, "{} pages grew to {}", cost.pages, cost.pages_again);
        assert_eq!(cost.history, 0, "an unchanged row leaves nothing behind");
    }
}
