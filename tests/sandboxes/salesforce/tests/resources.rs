//! The resources beside queries: versions, sessions, rights, describe, single records, limits.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;

use connector_sandbox_salesforce::{Options, Rights, Sandbox};
use serde_json::{Value, json};
use support::{Client, signed_in};

#[tokio::test]
async fn versions_are_open_ascending_and_not_counted() {
    let (sandbox, client) = signed_in(Options::default()).await;
    for host in [sandbox.audience(), sandbox.instance_url()] {
        let reply = support::reply(client.http.get(format!("{host}/services/data/"))).await.unwrap();
        let versions = reply.json();
        assert_eq!(versions[0]["version"], "31.0");
        assert_eq!(
            versions.as_array().unwrap().last().unwrap(),
            &json!({"label": "Summer '26", "url": "/services/data/v67.0", "version": "67.0"})
        );
        assert!(reply.headers.get("sforce-limit-info").is_none());
    }
    assert_eq!(sandbox.requests().api, 0);
    let first = client.get("/services/data/v67.0/").await;
    assert_eq!(first.headers["sforce-limit-info"], "api-usage=1/100000");
    assert_eq!(first.json()["query"], "/services/data/v67.0/query");
    assert_eq!(client.get("/services/data/v67.0/limits").await.headers["sforce-limit-info"], "api-usage=2/100000");
}

#[tokio::test]
async fn wrong_addresses_get_their_status() {
    let (sandbox, client) = signed_in(Options::default()).await;
    for (path, status, code) in [
        ("/services/data/v30.0/limits", 410, "UNSUPPORTED_API_VERSION"),
        ("/services/data/v99.0/limits", 404, "NOT_FOUND"),
        ("/services/data/67.0/limits", 404, "NOT_FOUND"),
        ("/services/data/v67.0/nothing", 404, "NOT_FOUND"),
        ("/services/data/v67.0/sobjects/Nothing/describe", 404, "NOT_FOUND"),
        ("/services/data/v67.0/sobjects/Territory2/describe", 404, "NOT_FOUND"),
        ("/services/data/v67.0/query/01gak0000000001AAA-2000", 400, "INVALID_QUERY_LOCATOR"),
    ] {
        let reply = client.get(path).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{path}");
    }
    let post = client.http.post(format!("{}/services/data/v67.0/limits", client.base)).bearer_auth(&client.token);
    let reply = support::reply(post).await.unwrap();
    assert_eq!(reply.status, 405);
    assert_eq!(reply.message(), "HTTP Method 'POST' not allowed. Allowed are HEAD,GET");
    let long = format!("/services/data/v67.0/query?q={}", "x".repeat(17_000));
    assert_eq!(client.get(&long).await.status, 414);
    let reply = support::reply(client.request("/services/data/v67.0/limits").header("X-Long", "x".repeat(17_000)));
    assert_eq!(reply.await.unwrap().status, 431);
    // The login host is no place for data.
    let stray =
        client.http.get(format!("{}/services/data/v67.0/limits", sandbox.audience())).bearer_auth(&client.token);
    assert_eq!(support::reply(stray).await.unwrap().code(), "URL_NOT_RESET");
}

#[tokio::test]
async fn a_dead_session_is_a_401_with_an_array() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let limits = "/services/data/v67.0/limits";
    assert_eq!(client.get(limits).await.status, 200);
    sandbox.expire_sessions();
    let reply = client.get(limits).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json(), json!([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]));
    let bare = support::reply(client.http.get(format!("{}{limits}", client.base))).await.unwrap();
    assert_eq!((bare.status, bare.code().as_str()), (401, "INVALID_AUTH_HEADER"));
}

#[tokio::test]
async fn revoking_and_deactivating_end_a_session() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let user = sandbox.org().user_named(sandbox.username()).unwrap();
    sandbox.org().deactivate(&user).unwrap();
    assert_eq!(client.get("/services/data/v67.0/limits").await.status, 401);
    sandbox.org().activate(&user).unwrap();
    assert_eq!(client.get("/services/data/v67.0/limits").await.status, 200);
    let revoke =
        || client.http.post(format!("{}/services/oauth2/revoke", sandbox.audience())).form(&[("token", &client.token)]);
    assert_eq!(support::reply(revoke()).await.unwrap().status, 200);
    assert_eq!(client.get("/services/data/v67.0/limits").await.status, 401);
    assert_eq!(support::reply(revoke()).await.unwrap().json()["error"], "invalid_token");
}

#[tokio::test]
async fn missing_rights_look_as_they_do_in_an_org() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let set = |rights: Rights| sandbox.org().set_rights(rights);
    set(Rights { api_enabled: false, ..Rights::default() });
    let reply = client.get("/services/data/v67.0/sobjects").await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "API_CURRENTLY_DISABLED"));
    set(Rights { manage_users: false, ..Rights::default() });
    assert_eq!(client.query("SELECT Id FROM UserLogin").await.code(), "INVALID_TYPE");
    assert_eq!(client.get("/services/data/v67.0/sobjects/UserLogin/describe").await.status, 404);
    assert_eq!(client.query("SELECT NumberOfFailedLogins FROM User").await.code(), "INVALID_FIELD");
    assert_eq!(client.query("SELECT Id FROM PermissionSetAssignment LIMIT 1").await.status, 200);
    set(Rights { view_setup: false, assign_permission_sets: false, ..Rights::default() });
    assert_eq!(client.query("SELECT Id FROM PermissionSet").await.code(), "INVALID_TYPE");
    assert_eq!(client.get("/services/data/v67.0/limits").await.status, 403);
    set(Rights { hidden_fields: vec!["User.EmployeeNumber".to_owned()], ..Rights::default() });
    assert_eq!(client.query("SELECT EmployeeNumber FROM User").await.code(), "INVALID_FIELD");
    assert!(!field_names(&client).await.contains(&"EmployeeNumber".to_owned()));
    set(Rights::default());
    assert!(field_names(&client).await.contains(&"EmployeeNumber".to_owned()));
}

async fn field_names(client: &Client) -> Vec<String> {
    let describe = client.get("/services/data/v67.0/sobjects/User/describe").await.json();
    let fields = describe["fields"].as_array().unwrap().iter();
    fields.map(|field| field["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn describe_says_what_queries_answer() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let global = client.get("/services/data/v67.0/sobjects").await.json();
    let names: Vec<&str> =
        global["sobjects"].as_array().unwrap().iter().map(|object| object["name"].as_str().unwrap()).collect();
    for name in sandbox.org().counts().into_keys() {
        assert!(names.contains(&name), "{name}");
        let describe = client.get(&format!("/services/data/v67.0/sobjects/{name}/describe")).await.json();
        let fields: Vec<&str> =
            describe["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
        let records = client.records(&format!("SELECT {} FROM {name} LIMIT 3", fields.join(","))).await;
        let keys: Vec<&str> = records[0].as_object().unwrap().keys().skip(1).map(String::as_str).collect();
        assert_eq!(keys, fields, "{name}");
        for record in &records {
            assert!(record["Id"].as_str().unwrap().starts_with(describe["keyPrefix"].as_str().unwrap()));
        }
    }
    let user = client.get("/services/data/v67.0/sobjects/User/describe").await.json();
    assert_eq!((&user["deletable"], &user["createable"]), (&json!(false), &json!(true)));
    let of =
        |name: &str| user["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).unwrap().clone();
    assert_eq!(of("Badge_Number__c")["type"], "double");
    assert_eq!(of("Contractor__c")["custom"], true);
    assert_eq!(of("ProfileId")["referenceTo"], json!(["Profile"]));
    assert_eq!(of("TimeZoneSidKey")["restrictedPicklist"], true);
}

#[tokio::test]
async fn a_record_is_read_by_a_long_or_short_id() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let user = sandbox.org().user_id(9);
    let path = |id: &str| format!("/services/data/v67.0/sobjects/User/{id}?fields=Id,username");
    let record = client.get(&path(&user)).await.json();
    assert_eq!(record, client.get(&path(&user[..15])).await.json());
    assert_eq!(record["Id"], Value::from(user));
    assert!(record["Username"].is_string());
    assert_eq!(client.get(&path("005000000000000AAA")).await.code(), "NOT_FOUND");
    let assignment = sandbox.org().id_of("PermissionSetAssignment", 4).unwrap();
    sandbox.org().remove(&assignment).unwrap();
    let gone = client.get(&format!("/services/data/v67.0/sobjects/PermissionSetAssignment/{assignment}")).await;
    assert_eq!((gone.status, gone.code().as_str()), (404, "ENTITY_IS_DELETED"));
}

#[tokio::test]
async fn the_users_identity_is_told_to_who_has_a_token() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let info = client.get("/services/oauth2/userinfo").await.json();
    assert_eq!(info["preferred_username"], sandbox.username());
    let path = format!("/id/{}/{}", info["organization_id"].as_str().unwrap(), info["user_id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.json()["username"], sandbox.username());
    let bare = support::reply(client.http.get(format!("{}{path}", client.base))).await.unwrap();
    assert_eq!((bare.status, bare.text.as_str()), (403, "Bad_OAuth_Token"));
}

#[tokio::test]
async fn answers_are_compressed_for_who_asks() {
    let (_sandbox, client) = signed_in(Options::default()).await;
    let http = reqwest::Client::builder().no_proxy().gzip(false).build().unwrap();
    let describe = format!("{}/services/data/v67.0/sobjects/User/describe", client.base);
    let ask = |encoding: &'static str| {
        http.get(&describe).bearer_auth(&client.token).header("Accept-Encoding", encoding).send()
    };
    let zipped = ask("gzip, deflate").await.unwrap();
    assert_eq!(zipped.headers()["content-encoding"], "gzip");
    let zipped = zipped.bytes().await.unwrap();
    let plain = ask("identity").await.unwrap().bytes().await.unwrap();
    assert!(plain.starts_with(b"{") && zipped.starts_with(&[0x1f, 0x8b]) && zipped.len() < plain.len());
}

#[tokio::test]
async fn the_log_names_requests_and_holds_no_token() {
    let (sandbox, client) = signed_in(Options::default()).await;
    client.query("SELECT Id FROM UserRole").await;
    client.get("/services/data/v67.0/limits").await;
    let requests = sandbox.requests();
    let kinds: Vec<&str> = requests.log.iter().map(|request| request.kind.as_str()).collect();
    assert_eq!(kinds, ["token", "query:UserRole", "limits"]);
    assert_eq!(requests.log[1].soql.as_deref(), Some("SELECT Id FROM UserRole"));
    assert_eq!((requests.total, requests.api), (3, 2));
    assert!(!format!("{requests:?} {sandbox:?}").contains(&client.token));
    sandbox.clear_requests();
    assert_eq!(sandbox.requests().total, 0);
}

#[tokio::test]
async fn a_stopped_org_answers_nobody() {
    let (sandbox, client) = signed_in(Options::default()).await;
    assert_eq!(client.get("/services/data/").await.status, 200);
    drop(sandbox);
    // The open connection is closed and no new one is accepted.
    while client.try_get("/services/data/").await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn counts_are_as_the_guide_says() {
    let sandbox =
        Sandbox::start(Options { users: 1_000, assignments_per_user: 3, ..Options::default() }).await.unwrap();
    let counts = sandbox.org().counts();
    assert_eq!(counts["User"], 1_000);
    assert_eq!(counts["UserLogin"], 1_000);
    assert_eq!(counts["PermissionSetAssignment"], 2_999);
    assert_eq!(counts["GroupMember"], 505);
    assert_eq!(counts["PermissionSetLicenseAssign"], 250);
    assert_eq!(counts["UserPackageLicense"], 250);
    assert!(!counts.contains_key("Territory2"));
}
