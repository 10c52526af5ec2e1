//! Whole reads of a simulated org: nothing is missing, nothing comes twice, and the calls stay few.

use crate::org::{open, start};
use connector_core::{
    Account, Assignment, Connector, Cursor, Entitlement, Error, ErrorKind, Holder, Page, Result, StepStatus, TestReport,
};
use connector_sandbox_salesforce::{Options, Rights};
use std::collections::{BTreeMap, HashSet};
use std::ops::Deref;

pub(crate) struct Read {
    pub(crate) accounts: Vec<Account>,
    pub(crate) entitlements: Vec<Entitlement>,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) skipped: Vec<String>,
    pub(crate) warnings: Vec<String>,
}

/// Reads to the end. Returns the items, the types that were skipped, and the warnings.
async fn pages<T>(read: impl AsyncFn(&Cursor) -> Result<Page<T>>) -> Result<(Vec<T>, Vec<String>, Vec<String>)> {
    let (mut items, mut skipped, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
    let mut known = HashSet::from([Cursor::start()]);
    let mut frontier = vec![Cursor::start()];
    while let Some(cursor) = frontier.pop() {
        let page = read(&cursor).await?;
        skipped.extend(page.skipped().iter().map(|one| one.entitlement_type.clone()));
        warnings.extend_from_slice(page.warnings());
        assert_eq!(page.incomplete(), None);
        let (some, next) = page.into_parts();
        items.extend(some);
        assert!(next.iter().all(|cursor| known.insert(cursor.clone())), "a cursor came back");
        frontier.extend(next);
    }
    Ok((items, skipped, warnings))
}

pub(crate) async fn read(connector: &dyn Connector) -> Result<Read> {
    read_with(async || Ok::<_, Error>(connector)).await
}

/// Reads each page with the connector that `open` returns for it.
pub(crate) async fn read_with<'c, C: Deref<Target = dyn Connector + 'c>>(
    open: impl AsyncFn() -> Result<C>,
) -> Result<Read> {
    let accounts = pages(async |cursor| open().await?.aggregate_accounts(cursor).await).await?;
    let entitlements = pages(async |cursor| {
        let connector = open().await?;
        connector.capabilities().entitlements().unwrap().entitlements(cursor).await
    });
    let entitlements = entitlements.await?;
    let assignments = pages(async |cursor| {
        let connector = open().await?;
        connector.capabilities().entitlements().unwrap().assignments(cursor).await
    });
    let assignments = assignments.await?;
    Ok(Read {
        skipped: [accounts.1, entitlements.1, assignments.1].concat(),
        warnings: [accounts.2, entitlements.2, assignments.2].concat(),
        accounts: accounts.0,
        entitlements: entitlements.0,
        assignments: assignments.0,
    })
}

/// The assignments by type, each counted once.
fn by_type(assignments: &[Assignment]) -> BTreeMap<&str, u64> {
    let unique: HashSet<_> = assignments.iter().collect();
    assert_eq!(unique.len(), assignments.len(), "an assignment came twice");
    let mut counts = BTreeMap::new();
    for assignment in assignments {
        *counts.entry(assignment.entitlement.entitlement_type.as_ref()).or_default() += 1;
    }
    counts
}

fn assert_whole(read: &Read, users: u64, held: u64) {
    let ids: HashSet<_> = read.accounts.iter().map(|account| account.id.as_str()).collect();
    assert_eq!((ids.len() as u64, read.accounts.len() as u64), (users, users));
    let (of_accounts, of_entitlements): (Vec<_>, Vec<_>) =
        read.assignments.iter().cloned().partition(|one| one.holder.account_id().is_some());
    let counts = by_type(&of_accounts);
    let of = |types: &[&str]| types.iter().filter_map(|one| counts.get(one)).sum::<u64>();
    assert_eq!(of(&["permission_set", "permission_set_group"]), users * (held - 1));
    assert_eq!(of(&["group", "queue"]), users / 2);
    assert_eq!((of(&["permission_set_license"]), of(&["package_license"])), (users / 4, users / 4));
    let known: HashSet<_> = read.entitlements.iter().map(|entitlement| &entitlement.key).collect();
    assert_eq!(known.len(), read.entitlements.len(), "an entitlement came twice");
    assert!(of_accounts.iter().all(|one| one.holder.account_id().is_some_and(|id| ids.contains(id))));
    assert!(read.assignments.iter().all(|one| known.contains(&one.entitlement)));
    let is_known = |holder: &Holder| matches!(holder, Holder::Entitlement(key) if known.contains(key));
    assert!(of_entitlements.iter().all(|one| is_known(&one.holder)));
    // 24 permission set groups of 3 sets; 59 roles below another one; 3 groups, a role, and a role with 4 below it in groups.
    let nested = by_type(&of_entitlements);
    // A set that mutes one group, and what gives custom permissions.
    let of_sets = [("permission_set", 24 * 3), ("muting_permission_set", 1), ("custom_permission", 4)];
    let expected: BTreeMap<_, _> = of_sets.into_iter().chain([("group", 3 + 1 + 5), ("role", 59)]).collect();
    assert_eq!(nested, expected);
    assert!(read.accounts.iter().flat_map(|account| &account.entitlements).all(|held| known.contains(held)));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_user_and_every_assignment_is_read_with_few_calls() {
    let (users, held) = (20_000, 3);
    let sandbox = start(Options { users, assignments_per_user: held, ..Options::default() }).await;
    let (connector, context) = open(&sandbox, "{}");
    let read = read(connector.as_ref()).await.unwrap();
    assert_whole(&read, users, u64::from(held));
    assert_eq!(read.skipped, ["territory", "territory"], "this org has no territories");

    let rows = [users, users * u64::from(held - 1), users / 2, users / 4, users / 4];
    let pages: u64 = rows.iter().map(|rows| rows.div_ceil(2_000)).sum();
    // What does not grow with the org: the token, versions, describe, counts, locks, one page for each kind of
    // entitlement, which permissions there are and what groups allow, the territories that aren't there, and a last page behind a
    // full one.
    let fixed = 26;
    let calls = sandbox.requests().total;
    assert!(calls * 10 <= pages * 11 + fixed * 10, "{calls} calls for {pages} pages: {:?}", sandbox.requests().by_kind);
    assert_eq!(context.meter().api_calls(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_read_in_several_spans_is_whole() {
    let users = 84_000;
    let sandbox = start(Options { users, assignments_per_user: 1, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let first = connector.aggregate_accounts(&Cursor::start()).await.unwrap();
    assert_eq!(first.next().len(), 2);
    let (accounts, _, _) = pages(async |cursor| connector.aggregate_accounts(cursor).await).await.unwrap();
    let ids: HashSet<_> = accounts.iter().map(|account| account.id.as_str()).collect();
    assert_eq!((ids.len() as u64, accounts.len() as u64), (users, users));
    let user_pages = sandbox.requests().of("query:User");
    assert!(user_pages <= 42 + 6, "{user_pages} calls for 42 pages, two of them twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_org_says_of_one_user_is_what_the_account_says() {
    let sandbox = start(Options { users: 50, territories: true, ..Options::default() }).await;
    let org = sandbox.org();
    let id = org.user_id(7);
    org.set(&id, "Department", "M\u{fc}nchen \"Süd\"").unwrap();
    org.freeze(&id, true).unwrap();
    org.deactivate(&org.user_id(8)).unwrap();
    let (connector, _) = open(&sandbox, r#"{"custom_fields": "all", "api_version": "66.0"}"#);
    let read = read(connector.as_ref()).await.unwrap();
    let account = |id: &str| read.accounts.iter().find(|account| account.id == id).unwrap();
    assert_eq!(account(&id).attributes.get::<String>("Department").as_deref(), Some("M\u{fc}nchen \"Süd\""));
    assert!(account(&id).locked && !account(&org.user_id(8)).enabled);
    assert!(read.accounts.iter().any(|account| account.attributes.get::<bool>("Contractor__c").is_some()));
    assert_eq!(read.skipped, Vec::<String>::new());
    assert!(by_type(&read.assignments).contains_key("territory"));
    let schema = connector.schema();
    let undeclared = |account: &Account| {
        account
            .attributes
            .entries()
            .iter()
            .find(|(name, _)| schema.attribute(name).is_none())
            .map(|one| one.0.to_string())
    };
    assert_eq!(read.accounts.iter().find_map(undeclared), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_that_pass_leave_no_trace() {
    let users = 600;
    for fault in ["session-expiry:6", "503:4", "concurrent-limit:5", "reset:5", "cut:3"] {
        let faults = vec![fault.parse().unwrap()];
        let sandbox = start(Options { users, max_page: 200, faults, ..Options::default() }).await;
        let (connector, _) = open(&sandbox, "{}");
        let read = read(connector.as_ref()).await.unwrap_or_else(|error| panic!("{fault}: {error:?}"));
        assert_whole(&read, users, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_lies_is_an_error_in_a_whole_read_too() {
    for fault in ["truncate-page:3", "truncate-page:6", "wrong-type-page", "missing-id", "drop-rows", "html-200"] {
        let faults = vec![fault.parse().unwrap()];
        let sandbox = start(Options { users: 600, max_page: 200, faults, ..Options::default() }).await;
        let error = failure(read(open(&sandbox, "{}").0.as_ref()).await, fault);
        assert_eq!(error.kind(), ErrorKind::Protocol, "{fault}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_quota_ends_the_read() {
    let faults = vec!["request-limit:5".parse().unwrap()];
    let sandbox = start(Options { users: 600, faults, ..Options::default() }).await;
    assert_eq!(failure(read(open(&sandbox, "{}").0.as_ref()).await, "request-limit").kind(), ErrorKind::Quota);
}

pub(crate) fn failure(read: Result<Read>, what: &str) -> Error {
    read.map(|read| read.accounts.len()).expect_err(what)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_connection_test_names_the_rights_that_are_missing() {
    let report = async |rights: Rights| {
        let sandbox = start(Options { rights, ..Options::default() }).await;
        let mut report = TestReport::new();
        open(&sandbox, "{}").0.test_connection(&mut report).await;
        report
    };
    let good = report(Rights::default()).await;
    assert!(good.steps().iter().all(|step| step.status == StepStatus::Passed), "{good:?}");
    assert_eq!(
        good.steps().iter().map(|step| step.name).collect::<Vec<_>>(),
        ["access_token", "api", "permissions", "platform"]
    );
    let hidden_fields = vec!["User.EmployeeNumber".to_owned()];
    for (rights, status, named) in [
        (Rights { manage_users: false, ..Rights::default() }, StepStatus::Warning, "Manage Users"),
        (Rights { hidden_fields, ..Rights::default() }, StepStatus::Warning, "EmployeeNumber"),
        (
            Rights { view_roles: false, view_setup: false, ..Rights::default() },
            StepStatus::Failed,
            "View Roles and Role Hierarchy",
        ),
        (Rights { api_enabled: false, ..Rights::default() }, StepStatus::Failed, "API Enabled"),
    ] {
        let report = report(rights).await;
        let step = report.steps().iter().find(|step| step.status != StepStatus::Passed).unwrap();
        let text = format!("{:?} {:?}", step.detail, step.help);
        assert!(step.status == status && text.contains(named), "{named}: {report:?}");
    }
}
