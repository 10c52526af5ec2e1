//! Query jobs of the Bulk API 2.0: their states, their results, and what they refuse.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;

use connector_sandbox_salesforce::{Options, Sandbox};
use serde_json::{Value, json};
use support::{Client, Reply, signed_in};

fn options(users: u64, max_result_page: usize, faults: &[&str]) -> Options {
    let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
    Options { users, max_result_page, faults, ..Options::default() }
}

async fn job(client: &Client, soql: &str) -> String {
    let reply = client.send("POST", "/jobs/query", &json!({"operation": "query", "query": soql})).await;
    assert_eq!((reply.status, &reply.json()["state"]), (200, &json!("UploadComplete")), "{}", reply.text);
    reply.json()["id"].as_str().unwrap().to_owned()
}

async fn status(client: &Client, id: &str) -> Value {
    client.send("GET", &format!("/jobs/query/{id}"), &Value::Null).await.json()
}

async fn results(client: &Client, id: &str, parameters: &str) -> Reply {
    client.send("GET", &format!("/jobs/query/{id}/results{parameters}"), &Value::Null).await
}

fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

async fn completed(options: Options, soql: &str) -> (Sandbox, Client, String) {
    let (sandbox, client) = signed_in(options).await;
    let id = job(&client, soql).await;
    assert_eq!(status(&client, &id).await["state"], "JobComplete");
    (sandbox, client, id)
}

#[tokio::test]
async fn the_pages_of_a_result_hold_what_the_query_holds() {
    let soql =
        "SELECT Id, Username, IsActive, Department, CreatedDate, Badge_Number__c, Profile.Name FROM User ORDER BY Id";
    let (sandbox, client, id) = completed(options(120, 50, &[]), soql).await;
    sandbox.org().set(&sandbox.org().user_id(7), "Department", "Caf\u{e9} \"Süd\", 2.\nStock").unwrap();
    let asked = client.records(soql).await;
    let (mut read, mut parameters, mut pages) = (Vec::new(), String::new(), Vec::new());
    loop {
        let reply = results(&client, &id, &parameters).await;
        assert_eq!((reply.status, header(&reply, "content-type")), (200, "text/csv"));
        pages.push(header(&reply, "sforce-numberofrecords").to_owned());
        let names =
            "\"Id\",\"Username\",\"IsActive\",\"Department\",\"CreatedDate\",\"Badge_Number__c\",\"Profile.Name\"\n";
        read.push(reply.text.strip_prefix(names).unwrap().to_owned());
        match header(&reply, "sforce-locator") {
            "null" => break,
            locator => parameters = format!("?locator={locator}&maxRecords=50"),
        }
    }
    assert_eq!(pages, ["50", "50", "20"]);
    let quoted = |value: &Value| match value {
        Value::Null => "\"\"".to_owned(),
        Value::String(text) => format!("\"{}\"", text.replace('"', "\"\"").replace("+0000", "Z")),
        other => format!("\"{other}\""),
    };
    let row = |user: &Value| {
        let own = ["Id", "Username", "IsActive", "Department", "CreatedDate", "Badge_Number__c"]
            .map(|name| quoted(&user[name]));
        format!("{},{}\n", own.join(","), quoted(&user["Profile"]["Name"]))
    };
    assert_eq!(read.concat(), asked.iter().map(row).collect::<String>());
    assert_eq!(status(&client, &id).await["numberRecordsProcessed"], 120);
    assert_eq!(sandbox.requests().of("job:results:User"), 3);
}

#[tokio::test]
async fn the_pages_are_listed_five_at_a_time() {
    let (_sandbox, client, id) = completed(options(130, 20, &[]), "SELECT Id FROM User").await;
    let first = client.send("GET", &format!("/jobs/query/{id}/resultPages"), &Value::Null).await.json();
    assert_eq!((first["resultPages"].as_array().map(Vec::len), &first["done"]), (Some(5), &json!(false)));
    let second = client.get(first["nextRecordsUrl"].as_str().unwrap()).await.json();
    assert_eq!((second["resultPages"].as_array().map(Vec::len), &second["done"]), (Some(2), &json!(true)));
    let mut rows = Vec::new();
    for page in [&first, &second].into_iter().flat_map(|listed| listed["resultPages"].as_array().unwrap()) {
        let reply = client.get(page["resultUrl"].as_str().unwrap()).await;
        rows.extend(reply.text.lines().skip(1).map(str::to_owned));
    }
    assert_eq!(rows.len(), 130);
    assert!(rows.is_sorted());
}

#[tokio::test]
async fn a_job_says_in_which_state_it_is_and_refuses_what_does_not_fit() {
    let (sandbox, client) = signed_in(options(20, 50, &["job-slow:2"])).await;
    let id = job(&client, "SELECT Id FROM User").await;
    let early = results(&client, &id, "").await;
    assert_eq!((early.status, early.code().as_str()), (400, "INVALIDJOBSTATE"));
    for state in ["InProgress", "InProgress", "JobComplete", "JobComplete"] {
        assert_eq!(status(&client, &id).await["state"], state);
    }
    let path = format!("/jobs/query/{id}");
    let late = client.send("PATCH", &path, &json!({"state": "Aborted"})).await;
    assert_eq!((late.status, late.code().as_str()), (400, "INVALIDJOBSTATE"));
    assert_eq!(client.get(&format!("/services/data/v66.0{path}/results")).await.status, 409);
    assert_eq!(results(&client, &id, "?locator=nowhere").await.status, 400);
    assert_eq!(client.send("DELETE", &path, &Value::Null).await.status, 204);
    assert_eq!(results(&client, &id, "").await.status, 404);
    assert_eq!(sandbox.query_jobs(), 0);

    let id = job(&client, "SELECT Id FROM User").await;
    let path = format!("/jobs/query/{id}");
    assert_eq!(client.send("DELETE", &path, &Value::Null).await.code(), "INVALIDJOBSTATE");
    assert_eq!(client.send("PATCH", &path, &json!({"state": "Aborted"})).await.json()["state"], "Aborted");
    assert_eq!(status(&client, &id).await["state"], "Aborted");
}

#[tokio::test]
async fn a_job_can_not_query_everything() {
    let (_sandbox, client) = signed_in(options(20, 50, &["bulk-refuses:GroupMember"])).await;
    for (soql, code) in [
        ("SELECT COUNT() FROM User", "API_ERROR"),
        ("SELECT Id FROM User OFFSET 3", "API_ERROR"),
        ("SELECT Id, Address FROM User", "API_ERROR"),
        ("SELECT Id, (SELECT Id FROM PermissionSetAssignments) FROM User", "API_ERROR"),
        ("SELECT Id FROM GroupMember", "INVALIDENTITY"),
        ("SELECT Id, Foo FROM User", "INVALID_FIELD"),
        ("SELECT Id FROM Foo", "INVALID_TYPE"),
        ("SELECT", "MALFORMED_QUERY"),
    ] {
        let reply = client.send("POST", "/jobs/query", &json!({"operation": "query", "query": soql})).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{soql}: {}", reply.text);
    }
}

#[tokio::test]
async fn jobs_misbehave_on_request() {
    let (sandbox, client) = signed_in(options(20, 10, &["job-fails:1"])).await;
    let soql = "SELECT Id FROM User";
    let failed = job(&client, soql).await;
    let failed = status(&client, &failed).await;
    assert_eq!((&failed["state"], failed["errorMessage"].is_string()), (&json!("Failed"), true));
    let id = job(&client, soql).await;
    assert_eq!(status(&client, &id).await["state"], "JobComplete");

    sandbox.set_faults(vec!["truncate-page:1".parse().unwrap(), "locator-missing".parse().unwrap()]);
    let cut = results(&client, &id, "").await;
    assert!(cut.text.lines().count() < 11 && header(&cut, "sforce-locator").is_empty());
    sandbox.set_faults(vec!["drop-rows".parse().unwrap()]);
    let short = results(&client, &id, "").await;
    assert_eq!((short.text.lines().count(), header(&short, "sforce-numberofrecords")), (6, "10"));
    sandbox.set_faults(vec!["results-expired:2".parse().unwrap()]);
    assert_eq!(results(&client, &id, "").await.status, 200);
    assert_eq!(results(&client, &id, "").await.status, 404);
    assert_eq!(status(&client, &id).await[0]["errorCode"], "NOT_FOUND");
    sandbox.set_faults(vec!["job-aborted:1".parse().unwrap()]);
    let id = job(&client, soql).await;
    assert_eq!(status(&client, &id).await["state"], "Aborted");
    sandbox.set_faults(vec!["bulk-off".parse().unwrap()]);
    let refused = client.send("POST", "/jobs/query", &json!({"operation": "query", "query": soql})).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "FEATURENOTENABLED"));
}
