//! The stumbling blocks of users of other declarative connectors. Each is a test here.

use crate::acme::{Acme, accounts, assignments, described, failure, fault, faults, open, settings};
use connector_core::{ErrorKind, TestReport};
use serde_json::json;
use wiremock::ResponseTemplate;

/// dlt: one paginator was shared by all parents, so that the pages of later ones were skipped.
#[tokio::test]
async fn each_parent_has_its_own_paging_state() {
    let acme = Acme::start(20, 5).await;
    let connector = open(&described(&acme)).unwrap();
    let listed = assignments(connector.as_ref()).await.unwrap();
    for group in 1..=5 {
        let id = format!("g{group}");
        let held: Vec<u64> = listed
            .items
            .iter()
            .filter(|one| one.entitlement.id == id)
            .map(|one| one.holder.account_id().unwrap().parse().unwrap())
            .collect();
        assert_eq!(held, acme.members(&id).into_iter().collect::<Vec<_>>(), "{id}");
    }
    assert_eq!(listed.incomplete, Vec::<String>::new());
}

/// Airbyte: an ignored error hid a wrong configuration.
#[tokio::test]
async fn a_parent_that_cannot_be_read_is_counted_and_removes_nothing() {
    let acme = Acme::start(6, 3).await;
    acme.instead("GET /v2/groups/g2/members", fault(403, "forbidden"));
    acme.instead("GET /v2/groups/g3/members", fault(404, "gone"));
    let connector = open(&described(&acme)).unwrap();
    let listed = assignments(connector.as_ref()).await.unwrap();
    assert_eq!(listed.incomplete.len(), 2, "{:?}", listed.incomplete);
    assert!(listed.incomplete[0].contains("g2") && listed.incomplete[0].contains("403"), "{:?}", listed.incomplete);
    assert!(listed.items.iter().any(|one| one.entitlement.id == "g1"), "the others are read");
}

/// The same, where every parent fails because the path is wrong: the connection test says so.
#[tokio::test]
async fn the_connection_test_does_not_pass_over_a_wrong_path() {
    let acme = Acme::start(6, 3).await;
    let mut settings = described(&acme);
    settings["assignments"][0]["get"] = "/group/{parent.id}/members".into();
    let connector = open(&settings).unwrap();
    let mut report = TestReport::new();
    connector.test_connection(&mut report).await;
    let failed = report.steps().iter().find(|step| step.name == "assignments").unwrap();
    assert!(failed.detail.as_ref().unwrap().contains("404"), "{failed:?}");
}

/// Airbyte: offsets beyond the cap of an API gave nothing more, and the list looked complete.
#[tokio::test]
async fn a_list_that_reaches_the_cap_of_the_api_is_an_error() {
    let acme = Acme::start(20, 1).await;
    let mut settings = described(&acme);
    settings["accounts"]["max_items"] = 9.into();
    let error = failure(open(&settings).unwrap().as_ref()).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("reached 9 items"), "{error}");
    settings["accounts"]["max_items"] = 21.into();
    assert_eq!(accounts(open(&settings).unwrap().as_ref()).await.unwrap().items.len(), 20);
}

/// Airbyte CDK: a filter on records shortened a page, and so stopped the paging.
#[tokio::test]
async fn items_are_counted_before_they_are_filtered() {
    let acme = Acme::start(20, 1).await;
    let mut settings = described(&acme);
    settings["accounts"]["keep"] = "item.id == 20".into();
    let listed = accounts(open(&settings).unwrap().as_ref()).await.unwrap();
    assert_eq!(listed.items.len(), 1);
    assert_eq!(listed.incomplete, Vec::<String>::new());
}

/// SailPoint: a redirect or an error page with status 200 became zero accounts, and then deletions.
#[tokio::test]
async fn a_redirect_or_a_web_page_is_an_error_and_no_empty_list() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    acme.instead("GET /v2/users", ResponseTemplate::new(302).insert_header("Location", "/login"));
    assert_eq!(failure(connector.as_ref()).await.kind(), ErrorKind::Protocol);
    acme.instead("GET /v2/users", ResponseTemplate::new(200).set_body_raw("<html>Sign in</html>", "text/html"));
    assert!(failure(connector.as_ref()).await.message().contains("web page"));
    acme.instead("GET /v2/users", ResponseTemplate::new(200).set_body_raw("{\"data\": [{\"id\"", "application/json"));
    assert!(failure(connector.as_ref()).await.message().contains("cut off"));
}

/// Baton SCIM's example: removing one member replaced the whole list of members.
#[test]
fn a_revoke_that_would_replace_the_whole_group_is_refused() {
    let mut settings = settings("https://api.acme.example/v2");
    settings["operations"]["revoke"]["group"] =
        json!({"put": "/groups/{entitlement.id}", "body": {"without": "{account.id}"}});
    let found = faults(&settings);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].pointer, "/operations/revoke/group/put");
    assert!(found[0].message.contains("all of its members"), "{found:?}");
}

/// SailPoint: one account whose mapping failed was left out without a word.
#[tokio::test]
async fn an_item_that_does_not_fit_is_an_error_with_its_id() {
    let acme = Acme::start(3, 1).await;
    let connector = open(&described(&acme)).unwrap();
    let item = json!({"id": 7, "login": "x", "locked": false, "level": 1});
    acme.instead("GET /v2/users", ResponseTemplate::new(200).set_body_json(json!({"data": [item], "total": 1})));
    let error = failure(connector.as_ref()).await;
    assert!(error.message().contains("account 7") && error.message().contains("item.status"), "{error}");
}
