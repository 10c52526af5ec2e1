//! The password resource.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;

use connector_sandbox_salesforce::{Options, Rights, WriteAction};
use serde_json::{Value, json};
use support::{Client, signed_in};

async fn set(client: &Client, path: &str, password: &str) -> support::Reply {
    client.send("POST", path, &json!({"NewPassword": password})).await
}

#[tokio::test]
async fn a_password_is_set_reset_and_never_told_again() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let user = org.user_id(9);
    let path = format!("/sobjects/User/{user}/password");
    let changed = || org.field(&user, "LastPasswordChangeDate").unwrap();
    let before = changed();
    assert_eq!(client.send("GET", &path, &Value::Null).await.json(), json!({"isExpired": false}));
    let reply = set(&client, &path, "correct horse 1").await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    assert_ne!(changed(), before);
    let reset = client.send("DELETE", &path, &Value::Null).await;
    let made_up = reset.json()["NewPassword"].as_str().unwrap().to_owned();
    assert!(reset.status == 200 && made_up.len() >= 8);
    assert_eq!(client.send("GET", &path, &Value::Null).await.json(), json!({"isExpired": true}));
    assert_eq!(set(&client, &path, "battery staple 2").await.status, 204);
    assert_eq!(client.send("GET", &path, &Value::Null).await.json(), json!({"isExpired": false}));
    let writes = org.writes();
    let actions: Vec<WriteAction> = writes.iter().map(|write| write.action).collect();
    assert_eq!(actions, [WriteAction::SetPassword, WriteAction::ResetPassword, WriteAction::SetPassword]);
    let said = format!("{writes:?} {org:?} {:?}", sandbox.requests());
    assert!(!said.contains("horse") && !said.contains(&made_up));
    assert_eq!(sandbox.requests().of("password:User"), 6);
}

#[tokio::test]
async fn weak_and_repeated_passwords_are_refused_with_a_single_object() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let path = format!("/sobjects/User/{}/password", sandbox.org().user_id(9));
    let refused = async |password: &str| {
        let reply = set(&client, &path, password).await;
        let error = reply.json();
        assert_eq!((reply.status, &error["errorCode"]), (400, &json!("INVALID_NEW_PASSWORD")));
        error["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused("onlyletters").await, "Your password must have a mix of letters and numbers.");
    assert_eq!(refused("short1").await, "Your password must be at least 8 characters long.");
    for number in 1..=4 {
        assert_eq!(set(&client, &path, &format!("password {number}")).await.status, 204);
    }
    assert_eq!(refused("password 3").await, "invalid repeated password");
    assert_eq!(set(&client, &path, "password 1").await.status, 204, "only the latest three are remembered");
    let empty = client.send("POST", &path, &json!({})).await;
    assert_eq!((empty.status, &empty.json()["errorCode"]), (400, &json!("MISSING_ARGUMENT")));
    let nobody = client.send("GET", "/sobjects/User/005000000000000AAA/password", &Value::Null).await;
    assert_eq!((nobody.status, &nobody.json()["errorCode"]), (404, &json!("NOT_FOUND")));
}

#[tokio::test]
async fn passwords_are_for_who_has_the_right() {
    let (sandbox, client) = signed_in(Options::default()).await;
    sandbox.org().set_rights(Rights { reset_passwords: false, ..Rights::default() });
    let path = format!("/sobjects/User/{}/password", sandbox.org().user_id(9));
    for (method, body) in
        [("GET", Value::Null), ("POST", json!({"NewPassword": "correct horse 1"})), ("DELETE", Value::Null)]
    {
        let reply = client.send(method, &path, &body).await;
        let expected = json!({
            "message": "You do not have permission to view this record.", "errorCode": "INSUFFICIENT_ACCESS",
        });
        assert_eq!((reply.status, reply.json()), (403, expected), "{method}");
    }
    assert!(sandbox.org().writes().is_empty());
}
