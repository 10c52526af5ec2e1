//! An answer that does not fit the change that was sent leaves open what happened; it is never taken for success.

use crate::server::{Org, ok, page, record, refusal, user_id};
use connector_core::{Change, EntitlementRef, ErrorKind, Happened, Operation, Outcome, Result, Retry};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

const COLLECTION: &str = "v67.0/composite/sobjects";

fn done(id: &str) -> Value {
    json!({"id": id, "success": true, "errors": []})
}

fn refused(code: &str) -> Value {
    json!({"success": false, "errors": [{"statusCode": code, "message": "no", "fields": []}]})
}

fn update(number: u64) -> Operation {
    let set = json!({"Department": "Finance"}).as_object().unwrap().clone();
    Operation::new(user_id(number), Change::set(set))
}

fn create() -> Operation {
    Operation::new("", Change::create("jane@acme.example", serde_json::Map::new(), vec![], None))
}

fn group() -> EntitlementRef {
    EntitlementRef::new("group", "00Gak0000000001AAA")
}

async fn sent(answer: ResponseTemplate, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
    let org = Org::start().await;
    org.answer(COLLECTION, vec![answer]);
    org.open().capabilities().batch().unwrap().provision_batch(operations).await
}

#[tokio::test]
async fn an_answer_that_does_not_fit_leaves_open_what_happened() {
    let (one, two, three) = (user_id(1), user_id(2), user_id(3));
    let raw = |text: &str| ResponseTemplate::new(200).set_body_raw(text.as_bytes().to_vec(), "application/json");
    let whole = json!([done(&one), done(&two)]).to_string();
    for (what, answer) in [
        ("a row too few", ok(&json!([done(&one)]))),
        ("a row too many", ok(&json!([done(&one), done(&two), done(&three)]))),
        ("another user", ok(&json!([done(&one), done(&three)]))),
        ("another order", ok(&json!([done(&two), done(&one)]))),
        ("no id", ok(&json!([done(&one), {"success": true, "errors": []}]))),
        ("record id", ok(&json!([done(&one), done("x")]))),
        (
            "success with errors",
            ok(&json!([done(&one), {"id": two, "success": true, "errors": [{"statusCode": "X"}]}])),
        ),
        ("a failure without a reason", ok(&json!([done(&one), {"success": false, "errors": []}]))),
        ("an object", ok(&json!({"hasErrors": false}))),
        ("cut", raw(&whole[..whole.len() - 3])),
        ("empty", raw("")),
        ("a web page", raw("<html>Down for maintenance</html>")),
    ] {
        let error = sent(answer, &[update(1), update(2)]).await.expect_err(what);
        assert_eq!((error.kind(), error.happened()), (ErrorKind::Protocol, Happened::Unknown), "{what}: {error:?}");
    }
}

#[tokio::test]
async fn a_new_record_of_another_object_leaves_open_what_happened() {
    let error = sent(ok(&json!([done("00Gak0000000001AAA")])), &[create()]).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Protocol, Happened::Unknown));
    let grant = Operation::new(user_id(1), Change::grant(group(), None));
    let error = sent(ok(&json!([done(&user_id(1))])), &[grant]).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Protocol, Happened::Unknown));
}

#[tokio::test]
async fn each_row_has_its_own_outcome() {
    let answer = ok(&json!([refused("UNABLE_TO_LOCK_ROW"), done(&user_id(2)), refused("STRING_TOO_LONG")]));
    let outcomes = sent(answer, &[update(1), update(2), update(3)]).await.unwrap();
    let held = outcomes[0].as_ref().unwrap_err();
    assert_eq!((held.kind(), held.happened()), (ErrorKind::Conflict, Happened::No));
    assert!(matches!(held.retry(), Retry::After(_)), "{held:?}");
    assert_eq!(outcomes[1].as_ref().unwrap(), &Outcome::Applied { account: user_id(2) });
    assert_eq!(outcomes[2].as_ref().unwrap_err().retry(), Retry::No);
}

#[tokio::test]
async fn a_request_that_is_refused_as_a_whole_did_not_happen_and_one_that_broke_may_have() {
    for (status, code, happened, again) in [
        (400, "JSON_PARSER_ERROR", Happened::No, false),
        (403, "REQUEST_LIMIT_EXCEEDED", Happened::No, false),
        (503, "SERVER_UNAVAILABLE", Happened::No, true),
        (500, "UNKNOWN_EXCEPTION", Happened::Unknown, false),
    ] {
        let org = Org::start().await;
        org.answer(COLLECTION, vec![refusal(status, code, "no")]);
        let connector = org.open();
        let error = connector.provision(&update(1)).await.unwrap_err();
        assert_eq!(
            (error.happened(), matches!(error.retry(), Retry::After(_))),
            (happened, again),
            "{code}: {error:?}"
        );
        assert_eq!(org.requests(COLLECTION).await, 1, "{code}: a change is never repeated by itself");
    }
}

#[tokio::test]
async fn a_row_that_is_gone_before_it_is_removed_counts_as_revoked() {
    for code in ["ENTITY_IS_DELETED", "NOT_FOUND"] {
        let org = Org::start().await;
        let fields = json!({"UserOrGroupId": user_id(1), "GroupId": group().id});
        org.answer("GroupMember", vec![ok(&page(&[record("GroupMember", "011ak0000000001AAA", fields)]))]);
        org.answer(COLLECTION, vec![ok(&json!([refused(code)]))]);
        let revoke = Operation::new(user_id(1), Change::revoke(group()));
        let outcome = org.open().provision(&revoke).await.unwrap();
        assert_eq!(outcome, Outcome::unchanged("does not hold it"), "{code}");
    }
}

#[tokio::test]
async fn rows_that_were_not_asked_for_are_an_error_and_nothing_is_removed() {
    let org = Org::start().await;
    let fields = json!({"UserOrGroupId": user_id(2), "GroupId": group().id});
    org.answer("GroupMember", vec![ok(&page(&[record("GroupMember", "011ak0000000001AAA", fields)]))]);
    let revoke = Operation::new(user_id(1), Change::revoke(group()));
    let error = org.open().provision(&revoke).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Protocol, Happened::No));
    assert_eq!(org.requests(COLLECTION).await, 0);
}

#[tokio::test]
async fn the_password_that_a_reset_gives_is_kept_nowhere() {
    let org = Org::start().await;
    let path = format!("v67.0/sobjects/User/{}/password", user_id(1));
    org.answer(&path, vec![ok(&json!({"NewPassword": "made-up-9"}))]);
    let connector = org.open();
    let outcome = connector.provision(&Operation::new(user_id(1), Change::set_password(None))).await;
    assert_eq!(outcome.as_ref().unwrap(), &Outcome::Applied { account: user_id(1) });
    assert!(!format!("{outcome:?} {connector:?}").contains("made-up-9"));
    org.answer(&path, vec![ResponseTemplate::new(500).set_body_json(json!({"NewPassword": "made-up-9"}))]);
    let error = connector.provision(&Operation::new(user_id(1), Change::set_password(None))).await.unwrap_err();
    assert!(!format!("{error:?}").contains("made-up-9"), "{error:?}");
}
