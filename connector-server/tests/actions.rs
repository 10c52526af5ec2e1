//! What somebody does from the console: read a source, stop it, test it; and what the audit log says of it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod place;

use place::{Place, Served};
use std::time::Duration;
use tokio::net::TcpListener;

/// Waits until a page shows a text.
async fn shows(served: &Served, path: &str, wanted: &str) -> String {
    let mut page = String::new();
    for _ in 0..200 {
        page = served.get(path).await.body;
        if page.contains(wanted) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} never shows {wanted}: {page}");
}

async fn press(served: &Served, path: &str) -> u16 {
    let own = format!("http://{}", served.address);
    let form = [("Origin", own.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
    served.ask("POST", path, &form, "").await.status
}

/// A source whose server takes every connection and never answers.
async fn with_silent_source(place: &Place) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    place.write(
        "sources/silent.yaml",
        &format!(
            "connector: scim\nauth: {{grant_type: none}}\nhttp: {{allow_insecure_loopback: true}}\nsettings: {{base_url: \"http://{address}/scim/v2\"}}\n"
        ),
    );
    listener
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_is_read_and_tested_from_its_page_and_the_audit_log_says_who_did_it() {
    let place = Place::with_people().await;
    let served = place.open().await;
    assert!(served.get("/audit").await.body.contains("sign_in"));
    place.write_people(300, "Legal");
    assert_eq!(press(&served, "/sources/people/aggregate").await, 303);
    shows(&served, "/sources/people", "<b>306</b>").await;
    assert_eq!(press(&served, "/sources/people/test").await, 303);
    let page = shows(&served, "/sources/people/test", "</i>passed").await;
    assert!(
        page.contains("definition") && page.contains("sources/people.yaml</code> is valid")
            || page.contains("is valid"),
        "{page}"
    );
    let log = served.get("/audit").await.body;
    for wanted in ["<td>aggregate</td>", "<td>test</td>", "<td>began</td>", "<td>succeeded</td>", "<bdi>console</bdi>"]
    {
        assert!(log.contains(wanted), "{wanted}: {log}");
    }
    assert_eq!(press(&served, "/sources/..%2Fpeople/aggregate").await, 404);
    assert_eq!(press(&served, "/sources/nobody/test").await, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_can_not_be_opened_says_why_on_its_page() {
    let place = Place::with_people().await;
    let served = place.open().await;
    assert_eq!(press(&served, "/sources/broken/aggregate").await, 303);
    let page = shows(&served, "/sources/broken", "could not begin").await;
    assert!(page.contains("unknown connector"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_hangs_is_stopped_by_its_button_and_by_the_end_of_the_server() {
    let place = Place::with_people().await;
    let _silent = with_silent_source(&place).await;
    let served = place.open().await;
    assert_eq!(press(&served, "/sources/silent/aggregate").await, 303);
    shows(&served, "/sources/silent", "Reading now").await;
    assert_eq!(press(&served, "/sources/silent/aggregate").await, 409, "one read at a time");
    assert_eq!(press(&served, "/sources/silent/stop").await, 303);
    shows(&served, "/sources/silent", "interrupted").await;
    assert!(served.get("/audit").await.body.contains("<td>stopped</td>"));
    assert_eq!(press(&served, "/sources/silent/aggregate").await, 303);
    shows(&served, "/sources/silent", "Reading now").await;
    assert_eq!(press(&served, "/sources/silent/test").await, 303);
    served.stop.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(10), served.task).await;
    ended.expect("the server waits for no answer of a source").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_recorded_is_not_done_but_can_be_looked_at() {
    let place = Place::with_people().await;
    std::fs::create_dir(place.store.with_extension("access")).unwrap();
    let served = place.open().await;
    assert_eq!(served.get("/sources/people").await.status, 200);
    assert_eq!(press(&served, "/sources/people/aggregate").await, 500);
    let page = served.get("/sources/people").await.body;
    assert!(!page.contains("Reading now") && page.contains("Read now"), "{page}");
}
