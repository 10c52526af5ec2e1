//! Queries over HTTP: pages, paths, filters, errors.

mod support;

use connector_sandbox_salesforce::Options;
use serde_json::Value;
use support::signed_in;

fn options(users: u64) -> Options {
    Options { users, ..Options::default() }
}

#[tokio::test]
async fn pages_follow_each_other_and_hold_every_user_once_in_id_order() {
    let (sandbox, client) = signed_in(Options { max_page: 250, ..options(1_001) }).await;
    let first = client.query("SELECT Id, Username FROM User").await.json();
    assert_eq!(first["totalSize"], 1_001);
    assert_eq!(first["done"], false);
    assert_eq!(first["records"].as_array().unwrap().len(), 250);
    let next = first["nextRecordsUrl"].as_str().unwrap();
    assert!(next.starts_with("/services/data/v67.0/query/01g") && next.ends_with("-250"), "{next}");
    let records = client.records("SELECT Id, Username FROM User").await;
    let ids: Vec<&str> = records.iter().map(|record| record["Id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 1_001);
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(sandbox.requests().of("query:User"), 2);
    assert_eq!(sandbox.requests().of("more:User"), 4);
}

#[tokio::test]
async fn a_client_may_ask_for_smaller_pages_down_to_two_hundred() {
    let (_sandbox, client) = signed_in(options(2_500)).await;
    for (asked, rows) in [("batchSize=500", 500), ("batchSize=10", 200), ("batchSize=9000", 2_000), ("x=1", 2_000)] {
        let request = client.request("/services/data/v67.0/query").query(&[("q", "SELECT Id FROM User")]);
        let page = support::reply(request.header("Sforce-Query-Options", asked)).await.unwrap().json();
        assert_eq!(page["records"].as_array().map(Vec::len), Some(rows), "{asked}");
    }
}

#[tokio::test]
async fn keyset_pages_hold_every_assignment_once() {
    let (sandbox, client) = signed_in(options(400)).await;
    let mut last = String::new();
    let mut seen = 0;
    loop {
        let filter = if last.is_empty() { String::new() } else { format!("WHERE Id > '{last}'") };
        let soql = format!(
            "SELECT Id, AssigneeId, PermissionSet.IsOwnedByProfile FROM PermissionSetAssignment {filter} ORDER BY Id LIMIT 500"
        );
        let page = client.query(&soql).await.json();
        let records = page["records"].as_array().unwrap();
        assert_eq!(page["done"], true);
        let Some(end) = records.last() else { break };
        assert!(records[0]["Id"].as_str().unwrap() > last.as_str());
        end["Id"].as_str().unwrap().clone_into(&mut last);
        seen += records.len() as u64;
    }
    assert_eq!(seen, sandbox.org().counts()["PermissionSetAssignment"]);
}

#[tokio::test]
async fn parents_nest_and_missing_ones_are_null() {
    let (_sandbox, client) = signed_in(options(200)).await;
    let records = client
        .records("SELECT Id, profile.name, Profile.UserLicense.Name, UserRole.Name, Manager.Name FROM User")
        .await;
    assert_eq!(records[0]["Profile"]["Name"], "Identity Integration");
    assert_eq!(records[0]["Profile"]["attributes"]["type"], "Profile");
    assert_eq!(records[0]["Profile"]["UserLicense"]["Name"], "Salesforce Integration");
    assert_eq!(records[0]["UserRole"], Value::Null);
    assert_eq!(records[2]["Profile"], Value::Null);
    assert!(records.iter().any(|record| record["Manager"]["Name"].is_string()));
    assert_eq!(
        records[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["attributes", "Id", "Profile", "UserRole", "Manager"]
    );
}

#[tokio::test]
async fn a_subquery_nests_children_and_an_empty_one_is_null() {
    let (sandbox, client) = signed_in(options(20)).await;
    let user = sandbox.org().user_id(5);
    for assignment in
        client.records(&format!("SELECT Id FROM PermissionSetAssignment WHERE AssigneeId = '{user}'")).await
    {
        sandbox.org().remove(assignment["Id"].as_str().unwrap()).unwrap();
    }
    let records = client
        .records("SELECT Id, (SELECT PermissionSet.Name FROM PermissionSetAssignments) FROM User ORDER BY Id LIMIT 6")
        .await;
    assert_eq!(records[5]["PermissionSetAssignments"], Value::Null);
    assert_eq!(records[4]["PermissionSetAssignments"]["totalSize"], 3);
    assert_eq!(records[4]["PermissionSetAssignments"]["records"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn filters_say_what_they_say() {
    let (sandbox, client) = signed_in(options(300)).await;
    let all =
        client.records("SELECT Id, Name, Email, IsActive, Department, CreatedDate, Badge_Number__c FROM User").await;
    let expect = |keep: &dyn Fn(&Value) -> bool| all.iter().filter(|user| keep(user)).count() as u64;
    let text = |user: &Value, field: &str| user[field].as_str().unwrap_or_default().to_lowercase();
    let middle = all[150]["Id"].as_str().unwrap().to_owned();
    let half = sandbox.org().user_id(100);
    let cases: Vec<(String, u64)> = vec![
        ("IsActive = false".into(), expect(&|u| u["IsActive"] == false)),
        ("NOT IsActive = true".into(), expect(&|u| u["IsActive"] == false)),
        ("Department = 'sales'".into(), expect(&|u| u["Department"] == "Sales")),
        ("Department != 'Sales'".into(), expect(&|u| u["Department"] != "Sales")),
        ("Department = null".into(), expect(&|u| u["Department"].is_null())),
        (
            "Department IN ('Sales', 'Finance')".into(),
            expect(&|u| u["Department"] == "Sales" || u["Department"] == "Finance"),
        ),
        ("Department NOT IN ('Sales')".into(), expect(&|u| u["Department"] != "Sales")),
        ("Email LIKE '%@PARTNER.example'".into(), expect(&|u| text(u, "Email").ends_with("@partner.example"))),
        (
            "Name LIKE 'b_b %' OR Name LIKE 'Rosa%'".into(),
            expect(&|u| text(u, "Name").starts_with("bob ") || text(u, "Name").starts_with("rosa")),
        ),
        (
            "IsActive = true AND (Department = 'Sales' OR Department = 'Finance')".into(),
            expect(&|u| u["IsActive"] == true && (u["Department"] == "Sales" || u["Department"] == "Finance")),
        ),
        ("Badge_Number__c >= 10200".into(), expect(&|u| u["Badge_Number__c"].as_f64().is_some_and(|n| n >= 10_200.0))),
        ("CreatedDate < 2022-01-01T00:00:00Z".into(), expect(&|u| text(u, "CreatedDate").as_str() < "2022")),
        ("CreatedDate = TODAY".into(), 0),
        ("CreatedDate < LAST_N_DAYS:1".into(), 300),
        (format!("Id > '{middle}'"), 149),
        (format!("Id >= '{middle}' AND Id <= '{middle}'"), 1),
        (format!("Id > '{half}' AND Id <= '{middle}'"), 50),
        (format!("Id IN ('{half}', '{}')", &middle[..15]), 2),
        (
            "Id IN (SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true)".into(),
            299,
        ),
        (
            "Id NOT IN (SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.IsOwnedByProfile = true)"
                .into(),
            1,
        ),
        ("Profile.Name = 'System Administrator'".into(), 1),
    ];
    for (filter, count) in cases {
        let answer = client.query(&format!("SELECT COUNT() FROM User WHERE {filter}")).await.json();
        assert_eq!(answer["totalSize"], count, "{filter}");
        assert_eq!(answer["records"].as_array().map(Vec::len), Some(0), "{filter}");
        let records = client.records(&format!("SELECT Id FROM User WHERE {filter} ORDER BY Name DESC")).await;
        assert_eq!(records.len() as u64, count, "{filter}");
    }
}

#[tokio::test]
async fn order_limit_and_offset_cut_the_same_window_as_a_client_would() {
    let (_sandbox, client) = signed_in(options(120)).await;
    let mut all = client.records("SELECT Id, Department FROM User").await;
    let last = client.records("SELECT Id, Department FROM User ORDER BY Id DESC LIMIT 1").await;
    assert_eq!(last, all[119..]);
    // Nulls stand first unless asked for last; equal ones stay in id order.
    all.sort_by_key(|user| user["Department"].as_str().map(str::to_lowercase));
    let window = client.records("SELECT Id, Department FROM User ORDER BY Department, Id LIMIT 30 OFFSET 20").await;
    assert_eq!(window, all[20..50]);
    let nulls = client.records("SELECT Department FROM User ORDER BY Department NULLS LAST").await;
    assert!(nulls[0]["Department"].is_string() && nulls[119]["Department"].is_null());
}

#[tokio::test]
async fn field_groups_select_what_they_name() {
    let (_sandbox, client) = signed_in(options(10)).await;
    let custom = client.records("SELECT FIELDS(CUSTOM) FROM User LIMIT 1").await;
    assert_eq!(
        custom[0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["attributes", "Cost_Center__c", "Badge_Number__c", "Contractor__c", "Start_Date__c"]
    );
    let standard = client.records("SELECT FIELDS(STANDARD) FROM User").await;
    assert!(standard[0].get("Username").is_some() && standard[0].get("Cost_Center__c").is_none());
    assert_eq!(client.query("SELECT FIELDS(ALL) FROM User").await.code(), "MALFORMED_QUERY");
    assert_eq!(client.query("SELECT FIELDS(ALL) FROM User LIMIT 200").await.status, 200);
}

#[tokio::test]
async fn wrong_statements_get_the_orgs_own_errors() {
    let (_sandbox, client) = signed_in(options(10)).await;
    for (soql, code, message) in [
        ("SELECT Id FORM User", "MALFORMED_QUERY", "unexpected token: 'FORM'"),
        (
            "SELECT Id, Foo FROM User",
            "INVALID_FIELD",
            "\nSELECT Id, Foo FROM User\n           ^\nERROR at Row:1:Column:12\nNo such column 'Foo' on entity 'User'.",
        ),
        ("SELECT Id FROM Nothing", "INVALID_TYPE", "sObject type 'Nothing' is not supported."),
        ("SELECT Id FROM Territory2", "INVALID_TYPE", "sObject type 'Territory2' is not supported."),
        ("SELECT Boss.Name FROM User", "INVALID_FIELD", "Didn't understand relationship 'Boss' in field path."),
        (
            "SELECT Id FROM User WHERE IsActive = 'true'",
            "INVALID_FIELD",
            "must be of type boolean and should not be enclosed",
        ),
        ("SELECT Id FROM User WHERE Name = 3", "INVALID_FIELD", "must be of type string and should be enclosed"),
        ("SELECT Id FROM User WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"),
        (
            "SELECT Id FROM User WHERE Name = 'x' AND Alias = 'y' OR Title = 'z'",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        ("SELECT Id FROM User LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "offset"),
        ("SELECT Id FROM User WHERE Name = 'x", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id, id FROM User", "INVALID_FIELD", "duplicate field selected: id"),
        ("SELECT Status FROM LoginHistory WHERE Status = 'x'", "INVALID_FIELD", "can not be filtered"),
        (" ", "MALFORMED_QUERY", "A query string has to be specified"),
    ] {
        let reply = client.query(soql).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, code), "{soql}: {}", reply.text);
        assert!(reply.message().contains(message), "{soql}: {}", reply.message());
    }
}

#[tokio::test]
async fn rows_are_counted_by_what_they_name() {
    let (sandbox, client) = signed_in(options(400)).await;
    let page = "SELECT GroupId, COUNT(Id) total FROM GroupMember WHERE GroupId > '00G000000000000' GROUP BY GroupId ORDER BY GroupId LIMIT 2000";
    let page = client.query(page).await.json();
    let groups = page["records"].as_array().unwrap();
    assert_eq!((&page["done"], &page["totalSize"]), (&true.into(), &groups.len().into()));
    let total: u64 = groups.iter().map(|group| group["total"].as_u64().unwrap()).sum();
    assert_eq!(total, sandbox.org().counts()["GroupMember"]);
    assert_eq!(groups[0]["attributes"], serde_json::json!({"type": "AggregateResult"}));
    assert!(groups.windows(2).all(|pair| pair[0]["GroupId"].as_str() < pair[1]["GroupId"].as_str()));
    let first = groups[0]["GroupId"].as_str().unwrap();
    let of_first = format!("SELECT COUNT() FROM GroupMember WHERE GroupId = '{first}'");
    assert_eq!(client.query(&of_first).await.json()["totalSize"], groups[0]["total"]);
    let unnamed =
        client.query("SELECT COUNT(Id), AssigneeId FROM PermissionSetAssignment GROUP BY AssigneeId LIMIT 1").await;
    assert_eq!(unnamed.json()["records"][0]["expr0"], 3);
    for wrong in [
        "SELECT COUNT(Id) FROM GroupMember",
        "SELECT Id, COUNT(Id) FROM GroupMember GROUP BY GroupId",
        "SELECT COUNT(Id) FROM User GROUP BY IsActive",
    ] {
        assert_eq!(client.query(wrong).await.code(), "MALFORMED_QUERY", "{wrong}");
    }
    let (_sandbox, client) = signed_in(options(2_100)).await;
    let many = client.query("SELECT AssigneeId, COUNT(Id) FROM PermissionSetAssignment GROUP BY AssigneeId").await;
    assert_eq!(many.code(), "EXCEEDED_ID_LIMIT");
}

#[tokio::test]
async fn what_changed_lately_is_found_by_its_time_stamp() {
    let (sandbox, client) = signed_in(options(300)).await;
    let org = sandbox.org();
    org.set(&org.user_id(7), "Title", "Changed").unwrap();
    let newcomer = org.add_user(&[("Username", "new@acme.example".into()), ("LastName", "New".into())]).unwrap();
    org.assign_permission_set(&org.user_id(9), &org.id_of("PermissionSet", 30).unwrap()).unwrap();
    let since = "SystemModstamp >= 2026-11-28T00:00:00Z";
    let changed = client.records(&format!("SELECT Id FROM User WHERE {since}")).await;
    let ids: Vec<_> = changed.iter().map(|record| record["Id"].as_str().unwrap()).collect();
    assert_eq!(ids, [org.user_id(7), newcomer]);
    let ends =
        format!("({since} OR (ExpirationDate >= 2026-11-28T00:00:00Z AND ExpirationDate < 2027-01-01T00:00:00Z))");
    let rows = client.records(&format!("SELECT Id, AssigneeId FROM PermissionSetAssignment WHERE {ends}")).await;
    assert!(rows.iter().any(|row| row["AssigneeId"] == org.user_id(9)) && rows.len() <= 2, "{rows:?}");
    // An earlier time needs the stamps of generated rows, too.
    let all = client.records("SELECT Id FROM User WHERE SystemModstamp >= 2019-01-01T00:00:00Z").await;
    assert_eq!(all.len(), 301);
}
