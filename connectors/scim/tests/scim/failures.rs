//! Responses that are errors, or should be.

use crate::server::{Server, Traits, World, accounts, assignments, ok, refusal};
use connector_core::{Change, ErrorKind, Happened, Operation, Retry};
use serde_json::{Map, json};
use std::time::Duration;
use wiremock::ResponseTemplate;

async fn error_of(part: &str, answer: ResponseTemplate) -> connector_core::Error {
    let server = Server::start(Traits::default(), World::of(30, &[&[1]])).await;
    server.answer(part, 9, answer);
    match accounts(&*server.open(&json!({}))).await {
        Ok(read) => panic!("{} accounts instead of an error", read.len()),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_web_page_with_status_200_is_an_error() {
    let server = Server::start(Traits { web_page: true, ..Traits::default() }, World::of(30, &[])).await;
    let error = accounts(&*server.open(&json!({}))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("web page"), "{error}");
    let page = ResponseTemplate::new(200).set_body_raw("<html>", "application/json");
    assert!(error_of("/Users", page).await.to_string().contains("web page"));
}

#[tokio::test]
async fn another_content_type_or_a_cut_or_empty_body_is_an_error() {
    let rows = json!({"totalResults": 1, "Resources": [{"id": "1", "userName": "x"}]}).to_string();
    for (answer, words) in [
        (ResponseTemplate::new(200).set_body_raw(rows.clone(), "text/plain"), "`text/plain`"),
        (ResponseTemplate::new(200).set_body_raw(&rows[..30], "application/scim+json"), "cut off after 30 bytes"),
        (ResponseTemplate::new(200).set_body_raw("", "application/scim+json"), "empty"),
        (ok(200, &json!({"Resources": []})), "totalResults"),
        (ok(200, &json!({"totalResults": 1, "Resources": [{"userName": "x"}]})), "row 1 has no `id`"),
        (ok(200, &json!({"totalResults": 1, "Resources": [{"id": "7"}]})), "user `7` has no `userName`"),
        (ok(200, &json!([1, 2])), "not a list of resources"),
    ] {
        let error = error_of("/Users", answer).await;
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.to_string().contains(words) && error.help().is_some(), "{error}");
    }
}

#[tokio::test]
async fn errors_of_scim_have_their_kinds_and_what_to_do() {
    for (answer, kind, words) in [
        (refusal(403, None, "not yours"), ErrorKind::Permission, "not yours"),
        (refusal(400, Some("invalidFilter"), "no filter"), ErrorKind::Invalid, "`invalidFilter`"),
        (refusal(404, None, "nothing here"), ErrorKind::NotFound, "nothing here"),
        (refusal(400, Some("tooMany"), "too many"), ErrorKind::Invalid, "`tooMany`"),
    ] {
        let error = error_of("/Users", answer).await;
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(words) && error.help().is_some(), "{error}");
    }
}

#[tokio::test]
async fn members_that_are_cut_are_an_error() {
    let server = Server::start(Traits::default(), World::of(3, &[&[1, 2]])).await;
    let whole =
        json!({"totalResults": 1, "Resources": [{"id": "g0", "members": [{"value": "u00001"}, {"value": "u00002"}]}]});
    let whole = whole.to_string();
    for end in [whole.len() - 1, whole.len() - 4, whole.len() - 30, 20, 1] {
        server.answer("/Groups", 9, ResponseTemplate::new(200).set_body_raw(&whole[..end], "application/scim+json"));
        let error = assignments(&*server.open(&json!({}))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    }
}

async fn refused(answer: ResponseTemplate, change: Change) -> connector_core::Error {
    let server = Server::start(Traits::default(), World::of(3, &[&[1]])).await;
    for method in ["POST ", "PATCH ", "DELETE "] {
        server.answer(method, 1, answer.clone());
    }
    server.open(&json!({})).provision(&Operation::new("u00001", change)).await.unwrap_err()
}

#[tokio::test]
async fn a_refused_change_says_whether_it_happened_and_when_to_try_again() {
    let create = || Change::create("new@acme.example", Map::new(), Vec::new(), None);
    let error = refused(refusal(409, Some("uniqueness"), "taken"), create()).await;
    assert_eq!((error.kind(), error.happened()), (ErrorKind::AlreadyExists, Happened::No));
    let error = refused(refusal(409, None, "locked"), Change::Delete).await;
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let slow = refusal(429, None, "slow down").insert_header("Retry-After", "70");
    let error = refused(slow, Change::Disable).await;
    assert_eq!((error.kind(), error.retry()), (ErrorKind::RateLimited, Retry::After(Duration::from_secs(70))));
    assert_eq!(error.happened(), Happened::No);
    let error = refused(refusal(500, None, "oops"), create()).await;
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Unavailable, Happened::Unknown));
    let page = ResponseTemplate::new(200).set_body_raw("<html>", "text/html");
    let error = refused(page, Change::Disable).await;
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Protocol, Happened::Unknown));
    for scim_type in ["invalidValue", "mutability", "invalidPath", "noTarget", "invalidSyntax"] {
        let error = refused(refusal(400, Some(scim_type), "no"), create()).await;
        assert_eq!((error.kind(), error.happened()), (ErrorKind::Invalid, Happened::No));
        assert!(error.help().is_some() && error.to_string().contains(scim_type));
    }
}

/// What is found of a user whose address answers so, while the list of users answers as it is set.
async fn found_with(answer: ResponseTemplate, list: Option<ResponseTemplate>) -> connector_core::Result<usize> {
    let server = Server::start(Traits { filter: false, ..Traits::default() }, World::of(3, &[])).await;
    server.answer("/Users/somebody", 9, answer);
    if let Some(list) = list {
        server.answer("/Users?", 9, list);
    }
    let connector = server.open(&json!({}));
    let connector_ability = connector.capabilities().accounts().unwrap();
    let found = connector_ability.find_accounts(&["somebody".to_owned()], &connector_core::Concern::default()).await?;
    Ok(found[0].len())
}

#[tokio::test]
async fn a_user_is_gone_only_if_the_server_says_so_in_the_way_of_scim() {
    let gateway = || ResponseTemplate::new(404).set_body_raw(r#"{"message":"no Route matched"}"#, "application/json");
    // As RFC 7644 says it, and as AWS says it.
    assert_eq!(found_with(refusal(404, None, "not found"), None).await.unwrap(), 0);
    let aws = r#"{"schema":"urn:ietf:params:scim:api:messages:2.0:Error","status":"404","detail":"USER not found."}"#;
    assert_eq!(found_with(ResponseTemplate::new(404).set_body_raw(aws, "application/json"), None).await.unwrap(), 0);
    // Other servers say less. Then their list of users must be there.
    for answer in [gateway(), ResponseTemplate::new(404), refusal(400, Some("invalidValue"), "not a UUID")] {
        assert_eq!(found_with(answer, None).await.unwrap(), 0);
    }
    for (answer, kind) in [
        (gateway(), ErrorKind::NotFound),
        (ResponseTemplate::new(404), ErrorKind::NotFound),
        (refusal(400, None, "this tenant is suspended"), ErrorKind::Invalid),
    ] {
        let error = found_with(answer.clone(), Some(answer)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    // What is wrong with the request says nothing about the user.
    for scim_type in ["invalidSyntax", "invalidVers", "sensitive", "tooMany"] {
        let error = found_with(refusal(400, Some(scim_type), "no"), None).await.unwrap_err();
        assert!(error.to_string().contains(scim_type), "{error}");
    }
    let plain = ResponseTemplate::new(400).set_body_raw(r#"{"error":"invalid_request"}"#, "application/json");
    assert_eq!(found_with(plain, None).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn a_server_in_maintenance_is_no_reason_to_think_that_users_are_gone() {
    let server = Server::start(Traits::default(), World::of(3, &[])).await;
    let connector = server.open(&json!({}));
    let ability = connector.capabilities().accounts().unwrap();
    let page = ResponseTemplate::new(404).set_body_raw("<html>Maintenance", "text/html");
    server.answer("/Users/u00001", 9, page);
    server.answer("filter=", 9, ok(200, &json!({"totalResults": 0})));
    let error = ability.find_accounts(&["u00001".to_owned()], &connector_core::Concern::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
