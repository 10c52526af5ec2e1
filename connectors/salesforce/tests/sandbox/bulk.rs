//! Reads by query jobs: the same rows as by REST, whatever happens to the jobs.

use crate::org::{open, start};
use crate::reading::{Read, failure, read, read_with};
use connector_core::{Assignment, ErrorKind};
use connector_sandbox_salesforce::{Options, Sandbox};

const BULK: &str = r#"{"transport": "bulk", "custom_fields": "all"}"#;
const REST: &str = r#"{"transport": "rest", "custom_fields": "all"}"#;

fn faults(faults: &[&str]) -> Vec<connector_sandbox_salesforce::Fault> {
    faults.iter().map(|fault| fault.parse().unwrap()).collect()
}

/// An org with odd texts, and pages of results that hold few rows.
async fn org(users: u64, max_result_page: usize) -> Sandbox {
    let options = Options { users, max_result_page, territories: true, assignments_per_user: 4, ..Options::default() };
    let sandbox = start(options).await;
    let org = sandbox.org();
    for (number, text) in ["M\u{fc}nchen \"Süd\"", "a,b;c", "\"", "two\r\nlines\n", "tab\t\\ 渡", "true", "0012", " x "]
        .into_iter()
        .enumerate()
    {
        let id = org.user_id(number as u64 + 3);
        org.set(&id, "Department", text).unwrap();
        org.set(&id, "Street", text).unwrap();
    }
    org.freeze(&org.user_id(7), true).unwrap();
    org.deactivate(&org.user_id(8)).unwrap();
    let assignment = org.id_of("PermissionSetAssignment", 5).unwrap();
    org.set(&assignment, "ExpirationDate", "2030-01-31T08:00:00.000+0000").unwrap();
    org.remove(&org.id_of("GroupMember", 3).unwrap()).unwrap();
    sandbox
}

fn sorted(assignments: &[Assignment]) -> Vec<String> {
    let mut lines: Vec<_> = assignments.iter().map(|one| format!("{one:?}")).collect();
    lines.sort();
    lines
}

#[track_caller]
fn assert_same(bulk: &Read, rest: &Read, what: &str) {
    assert_eq!(bulk.accounts.len(), rest.accounts.len(), "{what}");
    for (bulk, rest) in bulk.accounts.iter().zip(&rest.accounts) {
        assert_eq!(bulk, rest, "{what}");
    }
    assert_eq!(bulk.entitlements, rest.entitlements, "{what}");
    assert_eq!(sorted(&bulk.assignments), sorted(&rest.assignments), "{what}");
    assert_eq!(bulk.skipped, rest.skipped, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_reads_the_same_rows_as_rest_with_the_same_values() {
    let sandbox = org(300, 70).await;
    let by_rest = read(open(&sandbox, REST).0.as_ref()).await.unwrap();
    sandbox.clear_requests();
    let (connector, context) = open(&sandbox, BULK);
    let by_job = read(connector.as_ref()).await.unwrap();
    assert_same(&by_job, &by_rest, "listed pages");
    assert!(by_job.warnings.is_empty(), "{:?}", by_job.warnings);
    let requests = sandbox.requests();
    for object in ["User", "PermissionSetAssignment", "GroupMember", "PermissionSetLicenseAssign", "UserPackageLicense"]
    {
        assert_eq!(requests.of(&format!("job:create:{object}")), 1, "{object}: {:?}", requests.by_kind);
        assert_eq!(requests.of(&format!("query:{object}")), 0, "{object}");
    }
    assert_eq!((requests.of("job:results:User"), requests.of("job:pages")), (5, 7));
    assert_eq!(context.meter().api_calls(), requests.total);
    assert_eq!(sandbox.query_jobs(), 0, "a job whose records are read is deleted");

    // An org that does not list the pages.
    let older = r#"{"transport": "bulk", "custom_fields": "all", "api_version": "57.0"}"#;
    assert_same(&read(open(&sandbox, older).0.as_ref()).await.unwrap(), &by_rest, "pages by locator");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_process_can_read_the_next_page() {
    let sandbox = org(2_600, 2_300).await;
    let by_rest = read(open(&sandbox, REST).0.as_ref()).await.unwrap();
    for version in ["67.0", "57.0"] {
        let settings = format!(r#"{{"transport": "bulk", "custom_fields": "all", "api_version": "{version}"}}"#);
        let by_job = read_with(async || Ok(open(&sandbox, &settings).0)).await.unwrap();
        assert_same(&by_job, &by_rest, version);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_lost_is_planned_again_from_what_was_read() {
    let sandbox = org(1_000, 220).await;
    let by_rest = read(open(&sandbox, REST).0.as_ref()).await.unwrap();
    for (fault, jobs_of_users) in [
        ("job-fails:1", 2),
        ("job-aborted:1", 2),
        ("job-slow:2", 1),
        ("results-expired:1", 2),
        ("results-expired:3", 2),
        ("503:7", 1),
        ("cut:4", 1),
        ("reset:9", 1),
        ("session-expiry:8", 1),
    ] {
        sandbox.set_faults(faults(&[fault]));
        sandbox.clear_requests();
        let by_job = read(open(&sandbox, BULK).0.as_ref()).await.unwrap_or_else(|error| panic!("{fault}: {error:?}"));
        assert_same(&by_job, &by_rest, fault);
        assert!(sandbox.requests().of("job:create:User") >= jobs_of_users, "{fault}");
        assert_eq!(sandbox.requests().of("query:User"), 0, "{fault}");
        sandbox.expire_query_jobs();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_before_a_lost_job_are_not_read_again() {
    let sandbox = org(1_000, 220).await;
    sandbox.set_faults(faults(&["results-expired:3"]));
    read(open(&sandbox, BULK).0.as_ref()).await.unwrap();
    let requests = sandbox.requests();
    let jobs: Vec<_> = requests.log.iter().filter(|one| one.kind == "job:create:User").collect();
    let asked: Vec<_> = jobs.iter().map(|one| one.soql.clone().unwrap_or_default()).collect();
    assert!(!asked[0].contains("WHERE") && asked[1].contains("WHERE Id > '005"), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_never_succeed_are_an_error_or_leave_the_table_to_rest() {
    let sandbox = org(300, 100).await;
    let by_rest = read(open(&sandbox, REST).0.as_ref()).await.unwrap();
    sandbox.set_faults(faults(&["job-fails"]));
    let error = failure(read(open(&sandbox, BULK).0.as_ref()).await, "every job fails");
    let text = format!("{error:?}");
    assert!(text.contains("the query job for `User` failed") && text.contains("fifteen"), "{text}");

    let scarce = org_with_scarce_calls(&["job-fails"]).await;
    let read = read(open(&scarce, "{}").0.as_ref()).await.unwrap();
    assert_eq!((read.accounts.len(), read.warnings.len()), (20_000, 2), "{:?}", read.warnings);
    assert_eq!(scarce.requests().of("query:User"), 11);
    assert!(by_rest.warnings.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_lie_are_an_error_and_never_a_shorter_list() {
    for fault in ["truncate-page:14", "drop-rows", "missing-id", "repeat-page", "locator-missing", "html-200"] {
        let sandbox = org(300, 70).await;
        // The first pages come by REST: locks and integrations.
        let (connector, _) = open(&sandbox, r#"{"transport": "bulk"}"#);
        if fault == "truncate-page:14" {
            sandbox.set_faults(faults(&["truncate-page:5"]));
        } else {
            sandbox.set_faults(faults(&[fault]));
        }
        let error = failure(read(connector.as_ref()).await, fault);
        assert_eq!(error.kind(), ErrorKind::Protocol, "{fault}: {error:?}");
    }
}

/// An org whose large tables are read by jobs, because few calls are left.
async fn org_with_scarce_calls(fault: &[&str]) -> Sandbox {
    let options = Options {
        users: 20_000,
        assignments_per_user: 2,
        daily_requests: 300,
        faults: faults(fault),
        ..Options::default()
    };
    start(options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_read_what_is_large_when_calls_are_scarce_and_rest_reads_the_others() {
    let sandbox = org_with_scarce_calls(&[]).await;
    read(open(&sandbox, "{}").0.as_ref()).await.unwrap();
    let requests = sandbox.requests();
    for (object, jobs) in [("User", 1), ("PermissionSetAssignment", 1), ("GroupMember", 0), ("UserPackageLicense", 0)] {
        assert_eq!(requests.of(&format!("job:create:{object}")), jobs, "{object}: {:?}", requests.by_kind);
    }
    let small = org(300, 70).await;
    read(open(&small, "{}").0.as_ref()).await.unwrap();
    assert_eq!(small.requests().by_kind.keys().filter(|kind| kind.starts_with("job:")).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_without_jobs_is_read_by_rest_and_says_so_once() {
    let sandbox = org_with_scarce_calls(&["bulk-off"]).await;
    let by_rest = read(open(&sandbox, "{}").0.as_ref()).await.unwrap();
    assert_eq!(by_rest.accounts.len(), 20_000);
    assert_eq!(by_rest.warnings.len(), 1, "{:?}", by_rest.warnings);
    assert!(by_rest.warnings[0].contains("BulkApiQuery"), "{:?}", by_rest.warnings);
    assert_eq!(sandbox.requests().of("job:create"), 1);

    let error = failure(read(open(&sandbox, BULK).0.as_ref()).await, "no jobs");
    assert_eq!(error.kind(), ErrorKind::Permission);
    assert!(error.help().unwrap_or_default().contains("transport: auto"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_jobs_can_not_read_is_read_by_rest() {
    let sandbox = org(300, 100).await;
    let by_rest = read(open(&sandbox, REST).0.as_ref()).await.unwrap();
    sandbox.set_faults(faults(&["bulk-refuses:GroupMember"]));
    let by_job = read(open(&sandbox, BULK).0.as_ref()).await.unwrap();
    assert_same(&by_job, &by_rest, "bulk-refuses");
    assert!(by_job.warnings.len() == 1 && by_job.warnings[0].contains("`GroupMember`"), "{:?}", by_job.warnings);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_field_is_left_out_of_a_job_too() {
    let rights = connector_sandbox_salesforce::Rights {
        hidden_fields: vec!["User.EmployeeNumber".to_owned(), "PermissionSetAssignment.ExpirationDate".to_owned()],
        ..Default::default()
    };
    let sandbox = start(Options { rights, ..Options::default() }).await;
    let by_rest = read(open(&sandbox, REST).0.as_ref()).await.unwrap();
    let by_job = read(open(&sandbox, BULK).0.as_ref()).await.unwrap();
    assert_same(&by_job, &by_rest, "hidden fields");
}
