//! Plans on the console and in the API: written, previewed, approved, applied; by whom, and by whom not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

mod place;

use connector_server::Role;
use place::{Answer, Place, Served, encoded};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

const STRICT: &str = "provisioning: {approval: required}\n";

/// Somebody moves, gets a badge, and somebody leaves; and one operation that the source refuses.
const PLAN: &str = "operations:\n  - update: {account: staff1, set: {department: \"<img src=x onerror=alert(1)>\"}}\n  - grant: {account: staff1, entitlement: role/badge}\n  - disable: {account: staff2}\n  - disable: {account: staff0}\n  - disable: {account: \"<svg onload=alert(2)>\"}\n";

async fn place(more: &str) -> Place {
    let place = Place::empty();
    place.add_staff(more).await;
    place
}

fn form(name: &str, text: &str) -> String {
    format!("name={}&text={}", encoded(name), encoded(text))
}

/// Writes a plan on the console; returns its page.
async fn written(served: &Served, cookie: &str, name: &str, text: &str) -> String {
    let answer = served.press(cookie, "/sources/staff/plans", &form(name, text)).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").unwrap().to_owned()
}

fn digest_in(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"digest\" value=\"").unwrap_or_else(|| panic!("no digest: {page}"));
    rest.split('"').next().unwrap().to_owned()
}

fn staff(place: &Place) -> String {
    fs::read_to_string(place.path().join("staff.csv")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_written_previewed_and_applied_and_the_audit_log_says_by_whom() {
    let place = place("").await;
    let served = place.serve();
    let ann = served.cookie_of(&place, "ann", Role::Approver).await;
    let before = staff(&place);
    let plan = written(&served, &ann, "../etc/<b>joiners.yaml", PLAN).await;
    let page = served.shows(&ann, &plan, "Approve and apply").await;
    for wanted in [
        "&#60;b&#62;joiners.yaml",
        "to apply: 1 disable, 1 grant, 1 update",
        "waiting",
        "Legal",
        "Badge",
        "already disabled",
        "ann",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    assert!(!page.contains("../etc") && page.contains("&#60;img src=x onerror"), "{page}");
    for markup in ["<img", "<svg onload", "<b>joiners"] {
        assert!(!page.contains(markup), "{markup}: {page}");
    }
    assert_eq!(staff(&place), before, "a preview changes nothing");
    let failed = served.see(&ann, &format!("{plan}?outcome=failed")).await.body;
    assert!(failed.contains("&#60;svg onload") && !failed.contains(">Badge"), "{failed}");
    let applied = served.press(&ann, &format!("{plan}/apply"), &format!("digest={}", digest_in(&page))).await;
    assert_eq!(applied.status, 303, "{}", applied.body);
    let page = served.shows(&ann, &plan, "applied in part").await;
    assert!(
        page.contains("Approved by") && !page.contains("Approve and apply") && !page.contains("/discard"),
        "{page}"
    );
    let after = staff(&place);
    assert!(after.contains("s01,staff1,A,<img src=x onerror=alert(1)>") && after.contains("s02,staff2,T"), "{after}");
    let log = served.see(&ann, "/audit").await.body;
    for wanted in ["<td>preview</td>", "<td>apply</td>", "token ann (", "<td>applied_in_part</td>"] {
        assert!(log.contains(wanted), "{wanted}: {log}");
    }
    let list = served.see(&ann, "/plans").await.body;
    assert!(list.contains(&plan) && list.contains("3 applied, 1 unchanged, 1 failed"), "{list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_is_wrong_in_a_plan_is_said_with_its_place_and_nothing_is_lost() {
    let place = place("").await;
    let served = place.open().await;
    let cookie = served.cookie.clone().unwrap();
    let wrong = "operations:\n  - disabel: {account: staff1}\n  - disable: {acount: \"</textarea><script>alert(3)</script>\"}\n";
    let answer = served.press(&cookie, "/sources/staff/plans", &form("x.yaml", wrong)).await;
    // What somebody wrote is told beside the field, as on other pages.
    assert_eq!(answer.status, 200);
    for wanted in
        ["line 2, column", "did you mean <code>disable</code>", "line 3, column", "disabel: {account: staff1}"]
    {
        assert!(answer.body.contains(wanted), "{wanted}: {}", answer.body);
    }
    assert!(!answer.body.contains("<script>alert") && !answer.body.contains("/tmp/"), "{}", answer.body);
    for (name, text) in
        [("x.csv", "operation,account\ndisable,staff1\n"), ("", "[{\"disable\": {\"account\": \"staff1\"}}]")]
    {
        let plan = written(&served, &cookie, name, text).await;
        served.shows(&cookie, &plan, "Approve and apply").await;
    }
    for text in [
        "",
        "operations: []",
        "operations:\n  - set_password: {account: staff1, password_ref: \"command:[\\\"id\\\"]\"}\n",
    ] {
        let answer = served.press(&cookie, "/sources/staff/plans", &form("x.yaml", text)).await;
        assert!(answer.status == 200 && answer.body.contains("nothing was previewed"), "{text}: {}", answer.body);
    }
    let long = "x".repeat(30 * 1024 * 1024);
    assert_eq!(served.press(&cookie, "/sources/staff/plans", &long).await.status, 413);
    assert_eq!(served.press(&cookie, "/sources/..%2Fstaff/plans", &form("x", PLAN)).await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_four_eyes_are_asked_for_nobody_applies_what_nobody_else_approved() {
    let place = place(STRICT).await;
    let served = place.serve();
    let olga = served.cookie_of(&place, "olga", Role::Operator).await;
    let ann = served.cookie_of(&place, "ann", Role::Approver).await;
    let ann_again = served.cookie_of(&place, "Ann", Role::Approver).await;
    let before = staff(&place);
    // Whoever wrote it approves it in no way, whatever their role and their token is.
    let own = written(&served, &ann, "own.yaml", "- disable: {account: staff3}\n").await;
    let page = served.shows(&ann, &own, "somebody else must approve it").await;
    assert!(!page.contains("/approve\"") && !page.contains("/apply\""), "{page}");
    let digest = page.split("<code>").find(|part| part.len() > 64 && part[..64].bytes().all(|b| b.is_ascii_hexdigit()));
    let digest = digest.map(|part| part.split('<').next().unwrap().to_owned()).unwrap();
    for cookie in [&ann, &ann_again] {
        let refused = served.press(cookie, &format!("{own}/approve"), &format!("digest={digest}")).await;
        assert!(refused.status == 403 && refused.body.contains("somebody else must approve"), "{}", refused.body);
        served.press(cookie, &format!("{own}/apply"), &format!("digest={digest}")).await;
        served.shows(cookie, &own, "somebody else must approve").await;
    }
    assert_eq!(staff(&place), before);
    // What an operator wrote, an approver approves, and the operator applies.
    let plan = written(&served, &olga, "leavers.yaml", "- disable: {account: staff4}\n").await;
    served.shows(&olga, &plan, "somebody else must approve it").await;
    let page = served.shows(&ann, &plan, "/approve\"").await;
    let digest = format!("digest={}", digest_in(&page));
    for (cookie, path, status) in [(&olga, "approve", 403), (&olga, "apply", 403)] {
        assert_eq!(served.press(cookie, &format!("{plan}/{path}"), &digest).await.status, status, "{path}");
    }
    assert_eq!(served.press(&ann, &format!("{plan}/approve"), "digest=another").await.status, 409);
    assert_eq!(served.press(&ann, &format!("{plan}/approve"), &digest).await.status, 303);
    assert!(served.see(&ann, &plan).await.body.contains("approved"));
    assert_eq!(served.press(&olga, &format!("{plan}/apply"), &digest).await.status, 303);
    served.shows(&olga, &plan, "</i>applied").await;
    assert!(staff(&place).contains("s04,staff4,T"), "{}", staff(&place));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_whose_accounts_changed_is_shown_again_before_it_is_applied() {
    let place = place("").await;
    let served = place.open().await;
    let cookie = served.cookie.clone().unwrap();
    let plan =
        written(&served, &cookie, "x.yaml", "- disable: {account: staff1}\n- disable: {account: staff2}\n").await;
    let page = served.shows(&cookie, &plan, "Approve and apply").await;
    let digest = digest_in(&page);
    place.write("staff.csv", &staff(&place).replace("s01,staff1,A", "s01,staff1,T"));
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(served.press(&cookie, &format!("{plan}/apply"), &format!("digest={digest}")).await.status, 303);
    let page = served.shows(&cookie, &plan, "nothing was sent").await;
    assert!(staff(&place).contains("s02,staff2,A"), "{page}");
    // The new preview has another digest; with that one, it goes.
    assert_eq!(served.press(&cookie, &format!("{plan}/preview"), "").await.status, 303);
    let mut page = String::new();
    for _ in 0..100 {
        page = served.see(&cookie, &plan).await.body;
        if page.contains("Approve and apply") && digest_in(&page) != digest {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_ne!(digest_in(&page), digest);
    let answer = served.press(&cookie, &format!("{plan}/apply"), &format!("digest={}", digest_in(&page))).await;
    assert_eq!(answer.status, 303);
    served.shows(&cookie, &plan, "</i>applied").await;
    assert!(staff(&place).contains("s02,staff2,T"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_door_of_a_plan_opens_to_a_foreign_page_a_viewer_or_another_source() {
    let place = place("").await;
    place.write("sources/other.yaml", &fs::read_to_string(place.path().join("sources/staff.yaml")).unwrap());
    let served = place.serve();
    let olga = served.cookie_of(&place, "olga", Role::Operator).await;
    let victor = served.cookie_of(&place, "victor", Role::Viewer).await;
    let plan = written(&served, &olga, "x.yaml", PLAN).await;
    let page = served.shows(&victor, &plan, "Badge").await;
    assert!(!page.contains("/apply\"") && !page.contains("/discard\"") && !page.contains("Preview again"), "{page}");
    assert!(!served.see(&victor, "/sources/staff/plans").await.body.contains("<textarea"));
    let before = staff(&place);
    let elsewhere = plan.replace("/staff/", "/other/");
    assert_eq!(served.see(&olga, &elsewhere).await.status, 404);
    for act in ["preview", "approve", "apply", "abandon", "discard", "stop"] {
        let (own, foreign) = (
            format!("{plan}/{act}"),
            [
                ("Origin", "http://evil.example"),
                ("Cookie", olga.as_str()),
                ("Content-Type", "application/x-www-form-urlencoded"),
            ],
        );
        assert_eq!(served.ask("POST", &own, &foreign, "digest=x").await.status, 403, "{act}");
        assert_eq!(served.press(&victor, &own, "digest=x").await.status, 403, "{act}");
        if act != "stop" {
            let answer = served.press(&olga, &format!("{elsewhere}/{act}"), "digest=x").await;
            assert!(matches!(answer.status, 403 | 404), "{act}: {}", answer.status);
        }
    }
    for act in ["approve", "apply"] {
        assert_eq!(served.press(&olga, &format!("{plan}/{act}"), "digest=x").await.status, 403, "{act}");
    }
    assert_eq!(served.press(&victor, "/sources/staff/plans", &form("x", PLAN)).await.status, 403);
    assert_eq!(staff(&place), before);
    assert_eq!(served.press(&olga, &format!("{plan}/discard"), "").await.status, 303);
    assert_eq!(served.see(&olga, &plan).await.status, 404);
}

/// Sends a request with a token.
async fn call(served: &Served, token: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let all = [&[("Authorization", bearer.as_str()), ("Cookie", "none=1")][..], headers].concat();
    served.ask(method, &format!("/api/v1{path}"), &all, body).await
}

fn parsed(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap_or_else(|fault| panic!("{fault}: {}", answer.body))
}

async fn ended(served: &Served, token: &str, job: &Value) -> Value {
    for _ in 0..200 {
        let path = format!("/jobs/{}", job["id"].as_str().unwrap());
        let job = parsed(&call(served, token, "GET", &path, &[], "").await);
        if job["status"] != "running" {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the job does not end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_write_approve_apply_and_follow_a_plan() {
    let place = place(STRICT).await;
    let served = place.serve();
    let [victor, olga, ann] = [("victor", Role::Viewer), ("olga", Role::Operator), ("ann", Role::Approver)]
        .map(|(name, role)| place.token(name, role));
    let (yaml, json) =
        ([("Content-Type", "application/yaml"), ("Idempotency-Key", "one")], [("Content-Type", "application/json")]);
    assert_eq!(call(&served, &victor, "POST", "/sources/staff/plans", &yaml, PLAN).await.status, 403);
    let wrong =
        call(&served, &olga, "POST", "/sources/staff/plans?name=x.yaml", &yaml, "operations:\n  - disabel: {}\n").await;
    let problem = parsed(&wrong);
    assert_eq!(
        (wrong.status, &problem["problems"][0]["line"], &problem["kind"]),
        (400, &json!(2), &json!("definition")),
        "{problem}"
    );
    let begun = call(&served, &olga, "POST", "/sources/staff/plans?name=x.yaml", &yaml, PLAN).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let again = call(&served, &olga, "POST", "/sources/staff/plans?name=x.yaml", &yaml, PLAN).await;
    assert_eq!(parsed(&again)["id"], parsed(&begun)["id"]);
    let other =
        call(&served, &olga, "POST", "/sources/staff/plans?name=x.yaml", &yaml, "- disable: {account: staff7}\n").await;
    assert_eq!(other.status, 422, "{}", other.body);
    let job = ended(&served, &olga, &parsed(&begun)).await;
    assert_eq!(job["status"], "previewed", "{job}");
    let path = format!("/sources/staff/plans/{}", job["plan"].as_str().unwrap());
    let plan = parsed(&call(&served, &victor, "GET", &path, &[], "").await);
    assert_eq!(
        (&plan["author"], &plan["stage"], &plan["outcomes"]["planned"]),
        (&json!("olga"), &json!("previewed"), &json!(3)),
        "{plan}"
    );
    let mut operations = Vec::new();
    let mut after = String::new();
    loop {
        let page = parsed(&call(&served, &victor, "GET", &format!("{path}/operations?limit=2{after}"), &[], "").await);
        operations.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let numbers: Vec<_> = operations.iter().map(|one| one["operation"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    assert_eq!(operations[1]["changes"][0]["entitlement"], json!({"type": "role", "id": "badge"}));
    let consent = json!({"digest": plan["digest"]}).to_string();
    for (token, act, status) in
        [(&victor, "approve", 403), (&olga, "approve", 403), (&olga, "apply", 403), (&victor, "apply", 403)]
    {
        assert_eq!(
            call(&served, token, "POST", &format!("{path}/{act}"), &json, &consent).await.status,
            status,
            "{act}"
        );
    }
    for body in ["", "{}", "{\"digest\": 7}", "{\"digest\": \"x\", \"more\": 1}"] {
        let answer = call(&served, &ann, "POST", &format!("{path}/approve"), &json, body).await;
        assert!(
            matches!(answer.status, 400 | 422) && answer.body.contains("the body can't be read"),
            "{body}: {}",
            answer.body
        );
    }
    assert_eq!(call(&served, &ann, "POST", &format!("{path}/approve"), &json, "{\"digest\": \"x\"}").await.status, 409);
    let approved = call(&served, &ann, "POST", &format!("{path}/approve"), &json, &consent).await;
    assert_eq!((approved.status, &parsed(&approved)["approver"]), (200, &json!("ann")), "{}", approved.body);
    let begun = call(&served, &olga, "POST", &format!("{path}/apply"), &json, &consent).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let job = ended(&served, &olga, &parsed(&begun)).await;
    assert_eq!(job["status"], "applied_in_part", "{job}");
    assert!(staff(&place).contains("s02,staff2,T"));
    assert_eq!(call(&served, &ann, "DELETE", &path, &[], "").await.status, 409, "it has ended");
    let begun =
        call(&served, &olga, "POST", "/sources/staff/plans", &yaml[..1], "- disable: {account: staff8}\n").await;
    let job = ended(&served, &olga, &parsed(&begun)).await;
    let path = format!("/sources/staff/plans/{}", job["plan"].as_str().unwrap());
    assert_eq!(call(&served, &victor, "DELETE", &path, &[], "").await.status, 403);
    assert_eq!(call(&served, &olga, "DELETE", &path, &[], "").await.status, 204);
    assert_eq!(call(&served, &olga, "GET", &path, &[], "").await.status, 404);
    let listed = parsed(&call(&served, &victor, "GET", "/sources/staff/plans", &[], "").await);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_approver_did_not_see_needs_an_approver_again() {
    let place = place("").await;
    let served = place.serve();
    let [olga, ann] = [("olga", Role::Operator), ("ann", Role::Approver)].map(|(name, role)| place.token(name, role));
    let (yaml, json) = ([("Content-Type", "application/yaml")], [("Content-Type", "application/json")]);
    let text = "- disable: {account: staff1}\n- disable: {account: staff2}\n";
    let begun = call(&served, &olga, "POST", "/sources/staff/plans", &yaml, text).await;
    let job = ended(&served, &olga, &parsed(&begun)).await;
    let path = format!("/sources/staff/plans/{}", job["plan"].as_str().unwrap());
    let plan = parsed(&call(&served, &olga, "GET", &path, &[], "").await);
    let consent = json!({"digest": plan["digest"]}).to_string();
    assert_eq!(call(&served, &ann, "POST", &format!("{path}/approve"), &json, &consent).await.status, 200);
    place.write("staff.csv", &staff(&place).replace("s01,staff1,A", "s01,staff1,T"));
    tokio::time::sleep(Duration::from_millis(20)).await;
    let begun = call(&served, &olga, "POST", &format!("{path}/apply"), &json, &consent).await;
    let job = ended(&served, &olga, &parsed(&begun)).await;
    let said = job["error"]["message"].as_str().unwrap_or_else(|| panic!("{job}"));
    let other =
        said.split("preview is ").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_else(|| panic!("{said}"));
    let consent = json!({"digest": other}).to_string();
    let refused = call(&served, &olga, "POST", &format!("{path}/apply"), &json, &consent).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert!(staff(&place).contains("s02,staff2,A"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_to_apply_that_comes_twice_is_one_whoever_approves_by_it() {
    let place = place("").await;
    let served = place.serve();
    let ann = place.token("ann", Role::Approver);
    let yaml = [("Content-Type", "application/yaml")];
    let json = [("Content-Type", "application/json"), ("Idempotency-Key", "once")];
    let begun = call(&served, &ann, "POST", "/sources/staff/plans", &yaml, "- disable: {account: staff1}\n").await;
    let job = ended(&served, &ann, &parsed(&begun)).await;
    let path = format!("/sources/staff/plans/{}", job["plan"].as_str().unwrap());
    let plan = parsed(&call(&served, &ann, "GET", &path, &[], "").await);
    let consent = json!({"digest": plan["digest"]}).to_string();
    let first = call(&served, &ann, "POST", &format!("{path}/apply"), &json, &consent).await;
    ended(&served, &ann, &parsed(&first)).await;
    let second = call(&served, &ann, "POST", &format!("{path}/apply"), &json, &consent).await;
    assert_eq!((second.status, &parsed(&second)["id"]), (202, &parsed(&first)["id"]), "{}", second.body);
}
