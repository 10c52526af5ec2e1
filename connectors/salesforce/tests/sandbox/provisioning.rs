//! Every kind of change: carried out, read back as asked, and harmless a second time.

use crate::change::{apply, create, entitlement, find, prepared, update};
use crate::org::{open, start};
use connector_core::{
    Change, Connector, EntitlementRef, Error, ErrorKind, Happened, Operation, Outcome, Prepared, Proposed, Retry,
};
use connector_sandbox_salesforce::{Blocker, Options, Sandbox, WriteAction};
use serde_json::json;

async fn org() -> (Sandbox, Box<dyn Connector>) {
    let sandbox = start(Options { users: 40, territories: true, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, "{}");
    (sandbox, connector)
}

fn unchanged(detail: &str) -> Outcome {
    Outcome::Unchanged { detail: detail.to_owned() }
}

fn applied(account: &str) -> Outcome {
    Outcome::Applied { account: account.to_owned() }
}

/// An active internal user that the tests change.
async fn somebody(sandbox: &Sandbox) -> String {
    let (connector, _) = open(sandbox, "{}");
    let jane = create("jane@acme.example", &json!({"LastName": "Roe", "Profile": "Standard User"}), &[]);
    apply(connector.as_ref(), jane).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_made_with_names_resolved_and_gaps_filled() {
    let (sandbox, connector) = org().await;
    let connector = connector.as_ref();
    let manager = sandbox.org().user_id(1);
    let boss = find(connector, &manager, &[]).await.unwrap().name;
    let role = entitlement(connector, "role", "CEO").await;
    let set = entitlement(connector, "permission_set", "Service_Ops").await;
    let attributes = json!({"firstname": "Jane", "LASTNAME": "Roe", "Profile": "Standard User", "manager": boss.to_uppercase(),
        "EmployeeNumber": 4711, "UserPermissionsMarketingUser": "TRUE", "Title": ""});
    let operation = create("Jane.Roe@ACME.example", &attributes, &[set.clone(), role.clone()]);
    let (id, outcome) = apply(connector, operation).await.unwrap();
    assert_eq!((id.len(), &outcome), (18, &applied(&id)));

    let made = find(connector, "JANE.ROE@acme.example", std::slice::from_ref(&set)).await.unwrap();
    assert_eq!((made.id.as_str(), made.name.as_str(), made.enabled), (id.as_str(), "jane.roe@acme.example", true));
    let text = |name: &str| made.attributes.get::<String>(name);
    for (name, value) in [
        ("Alias", "jroe"),
        ("Email", "jane.roe@acme.example"),
        ("EmployeeNumber", "4711"),
        ("TimeZoneSidKey", "America/Los_Angeles"),
        ("LocaleSidKey", "en_US"),
        ("LanguageLocaleKey", "en_US"),
        ("EmailEncodingKey", "UTF-8"),
        ("ManagerId", manager.as_str()),
    ] {
        assert_eq!(text(name).as_deref(), Some(value), "{name}");
    }
    assert!(made.entitlements.contains(&set) && made.entitlements.contains(&role), "{:?}", made.entitlements);
    let again = apply(connector, create("jane.roe@acme.example", &attributes, &[])).await.unwrap_err();
    assert_eq!((again.kind(), again.happened()), (ErrorKind::AlreadyExists, Happened::No), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_are_set_and_cleared_from_text_and_read_back() {
    let (sandbox, connector) = org().await;
    let connector = connector.as_ref();
    let id = somebody(&sandbox).await;
    let set = json!({"department": "Finance", "IsActive": "false", "UserPreferencesActivityRemindersPopup": "true",
        "TimeZoneSidKey": "europe/rome", "Role": "CEO"});
    let (_, outcome) = apply(connector, update(&id, &set)).await.unwrap();
    assert_eq!(outcome, applied(&id));
    let account = find(connector, &id[..15], &[]).await.unwrap();
    assert!(!account.enabled);
    assert_eq!(account.attributes.get::<String>("Department").as_deref(), Some("Finance"));
    assert_eq!(account.attributes.get::<String>("TimeZoneSidKey").as_deref(), Some("Europe/Rome"));
    assert!(account.entitlements.iter().any(|held| held.entitlement_type == "role"));
    assert_eq!(sandbox.org().field(&id, "UserPreferencesActivityRemindersPopup").unwrap(), json!(true));
    apply(connector, update(&id, &json!({"Department": null, "Role": ""}))).await.unwrap();
    let account = find(connector, &id, &[]).await.unwrap();
    assert_eq!(account.attributes.get::<String>("Department"), None);
    assert!(!account.entitlements.iter().any(|held| held.entitlement_type == "role"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_of_entitlement_is_granted_and_revoked_and_twice_does_no_harm() {
    let (sandbox, connector) = org().await;
    let connector = connector.as_ref();
    let account = somebody(&sandbox).await;
    for (entitlement_type, object, number) in [
        ("permission_set", "PermissionSet", 24),
        ("permission_set_group", "PermissionSetGroup", 1),
        ("group", "Group", 0),
        ("queue", "Group", 25),
        ("permission_set_license", "PermissionSetLicense", 3),
        ("package_license", "PackageLicense", 0),
        ("territory", "Territory2", 1),
    ] {
        let id = if entitlement_type == "queue" {
            "Sales_Queue_0".to_owned()
        } else {
            sandbox.org().id_of(object, number).unwrap()
        };
        let held = entitlement(connector, entitlement_type, &id).await;
        let grant = || Operation::new(account.clone(), Change::grant(held.clone(), None));
        let revoke = || Operation::new(account.clone(), Change::revoke(held.clone()));
        let holds =
            async || find(connector, &account, std::slice::from_ref(&held)).await.unwrap().entitlements.contains(&held);
        assert!(!holds().await, "{held}");
        assert_eq!(apply(connector, grant()).await.unwrap().1, applied(&account), "{held}");
        assert!(holds().await, "{held}");
        // Salesforce answers with the membership that is there.
        let twice = if object == "Group" { applied(&account) } else { unchanged("already holds it") };
        assert_eq!(connector.provision(&grant()).await.unwrap(), twice, "{held}");
        assert_eq!(apply(connector, revoke()).await.unwrap().1, applied(&account), "{held}");
        assert!(!holds().await, "{held}");
        assert_eq!(connector.provision(&revoke()).await.unwrap(), unchanged("does not hold it"), "{held}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_ends_when_it_says_and_a_repeated_one_finds_its_own_end() {
    let (sandbox, connector) = org().await;
    let connector = connector.as_ref();
    let id = somebody(&sandbox).await;
    let set = EntitlementRef::new("permission_set", sandbox.org().id_of("PermissionSet", 24).unwrap());
    let grant = |until: &str| Operation::new(id.clone(), Change::grant(set.clone(), Some(until.parse().unwrap())));
    let end = || {
        let writes = sandbox.org().writes();
        let row = &writes.iter().rfind(|write| write.object == "PermissionSetAssignment").unwrap().id;
        sandbox.org().field(row, "ExpirationDate").unwrap().as_str().unwrap()[..16].to_owned()
    };
    let (january, march) = ("2031-01-31T00:00:00Z", "2031-03-31T12:30:00Z");
    // The engine sends a grant again when the response to it was lost.
    for (until, outcome) in [
        (january, applied(&id)),
        (january, unchanged("already holds it until then")),
        (march, applied(&id)),
        (march, unchanged("already holds it until then")),
    ] {
        assert_eq!(connector.provision(&grant(until)).await.unwrap(), outcome, "{until}");
        assert_eq!(end(), until[..16]);
    }
    let writes = sandbox.org().writes().into_iter().filter(|write| write.object == "PermissionSetAssignment").count();
    assert_eq!(writes, 2, "one row, whose end was set once");
    let group = EntitlementRef::new("group", sandbox.org().id_of("Group", 0).unwrap());
    let grant = Operation::new(id.clone(), Change::grant(group, Some(january.parse().unwrap())));
    let error = connector.provision(&grant).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Unsupported, Happened::No), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_or_was_revoked_is_not_held_and_can_be_granted_again() {
    let (sandbox, connector) = org().await;
    let connector = connector.as_ref();
    let id = somebody(&sandbox).await;
    let set = EntitlementRef::new("permission_set", sandbox.org().id_of("PermissionSet", 24).unwrap());
    let grant = || Operation::new(id.clone(), Change::grant(set.clone(), None));
    let holds = async || find(connector, &id, std::slice::from_ref(&set)).await.unwrap().entitlements.contains(&set);
    connector.provision(&grant()).await.unwrap();
    let row = sandbox.org().writes().pop().unwrap().id;
    for (field, value) in [("ExpirationDate", json!("2021-01-31T00:00:00.000+0000")), ("IsRevoked", json!(true))] {
        sandbox.org().set(&row, field, value).unwrap();
        assert!(!holds().await, "{field}");
        assert_eq!(connector.provision(&grant()).await.unwrap(), applied(&id), "{field}");
        assert!(holds().await, "{field}");
        assert_eq!(connector.provision(&grant()).await.unwrap(), unchanged("already holds it"), "{field}");
    }
    assert_eq!(sandbox.org().field(&row, "ExpirationDate").unwrap(), json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn profile_and_role_are_granted_in_the_users_own_row() {
    let (sandbox, connector) = org().await;
    let connector = connector.as_ref();
    let account = somebody(&sandbox).await;
    let role = entitlement(connector, "role", "CEO").await;
    let grant =
        |entitlement: &EntitlementRef| Operation::new(account.clone(), Change::grant(entitlement.clone(), None));
    let revoke = |entitlement: &EntitlementRef| Operation::new(account.clone(), Change::revoke(entitlement.clone()));
    let unheld = Operation::new(account.clone(), Change::revoke(role.clone()));
    let (steps, _) = prepared(connector, unheld).await.unwrap();
    assert!(steps.is_empty(), "a role that is not held: {steps:?}");
    apply(connector, grant(&role)).await.unwrap();
    assert!(find(connector, &account, &[]).await.unwrap().entitlements.contains(&role));
    apply(connector, revoke(&role)).await.unwrap();
    assert!(!find(connector, &account, &[]).await.unwrap().entitlements.contains(&role));
    let profile = EntitlementRef::new("profile", sandbox.org().id_of("Profile", 2).unwrap());
    apply(connector, grant(&profile)).await.unwrap();
    assert!(find(connector, &account, &[]).await.unwrap().entitlements.contains(&profile));
    let error = apply(connector, revoke(&profile)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.help().unwrap_or_default().contains("grant another profile"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_disabled_enabled_locked_and_unlocked() {
    let (sandbox, connector) = org().await;
    let connector = connector.as_ref();
    let id = somebody(&sandbox).await;
    let account = || id.clone();
    let state = async || {
        let account = find(connector, &id, &[]).await.unwrap();
        (account.enabled, account.locked)
    };
    for (operation, expected) in [
        (Operation::new(account(), Change::Lock), (true, true)),
        (Operation::new(account(), Change::Disable), (false, true)),
        (Operation::new(account(), Change::Unlock), (false, false)),
        (Operation::new(account(), Change::Enable), (true, false)),
    ] {
        assert_eq!(apply(connector, operation.clone()).await.unwrap().1, applied(&id));
        assert_eq!(state().await, expected, "{operation:?}");
        connector.provision(&operation).await.unwrap();
        assert_eq!(state().await, expected, "{operation:?} twice");
    }
    let lock = Operation::new(account(), Change::Lock);
    connector.provision(&lock).await.unwrap();
    assert_eq!(connector.provision(&lock).await.unwrap(), unchanged("locked already"));
    sandbox.org().lock_password(&id, true).unwrap();
    connector.provision(&Operation::new(account(), Change::Unlock)).await.unwrap();
    assert_eq!(state().await, (true, false), "neither frozen nor locked after wrong passwords");
    assert_eq!(connector.provision(&Operation::new(account(), Change::Unlock)).await.unwrap(), unchanged("not locked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_are_set_and_reset_one_at_a_time() {
    let (sandbox, connector) = org().await;
    let connector = connector.as_ref();
    let id = somebody(&sandbox).await;
    let set = |text: &str| Operation::new(id.clone(), Change::set_password(Some(text.into())));
    assert_eq!(
        connector.capabilities().batch().unwrap().lane(&Operation::new(&id, Change::set_password(None))).limit,
        1
    );
    sandbox.org().clear_writes();
    assert_eq!(apply(connector, set("correct horse 7")).await.unwrap().1, applied(&id));
    apply(connector, Operation::new(id.clone(), Change::set_password(None))).await.unwrap();
    let actions: Vec<_> = sandbox.org().writes().iter().map(|write| write.action).collect();
    assert_eq!(actions, [WriteAction::SetPassword, WriteAction::ResetPassword]);
    let weak = apply(connector, set("short")).await.unwrap_err();
    assert_eq!(weak.kind(), ErrorKind::Invalid);
    assert!(weak.help().unwrap_or_default().contains("Password Policies") && !format!("{weak:?}").contains("short\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_changes_are_one_request() {
    let sandbox = start(Options { users: 400, ..Options::default() }).await;
    let (connector, context) = open(&sandbox, "{}");
    let batch = connector.capabilities().batch().unwrap();
    let ids: Vec<_> = (50..250).map(|number| sandbox.org().user_id(number)).collect();
    let group = EntitlementRef::new("group", sandbox.org().id_of("Group", 3).unwrap());
    let grants: Vec<_> = ids.iter().map(|id| Operation::new(id.clone(), Change::grant(group.clone(), None))).collect();
    let updates: Vec<_> = ids.iter().map(|id| update(id, &json!({"Department": "Finance"}))).collect();
    let revokes: Vec<_> = ids.iter().map(|id| Operation::new(id.clone(), Change::revoke(group.clone()))).collect();
    let locks: Vec<_> = ids.iter().map(|id| Operation::new(id.clone(), Change::Lock)).collect();
    connector.provision(&grants[0]).await.unwrap();
    for id in &ids {
        sandbox.org().freeze(id, false).unwrap();
    }
    for (operations, calls) in [(grants, 1), (updates, 1), (revokes, 2), (locks, 2)] {
        let before = context.meter().api_calls();
        let outcomes = batch.provision_batch(&operations).await.unwrap();
        assert_eq!(outcomes.len(), 200);
        for (outcome, id) in outcomes.iter().zip(&ids) {
            assert_eq!(outcome.as_ref().unwrap(), &applied(id));
        }
        assert_eq!(context.meter().api_calls() - before, calls, "{}", operations[0].kind().name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_users_are_made_in_one_request() {
    let sandbox = start(Options { users: 40, ..Options::default() }).await;
    let (connector, context) = open(&sandbox, "{}");
    let proposed: Vec<_> = (0..200)
        .map(|number| {
            let attributes = json!({"LastName": "Roe", "Profile": "Standard User"});
            Proposed::new(create(&format!("new{number}@acme.example"), &attributes, &[]), None)
        })
        .collect();
    let prepared = connector.capabilities().preparation().unwrap().prepare_operations(&proposed).await.unwrap();
    let asked = context.meter().api_calls();
    assert!(asked <= 8, "{asked} calls to prepare 200 alike");
    let steps: Vec<_> = prepared
        .into_iter()
        .map(|one| match one.unwrap() {
            Prepared::Steps { mut steps, .. } if steps.len() == 1 => {
                Operation::new("", steps.remove(0).change.with_password(None))
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let outcomes = connector.capabilities().batch().unwrap().provision_batch(&steps).await.unwrap();
    assert_eq!(context.meter().api_calls() - asked, 1);
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let id = sandbox.org().user_named(&format!("new{number}@acme.example")).unwrap();
        assert_eq!(outcome.unwrap(), applied(&id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_that_fails_leaves_the_others_alone() {
    let (sandbox, connector) = org().await;
    let set = EntitlementRef::new("permission_set", sandbox.org().id_of("PermissionSet", 24).unwrap());
    let active = somebody(&sandbox).await;
    let inactive = sandbox.org().user_id(20);
    sandbox.org().deactivate(&inactive).unwrap();
    let grant = |account: &str| Operation::new(account.to_owned(), Change::grant(set.clone(), None));
    let operations = [grant(&inactive), grant("bob@acme.example"), grant(&active)];
    let mut outcomes = connector.capabilities().batch().unwrap().provision_batch(&operations).await.unwrap();
    assert_eq!(outcomes.pop().unwrap().unwrap(), applied(&active));
    let errors: Vec<Error> = outcomes.into_iter().map(|outcome| outcome.unwrap_err()).collect();
    assert!(errors.iter().all(|error| error.kind() == ErrorKind::Invalid && error.help().is_some()), "{errors:?}");
    assert!(errors[0].message().contains("INACTIVE_OWNER_OR_USER"), "{errors:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_bars_a_deactivation_is_told_in_words() {
    let (sandbox, connector) = org().await;
    let id = somebody(&sandbox).await;
    for (blocker, place) in [
        (Blocker::WebToLeadCreator, "Web-to-Lead"),
        (Blocker::DefaultCaseOwner, "Support Settings"),
        (Blocker::DefaultWorkflowUser, "Process Automation Settings"),
        (Blocker::HierarchyField("Mentor__c".to_owned()), "hierarchy field"),
    ] {
        sandbox.org().block_deactivation(&id, Some(blocker)).unwrap();
        let error = apply(connector.as_ref(), Operation::new(id.clone(), Change::Disable)).await.unwrap_err();
        let help = error.help().unwrap_or_default();
        assert!(error.kind() == ErrorKind::Conflict && help.contains(place) && help.contains("`lock`"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_else_holds_is_worth_another_try() {
    let (sandbox, connector) = org().await;
    let id = somebody(&sandbox).await;
    sandbox.set_faults(vec!["lock-row:1".parse().unwrap()]);
    let error = connector.provision(&update(&id, &json!({"Department": "Finance"}))).await.unwrap_err();
    assert_eq!((error.kind(), error.happened()), (ErrorKind::Conflict, Happened::No), "{error:?}");
    assert!(matches!(error.retry(), Retry::After(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_leaves_open_what_happened() {
    let (sandbox, connector) = org().await;
    let connector = connector.as_ref();
    let id = somebody(&sandbox).await;
    let group = EntitlementRef::new("group", sandbox.org().id_of("Group", 3).unwrap());
    for operation in [
        update(&id, &json!({"Department": "Finance"})),
        Operation::new(id.clone(), Change::grant(group.clone(), None)),
        Operation::new(id.clone(), Change::revoke(group)),
        Operation::new(id.clone(), Change::Lock),
        Operation::new(id.clone(), Change::set_password(None)),
    ] {
        sandbox.set_faults(vec!["lost-answer:1".parse().unwrap()]);
        let error = connector.provision(&operation).await.unwrap_err();
        assert_eq!(error.happened(), Happened::Unknown, "{operation:?}: {error:?}");
        assert!(!matches!(error.retry(), Retry::After(_)), "{operation:?}: {error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_in_the_middle_is_renewed_and_nothing_is_done_twice() {
    let (sandbox, connector) = org().await;
    let id = somebody(&sandbox).await;
    sandbox.org().clear_writes();
    sandbox.expire_sessions();
    let outcome = connector.provision(&update(&id, &json!({"Department": "Finance"}))).await.unwrap();
    assert_eq!((outcome, sandbox.org().writes().len()), (applied(&id), 1));
}
