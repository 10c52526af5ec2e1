//! Changes that an org delays, or does not bear so many of at once.

use crate::change::{apply, create, find, prepared, update};
use crate::org::{open, start};
use connector_core::{
    Change, Connector, EntitlementRef, ErrorKind, Happened, Operation, Outcome, Retry, StepStatus, TestReport,
};
use connector_sandbox_salesforce::{Moment, Options, Rights, Sandbox};
use serde_json::json;

fn updates(sandbox: &Sandbox, numbers: std::ops::Range<u64>, set: &serde_json::Value) -> Vec<Operation> {
    numbers.map(|number| update(&sandbox.org().user_id(number), set)).collect()
}

async fn batch(connector: &dyn Connector, operations: &[Operation]) -> Vec<connector_core::Result<Outcome>> {
    connector.capabilities().batch().unwrap().provision_batch(operations).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_trigger_does_not_bear_at_once_is_sent_in_smaller_requests() {
    let faults = vec!["heavy-trigger:50".parse().unwrap()];
    let sandbox = start(Options { users: 300, faults, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    // 200, 100 and 50 rows; then four times 50, as was learned.
    for (numbers, requests) in [(20..220, 6), (20..220, 4)] {
        sandbox.clear_requests();
        let title = format!("Title {requests}");
        let operations = updates(&sandbox, numbers, &json!({"Title": title}));
        let outcomes = batch(connector.as_ref(), &operations).await;
        for (outcome, operation) in outcomes.iter().zip(&operations) {
            assert_eq!(outcome.as_ref().unwrap(), &Outcome::applied(&*operation.account));
            assert_eq!(sandbox.org().field(&operation.account, "Title").unwrap(), json!(title));
        }
        assert_eq!(sandbox.requests().of("collections:update:User"), requests);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grants_and_revocations_are_sent_in_smaller_requests_too() {
    let sandbox =
        start(Options { users: 60, faults: vec!["heavy-trigger:10".parse().unwrap()], ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let group = EntitlementRef::new("group", sandbox.org().id_of("Group", 3).unwrap());
    let users: Vec<_> = (10..50).map(|number| sandbox.org().user_id(number)).collect();
    for change in [Change::grant(group.clone(), None), Change::revoke(group)] {
        let operations: Vec<Operation> =
            users.iter().map(|user| Operation::new(user.clone(), change.clone())).collect();
        let outcomes = batch(connector.as_ref(), &operations).await;
        let applied = users.iter().map(Outcome::applied);
        assert!(outcomes.into_iter().map(Result::unwrap).eq(applied));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn role_changes_of_one_source_never_meet_each_other_in_the_org() {
    let sandbox = start(Options { users: 100, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let role = sandbox.org().id_of("UserRole", 0).unwrap();
    let group = EntitlementRef::new("group", sandbox.org().id_of("Group", 3).unwrap());
    let role_changes = updates(&sandbox, 10..30, &json!({"UserRoleId": role}));
    let titles = updates(&sandbox, 30..50, &json!({"Title": "Manager"}));
    let members: Vec<_> = (50..70)
        .map(|number| Operation::new(sandbox.org().user_id(number), Change::grant(group.clone(), None)))
        .collect();
    // Signs in first, so that the requests below are changes only.
    find(connector.as_ref(), &sandbox.org().user_id(10), &[]).await.unwrap();
    sandbox.clear_requests();
    sandbox.hold_from(Moment::Requests(1));
    let work = async {
        let connector = connector.as_ref();
        tokio::join!(batch(connector, &role_changes), batch(connector, &members), batch(connector, &titles))
    };
    let watch = async {
        // The titles pass, and one of the two others.
        while sandbox.requests().total < 2 || !sandbox.is_holding() {
            tokio::task::yield_now().await;
        }
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(sandbox.requests().total, 2, "{:?}", sandbox.requests().by_kind);
        sandbox.release();
    };
    let ((roles, members, titles), ()) = tokio::join!(work, watch);
    assert!(roles.iter().chain(&members).chain(&titles).all(|outcome| matches!(outcome, Ok(Outcome::Applied { .. }))));
    assert_eq!(sandbox.requests().total, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_being_recalculated_is_granted_later() {
    let sandbox = start(Options { users: 20, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let connector = connector.as_ref();
    let jane = create("jane@acme.example", &json!({"LastName": "Roe", "Profile": "Standard User"}), &[]);
    let id = apply(connector, jane).await.unwrap().0;
    let group = sandbox.org().id_of("PermissionSetGroup", 1).unwrap();
    let grant = Operation::new(id.clone(), Change::grant(EntitlementRef::new("permission_set_group", &*group), None));
    sandbox.org().set(&group, "Status", "Updating").unwrap();
    let error = connector.provision(&grant).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Conflict, Happened::No), "{error:?}");
    assert!(matches!(error.retry(), Retry::After(wait) if wait.as_secs() >= 10), "{error:?}");
    assert!(error.help().unwrap().contains("recalculat") && error.help().unwrap().contains("Setup"), "{error:?}");
    sandbox.org().set(&group, "Status", "Updated").unwrap();
    assert_eq!(connector.provision(&grant).await.unwrap(), Outcome::applied(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_salesforce_keeps_in_another_form_is_the_same_value() {
    let sandbox = start(Options { users: 20, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let connector = connector.as_ref();
    let attributes = json!({"LastName": "Case", "Email": "Mixed.Case@Acme.Example", "Profile": "Standard User",
        "Street": "Via Roma 1\nHall B"});
    let id = apply(connector, create("Mixed.Case@Acme.Example", &attributes, &[])).await.unwrap().0;
    assert_eq!(sandbox.org().field(&id, "Email").unwrap(), json!("mixed.case@acme.example"));
    let kept = find(connector, "Mixed.Case@Acme.Example", &[]).await.unwrap();
    for (name, again) in [
        ("Email", "MIXED.CASE@acme.example"),
        ("Username", "Mixed.Case@Acme.Example"),
        ("Street", "Via Roma 1\r\nHall B "),
        ("LastName", " Case "),
    ] {
        let (steps, _) = prepared(connector, update(&id, &json!({name: again}))).await.unwrap();
        let Change::Update { set, .. } = &steps[0].change else { panic!("{steps:?}") };
        assert_eq!(set.get(name), kept.attributes.get(name).as_ref(), "{name}");
        assert!(matches!(
            connector.provision(&update(&id, &json!({name: again}))).await.unwrap(),
            Outcome::Unchanged { .. }
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_sees_only_itself_is_warned_by_the_connection_test() {
    let rights = Rights { view_all_users: false, ..Rights::default() };
    let sandbox = start(Options { users: 200, rights, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let mut report = TestReport::new();
    connector.test_connection(&mut report).await;
    let step = report.steps().iter().find(|step| step.name == "permissions").unwrap();
    let text = format!("{:?} {:?}", step.detail, step.help);
    assert!(step.status == StepStatus::Warning && text.contains("1 of about 200"), "{step:?}");
    assert!(text.contains("View All Users"), "{step:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_address_that_its_user_must_confirm_is_not_taken_for_changed() {
    let sandbox = start(Options { users: 20, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    let connector = connector.as_ref();
    let attributes = json!({"LastName": "Roe", "Email": "old@acme.example", "Profile": "Standard User"});
    let id = apply(connector, create("jane@acme.example", &attributes, &[])).await.unwrap().0;
    sandbox.org().confirm_emails(true);
    let both = json!({"Title": "Manager", "Email": "new@acme.example"});
    assert_eq!(
        prepared(connector, update(&id, &both)).await.unwrap().0.len(),
        2,
        "the title does not wait with the address"
    );
    let (_, outcome) = apply(connector, update(&id, &both)).await.unwrap();
    assert!(matches!(&outcome, Outcome::Queued { account, detail, .. } if *account == id && detail.contains("link")));
    assert_eq!(sandbox.org().field(&id, "Title").unwrap(), json!("Manager"));
    assert_eq!(sandbox.org().field(&id, "Email").unwrap(), json!("old@acme.example"));

    sandbox.org().set(&id, "Email", "new@acme.example").unwrap();
    let again = update(&id, &json!({"Email": "New@Acme.Example"}));
    assert!(matches!(connector.provision(&again).await.unwrap(), Outcome::Unchanged { .. }));
    sandbox.org().confirm_emails(false);
    let at_once = update(&id, &json!({"Email": "third@acme.example"}));
    assert_eq!(connector.provision(&at_once).await.unwrap(), Outcome::applied(&*id));
}
