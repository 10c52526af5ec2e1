//! What operations come to before anything is sent, and what is refused with which cure.

use crate::change::{create, entitlement, find, prepared, refused, update};
use crate::org::{open, start};
use connector_core::{
    AttributesBuilder, Change, Concern, EntitlementRef, ErrorKind, Operation, OperationKind, Prepared, Proposed, Seat,
};
use connector_sandbox_salesforce::{Options, Rights, Sandbox};
use serde_json::{Value, json};

async fn org(rights: Rights) -> Sandbox {
    start(Options { users: 40, rights, ..Options::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_attributes_are_refused_with_the_cure_and_nothing_is_sent() {
    let sandbox = org(Rights::default()).await;
    let (connector, _) = open(&sandbox, "{}");
    let user = sandbox.org().user_id(20);
    for (set, words) in [
        (json!({"Titel": "Head"}), "`Title`"),
        (json!({"Title": "x".repeat(81)}), "80"),
        (json!({"UserPreferencesActivityRemindersPopup": "maybe"}), "`true` or `false`"),
        (json!({"TimeZoneSidKey": "Mars/Base"}), "Europe/Rome"),
        (json!({"TimeZoneSidKey": "Europe/Roma"}), "`Europe/Rome`"),
        (json!({"Name": "Jane Roe"}), "`FirstName` and `LastName`"),
        (json!({"LastLoginDate": "2027-01-01T00:00:00Z"}), "Salesforce sets it itself"),
        (json!({"ContactId": "003000000000001"}), "when the user is created"),
        (json!({"LastName": null}), "can't be empty"),
        (json!({"Profile": "Standart User"}), "`Standard User`"),
        (json!({"Role": "No such role"}), "no role `No such role`"),
        (json!({"ProfileId": "Standard User"}), "`Profile`"),
        (json!({"Manager": "nobody@acme.example"}), "nobody@acme.example"),
        (json!({"Email": "jane"}), "jane@acme.example"),
        (json!({"Username": "jane"}), "jane@acme.example"),
        (json!({"Department": ["a", "b"]}), "one value"),
        (json!({"Department": "a", "DEPARTMENT": "b"}), "given twice"),
        (json!({"Address": "Rome"}), "made of"),
    ] {
        let error = refused(connector.as_ref(), update(&user, &set)).await;
        let text = format!("{error}; {}", error.help().unwrap_or_default());
        assert!(error.kind() == ErrorKind::Invalid && text.contains(words), "{set}: {text}");
    }
    for (set, says) in [
        (json!({"Department": true}), "`Department` takes text, not true or false"),
        (json!({"Email": false}), "`Email` takes an email address, not true or false"),
        (json!({"UserPreferencesActivityRemindersPopup": "maybe"}), "Popup` must be true or false"),
        (json!({"ProfileId": "y"}), "`ProfileId` must be an id of 15 or 18 characters, not `y`"),
        (json!({"Email": "jane"}), "`Email` is not a valid email address"),
    ] {
        let error = refused(connector.as_ref(), update(&user, &set)).await;
        assert!(error.message().contains(says), "{set}: {error}");
    }
    let all = refused(connector.as_ref(), update(&user, &json!({"Titel": "Head", "Email": "jane"}))).await;
    assert!(all.message().contains("Titel") && all.message().contains("Email"), "{all}");
    assert!(sandbox.org().writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_without_what_the_org_needs_names_all_of_it() {
    let sandbox = org(Rights::default()).await;
    let (connector, _) = open(&sandbox, "{}");
    let error = refused(connector.as_ref(), create("jane@acme.example", &json!({"FirstName": "Jane"}), &[])).await;
    assert!(error.message().contains("`LastName`") && error.message().contains("`ProfileId`"), "{error}");
    assert!(error.help().unwrap_or_default().contains("Profile: NAME"), "{error:?}");
    let attributes = json!({"Profile": "Standart User", "Role": "No such role", "Titel": "x"});
    let error = refused(connector.as_ref(), create("jane@acme.example", &attributes, &[])).await;
    for part in ["`Standart User`", "`No such role`", "`Titel`", "`LastName` is required"] {
        assert!(error.message().contains(part), "{part}: {error}");
    }
    assert!(!error.message().contains("`ProfileId`"), "the profile is given, even if wrongly: {error}");
    let jane = create("jane@acme.example", &json!({"FirstName": "Jane"}), &[]);
    let mut unknown = Proposed::new(jane, None);
    unknown.unresolved = vec![EntitlementRef::new("profile", "Standart User")];
    let ability = connector.capabilities().preparation().unwrap();
    let error = ability.prepare_operations(&[unknown]).await.unwrap().remove(0).unwrap_err();
    assert!(error.message().contains("`LastName` is required"), "{error}");
    assert!(!error.message().contains("`ProfileId`"), "the plan names a profile that the org does not have: {error}");
    let profile = |number| EntitlementRef::new("profile", sandbox.org().id_of("Profile", number).unwrap());
    let two = create("jane@acme.example", &json!({"LastName": "Roe"}), &[profile(1), profile(2)]);
    assert!(refused(connector.as_ref(), two).await.message().contains("two are given"));
}

#[tokio::test(flavor = "multi_thread")]
async fn entitlements_of_a_new_user_become_grants_with_licenses_first() {
    let sandbox = org(Rights::default()).await;
    let (connector, _) = open(&sandbox, "{}");
    let of =
        |kind: &'static str, object, number| EntitlementRef::new(kind, sandbox.org().id_of(object, number).unwrap());
    let profile = of("profile", "Profile", 1);
    let held = [
        of("permission_set", "PermissionSet", 24),
        of("group", "Group", 1),
        profile.clone(),
        of("permission_set_license", "PermissionSetLicense", 3),
    ];
    let operation = create("jane@acme.example", &json!({"LastName": "Roe"}), &held);
    let (steps, seats) = prepared(connector.as_ref(), operation).await.unwrap();
    let Change::Create { attributes, entitlements, .. } = &steps[0].change else { panic!("{steps:?}") };
    assert_eq!((attributes.get("ProfileId"), entitlements.len()), (Some(&json!(profile.id)), 0));
    let granted: Vec<_> = steps[1..]
        .iter()
        .map(|step| match &step.change {
            Change::Grant { entitlement, .. } if step.account.is_empty() => entitlement.entitlement_type.as_ref(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(granted, ["permission_set_license", "permission_set", "group"]);
    let names: Vec<_> = seats.iter().map(|seat| (seat.license.as_str(), seat.takes)).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].0.ends_with("(user license)") && names[1].0.ends_with("(permission set license)"), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_prepared_for_the_account_as_it_will_be() {
    let sandbox = org(Rights::default()).await;
    let (connector, _) = open(&sandbox, "{}");
    let role = entitlement(connector.as_ref(), "role", "CEO").await;
    let mut account = find(connector.as_ref(), &sandbox.org().user_id(20), &[]).await.unwrap();
    // As after an earlier operation that gave it the role, and another that disabled it.
    let mut attributes = AttributesBuilder::default();
    attributes.push("UserRoleId", &role.id).unwrap();
    attributes.push("ProfileId", &sandbox.org().id_of("Profile", 1).unwrap()).unwrap();
    account.attributes = attributes.build();
    account.enabled = false;
    let revoke = Operation::new(account.id.clone(), Change::revoke(role));
    let enable = Operation::new(account.id.clone(), Change::Enable);
    let proposed = [revoke, enable].map(|operation| Proposed::new(operation, Some(account.clone())));
    let answers = connector.capabilities().preparation().unwrap().prepare_operations(&proposed).await.unwrap();
    let steps: Vec<_> = answers
        .into_iter()
        .map(|one| match one.unwrap() {
            Prepared::Steps { steps, seats, .. } => (steps.len(), seats.len()),
            unchanged => panic!("{unchanged:?}"),
        })
        .collect();
    assert_eq!(steps, [(1, 0), (1, 1)]);
    let inactive =
        create("new@acme.example", &json!({"LastName": "Roe", "Profile": "Standard User", "IsActive": "false"}), &[]);
    let (steps, seats) = prepared(connector.as_ref(), inactive).await.unwrap();
    let kinds: Vec<_> = steps.iter().map(Operation::kind).collect();
    assert_eq!(kinds, [OperationKind::Create, OperationKind::Disable]);
    assert_eq!(seats, [], "a disabled user takes no seat");
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_and_roles_are_looked_up_once_for_a_long_plan() {
    let sandbox = org(Rights::default()).await;
    let (connector, context) = open(&sandbox, "{}");
    let operation = |number: u32| {
        let attributes = json!({"LastName": "Roe", "Profile": "Standard User", "Role": "CEO"});
        create(&format!("new{number}@acme.example"), &attributes, &[])
    };
    prepared(connector.as_ref(), operation(1)).await.unwrap();
    let before = context.meter().api_calls();
    prepared(connector.as_ref(), operation(2)).await.unwrap();
    assert_eq!(context.meter().api_calls(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_are_told_as_the_org_has_them() {
    let sandbox = org(Rights::default()).await;
    let license = sandbox.org().field(&sandbox.org().id_of("Profile", 1).unwrap(), "UserLicenseId").unwrap();
    sandbox.org().set_free_seats(license.as_str().unwrap(), 7).unwrap();
    let user = sandbox.org().add_user(&[
        ("Username", json!("eve@acme.example")),
        ("LastName", json!("Eve")),
        ("IsActive", json!(false)),
        ("ProfileId", json!(sandbox.org().id_of("Profile", 1).unwrap())),
    ]);
    let user = user.unwrap();
    let (connector, _) = open(&sandbox, "{}");
    let seats = async |operation| prepared(connector.as_ref(), operation).await.unwrap().1;
    let takes = |takes| vec![Seat::new("Salesforce (user license)", 7, takes)];
    assert_eq!(seats(Operation::new(user.clone(), Change::Enable)).await, takes(true));
    assert_eq!(seats(Operation::new(user.clone(), Change::Disable)).await, [], "a disabled user takes none");
    assert_eq!(seats(update(&user, &json!({"IsActive": true}))).await, takes(true));
    assert_eq!(seats(update(&user, &json!({"Department": "Finance"}))).await, []);
    sandbox.org().activate(&user).unwrap();
    sandbox.org().set_free_seats(license.as_str().unwrap(), 7).unwrap();
    let (fresh, _) = open(&sandbox, "{}");
    let (_, seats) = prepared(fresh.as_ref(), Operation::new(user.clone(), Change::Disable)).await.unwrap();
    assert_eq!(seats, takes(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_salesforce_never_does_is_refused_with_what_to_do_instead() {
    let sandbox = org(Rights::default()).await;
    let (connector, _) = open(&sandbox, "{}");
    let account = sandbox.org().user_id(20);
    let error = refused(connector.as_ref(), Operation::new(account.clone(), Change::Delete)).await;
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.help().unwrap_or_default().contains("`disable`"), "{error:?}");
    sandbox.org().deactivate(&account).unwrap();
    let set = EntitlementRef::new("permission_set", sandbox.org().id_of("PermissionSet", 24).unwrap());
    let error = refused(connector.as_ref(), Operation::new(account, Change::grant(set, None))).await;
    assert!(error.help().unwrap_or_default().contains("enable"), "{error:?}");
    let service = find(connector.as_ref(), sandbox.username(), &[]).await.unwrap();
    let set = sandbox.org().id_of("PermissionSet", 25).unwrap();
    sandbox.org().assign_permission_set(&service.id, &set).unwrap();
    let own = EntitlementRef::new("permission_set", set);
    let profile = EntitlementRef::new("profile", sandbox.org().id_of("Profile", 3).unwrap());
    for operation in [
        Operation::new(sandbox.username().to_owned(), Change::Disable),
        Operation::new(sandbox.username().to_owned(), Change::Lock),
        update(sandbox.username(), &json!({"IsActive": false})),
        Operation::new(sandbox.username().to_owned(), Change::grant(profile, None)),
        Operation::new(sandbox.username().to_owned(), Change::revoke(own)),
    ] {
        let error = refused(connector.as_ref(), operation).await;
        assert!(error.message().contains("service account"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_right_is_named_before_anything_is_sent() {
    let nothing =
        Rights { manage_users: false, assign_permission_sets: false, reset_passwords: false, ..Rights::default() };
    let sandbox = org(nothing).await;
    let (connector, _) = open(&sandbox, "{}");
    let account = || sandbox.org().user_id(20);
    let held = |kind: &'static str, object| EntitlementRef::new(kind, sandbox.org().id_of(object, 24).unwrap());
    for (operation, right) in [
        (create("jane@acme.example", &json!({"LastName": "Roe"}), &[]), "Manage Internal Users"),
        (update(&account(), &json!({"Department": "Finance"})), "Manage Internal Users"),
        (Operation::new(account(), Change::Disable), "Manage Internal Users"),
        (Operation::new(account(), Change::Lock), "Manage Users"),
        (
            Operation::new(account(), Change::grant(held("permission_set", "PermissionSet"), None)),
            "Assign Permission Sets",
        ),
        (Operation::new(account(), Change::revoke(held("group", "Group"))), "Manage Users"),
        (Operation::new(account(), Change::set_password(None)), "Reset User Passwords"),
    ] {
        let kind = operation.kind().name();
        let error = refused(connector.as_ref(), operation).await;
        let text = format!("{error}; {}", error.help().unwrap_or_default());
        assert!(error.kind() == ErrorKind::Permission && text.contains(right), "{kind}: {text}");
    }
    assert!(sandbox.org().writes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn things_are_found_by_id_api_name_and_label() {
    let sandbox = org(Rights::default()).await;
    let (connector, context) = open(&sandbox, "{}");
    let by_name = entitlement(connector.as_ref(), "permission_set", "sales_read").await;
    assert_eq!(entitlement(connector.as_ref(), "permission_set", "Sales: Read").await, by_name);
    assert_eq!(entitlement(connector.as_ref(), "permission_set", &by_name.id[..15]).await, by_name);
    // A label that is another one's API name does not make that name ambiguous; a label that two have does.
    let org = sandbox.org();
    let add = |name: &str, label: &str| {
        org.insert("PermissionSet", &[("Name", json!(name)), ("Label", json!(label)), ("Type", json!("Regular"))])
            .unwrap()
    };
    let other = add("Other", "Sales_Read");
    add("Third", "Twice");
    add("Fourth", "Twice");
    assert_eq!(entitlement(connector.as_ref(), "permission_set", "Sales_Read").await, by_name);
    assert_ne!(by_name.id, other);
    let ability = connector.capabilities().entitlements().unwrap();
    let before = context.meter().api_calls();
    let wanted = ["Twice", "Nothing", "Third"].map(|name| EntitlementRef::new("permission_set", name));
    let counts: Vec<_> = ability.find_entitlements(&wanted).await.unwrap().iter().map(Vec::len).collect();
    assert_eq!((counts, context.meter().api_calls() - before), (vec![2, 0, 1], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_found_two_hundred_in_a_request() {
    let sandbox = start(Options { users: 400, ..Options::default() }).await;
    let (connector, context) = open(&sandbox, "{}");
    let ability = connector.capabilities().accounts().unwrap();
    assert_eq!(ability.most_accounts(), 200);
    let mut wanted: Vec<_> = (100..198).map(|number| sandbox.org().user_id(number)).collect();
    let name = |id: &String| sandbox.org().field(id, "Username").unwrap().as_str().unwrap().to_uppercase();
    wanted.extend((200..300).map(|number| name(&sandbox.org().user_id(number))));
    wanted.extend(["nobody@acme.example".to_owned(), wanted[0].clone()]);
    ability.find_accounts(&wanted[..1], &Concern::default()).await.unwrap();
    let before = context.meter().api_calls();
    let found = ability.find_accounts(&wanted, &Concern::default()).await.unwrap();
    assert_eq!(context.meter().api_calls() - before, 1, "what does not concern a plan is not asked");
    let counts: Vec<_> = found.iter().map(Vec::len).collect();
    assert!(counts[..198].iter().all(|count| *count == 1) && counts[198..] == [0, 1], "{counts:?}");
    let attributes = ["contractor__C", "Profile", "Nothing__c"].map(str::to_owned);
    let mut concern = Concern::default();
    concern.attributes = attributes.into();
    concern.locks = true;
    sandbox.org().freeze(&wanted[3], true).unwrap();
    let found = ability.find_accounts(&wanted, &concern).await.unwrap();
    assert!(found[3][0].locked && !found[4][0].locked);
    let custom = |accounts: &Vec<connector_core::Account>| accounts[0].attributes.get::<Value>("Contractor__c");
    assert!(found[..198].iter().all(|accounts| custom(accounts).is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_set_group_under_recalculation_is_said_in_the_preview() {
    let sandbox = org(Rights::default()).await;
    let (connector, _) = open(&sandbox, "{}");
    let user = sandbox.org().user_id(20);
    let ability = connector.capabilities().preparation().unwrap();
    let mut notes = Vec::new();
    for number in 4..=6 {
        let id = sandbox.org().id_of("PermissionSetGroup", number).unwrap();
        let group = EntitlementRef::new("permission_set_group", id);
        for change in [Change::grant(group.clone(), None), Change::revoke(group)] {
            let account = find(connector.as_ref(), &user, &[]).await.unwrap();
            let proposed = Proposed::new(Operation::new(&user, change), Some(account));
            if let Ok(Prepared::Steps { note, .. }) = ability.prepare_operations(&[proposed]).await.unwrap().remove(0) {
                notes.push(note);
            }
        }
    }
    let told: Vec<_> = notes.iter().flatten().collect();
    assert_eq!((notes.len(), told.len()), (6, 2), "{notes:?}");
    assert!(told.iter().all(|note| note.contains("status Outdated")), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_that_the_plan_creates_stays_a_name_until_the_user_is_there() {
    let sandbox = org(Rights::default()).await;
    let (connector, _) = open(&sandbox, "{}");
    let attributes = json!({"LastName": "Roe", "Email": "r@acme.example", "Profile": "Standard User", "Manager": "boss@acme.example"});
    let mut proposed = Proposed::new(create("report@acme.example", &attributes, &[]), None);
    let ability = connector.capabilities().preparation().unwrap();
    let refused = ability.prepare_operations(&[proposed.clone()]).await.unwrap().remove(0).unwrap_err();
    assert!(refused.message().contains("no user `boss@acme.example`"), "{refused}");
    proposed.to_be_made = ["boss@acme.example".to_owned()].into();
    let Prepared::Steps { steps, .. } = ability.prepare_operations(&[proposed]).await.unwrap().remove(0).unwrap()
    else {
        panic!("it takes steps");
    };
    let Change::Create { attributes, .. } = &steps[0].change else { panic!("the first step creates the user") };
    assert_eq!(attributes["ManagerId"], "boss@acme.example");
}
