//! What the pages show, asked for over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod place;

use place::{HOSTILE, Place, Served, links};
use std::collections::{BTreeSet, VecDeque};

/// Opens every page that a link leads to, from the first one on.
async fn crawl(served: &Served) -> Vec<(String, String)> {
    let (mut known, mut next) = (BTreeSet::from(["/".to_owned()]), VecDeque::from(["/".to_owned()]));
    let mut pages = Vec::new();
    while let Some(path) = next.pop_front() {
        let answer = served.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        for link in links(&answer.body).into_iter().filter(|link| link.starts_with('/')) {
            // Two hundred people of a kind have the same page.
            if !link.contains("accounts/p") && known.insert(link.clone()) {
                next.push_back(link);
            }
        }
        pages.push((path, answer.body));
    }
    pages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_link_leads_to_a_page_and_no_name_of_a_source_is_markup_or_hides_text() {
    let place = Place::with_people().await;
    let served = place.open().await;
    let pages = crawl(&served).await;
    assert!(pages.len() > 25, "{:?}", pages.iter().map(|(path, _)| path).collect::<Vec<_>>());
    let harmful = |c: char| c == '\u{202e}' || c == '\u{200b}' || (c.is_control() && c != '\n');
    for (path, page) in pages.iter().filter(|(path, _)| !path.starts_with("/assets/")) {
        let small = page.to_lowercase();
        for markup in ["<script>", "<svg onload", "<img", "<i>boss", "<b>people", "onerror=alert(2)>"] {
            assert!(!small.contains(markup), "{path} contains {markup}");
        }
        assert!(!page.contains(harmful), "{path}: {:?}", page.chars().find(|c| harmful(*c)));
        assert!(!small.contains(" style=") && !small.contains("<style") && !small.contains(" onclick"), "{path}");
    }
    for [id, login, full] in HOSTILE {
        let (_, page) = pages
            .iter()
            .find(|(_, page)| page.contains("<dt>Id</dt>") && page.contains(&format!("<bdi>{}</bdi>", escaped(id))))
            .unwrap_or_else(|| panic!("no page of {id}"));
        assert!(page.contains(&escaped(login)) && page.contains(&escaped(full)), "{id}: {page}");
    }
}

fn escaped(text: &str) -> String {
    let hidden = |c: char| matches!(c, '\u{202e}' | '\u{200b}' | '\u{7}' | '\u{1b}');
    let text = text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;");
    text.replace('"', "&#34;").replace('\'', "&#39;").replace(hidden, "\u{fffd}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_of_a_list_have_every_account_once() {
    let place = Place::with_people().await;
    let served = place.open().await;
    let (mut path, mut seen) = ("/sources/people/accounts".to_owned(), Vec::new());
    loop {
        let page = served.get(&path).await.body;
        seen.extend(links(&page).into_iter().filter(|link| link.contains("/accounts/")));
        let next =
            page.split("rel=\"next\" href=\"").nth(1).map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&"));
        match next {
            Some(next) => path = next,
            None => break,
        }
    }
    let all: BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), all.len()), (251 + HOSTILE.len(), 251 + HOSTILE.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_search_takes_conditions_and_plain_words_and_says_what_is_wrong_beside_the_field() {
    let place = Place::with_people().await;
    let served = place.open().await;
    let found = async |query: &str| {
        let page = served.get(&format!("/sources/people/accounts?{query}")).await;
        assert_eq!(page.status, 200);
        (links(&page.body).into_iter().filter(|link| link.contains("/accounts/")).count(), page.body)
    };
    assert_eq!(found("where=login%20%3D%20%22user7%22").await.0, 1);
    assert_eq!(found("where=user+24").await.0, 11, "User 24 and User 240 to 249");
    assert_eq!(found("where=department%20%3D%20%22Finance%22").await.0, HOSTILE.len());
    assert!(found("where=user7&columns=department").await.1.contains("<bdi>Legal</bdi>"));
    assert_eq!(found("holding=role%2Fnothing").await.0, 0);
    let (_, page) = found("where=departmnt%20%3D%20%22Sales%22").await;
    assert!(page.contains("did you mean <code>department</code>") && page.contains("aria-invalid"), "{page}");
    let (number, page) = found("where=nobody").await;
    assert!(number == 0 && page.contains("No account fits"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_seen_in_the_diff_and_in_the_history_of_the_account() {
    let place = Place::with_people().await;
    let served = place.open().await;
    let diff = served.get("/sources/people/diff").await.body;
    assert!(diff.contains("<dt>department</dt>"), "{diff}");
    assert!(diff.contains("6 changed, 250 unchanged, 1 added"), "{diff}");
    let only = served.get("/sources/people/diff?what=entitlements").await.body;
    assert!(!only.contains("<dt>department</dt>"), "{only}");
    let account = served.get("/sources/people/accounts/1").await.body;
    assert!(account.contains("before: <bdi>Sales</bdi>") && account.contains("class=\"marked\""), "{account}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_without_anything_says_how_to_begin_and_a_broken_file_what_is_wrong() {
    let place = Place::empty();
    let served = place.open().await;
    let home = served.get("/").await;
    assert!(home.status == 200 && home.body.contains("no sources yet") && home.body.contains("connector source new"));
    assert_eq!(served.get("/runs").await.status, 200);
    assert_eq!(served.get("/runs/01M8P5JVVADMRCBBQJ56E3Z7AT").await.status, 404);
    place.write("sources/broken.yaml", "connector: delimted\n");
    let home = served.get("/").await.body;
    assert!(home.contains("invalid file") && home.contains("did you mean <code>delimited</code>"), "{home}");
    let page = served.get("/sources/broken").await.body;
    assert!(page.contains("sources/broken.yaml:1:12"), "{page}");
    let accounts = served.get("/sources/broken/accounts").await;
    assert!(accounts.status == 404 && accounts.body.contains("connector aggregate broken"), "{}", accounts.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_store_is_an_error_page_and_not_an_empty_list() {
    let place = Place::with_people().await;
    std::fs::write(&place.store, "this is no database, whatever its name says, and it is long enough to be looked at")
        .unwrap();
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", place.store.display()));
    }
    let served = place.open().await;
    let page = served.get("/").await;
    assert!(
        page.status == 500 && page.body.contains("store") && !page.body.contains("no sources yet"),
        "{}",
        page.body
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_search_finds_accounts_entitlements_and_sources_whatever_is_typed() {
    let place = Place::with_people().await;
    let served = place.open().await;
    let found = async |text: &str| {
        let answer = served.get(&format!("/search?q={}", place::encoded(text))).await;
        assert_eq!(answer.status, 200, "{text}");
        let main = answer.body.split("<main").nth(1).unwrap().to_owned();
        (links(&main).into_iter().filter(|link| link.matches('/').count() > 3).count(), main)
    };
    assert_eq!(found("user12").await.0, 8, "user12 and user120 to user126: no more than fit");
    assert_eq!(found("USER249").await.0, 1, "in small letters");
    assert_eq!(found("p00007").await.0, 1, "by id");
    assert!(found("TAF").await.1.contains(">staff</bdi>"), "a part of the name of an entitlement");
    assert!(found("eopl").await.1.contains("href=\"/sources/people\""), "a source");
    assert!(found("").await.1.contains("What are you looking for?"));
    for [id, login, _] in HOSTILE {
        for text in [id, login] {
            let (number, page) = found(text).await;
            assert!(number > 0 && page.contains(&escaped(login)), "{text}: {page}");
        }
    }
    assert_eq!(found("%' OR 1=1 --").await.0, 0);
    assert_eq!(served.get("/certificates").await.status, 200);
}
