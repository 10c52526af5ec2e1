//! The clock of the server, its page, and what watches the server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod place;

use connector_server::{Listen, Role, Server};
use place::Place;
use rusqlite::Connection;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EACH_HOUR: &str = "aggregation: {schedule: \"0 * * * *\"}\n";

/// A project whose source `staff` is due each hour, and was read last two days ago.
async fn late() -> Place {
    let place = Place::empty();
    place.add_staff(EACH_HOUR).await;
    let store = Connection::open(&place.store).unwrap();
    let ago = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(48)).to_string();
    store.execute("UPDATE runs SET started_at = ?1, ended_at = ?1", [ago]).unwrap();
    place
}

fn runs(place: &Place) -> u64 {
    let store = Connection::open(&place.store).unwrap();
    store.query_row("SELECT count(*) FROM runs", [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missed_run_is_made_up_for_once_and_the_page_and_the_audit_log_say_so() {
    let place = late().await;
    let served = place.open().await;
    let cookie = served.cookie.clone().unwrap();
    let page = served.shows(&cookie, "/schedule", "</i>succeeded").await;
    for wanted in
        ["started late", "was missed", "0 * * * *", "missed", "to come", "href=\"/sources/staff\"", "in the time zone"]
    {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert_eq!(runs(&place), 2);
    let log = served.see(&cookie, "/audit").await.body;
    assert!(log.contains("<bdi>schedule</bdi>") && log.contains("<td>aggregate</td>"), "{log}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(runs(&place), 2, "once");
    served.stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(10), served.task).await;
    ended.expect("the clock ends with the server").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_a_clock_starts_nothing_and_shows_the_schedules() {
    let place = late().await;
    place.write("sources/broken.yaml", "connector: delimted\n");
    let stop = CancellationToken::new();
    let bound = Server::bind(&place.project, place.store.clone().into(), &place.store, Listen::default(), stop.clone())
        .unwrap();
    let (address, link) = (bound.address(), bound.sign_in_link());
    let task = tokio::spawn(bound.without_clock().serve(|_| ()));
    let links = std::sync::Arc::new(std::sync::Mutex::new(vec![link]));
    let served = place::Served { address, links, stop, task, cookie: None };
    let cookie = served.cookie_of(&place, "victor", Role::Viewer).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let page = served.see(&cookie, "/schedule").await;
    assert!(page.status == 200 && page.body.contains("nothing yet") && page.body.contains("missed"), "{}", page.body);
    assert!(page.body.contains("Without a schedule") && page.body.contains("broken"), "{}", page.body);
    assert_eq!(runs(&place), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_whose_file_breaks_is_not_watched_and_the_page_says_why() {
    let place = late().await;
    place.write("sources/staff.yaml", "connector: delimted\naggregation: {schedule: \"0 * * * *\"}\n");
    let served = place.open().await;
    let page = served.shows(served.cookie.as_ref().unwrap(), "/schedule", "not watched").await;
    assert!(page.contains("delimited") && page.contains("No source has a schedule"), "{page}");
    assert_eq!(runs(&place), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_watches_the_server_learns_whether_it_works_and_nothing_else() {
    let place = Place::with_people().await;
    let served = place.serve();
    for path in ["/healthz", "/readyz"] {
        let answer = served.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"), "{path}");
        assert_eq!(served.ask("GET", path, &[("Host", "evil.example")], "").await.status, 421, "{path}");
    }
    assert_eq!(served.get("/schedule").await.status, 401);
    std::fs::write(&place.store, "this is no database, whatever its name says, and it is long enough to be one")
        .unwrap();
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", place.store.display()));
    }
    let broken = place.serve();
    let answer = broken.get("/readyz").await;
    assert_eq!((answer.status, answer.body.as_str()), (503, "not ready\n"));
    assert_eq!(broken.get("/healthz").await.status, 200);
}
