//! The steps of the connection test.

use crate::server::{Org, ok, page, record, refusal, user, user_id};
use connector_core::{StepStatus, TestReport};
use serde_json::json;
use wiremock::ResponseTemplate;

async fn org() -> Org {
    let org = Org::start().await;
    let acme = json!({"Name": "Acme", "OrganizationType": "Enterprise Edition", "IsSandbox": false});
    org.answer("Organization", vec![ok(&page(&[record("Organization", "00Dak0000000001AAA", acme)]))]);
    let id = |object: &str, id: &str| vec![ok(&page(&[record(object, id, json!({}))]))];
    org.answer("User", vec![ok(&page(&[user(1)]))]);
    org.answer("Profile", id("Profile", "00eak0000000001AAA"));
    org.answer("PermissionSet", id("PermissionSet", "0PSak0000000001AAA"));
    org.answer("PermissionSetAssignment", id("PermissionSetAssignment", "0Paak0000000001AAA"));
    org
}

async fn report(org: &Org) -> TestReport {
    let mut report = TestReport::new();
    org.open().test_connection(&mut report).await;
    report
}

fn step<'a>(report: &'a TestReport, name: &str) -> (StepStatus, &'a str, &'a str) {
    let step = report.steps().iter().find(|step| step.name == name).unwrap();
    (step.status, step.detail.as_deref().unwrap_or_default(), step.help.as_deref().unwrap_or_default())
}

#[tokio::test]
async fn a_good_org_passes_every_step_in_order() {
    let report = report(&org().await).await;
    let steps: Vec<_> = report.steps().iter().map(|step| (step.name, step.status)).collect();
    let passed = StepStatus::Passed;
    assert_eq!(
        steps,
        [("access_token", passed), ("api", passed), ("permissions", passed), ("platform", passed)],
        "{report:?}"
    );
    let (_, detail, _) = step(&report, "api");
    assert_eq!(detail, "Acme (Enterprise Edition, production), API v67.0, 1,234 of 100,000 calls used today");
}

#[tokio::test]
async fn an_allowance_too_large_to_reckon_with_is_only_told() {
    let org = org().await;
    let most = u64::MAX.to_string();
    let acme = json!({"Name": "Acme", "OrganizationType": "Enterprise Edition", "IsSandbox": false});
    let about = ResponseTemplate::new(200)
        .insert_header("Sforce-Limit-Info", format!("api-usage={most}/{most}"))
        .set_body_json(page(&[record("Organization", "00Dak0000000001AAA", acme)]));
    org.answer("Organization", vec![about]);
    let report = report(&org).await;
    assert_eq!(step(&report, "api").0, StepStatus::Warning, "{report:?}");
}

#[tokio::test]
async fn a_right_that_only_hides_something_is_a_warning_that_says_what() {
    let org = org().await;
    org.answer("UserLogin", vec![refusal(400, "INVALID_TYPE", "sObject type 'UserLogin' is not supported.")]);
    let report = report(&org).await;
    let (status, detail, help) = step(&report, "permissions");
    assert_eq!(status, StepStatus::Warning, "{report:?}");
    assert!(detail.contains("frozen or locked") && help.contains("Manage Users"), "{report:?}");
}

#[tokio::test]
async fn rights_that_stop_an_aggregation_fail_the_test_all_at_once() {
    let org = org().await;
    for object in ["UserRole", "PermissionSet", "UserLogin"] {
        org.answer(object, vec![refusal(400, "INVALID_TYPE", "sObject type is not supported.")]);
    }
    org.answer("PermissionSetAssignment", vec![ok(&page(&[]))]);
    let report = report(&org).await;
    let (status, detail, help) = step(&report, "permissions");
    assert_eq!(status, StepStatus::Failed, "{report:?}");
    for right in ["View Roles and Role Hierarchy", "View Setup and Configuration", "Manage Users"] {
        assert!(detail.contains(right) && help.contains(right), "{right}: {report:?}");
    }
    assert!(detail.contains("who holds permission sets"), "{report:?}");
}

#[tokio::test]
async fn a_login_without_api_access_fails_at_the_api_step() {
    let org = org().await;
    org.answer("Organization", vec![refusal(403, "API_CURRENTLY_DISABLED", "API is disabled for this User")]);
    let report = report(&org).await;
    let (status, _, help) = step(&report, "api");
    assert_eq!(status, StepStatus::Failed);
    assert!(help.contains("API Enabled"));
    assert_eq!(step(&report, "permissions").0, StepStatus::Skipped);
}

#[tokio::test]
async fn an_org_that_does_not_tell_its_name_is_a_warning() {
    let org = org().await;
    for (code, message) in [
        ("INVALID_TYPE", "sObject type 'Organization' is not supported."),
        ("INVALID_FIELD", "No such column 'OrganizationType' on entity 'Organization'."),
    ] {
        org.answer("Organization", vec![refusal(400, code, message)]);
        let report = report(&org).await;
        assert_eq!(step(&report, "api").0, StepStatus::Warning, "{report:?}");
        assert_eq!(step(&report, "permissions").0, StepStatus::Passed, "{report:?}");
    }
}

#[tokio::test]
async fn an_org_is_known_by_its_id_in_18_characters() {
    let org = org().await;
    for written in ["00Dak0000000001EAA", "00Dak0000000001"] {
        org.answer("Organization", vec![ok(&page(&[record("Organization", written, json!({}))]))]);
        assert_eq!(org.open().instance_id().await.unwrap().as_deref(), Some("00Dak0000000001EAA"), "{written}");
    }
    org.answer("Organization", vec![refusal(400, "INVALID_TYPE", "sObject type 'Organization' is not supported.")]);
    assert_eq!(org.open().instance_id().await.unwrap(), None);
}

#[tokio::test]
async fn the_platform_step_says_what_ends_and_who_still_uses_it() {
    let org = org().await;
    let login = |number: u64, kind: &str| {
        let fields = json!({"UserId": user_id(number), "ApiType": kind});
        record("LoginHistory", "0Yaak0000000001AAA", fields)
    };
    let logins =
        [login(1, "SOAP Partner"), login(1, "SOAP Enterprise"), login(2, "REST API"), login(3, "SOAP Partner")];
    let listed = ok(&page(&logins)).insert_header("Warning", "299 - \"This API is deprecated.\"");
    org.answer("LoginHistory", vec![listed]);
    let report = report(&org).await;
    let (status, detail, help) = step(&report, "platform");
    assert_eq!(status, StepStatus::Warning, "{report:?}");
    for part in [
        "API v67.0 is kept until 2029-06-01 at least",
        "the org warns: This API is deprecated;",
        "the app does not require DPoP",
        "2 users signed in with the SOAP call login(), which ends with Summer '27 (2027-06-01) (of the newest 4 sign-ins)",
    ] {
        assert!(detail.contains(part), "{part}: {detail}");
    }
    assert!(help.contains("newer `api_version`"), "{help}");
}

#[tokio::test]
async fn an_org_that_hides_its_sign_ins_says_nothing_of_them() {
    let org = org().await;
    org.answer(
        "LoginHistory",
        vec![refusal(400, "INVALID_FIELD", "No such column 'ApiType' on entity 'LoginHistory'.")],
    );
    let report = report(&org).await;
    let (status, detail, _) = step(&report, "platform");
    assert_eq!((status, detail.contains("SOAP")), (StepStatus::Passed, false), "{report:?}");
}
