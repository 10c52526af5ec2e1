//! What acts without a person is read with its owner and its use, and a list that Salesforce cuts is never taken for complete.

use crate::org::{open, start};
use crate::reading::read;
use connector_core::{
    Account, AccountKind, Assignment, AuditedAccount, Change, Check, Concern, Connector, Criteria, Cursor, ErrorKind,
    Operation, Page, Proposed, Result, SourceChange, registry,
};
use connector_sandbox_salesforce::{Options, Rights, Sandbox};
use serde_json::json;

const ALL: &str = r#"{"read": ["users", "apps", "tokens", "agents", "named_credentials"]}"#;

fn named<'r>(accounts: &'r [Account], name: &str) -> &'r Account {
    accounts.iter().find(|one| one.name == name).expect(name)
}

fn add_token(sandbox: &Sandbox, user: &str, app: &str, created: &str, last: &str) -> String {
    let fields = [
        ("UserId", json!(user)),
        ("AppName", json!(app)),
        ("LastUsedDate", json!(last)),
        ("UseCount", json!(3)),
        ("AccessToken", json!("a-secret-token")),
    ];
    let token = sandbox.org().insert("OauthToken", &fields).unwrap();
    sandbox.org().set(&token, "CreatedDate", created).unwrap();
    token
}

/// Whether no statement so far named a field with a secret.
fn no_secret_was_asked(sandbox: &Sandbox) -> bool {
    let requests = sandbox.requests();
    let mut asked = requests.log.iter().filter_map(|request| request.soql.as_deref());
    !asked.any(|soql| {
        ["AccessToken", "RequestToken", "DeleteToken", "ConsumerSecret"].iter().any(|one| soql.contains(one))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_agents_and_credentials_are_accounts_with_their_owner() {
    let sandbox = start(Options { users: 30, ..Options::default() }).await;
    let org = sandbox.org();
    org.deactivate(&org.user_id(9)).unwrap();
    add_token(
        &sandbox,
        &org.user_id(5),
        "Identity Connector",
        "2024-01-01T00:00:00.000+0000",
        "2026-01-01T00:00:00.000+0000",
    );
    let (connector, _) = open(&sandbox, ALL);
    let read = read(connector.as_ref()).await.unwrap();
    let admin = Some(org.user_id(1));
    let mail = named(&read.accounts, "Mail");
    assert_eq!((mail.kind, &mail.owner), (AccountKind::Service, &admin), "who made it answers for it");
    assert_eq!(mail.attributes.get::<String>("SobjectType").as_deref(), Some("ConnectedApplication"));
    assert_eq!(mail.attributes.get::<u64>("TokenCount"), Some(1));
    let etl = named(&read.accounts, "Old \"ETL\" – Köln");
    assert_eq!(etl.owner, None, "who made it has left");
    let identity = named(&read.accounts, "Identity_Connector");
    assert_eq!(identity.owner, admin, "the contact is a user");
    assert_eq!(identity.display_name.as_deref(), Some("Identity Connector"));
    let last = identity.attributes.get::<String>("LastUsedDate");
    assert_eq!(last.as_deref(), Some("2026-01-01T00:00:00.000+0000"), "tokens name it by its label");
    let agent = named(&read.accounts, "Service_Agent");
    assert_eq!(agent.kind, AccountKind::Agent);
    assert_eq!(agent.attributes.get::<String>("BotUserId"), Some(org.user_id(0)), "the user it acts as");
    let payroll = named(&read.accounts, "Payroll");
    assert_eq!(payroll.attributes.get::<String>("EndpointHost").as_deref(), Some("payroll.example"));
    assert!(!payroll.attributes.as_str().contains("hunter2"), "the URL has a password");
    assert!(no_secret_was_asked(&sandbox));
    let users = read.accounts.iter().filter(|account| account.id.starts_with("005"));
    assert_eq!((users.count(), read.accounts.len()), (30, 37));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_opened_by_a_set_and_held_by_a_token_with_its_first_and_last_use() {
    let sandbox = start(Options { users: 30, ..Options::default() }).await;
    let org = sandbox.org();
    let user = org.user_id(5);
    for (created, used) in [("2024-05-01", "2024-06-01"), ("2023-05-01", "2026-11-01"), ("2025-05-01", "2025-06-01")] {
        let at = |day: &str| format!("{day}T00:00:00.000+0000");
        add_token(&sandbox, &user, "Nobody's app", &at(created), &at(used));
    }
    let (connector, _) = open(&sandbox, ALL);
    let read = read(connector.as_ref()).await.unwrap();
    let name = |one: &Assignment| {
        let app = read.entitlements.iter().find(|app| app.key == one.entitlement).unwrap();
        format!("{} {}", one.holder, app.name)
    };
    let of_apps: Vec<_> = read.assignments.iter().filter(|one| one.entitlement.entitlement_type == "app").collect();
    let mut opened: Vec<_> = of_apps.iter().map(|one| name(one)).collect();
    opened.sort();
    let set = org.id_of("PermissionSet", 79).unwrap();
    let set = read.entitlements.iter().find(|one| one.name == "Data: Manage").map_or(set, |one| one.key.id.clone());
    let profile = org.id_of("Profile", 0).unwrap();
    let mut expected = vec![
        format!("{user} Nobody's app"),
        format!("{} Mail", org.user_id(1)),
        format!("permission_set/{set} Data Loader"),
        format!("permission_set/{set} Payroll bridge"),
        format!("profile/{profile} Mail"),
    ];
    expected.sort();
    assert_eq!(opened, expected);
    let token = of_apps.iter().find(|one| one.entitlement.id == "Nobody's app").unwrap();
    assert_eq!(token.attributes.get::<u64>("TokenCount"), Some(3));
    assert_eq!(token.attributes.get::<u64>("UseCount"), Some(9));
    let at = |name: &str| token.attributes.get::<String>(name).unwrap();
    assert!(at("FirstTokenDate").starts_with("2023-05-01") && at("LastUsedDate").starts_with("2026-11-01"));
}

/// What a read of assignments says to be incomplete, and how many users hold apps.
async fn tokens(connector: &dyn Connector) -> (Vec<String>, usize) {
    let ability = connector.capabilities().entitlements().unwrap();
    let (mut frontier, mut incomplete, mut held) = (vec![Cursor::start()], Vec::new(), 0);
    while let Some(cursor) = frontier.pop() {
        let page = ability.assignments(&cursor).await.unwrap();
        incomplete.extend(page.incomplete().map(str::to_owned));
        let (items, next) = page.into_parts();
        let of_users = items.iter().filter(|one| one.holder.account_id().is_some());
        held += of_users.filter(|one| one.entitlement.entitlement_type == "app").count();
        frontier.extend(next);
    }
    (incomplete, held)
}

#[tokio::test(flavor = "multi_thread")]
async fn more_tokens_than_salesforce_shows_are_read_in_parts_by_user() {
    let sandbox = start(Options { users: 1_200, ..Options::default() }).await;
    let moment = "2026-01-01T00:00:00.000+0000";
    for number in 0..6_000 {
        let user = sandbox.org().user_id(10 + number % 1_000);
        add_token(&sandbox, &user, &format!("App {}", number / 1_000), moment, moment);
    }
    let (connector, _) = open(&sandbox, ALL);
    sandbox.clear_requests();
    // The administrator has one of Mail.
    assert_eq!(tokens(connector.as_ref()).await, (vec![], 6_001));
    let asked = sandbox.requests().of("query:OauthToken");
    // 13 pages of 500, the counts, and the names of the apps.
    assert!(asked <= 22, "{asked} queries");
    assert!(no_secret_was_asked(&sandbox));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tokens_of_one_user_are_read_app_by_app_and_what_stays_hidden_is_said() {
    let sandbox = start(Options { users: 30, ..Options::default() }).await;
    let (user, moment) = (sandbox.org().user_id(5), "2026-01-01T00:00:00.000+0000");
    for number in 0..4_000 {
        add_token(&sandbox, &user, &format!("App {}", number % 2), moment, moment);
    }
    let (connector, _) = open(&sandbox, ALL);
    assert_eq!(tokens(connector.as_ref()).await, (vec![], 3));
    for _ in 0..1_000 {
        add_token(&sandbox, &user, "App 0", moment, moment);
    }
    let (connector, _) = open(&sandbox, ALL);
    let (incomplete, _) = tokens(connector.as_ref()).await;
    assert!(incomplete.len() == 1 && incomplete[0].contains("shows 2500 of 3000"), "{incomplete:?}");
    assert!(incomplete[0].contains(&user) && incomplete[0].contains("App 0"), "{incomplete:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_login_can_not_see_is_incomplete_and_not_empty() {
    let rights = Rights { customize_application: false, manage_users: false, ..Rights::default() };
    let sandbox = start(Options { users: 30, rights, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, ALL);
    let mut page = connector.aggregate_accounts(&Cursor::start()).await.unwrap();
    let mut incomplete = Vec::new();
    for cursor in std::mem::replace(&mut page, Page::last(Vec::new())).next() {
        let page = connector.aggregate_accounts(cursor).await.unwrap();
        incomplete.extend(page.incomplete().map(str::to_owned));
    }
    assert_eq!(incomplete.len(), 2, "{incomplete:?}");
    assert!(incomplete.iter().all(|reason| reason.contains("Customize Application")), "{incomplete:?}");
    let (incomplete, _) = tokens(connector.as_ref()).await;
    assert!(incomplete.iter().any(|reason| reason.contains("`OauthToken`") && reason.contains("Manage Users")));
}

/// These accounts as a refresh reads them.
async fn refreshed(connector: &dyn Connector, ids: &[String]) -> Result<Page<SourceChange>> {
    Ok(connector.capabilities().accounts().unwrap().read_accounts(ids).await?.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_does_not_take_a_cut_list_of_tokens_for_all_of_them() {
    let sandbox = start(Options { users: 30, ..Options::default() }).await;
    let (users, moment) = ([5, 6].map(|number| sandbox.org().user_id(number)), "2026-01-01T00:00:00.000+0000");
    for number in 0..2_800 {
        add_token(&sandbox, &users[number / 1_400], &format!("App {}", number % 2), moment, moment);
    }
    let (connector, _) = open(&sandbox, ALL);
    let one = refreshed(connector.as_ref(), &users[..1]).await.unwrap();
    let apps = one.items().iter().find_map(|change| match change {
        SourceChange::AllOf(_, held) => {
            Some(held.iter().filter(|one| one.entitlement.entitlement_type == "app").count())
        }
        _ => None,
    });
    assert_eq!(apps, Some(2));
    let error = refreshed(connector.as_ref(), &users).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.message().contains("2500 of 2800"), "{error}");
    assert!(error.help().is_some_and(|help| help.contains("run a full aggregation")), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_made_while_they_are_read_are_not_left_out_silently() {
    let sandbox = start(Options { users: 30, ..Options::default() }).await;
    let (user, moment) = (sandbox.org().user_id(5), "2026-01-01T00:00:00.000+0000");
    let add = |count: usize| (0..count).for_each(|_| drop(add_token(&sandbox, &user, "App", moment, moment)));
    add(1_990);
    let (connector, _) = open(&sandbox, r#"{"read": ["users", "tokens"]}"#);
    let ability = connector.capabilities().entitlements().unwrap();
    let start = ability.assignments(&Cursor::start()).await.unwrap();
    let tokens = start.next().iter().find(|cursor| cursor.as_str().contains("tokens")).unwrap();
    let parts = ability.assignments(tokens).await.unwrap();
    assert_eq!(parts.next().len(), 1);
    add(600);
    let page = ability.assignments(&parts.next()[0]).await.unwrap();
    assert!(page.incomplete().is_some_and(|reason| reason.contains("shows 2500 of 25")), "{:?}", page.incomplete());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_refreshed_without_a_query_for_no_users() {
    let sandbox = start(Options { users: 30, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, ALL);
    let ability = connector.capabilities().accounts().unwrap();
    let app = ability.find_accounts(&["Mail".to_owned()], &Concern::default()).await.unwrap().concat().pop().unwrap();
    let page = refreshed(connector.as_ref(), std::slice::from_ref(&app.id)).await.unwrap();
    let is_app = |change: &SourceChange| matches!(change, SourceChange::Account(account) if account.id == app.id);
    assert_eq!(page.items().iter().filter(|change| is_app(change)).count(), 1);
    let requests = sandbox.requests();
    assert!(!requests.log.iter().filter_map(|one| one.soql.as_deref()).any(|soql| soql.contains("IN ()")));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_apps_that_the_login_can_not_see_are_incomplete() {
    let rights = Rights { customize_application: false, ..Rights::default() };
    let sandbox = start(Options { users: 30, rights, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, r#"{"read": ["users", "tokens"]}"#);
    let (incomplete, held) = tokens(connector.as_ref()).await;
    assert!(held > 0 && incomplete.iter().all(|reason| reason.contains("Customize Application")), "{incomplete:?}");
    assert_eq!(incomplete.len(), 1);
    let error = refreshed(connector.as_ref(), &[sandbox.org().user_id(5)]).await.unwrap_err();
    assert!(error.help().is_some_and(|help| help.contains("run a full aggregation")), "{error:?}");
}

/// The page with the accounts of an object.
async fn programs(connector: &dyn Connector, object: &str) -> Page<Account> {
    let start = connector.aggregate_accounts(&Cursor::start()).await.unwrap();
    let cursor = start.next().iter().find(|cursor| cursor.as_str().contains(object)).unwrap();
    connector.aggregate_accounts(cursor).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_of_a_hidden_url_and_the_use_of_hidden_tokens_keep_their_last_values() {
    let rights =
        Rights { hidden_fields: vec!["NamedCredential.Endpoint".to_owned()], manage_users: false, ..Rights::default() };
    let sandbox = start(Options { users: 30, rights, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, ALL);
    let credentials = programs(connector.as_ref(), "NamedCredential").await;
    assert_eq!(credentials.not_shown(), ["EndpointHost"]);
    let apps = programs(connector.as_ref(), "ConnectedApplication").await;
    assert_eq!(apps.not_shown(), ["TokenCount", "FirstTokenDate", "LastUsedDate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_use_of_an_app_is_that_of_all_its_names() {
    let sandbox = start(Options { users: 30, ..Options::default() }).await;
    let user = sandbox.org().user_id(5);
    for (name, year) in [("Identity Connector", 2025), ("Identity_Connector", 2024)] {
        let moment = format!("{year}-01-01T00:00:00.000+0000");
        add_token(&sandbox, &user, name, &moment, &moment);
    }
    let (connector, _) = open(&sandbox, ALL);
    let apps = programs(connector.as_ref(), "ExternalClientApplication").await;
    let attributes = &named(apps.items(), "Identity_Connector").attributes;
    assert_eq!(attributes.get::<u64>("TokenCount"), Some(2));
    let year = |name: &str| attributes.get::<String>(name).unwrap()[..4].to_owned();
    assert_eq!((year("FirstTokenDate"), year("LastUsedDate")), ("2024".to_owned(), "2025".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_apps_than_an_answer_has_groups_are_all_found() {
    let sandbox = start(Options { users: 30, ..Options::default() }).await;
    let (user, moment) = (sandbox.org().user_id(5), "2026-01-01T00:00:00.000+0000");
    for number in 0..2_100 {
        add_token(&sandbox, &user, &format!("It's app {number}"), moment, moment);
    }
    sandbox.org().insert("OauthToken", &[("UserId", json!(user))]).unwrap();
    let (connector, _) = open(&sandbox, r#"{"read": ["users", "tokens"]}"#);
    let ability = connector.capabilities().entitlements().unwrap();
    let start = ability.entitlements(&Cursor::start()).await.unwrap();
    let cursor = start.next().iter().find(|cursor| cursor.as_str().contains("apps")).unwrap();
    let page = ability.entitlements(cursor).await.unwrap();
    let of_test = page.items().iter().filter(|app| app.name.starts_with("It's app"));
    assert_eq!((of_test.count(), page.incomplete()), (2_100, None));
    assert!(page.items().iter().any(|app| app.name == "(app without a name)"));
}

#[test]
fn an_app_whose_tokens_were_never_used_is_as_unused_as_the_oldest_of_them() {
    let rule = registry::rules().into_iter().find(|rule| rule.name == "salesforce_unused_app").unwrap();
    let Check::Account(check) = rule.check else { panic!("it looks at accounts") };
    let criteria = Criteria::at("2026-11-01T00:00:00Z".parse().unwrap());
    let found = |attributes: serde_json::Value| {
        let account = Account::new("1", "App").with_attributes(&attributes).unwrap();
        let mut hits = Vec::new();
        check(&AuditedAccount::new(&account, &[], criteria), &mut hits);
        hits.pop().map(|hit| hit.detail)
    };
    let (old, new) = ("2026-01-01T00:00:00.000+0000", "2026-10-30T00:00:00.000+0000");
    let never = found(json!({"TokenCount": 2, "FirstTokenDate": old})).unwrap();
    assert_eq!(never, "its 2 OAuth tokens were never used; the oldest is 304 days old");
    let once = found(json!({"TokenCount": 2, "FirstTokenDate": old, "LastUsedDate": old})).unwrap();
    assert_eq!(once, "its 2 OAuth tokens were last used 304 days ago");
    assert_eq!(found(json!({"TokenCount": 2, "FirstTokenDate": old, "LastUsedDate": new})), None);
    assert_eq!(found(json!({"TokenCount": 2, "FirstTokenDate": new})), None);
    assert_eq!(found(json!({})), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_changes_users_only() {
    let sandbox = start(Options { users: 10, ..Options::default() }).await;
    let (connector, _) = open(&sandbox, ALL);
    let ability = connector.capabilities().accounts().unwrap();
    let app = ability.find_accounts(&["Mail".to_owned()], &Concern::default()).await.unwrap().concat().pop().unwrap();
    let operation = Operation::new(&app.id, Change::Disable);
    let proposed = Proposed::new(operation, Some(app));
    let prepared = connector.capabilities().preparation().unwrap().prepare_operations(&[proposed]).await.unwrap();
    let refused = prepared[0].as_ref().unwrap_err();
    assert!(refused.message().contains("no user") && refused.help().is_some(), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_a_profile_for_the_api_only_are_programs() {
    let sandbox = start(Options { users: 30, ..Options::default() }).await;
    let org = sandbox.org();
    let profile = org.id_of("Profile", 4).unwrap();
    org.set(&profile, "PermissionsApiUserOnly", true).unwrap();
    let user = org.user_id(5);
    org.set(&user, "ProfileId", profile).unwrap();
    org.set(&user, "UserType", "Standard").unwrap();
    let (connector, _) = open(&sandbox, "{}");
    let read = read(connector.as_ref()).await.unwrap();
    let found = read.accounts.iter().find(|one| one.id == user).unwrap();
    assert_eq!(found.kind, AccountKind::Service);
}
