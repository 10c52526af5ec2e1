//! A cut, malformed or contradictory answer is an error, never a shorter list (promise 3).

use crate::server::{Org, ok, page, refusal, user, user_id};
use connector_core::{Cursor, Error, ErrorKind};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

fn users() -> Vec<Value> {
    (1..=4).map(user).collect()
}

async fn read(answer: ResponseTemplate) -> Result<usize, Error> {
    let org = Org::start().await;
    org.answer("User", vec![answer]);
    org.open().aggregate_accounts(&Cursor::start()).await.map(|page| page.items().len())
}

fn spoiled(spoil: impl Fn(&mut Value)) -> ResponseTemplate {
    let mut page = page(&users());
    spoil(&mut page);
    ok(&page)
}

#[tokio::test]
async fn a_cut_or_contradictory_page_is_an_error_never_a_shorter_list() {
    let whole = page(&users()).to_string();
    assert_eq!(read(spoiled(|_| {})).await.unwrap(), 4);
    let raw = |text: &str| ResponseTemplate::new(200).set_body_raw(text.as_bytes().to_vec(), "application/json");
    let odd = [
        ("cut in the middle", raw(&whole[..whole.len() / 2])),
        ("cut at the end", raw(&whole[..whole.len() - 1])),
        ("empty", raw("")),
        ("a web page", raw("<html>Down for maintenance</html>")),
        ("an empty list", raw("[]")),
        ("no records", spoiled(|page| drop(page.as_object_mut().unwrap().remove("records")))),
        ("rows dropped", spoiled(|page| drop(page["records"].as_array_mut().unwrap().pop()))),
        ("too many rows", spoiled(|page| page["records"].as_array_mut().unwrap().push(user(5)))),
        ("not done and nothing more", spoiled(|page| page["done"] = json!(false))),
        ("done and more", spoiled(|page| page["nextRecordsUrl"] = json!("/services/data/v67.0/query/01g-2000"))),
        ("a row twice", spoiled(|page| page["records"][2] = page["records"][1].clone())),
        ("out of order", spoiled(|page| page["records"].as_array_mut().unwrap().swap(0, 3))),
        ("another object", spoiled(|page| page["records"][1]["attributes"]["type"] = json!("Contact"))),
        ("ids of another object", spoiled(|page| page["records"][3]["Id"] = json!("00Gak0000000009AAA"))),
        ("no id", spoiled(|page| drop(page["records"][3].as_object_mut().unwrap().remove("Id")))),
        ("a field left out", spoiled(|page| drop(page["records"][0].as_object_mut().unwrap().remove("Email")))),
        ("an odd flag", spoiled(|page| page["records"][0]["IsActive"] = json!("true"))),
        ("an odd value", spoiled(|page| page["records"][0]["City"] = json!({"name": "Rome"}))),
        ("no username", spoiled(|page| page["records"][0]["Username"] = Value::Null)),
    ];
    for (what, answer) in odd {
        let error = read(answer).await.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Protocol, "{what}: {error:?}");
        assert!(error.message().contains("User") && error.help().is_some(), "{what}: {error:?}");
        assert!(!format!("{error:?}").contains("@acme.example"), "{what}: {error:?}");
    }
}

#[tokio::test]
async fn the_first_page_again_where_the_second_is_due_is_an_error() {
    let org = Org::start().await;
    let mut first = page(&users());
    first["done"] = json!(false);
    first["totalSize"] = json!(8);
    first["nextRecordsUrl"] = json!("/services/data/v67.0/query/01g-4");
    org.answer("User", vec![ok(&first)]);
    let connector = org.open();
    let page = connector.aggregate_accounts(&Cursor::start()).await.unwrap();
    let error = connector.aggregate_accounts(&page.next()[0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
    assert!(error.message().contains("record 1"), "{error}");
}

#[tokio::test]
async fn lock_states_that_were_not_asked_for_are_an_error() {
    let org = Org::start().await;
    org.answer("User", vec![ok(&page(&users()))]);
    let fields = json!({"UserId": user_id(1), "IsFrozen": false, "IsPasswordLocked": false});
    org.answer("UserLogin", vec![ok(&page(&[crate::server::record("UserLogin", "0Ywak0000000001AAA", fields)]))]);
    let error = org.open().aggregate_accounts(&Cursor::start()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn positions_of_another_list_are_refused() {
    let org = Org::start().await;
    let connector = org.open();
    let ability = connector.capabilities().entitlements().unwrap();
    let of_profiles = ability.entitlements(&Cursor::start()).await.unwrap().next()[0].clone();
    for error in [
        connector.aggregate_accounts(&of_profiles).await.err(),
        ability.assignments(&of_profiles).await.err(),
        ability.entitlements(&Cursor::from_text(r#"{"of":"badge"}"#)).await.err(),
    ] {
        assert_eq!(error.unwrap().kind(), ErrorKind::Protocol);
    }
}

#[tokio::test]
async fn an_optional_object_that_goes_away_in_the_middle_is_an_error() {
    let org = Org::start().await;
    org.answer("PackageLicense", vec![refusal(400, "INVALID_TYPE", "sObject type 'PackageLicense' is not supported.")]);
    let connector = org.open();
    let ability = connector.capabilities().entitlements().unwrap();
    let middle = Cursor::from_text(r#"{"of":"package_license","after":"050ak0000000001"}"#);
    assert_eq!(ability.entitlements(&middle).await.unwrap_err().kind(), ErrorKind::Permission);
}

#[tokio::test]
async fn a_queue_among_the_public_groups_is_an_error() {
    let org = Org::start().await;
    let fields = json!({
        "Name": "Help desk", "DeveloperName": "Help_desk", "Type": "Queue", "Email": null, "OwnerId": null,
        "CreatedDate": null, "LastModifiedDate": null
    });
    org.answer("Group", vec![ok(&page(&[crate::server::record("Group", "00Gak0000000001AAA", fields)]))]);
    let connector = org.open();
    let ability = connector.capabilities().entitlements().unwrap();
    let types = ability.entitlement_types();
    let start = ability.entitlements(&Cursor::start()).await.unwrap();
    let cursor_of = |name| &start.next()[types.iter().position(|known| known.name == name).unwrap()];
    let error = ability.entitlements(cursor_of("group")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
    assert_eq!(ability.entitlements(cursor_of("queue")).await.unwrap().items().len(), 1);
}
