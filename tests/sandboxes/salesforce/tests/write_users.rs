//! Users over HTTP: made, changed, deactivated, frozen, and refused as the org refuses them.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;

use connector_sandbox_salesforce::{Blocker, Options, Rights, WriteAction};
use serde_json::{Value, json};
use support::{Client, Keys, assert_refused, person, signed_in, with};

async fn post(client: &Client, user: &Value) -> support::Reply {
    client.send("POST", "/sobjects/User", user).await
}

async fn patch(client: &Client, id: &str, change: &Value) -> support::Reply {
    client.send("PATCH", &format!("/sobjects/User/{id}"), change).await
}

#[tokio::test]
async fn a_new_user_is_there_with_its_login_its_own_set_and_a_nickname() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let user = with(person(&sandbox, 1), "Username", json!("  Jane.ROE@New.example "));
    let reply = post(&client, &user).await;
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(reply.headers["location"], format!("/services/data/v67.0/sobjects/User/{id}").as_str());
    let soql = format!(
        "SELECT Username, Name, UserType, CommunityNickname, DigestFrequency, IsActive, CreatedById, LastModifiedById, \
         (SELECT PermissionSet.IsOwnedByProfile FROM PermissionSetAssignments) FROM User WHERE Id = '{id}'"
    );
    let made = &client.records(&soql).await[0];
    assert_eq!(made["Username"], "jane.roe@new.example");
    assert_eq!((&made["Name"], &made["UserType"]), (&json!("Jane Roe"), &json!("Standard")));
    assert_eq!((&made["DigestFrequency"], &made["IsActive"]), (&json!("D"), &json!(true)));
    assert!(made["CommunityNickname"].as_str().unwrap().starts_with("User"));
    assert_eq!(made["CreatedById"], sandbox.org().user_id(0).as_str());
    assert_eq!(made["PermissionSetAssignments"]["records"][0]["PermissionSet"]["IsOwnedByProfile"], true);
    let login = client.records(&format!("SELECT IsFrozen FROM UserLogin WHERE UserId = '{id}'")).await;
    assert_eq!(login[0]["IsFrozen"], false);
    assert_eq!(sandbox.org().user_named("jane.roe@NEW.example"), Some(id.clone()));
    let writes = sandbox.org().writes();
    assert_eq!((writes.len(), writes[0].action, &writes[0].id, writes[0].changed), (1, WriteAction::Create, &id, true));
    assert!(writes[0].fields.contains(&"Username") && sandbox.requests().of("create:User") == 1);
}

#[tokio::test]
async fn each_rule_of_a_new_user_has_its_own_error() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let taken = org.field(&org.user_id(9), "Username").unwrap();
    let (federation, nickname) = (
        org.field(&org.user_id(9), "FederationIdentifier").unwrap(),
        org.field(&org.user_id(9), "CommunityNickname").unwrap(),
    );
    org.take_username_elsewhere("Far@elsewhere.example");
    let set = org.id_of("PermissionSet", 13).unwrap();
    let dead = org.id_of("UserRole", 999).unwrap();
    let long = "x".repeat(81);
    for (field, value, code, fields, message) in [
        (
            "LastName",
            Value::Null,
            "REQUIRED_FIELD_MISSING",
            &["LastName"][..],
            "Required fields are missing: [LastName]",
        ),
        ("Username", taken, "DUPLICATE_USERNAME", &["Username"], "Duplicate Username.<br>"),
        ("Username", json!("far@elsewhere.example"), "DUPLICATE_USERNAME", &["Username"], "Duplicate Username.<br>"),
        ("Username", json!("jane"), "INVALID_EMAIL_ADDRESS", &["Username"], "Username must be in the form"),
        (
            "Email",
            json!("not-an-email"),
            "INVALID_EMAIL_ADDRESS",
            &["Email"],
            "Email: invalid email address: not-an-email",
        ),
        ("LastName", json!(long), "STRING_TOO_LONG", &["LastName"], "Last Name: data value too large: xx"),
        (
            "TimeZoneSidKey",
            json!("Mars/Base"),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            &["TimeZoneSidKey"],
            "Time Zone: bad value for restricted picklist field: Mars/Base",
        ),
        ("ProfileId", json!(set), "MALFORMED_ID", &["ProfileId"], "Profile ID: id value of incorrect type: 0PS"),
        ("ProfileId", json!("abc"), "MALFORMED_ID", &["ProfileId"], "Profile ID: id value of incorrect type: abc"),
        ("UserRoleId", json!(dead), "INVALID_CROSS_REFERENCE_KEY", &[], "invalid cross reference id"),
        ("foo", json!(1), "INVALID_FIELD", &[], "No such column 'foo' on sobject of type User"),
        (
            "CreatedDate",
            json!("2026-01-01T00:00:00Z"),
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            &["CreatedDate"],
            "Unable to create/update fields: CreatedDate. Please check the security settings",
        ),
        ("FederationIdentifier", federation, "DUPLICATE_VALUE", &[], "duplicate value found: FederationIdentifier"),
        ("CommunityNickname", nickname, "DUPLICATE_COMM_NICKNAME", &["CommunityNickname"], "Duplicate Nickname.<br>"),
        ("ContactId", json!("003ak0000000001AAA"), "FIELD_INTEGRITY_EXCEPTION", &["ContactId"], "A contact"),
    ] {
        let reply = post(&client, &with(person(&sandbox, 1), field, value)).await;
        let said = assert_refused(&reply, 400, code, fields);
        assert!(said.starts_with(message), "{field}: {said}");
    }
    let bare = post(&client, &json!({"LastName": "Roe"})).await;
    let missing = bare.json()[0]["fields"].as_array().unwrap().len();
    assert_eq!((bare.code().as_str(), missing), ("REQUIRED_FIELD_MISSING", 8), "{}", bare.text);
    let both = with(with(person(&sandbox, 1), "Email", json!("x")), "Alias", json!("much too long"));
    assert_eq!(post(&client, &both).await.json().as_array().map(Vec::len), Some(2));
    assert!(org.writes().is_empty() && org.counts()["User"] == 200, "a refused write leaves nothing behind");
}

#[tokio::test]
async fn what_is_no_json_of_the_right_types_is_a_parser_error() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let wrong = with(person(&sandbox, 1), "IsActive", json!("maybe"));
    let said = post(&client, &wrong).await;
    assert_eq!((said.status, said.code().as_str()), (400, "JSON_PARSER_ERROR"));
    assert!(said.message().starts_with("Cannot deserialize instance of boolean from VALUE_STRING value maybe"));
    assert_eq!(post(&client, &with(person(&sandbox, 1), "LastName", json!(7))).await.code(), "JSON_PARSER_ERROR");
    let url = format!("{}/services/data/v67.0/sobjects/User", client.base);
    let raw = |body: &'static str, kind: &'static str| {
        client.http.post(&url).bearer_auth(&client.token).header("content-type", kind).body(body)
    };
    let broken = support::reply(raw("{}}", "application/json")).await.unwrap();
    assert!(broken.message().starts_with("Unexpected character ('}' (code 125))"), "{}", broken.text);
    let cut = support::reply(raw("{\"LastName\":", "application/json")).await.unwrap();
    assert_eq!((cut.status, cut.code().as_str()), (400, "JSON_PARSER_ERROR"));
    let form = support::reply(raw("LastName=Roe", "application/x-www-form-urlencoded")).await.unwrap();
    assert_eq!((form.status, form.code().as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"));
}

#[tokio::test]
async fn a_change_moves_the_stamps_and_says_nothing() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let id = org.user_id(9);
    let stamps =
        || ["SystemModstamp", "LastModifiedDate", "LastModifiedById"].map(|name| org.field(&id, name).unwrap());
    let before = stamps();
    let reply = patch(&client, &id[..15], &json!({"department": "Finance", "Title": null, "FirstName": "Ann"})).await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    assert!(before.iter().zip(stamps()).all(|(before, after)| *before != after), "{before:?} {:?}", stamps());
    assert_eq!(org.field(&id, "Department").unwrap(), "Finance");
    assert!(org.field(&id, "Title").unwrap().is_null());
    assert!(org.field(&id, "Name").unwrap().as_str().unwrap().starts_with("Ann "));
    assert_eq!(patch(&client, &id, &json!({"City": "Torino"})).await.status, 204);
    assert_eq!(org.field(&id, "Address").unwrap()["city"], "Torino");
    let again = format!("/sobjects/User/{id}?_HttpMethod=PATCH");
    assert_eq!(client.send("POST", &again, &json!({"Department": "Finance"})).await.status, 204);
    let changed: Vec<bool> = org.writes().iter().map(|write| write.changed).collect();
    assert_eq!(changed, [true, true, false]);
    assert_eq!(sandbox.requests().of("update:User"), 3);
    assert_eq!(patch(&client, "005000000000000AAA", &json!({})).await.code(), "NOT_FOUND");
    assert_refused(
        &patch(&client, &id, &json!({"LastName": null})).await,
        400,
        "REQUIRED_FIELD_MISSING",
        &["LastName"],
    );
    assert_eq!(patch(&client, &id, &json!({"Id": id})).await.code(), "INVALID_FIELD");
    let deleted = client.send("DELETE", &format!("/sobjects/User/{id}"), &Value::Null).await;
    assert_eq!(deleted.status, 405);
    assert_eq!(deleted.message(), "HTTP Method 'DELETE' not allowed. Allowed are HEAD,GET,PATCH");
}

#[tokio::test]
async fn a_username_is_free_again_once_its_user_has_another() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let old = org.field(&org.user_id(9), "Username").unwrap();
    assert_eq!(patch(&client, &org.user_id(9), &json!({"Username": "Moved@new.example"})).await.status, 204);
    assert_eq!(org.user_named("moved@new.example"), Some(org.user_id(9)));
    assert_eq!(org.user_named(old.as_str().unwrap()), None);
    let heir = client.create("User", &with(person(&sandbox, 1), "Username", old.clone())).await;
    assert_eq!(org.user_named(old.as_str().unwrap()), Some(heir));
    let back = patch(&client, &org.user_id(9), &json!({"Username": old})).await;
    assert_refused(&back, 400, "DUPLICATE_USERNAME", &["Username"]);
    assert_eq!(patch(&client, &org.user_id(9), &json!({"Username": "MOVED@new.example"})).await.status, 204);
}

#[tokio::test]
async fn managers_can_not_go_in_circles() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let (boss, report) = (org.user_id(5), org.user_id(6));
    assert_eq!(patch(&client, &report, &json!({"ManagerId": boss})).await.status, 204);
    for manager in [&report, &boss] {
        let reply = patch(&client, &boss, &json!({"ManagerId": manager})).await;
        assert_refused(&reply, 400, "FIELD_INTEGRITY_EXCEPTION", &["ManagerId"]);
    }
    assert_eq!(patch(&client, &report, &json!({"ManagerId": null, "UserRoleId": ""})).await.status, 204);
    assert!(org.field(&report, "UserRoleId").unwrap().is_null());
}

#[tokio::test]
async fn seats_are_taken_given_back_and_run_out() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let (salesforce, platform) = (org.id_of("UserLicense", 0).unwrap(), org.id_of("UserLicense", 1).unwrap());
    let used = |license: &str| org.field(license, "UsedLicenses").unwrap().as_i64().unwrap();
    let before = (used(&salesforce), used(&platform));
    org.set_free_seats(&salesforce, 1).unwrap();
    let first = client.create("User", &person(&sandbox, 1)).await;
    assert_eq!(used(&salesforce), before.0 + 1);
    assert_refused(&post(&client, &person(&sandbox, 2)).await, 400, "LICENSE_LIMIT_EXCEEDED", &["ProfileId"]);
    // An inactive user takes no seat, and activating it needs one.
    let second = client.create("User", &with(person(&sandbox, 2), "IsActive", json!(false))).await;
    let on = json!({"IsActive": true});
    assert_refused(&patch(&client, &second, &on).await, 400, "LICENSE_LIMIT_EXCEEDED", &["ProfileId"]);
    // A profile of another license moves the seat, and the profile's own set follows.
    let agent = org.id_of("Profile", 7).unwrap();
    assert_eq!(patch(&client, &first, &json!({"ProfileId": agent})).await.status, 204);
    assert_eq!((used(&salesforce), used(&platform)), (before.0, before.1 + 1));
    let own = client
        .records(&format!("SELECT PermissionSet.ProfileId FROM PermissionSetAssignment WHERE AssigneeId = '{first}'"))
        .await;
    assert_eq!((own.len(), own[0]["PermissionSet"]["ProfileId"].as_str()), (1, Some(agent.as_str())));
    assert_eq!(patch(&client, &second, &on).await.status, 204);
    assert_refused(&post(&client, &person(&sandbox, 3)).await, 400, "LICENSE_LIMIT_EXCEEDED", &["ProfileId"]);
    assert_eq!(patch(&client, &second, &json!({"IsActive": false})).await.status, 204);
    assert_eq!(used(&salesforce), before.0);
    let partner = org.id_of("Profile", 10).unwrap();
    let reply = patch(&client, &second, &json!({"ProfileId": partner})).await;
    assert_refused(&reply, 400, "FIELD_INTEGRITY_EXCEPTION", &["ProfileId"]);
}

#[tokio::test]
async fn deactivating_ends_sessions_and_keeps_assignments() {
    let keys = Keys::generate();
    let options = Options { app: keys.app(), ..Options::default() };
    let sandbox = connector_sandbox_salesforce::Sandbox::start(options).await.unwrap();
    let client = Client::sign_in(&sandbox, &keys).await;
    let org = sandbox.org();
    // A second person of the app: the administrator.
    let claims = with(support::claims(&sandbox), "sub", json!("admin@acme.example"));
    let token = support::post_assertion(&sandbox, &keys.assertion(&json!({"alg": "RS256"}), &claims)).await.json();
    let admin = Client {
        http: client.http.clone(),
        base: client.base.clone(),
        token: token["access_token"].as_str().unwrap().to_owned(),
    };
    let held = org.holdings(&org.user_id(1)).unwrap();
    assert_eq!(admin.send("GET", "/limits", &Value::Null).await.status, 200);
    assert_eq!(patch(&client, &org.user_id(1), &json!({"IsActive": false})).await.status, 204);
    assert_eq!(patch(&client, &org.user_id(1), &json!({"IsActive": true})).await.status, 204);
    assert_eq!(admin.send("GET", "/limits", &Value::Null).await.status, 401, "the session ended for good");
    assert_eq!(org.holdings(&org.user_id(1)).unwrap(), held);
    assert!(!held.is_empty());
}

#[tokio::test]
async fn some_users_can_not_be_deactivated() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let off = json!({"IsActive": false});
    let own = org.user_id(0);
    assert_refused(&patch(&client, &own, &off).await, 400, "FIELD_INTEGRITY_EXCEPTION", &["IsActive"]);
    let id = org.user_id(1);
    for (blocker, message) in [
        (Blocker::DefaultWorkflowUser, "You cannot deactivate the Default Workflow User"),
        (Blocker::WebToLeadCreator, "You cannot disable the Web to Lead Default Creator."),
        (
            Blocker::HierarchyField("Boss__c".to_owned()),
            "Cannot inactivate user that is the value of a hierarchy field:Boss__c",
        ),
    ] {
        org.block_deactivation(&id, Some(blocker)).unwrap();
        let reply = patch(&client, &id, &off).await;
        assert_eq!(assert_refused(&reply, 400, "FIELD_INTEGRITY_EXCEPTION", &[]), message);
    }
    assert_eq!(org.field(&id, "IsActive").unwrap(), true);
    org.block_deactivation(&id, None).unwrap();
    assert_eq!(patch(&client, &id, &off).await.status, 204);
}

#[tokio::test]
async fn logins_are_frozen_and_unlocked() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let login = org.login_of(&org.user_id(1)).unwrap();
    let change = |login: &str, body: Value| {
        let path = format!("/sobjects/UserLogin/{login}");
        let client = &client;
        async move { client.send("PATCH", &path, &body).await }
    };
    org.lock_password(&org.user_id(1), true).unwrap();
    assert_eq!(change(&login, json!({"IsFrozen": true, "IsPasswordLocked": false})).await.status, 204);
    assert_eq!(org.field(&login, "IsFrozen").unwrap(), true);
    assert_eq!(org.field(&login, "IsPasswordLocked").unwrap(), false);
    assert_eq!(org.field(&login, "LastModifiedById").unwrap(), org.user_id(0).as_str());
    let locked = change(&login, json!({"IsPasswordLocked": true})).await;
    assert_refused(&locked, 400, "CANNOT_PASSWORD_LOCKOUT", &["IsPasswordLocked"]);
    let moved = change(&login, json!({"UserId": org.user_id(2)})).await;
    assert_refused(&moved, 400, "INVALID_FIELD_FOR_INSERT_UPDATE", &["UserId"]);
    let own = org.login_of(&org.user_id(0)).unwrap();
    let reply = change(&own, json!({"IsFrozen": true})).await;
    assert_refused(&reply, 400, "FIELD_INTEGRITY_EXCEPTION", &["IsFrozen"]);
    let made = client.send("POST", "/sobjects/UserLogin", &json!({})).await;
    assert_refused(&made, 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", &[]);
}

#[tokio::test]
async fn rights_decide_who_may_write_and_describe_says_so() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let described = async |object: &str| {
        let describe = client.send("GET", &format!("/sobjects/{object}/describe"), &Value::Null).await.json();
        let flags = ["createable", "updateable", "deletable"].map(|flag| describe[flag] == true);
        let fields = describe["fields"].as_array().unwrap().iter();
        (flags, fields.filter(|field| field["createable"] == true || field["updateable"] == true).count() > 0)
    };
    assert_eq!(described("User").await, ([true, true, false], true));
    assert_eq!(described("PermissionSetLicenseAssign").await, ([true, false, true], true));
    assert_eq!(described("Profile").await, ([false; 3], false));
    org.set_rights(Rights { manage_users: false, ..Rights::default() });
    assert_eq!(described("User").await, ([false; 3], false));
    let reply = post(&client, &person(&sandbox, 1)).await;
    assert_eq!(
        assert_refused(&reply, 403, "INSUFFICIENT_ACCESS_OR_READONLY", &[]),
        "insufficient access rights on object id"
    );
    let reply = patch(&client, &org.user_id(1), &json!({"Title": "x"})).await;
    assert_refused(&reply, 403, "INSUFFICIENT_ACCESS_OR_READONLY", &[]);
    assert_eq!(client.send("PATCH", "/sobjects/UserLogin/0Ywak0000000001AAA", &json!({})).await.status, 404);
    assert_eq!(described("PermissionSetAssignment").await, ([true, true, true], true));
    org.set_rights(Rights { assign_permission_sets: false, ..Rights::default() });
    assert_eq!(described("PermissionSetAssignment").await, ([false; 3], false));
    let grant = json!({"AssigneeId": org.user_id(1), "PermissionSetId": org.id_of("PermissionSet", 13).unwrap()});
    let reply = client.send("POST", "/sobjects/PermissionSetAssignment", &grant).await;
    assert_refused(&reply, 403, "INSUFFICIENT_ACCESS_OR_READONLY", &[]);
    org.set_rights(Rights { hidden_fields: vec!["User.Title".to_owned()], ..Rights::default() });
    assert_eq!(patch(&client, &org.user_id(1), &json!({"Title": "x"})).await.code(), "INVALID_FIELD");
}
