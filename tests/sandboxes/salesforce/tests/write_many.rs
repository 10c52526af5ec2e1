//! Many rows in one request: collections, composites, batches; what stands, what is taken back.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;

use connector_sandbox_salesforce::{Options, Sandbox};
use serde_json::{Value, json};
use support::{Client, assert_refused, person, signed_in, with};

const ROWS: &str = "/composite/sobjects";

fn typed(mut record: Value, object: &str) -> Value {
    record["attributes"] = json!({"type": object});
    record
}

fn people(sandbox: &Sandbox, numbers: std::ops::Range<u32>) -> Vec<Value> {
    numbers.map(|number| typed(person(sandbox, number), "User")).collect()
}

async fn written(client: &Client, method: &str, body: &Value) -> Vec<Value> {
    let reply = client.send(method, ROWS, body).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.json().as_array().unwrap().clone()
}

/// The code of the first error of a row; empty where it was written.
fn code(row: &Value) -> &str {
    assert_eq!(row["success"] == true, row["errors"] == json!([]), "{row}");
    row["errors"][0]["statusCode"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn rows_are_written_in_order_and_each_says_its_own_error() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let mut records = people(&sandbox, 0..4);
    records[1]["Email"] = json!("wrong");
    records[2]["Username"] = records[0]["Username"].clone();
    let rows = written(&client, "POST", &json!({"records": records})).await;
    let codes: Vec<&str> = rows.iter().map(code).collect();
    assert_eq!(codes, ["", "INVALID_EMAIL_ADDRESS", "DUPLICATE_USERNAME", ""]);
    assert_eq!(rows[1]["errors"][0]["fields"], json!(["Email"]));
    assert!(rows[1].get("id").is_none() && rows[1]["errors"][0].get("errorCode").is_none());
    let (first, last) = (rows[0]["id"].as_str().unwrap(), rows[3]["id"].as_str().unwrap());
    assert_eq!(sandbox.org().field(last, "Username").unwrap(), "jane.3@new.example");
    let changes = json!({"records": [
        {"attributes": {"type": "User"}, "id": first, "Title": "Boss"},
        {"attributes": {"type": "User"}, "Title": "Boss"},
        {"attributes": {"type": "User"}, "Id": "005000000000000AAA", "Title": "Boss"},
        {"attributes": {"type": "User"}, "id": "abc", "Title": "Boss"},
    ]});
    let rows = written(&client, "PATCH", &changes).await;
    let codes: Vec<&str> = rows.iter().map(code).collect();
    assert_eq!(codes, ["", "MISSING_ARGUMENT", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID"]);
    assert_eq!(sandbox.org().field(first, "Title").unwrap(), "Boss");
    let requests = sandbox.requests();
    assert_eq!((requests.of("collections:create:User"), requests.of("collections:update:User")), (1, 1));
    assert_eq!(sandbox.org().writes().len(), 3);
}

#[tokio::test]
async fn deleting_rows_twice_says_so_row_by_row() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let user = client.create("User", &person(&sandbox, 1)).await;
    let grants: Vec<Value> = (13..15)
        .map(|row| json!({"AssigneeId": user, "PermissionSetId": org.id_of("PermissionSet", row).unwrap()}))
        .map(|grant| typed(grant, "PermissionSetAssignment"))
        .collect();
    let rows = written(&client, "POST", &json!({"records": grants})).await;
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    let path = format!("{ROWS}?ids={}&allOrNone=false", ids.join(","));
    let first = client.send("DELETE", &path, &Value::Null).await.json();
    assert!(first.as_array().unwrap().iter().all(|row| code(row).is_empty()), "{first}");
    let second = client.send("DELETE", &path, &Value::Null).await.json();
    assert!(second.as_array().unwrap().iter().all(|row| code(row) == "ENTITY_IS_DELETED"), "{second}");
    assert!(org.holdings(&user).unwrap().is_empty());
    assert_eq!(sandbox.requests().of("collections:delete:PermissionSetAssignment"), 2);
}

#[tokio::test]
async fn all_or_none_leaves_no_trace_of_the_rows_that_were_good() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    let license = org.id_of("UserLicense", 0).unwrap();
    let (counts, used) = (org.counts(), org.field(&license, "UsedLicenses").unwrap());
    let mut records = people(&sandbox, 0..3);
    records[1]["LastName"] = Value::Null;
    let body = json!({"allOrNone": true, "records": records});
    let codes: Vec<String> = written(&client, "POST", &body).await.iter().map(|row| code(row).to_owned()).collect();
    let rolled_back = "ALL_OR_NONE_OPERATION_ROLLED_BACK";
    assert_eq!(codes, [rolled_back, "REQUIRED_FIELD_MISSING", rolled_back]);
    assert_eq!((org.counts(), org.field(&license, "UsedLicenses").unwrap()), (counts, used));
    assert_eq!(org.user_named("jane.0@new.example"), None);
    assert!(org.writes().is_empty());
    let changes = json!({"allOrNone": true, "records": [
        {"attributes": {"type": "User"}, "id": org.user_id(9), "Title": "Boss", "Username": "moved@new.example"},
        {"attributes": {"type": "User"}, "id": org.user_id(9), "Title": "Chief"},
        {"attributes": {"type": "User"}, "id": org.user_id(10), "Email": "x"},
    ]});
    let before = ["Title", "Username", "SystemModstamp"].map(|name| org.field(&org.user_id(9), name).unwrap());
    written(&client, "PATCH", &changes).await;
    let after = ["Title", "Username", "SystemModstamp"].map(|name| org.field(&org.user_id(9), name).unwrap());
    assert_eq!(before, after);
    // What was taken back is free again.
    records = people(&sandbox, 0..3);
    assert!(
        written(&client, "POST", &json!({"allOrNone": true, "records": records}))
            .await
            .iter()
            .all(|row| code(row).is_empty())
    );
}

#[tokio::test]
async fn a_collection_that_is_no_collection_is_refused_as_a_whole() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let user = typed(person(&sandbox, 1), "User");
    let member = typed(json!({}), "GroupMember");
    for (records, status, code) in [
        (json!([]), 400, "REQUIRED_FIELD_MISSING"),
        (Value::Array(vec![user.clone(); 201]), 400, "EXCEEDED_ID_LIMIT"),
        (json!([user, member]), 400, "MIXED_DML_OPERATION"),
        (json!([{"LastName": "Roe"}]), 400, "INVALID_TYPE"),
        (json!([typed(json!({}), "Nothing")]), 404, "NOT_FOUND"),
        (json!([user, with(user.clone(), "IsActive", json!("no"))]), 400, "JSON_PARSER_ERROR"),
    ] {
        let reply = client.send("POST", ROWS, &json!({"records": records})).await;
        assert_eq!((reply.status, reply.code().as_str()), (status, code), "{}", reply.text);
    }
    let mixed = format!("{ROWS}?ids={},{}", sandbox.org().user_id(1), sandbox.org().id_of("GroupMember", 1).unwrap());
    assert_eq!(client.send("DELETE", &mixed, &Value::Null).await.code(), "MIXED_DML_OPERATION");
    let users = format!("{ROWS}?ids={}", sandbox.org().user_id(1));
    assert!(code(&client.send("DELETE", &users, &Value::Null).await.json()[0]).starts_with("CANNOT_"));
    assert!(sandbox.org().writes().is_empty() && sandbox.org().counts()["User"] == 200);
}

#[tokio::test]
async fn records_are_retrieved_by_ids_and_missing_ones_are_null() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let (one, other) = (sandbox.org().user_id(9), sandbox.org().user_id(8));
    let by_url = format!("{ROWS}/User?ids={one},005000000000000AAA,{other}&fields=Id,Profile.Name");
    let read = client.send("GET", &by_url, &Value::Null).await.json();
    let ids: Vec<&Value> = read.as_array().unwrap().iter().map(|record| &record["Id"]).collect();
    assert_eq!(ids, [&json!(one), &Value::Null, &json!(other)]);
    assert!(read[1].is_null() && read[0]["Profile"]["Name"].is_string());
    let body = json!({"ids": [one, "005000000000000AAA", other], "fields": ["Id", "Profile.Name"]});
    assert_eq!(client.send("POST", &format!("{ROWS}/User"), &body).await.json(), read);
    assert_eq!(
        client.send("POST", &format!("{ROWS}/User"), &json!({"ids": [one], "fields": ["foo"]})).await.code(),
        "INVALID_FIELD"
    );
    assert_eq!(sandbox.requests().of("collections:read:User"), 3);
}

fn joiner(sandbox: &Sandbox, set: u64, all_or_none: bool) -> Value {
    let base = "/services/data/v67.0";
    json!({"allOrNone": all_or_none, "compositeRequest": [
        {"method": "POST", "url": format!("{base}/sobjects/User"), "referenceId": "u", "body": person(sandbox, 1)},
        {"method": "GET", "url": format!("{base}/query?q=SELECT+Id+FROM+UserLogin+WHERE+UserId='@{{u.id}}'"), "referenceId": "login"},
        {"method": "PATCH", "url": format!("{base}/sobjects/UserLogin/@{{login.records[0].Id}}"), "referenceId": "freeze", "body": {"IsFrozen": true}},
        {"method": "POST", "url": format!("{base}/sobjects/PermissionSetAssignment"), "referenceId": "a",
            "body": {"AssigneeId": "@{u.id}", "PermissionSetId": sandbox.org().id_of("PermissionSet", set).unwrap()}},
    ]})
}

#[tokio::test]
async fn a_composite_refers_to_earlier_answers_and_counts_as_one_call() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let answers = client.send("POST", "/composite", &joiner(&sandbox, 13, true)).await.json();
    let answers = answers["compositeResponse"].as_array().unwrap();
    let statuses: Vec<&Value> = answers.iter().map(|answer| &answer["httpStatusCode"]).collect();
    assert_eq!(statuses, [201, 200, 204, 201], "{answers:?}");
    assert!(answers[0]["httpHeaders"]["Location"].is_string() && answers[2]["body"].is_null());
    let user = answers[0]["body"]["id"].as_str().unwrap();
    let org = sandbox.org();
    assert_eq!(org.holdings(user).unwrap().len(), 1);
    assert_eq!(org.field(&org.login_of(user).unwrap(), "IsFrozen").unwrap(), true);
    let requests = sandbox.requests();
    assert_eq!((requests.api, requests.of("composite"), requests.of("create:User")), (1, 1, 1));
}

#[tokio::test]
async fn a_composite_stands_or_falls_together_where_that_is_asked_for() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let org = sandbox.org();
    // A profile's own set can't be assigned.
    let fallen = client.send("POST", "/composite", &joiner(&sandbox, 1, true)).await.json();
    let errors: Vec<&Value> =
        fallen["compositeResponse"].as_array().unwrap().iter().map(|answer| &answer["body"][0]["errorCode"]).collect();
    assert_eq!(errors, ["PROCESSING_HALTED", "PROCESSING_HALTED", "PROCESSING_HALTED", "FIELD_INTEGRITY_EXCEPTION"]);
    assert_eq!((org.user_named("jane.1@new.example"), org.writes().len()), (None, 0));
    let partly = client.send("POST", "/composite", &joiner(&sandbox, 1, false)).await.json();
    let statuses: Vec<&Value> =
        partly["compositeResponse"].as_array().unwrap().iter().map(|answer| &answer["httpStatusCode"]).collect();
    assert_eq!(statuses, [201, 200, 204, 400]);
    assert_eq!(org.writes().len(), 2);
    let lost = json!({"compositeRequest": [{"method": "DELETE", "referenceId": "x",
        "url": "/services/data/v67.0/sobjects/GroupMember/@{nobody.id}"}]});
    let lost = client.send("POST", "/composite", &lost).await.json();
    assert_eq!(lost["compositeResponse"][0]["body"][0]["errorCode"], "PROCESSING_HALTED");
    let part = json!({"method": "GET", "url": "/services/data/v67.0/sobjects/User/x", "referenceId": "x"});
    for (parts, code) in [
        (json!([]), "INVALID_INPUT"),
        (json!([part, part]), "INVALID_INPUT"),
        (Value::Array(vec![part.clone(); 26]), "LIMIT_EXCEEDED"),
        (json!([with(part.clone(), "referenceId", json!("a b"))]), "INVALID_INPUT"),
    ] {
        let reply = client.send("POST", "/composite", &json!({"compositeRequest": parts})).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, code));
    }
}

#[tokio::test]
async fn the_requests_of_a_batch_stand_alone_until_one_halts_them() {
    let (sandbox, client) = signed_in(Options::default()).await;
    let member =
        json!({"GroupId": sandbox.org().id_of("Group", 0).unwrap(), "UserOrGroupId": sandbox.org().user_id(2)});
    let requests = json!([
        {"method": "POST", "url": "v67.0/sobjects/GroupMember", "richInput": member},
        {"method": "PATCH", "url": format!("v67.0/sobjects/User/{}", sandbox.org().user_id(9)), "richInput": {"Email": "x"}},
        {"method": "GET", "url": "v67.0/limits"},
    ]);
    let answer = client.send("POST", "/composite/batch", &json!({"batchRequests": requests})).await.json();
    let statuses = |answer: &Value| {
        let results = answer["results"].as_array().unwrap().iter();
        results.map(|result| result["statusCode"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((&answer["hasErrors"], statuses(&answer)), (&json!(true), vec![201, 400, 200]));
    assert_eq!(sandbox.requests().api, 3);
    assert_eq!(sandbox.org().writes().len(), 1);
    let halting = json!({"batchRequests": requests, "haltOnError": true});
    let answer = client.send("POST", "/composite/batch", &halting).await.json();
    assert_eq!(statuses(&answer), [201, 400, 412]);
    assert_eq!(answer["results"][2]["result"][0]["errorCode"], "BATCH_PROCESSING_HALTED");
    let many = json!({"batchRequests": vec![requests[2].clone(); 26]});
    assert_eq!(client.send("POST", "/composite/batch", &many).await.code(), "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_million_users_cost_a_write_no_scan() {
    let (sandbox, client) = signed_in(Options { users: 1_000_000, ..Options::default() }).await;
    let org = sandbox.org();
    let set = org.id_of("PermissionSet", 13).unwrap();
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    for call in 0..10_u32 {
        let records = people(&sandbox, call * 200..call * 200 + 200);
        for row in written(&client, "POST", &json!({"records": records})).await {
            ids.push(row["id"].as_str().unwrap().to_owned());
        }
    }
    for chunk in ids.chunks(200) {
        let grants: Vec<Value> = chunk
            .iter()
            .map(|user| typed(json!({"AssigneeId": user, "PermissionSetId": set}), "PermissionSetAssignment"))
            .collect();
        let rows = written(&client, "POST", &json!({"records": grants})).await;
        assert!(rows.iter().all(|row| code(row).is_empty()));
    }
    for number in 0..100_u64 {
        let username = org.field(&org.user_id(900_000 + number), "Username").unwrap();
        names.push(format!("'{}'", username.as_str().unwrap().replace('\'', "\\'")));
        names.push(format!("'jane.{number}@new.example'"));
    }
    let by_name = client.records(&format!("SELECT Id FROM User WHERE Username IN ({})", names.join(","))).await;
    assert_eq!(by_name.len(), 200);
    let listed: Vec<String> = ids[..200].iter().map(|id| format!("'{id}'")).collect();
    let soql = format!(
        "SELECT Id FROM PermissionSetAssignment WHERE PermissionSetId = '{set}' AND AssigneeId IN ({})",
        listed.join(",")
    );
    assert_eq!(client.records(&soql).await.len(), 200);
    let taken = client.send("POST", "/sobjects/User", &person(&sandbox, 7)).await;
    assert_refused(&taken, 400, "DUPLICATE_USERNAME", &["Username"]);
}
