//! What the rules find, on pages and for programs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod place;

use place::{HOSTILE, Place, encoded, links};
use serde_json::Value;

/// A project whose source `staff` has disabled accounts that hold something; one of them is accepted.
async fn place() -> Place {
    let place = Place::with_people().await;
    place.add_staff("aggregation: {delete_threshold: 100%}\n").await;
    place.write(
        "findings.yaml",
        "accept:\n  - {rule: disabled_account_access, account: staff10, reason: \"<b>leaves</b> in May\", until: 2126-05-31}\n  - {rule: disabled_account_access, source: staff, account: staff20, reason: long ago, until: 2020-01-31}\n",
    );
    place
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_of_a_source_and_of_all_name_what_they_are_about_and_lead_to_it() {
    let place = place().await;
    let served = place.open().await;
    let page = served.get("/sources/staff/findings").await;
    assert_eq!(page.status, 200, "{}", page.body);
    // Every hostile account and three of the four others are disabled; one of them is accepted.
    let about = |body: &str| links(body).into_iter().filter(|link| link.contains("/accounts/")).count();
    assert_eq!(about(&page.body), HOSTILE.len() + 3);
    assert!(
        page.body.contains("Disabled accounts that keep their access") && page.body.contains("guard"),
        "{}",
        page.body
    );
    assert!(
        page.body
            .contains("the acceptance of <code>disabled_account_access</code> for staff20, staff ended on 2020-01-31")
    );
    for markup in ["<script>alert", "<svg onload", "<i>boss"] {
        assert!(!page.body.to_lowercase().contains(markup), "{markup}");
    }
    for link in links(&page.body).into_iter().filter(|link| link.starts_with("/sources/staff")) {
        assert_eq!(served.get(&link).await.status, 200, "{link}");
    }
    let all = served.get("/findings").await.body;
    assert!(
        about(&all) >= HOSTILE.len() + 3 && all.contains("href=\"/sources/staff\"") && all.contains("broken"),
        "{all}"
    );
    let accepted = served.get("/sources/staff/findings?accepted=true").await.body;
    assert_eq!(about(&accepted), HOSTILE.len() + 4);
    assert!(accepted.contains("2126-05-31") && accepted.contains("&#60;b&#62;leaves&#60;/b&#62; in May"), "{accepted}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_are_filtered_by_severity_rule_and_account_and_a_wrong_rule_is_an_error() {
    let place = place().await;
    let served = place.open().await;
    let rows = async |query: &str| {
        let page = served.get(&format!("/sources/staff/findings?{query}")).await;
        assert_eq!(page.status, 200, "{query}: {}", page.body);
        page.body.matches("class=\"row\"").count()
    };
    assert_eq!(rows("severity=high").await, 0);
    assert_eq!(rows("rule=guard_off").await, 1);
    assert_eq!(rows("rule=disabled_account_access&account=s30").await, 1);
    assert_eq!(rows("account=STAFF30").await, 1, "by name, in any case");
    assert_eq!(rows(&format!("account={}", encoded(HOSTILE[1][1]))).await, 1);
    assert_eq!(rows("account=nobody").await, 0);
    let wrong = served.get("/sources/staff/findings?rule=gard_off").await;
    assert!(wrong.status == 400 && wrong.body.contains("did you mean <code>guard_off</code>"), "{}", wrong.body);
    assert_eq!(served.get("/sources/nobody/findings").await.status, 404);
    assert_eq!(served.get("/sources/staff/findings?skip=999999999").await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_gets_each_finding_once_the_worst_first() {
    let place = place().await;
    let served = place.open().await;
    let read = async |path: &str| -> Value { serde_json::from_str(&served.get(path).await.body).unwrap() };
    let whole = read("/api/v1/sources/staff/findings?accepted=true&limit=1000").await;
    let items = whole["items"].as_array().unwrap();
    assert_eq!(items.len(), HOSTILE.len() + 4 + 1, "{whole}");
    let (mut paged, mut after) = (Vec::new(), String::new());
    loop {
        let page = read(&format!("/api/v1/sources/staff/findings?accepted=true&limit=3{after}")).await;
        paged.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(&paged, items);
    let accepted: Vec<_> = items.iter().filter(|one| !one["accepted"].is_null()).collect();
    assert!(
        accepted.len() == 1
            && accepted[0]["account"]["name"] == "staff10"
            && accepted[0]["accepted"]["until"] == "2126-05-31"
    );
    let urgent = read("/api/v1/sources/staff/findings?severity=high").await;
    assert_eq!(urgent["items"].as_array().unwrap().len(), 0);
}
