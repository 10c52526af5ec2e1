//! Promise: a correlation guesses nothing, costs what changed, and no fault of a source makes orphans of everybody.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Pages, Place, World, failing};
use connector_core::{
    Connector, Context, Criteria, Cursor, Error, ErrorKind, Page, Percentage, Settings, Severity, register_connector,
};
use connector_engine::aggregate::RunStatus;
use connector_engine::findings::{self, Acceptances, Facts, Wanted};
use connector_engine::identities::{
    AccountState, CorrelatedAccount, CorrelatedQuery, Correlation, NamedAccount, PeopleQuery, Selection, Wish, confirm,
    correlate, correlated, people, person, refuse, release,
};
use connector_engine::query::Breadth;
use connector_project::identities::IdentitySettings;
use connector_project::source::Project;
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// A source file that findings can read.
#[derive(Debug, Deserialize, JsonSchema)]
struct NoSettings {}

impl Settings for NoSettings {
    fn open(self, _: &Context) -> connector_core::Result<Box<dyn Connector>> {
        Ok(Box::new(Fake::new(&World::default())))
    }
}

register_connector! {
    name: "memory",
    title: "Memory",
    description: "A source in memory",
    grant_types: [],
    settings: NoSettings,
    example: "",
}

fn settings() -> IdentitySettings {
    serde_json::from_value(json!({
        "authority": "hr",
        "rules": [
            {"name": "number", "account": {"from": "Number"}, "person": {"from": "id"}},
            {"name": "mail", "account": {"from": "Email", "then": ["trim", "lower"]}, "person": {"from": "Email", "then": ["trim", "lower"]}},
        ],
    }))
    .unwrap()
}

/// Accounts with these ids and attributes.
fn world(accounts: &[(&str, serde_json::Value)]) -> World {
    let mut world = World::default();
    for (id, attributes) in accounts {
        world.add_account(id, &attributes.to_string(), &[]);
    }
    world
}

/// `count` people, and the same number of accounts of another source.
fn many(count: usize, column: &str) -> World {
    let mut world = World::default();
    for number in 0..count {
        world.add_account(&format!("{number:04}"), &json!({column: format!("{number}@x")}).to_string(), &[]);
    }
    world
}

async fn read(place: &Place, source: &str, world: &World) {
    let fake = Fake { entitlements: false, ..Fake::new(world) };
    let job = Job { source, delete_threshold: Percentage::new(100.0), restart: true, ..fake.job() };
    assert_eq!(place.run(&job).await.status, RunStatus::Succeeded);
}

fn correlated_now(place: &Place) -> Correlation {
    try_to_correlate(place, &settings()).unwrap()
}

fn try_to_correlate(place: &Place, settings: &IdentitySettings) -> connector_core::Result<Correlation> {
    correlate(&place.store, settings, &["crm", "hr", "vpn"].map(str::to_owned), Wish::default())
}

fn accounts(place: &Place, selection: Selection<'_>) -> Vec<CorrelatedAccount> {
    let mut all = Vec::new();
    let query = CorrelatedQuery { selection, source: None, limit: None };
    correlated(&place.store, &settings(), &query, |one| {
        all.push(one.clone());
        Ok(())
    })
    .unwrap();
    all
}

fn ids(place: &Place, selection: Selection<'_>) -> Vec<String> {
    accounts(place, selection).into_iter().map(|one| one.id).collect()
}

#[tokio::test]
async fn the_first_rule_that_finds_somebody_decides_and_two_people_are_never_guessed() {
    let place = Place::new();
    let twin = json!({"Email": "twin@x"});
    read(&place, "hr", &world(&[("1", json!({"Email": "ann@x"})), ("2", twin.clone()), ("3", twin)])).await;
    let crm = [
        ("a", json!({"Number": 1, "Email": "twin@x"})),
        ("b", json!({"Email": " ANN@X"})),
        ("c", json!({"Email": "twin@x"})),
        ("d", json!({"Email": ""})),
        ("e", json!({"Number": "9", "Email": "nobody@x"})),
    ];
    read(&place, "crm", &world(&crm)).await;
    let first = correlated_now(&place);
    assert_eq!((first.linked, first.now.linked, first.now.ambiguous, first.now.unmatched), (2, 2, 1, 2));
    let ann = person(&place.store, &settings(), "1", Breadth::default()).unwrap();
    let linked: Vec<_> =
        ann.accounts.iter().map(|one| (one.account.id.as_str(), one.rule.as_deref().unwrap())).collect();
    assert_eq!(linked, [("a", "number"), ("b", "mail")]);
    let [both] = &accounts(&place, Selection::Ambiguous)[..] else { panic!("one is ambiguous") };
    assert_eq!((both.id.as_str(), both.rule.as_deref()), ("c", Some("mail")));
    assert_eq!(both.candidates.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["2", "3"]);
    assert_eq!(ids(&place, Selection::Unmatched), ["d", "e"]);
    let mut twins = Vec::new();
    let query = PeopleQuery { duplicates: true, ..PeopleQuery::default() };
    people(&place.store, &settings(), &query, |one| {
        twins.push((one.id.clone(), one.same_as.clone(), one.has_several_in_a_source()));
        Ok(())
    })
    .unwrap();
    let same = |id: &str, other: &str| (id.to_owned(), vec![other.to_owned()], false);
    assert_eq!(twins, [("1".to_owned(), vec![], true), same("2", "3"), same("3", "2")]);
}

#[tokio::test]
async fn what_somebody_decides_stays_and_the_history_says_who_and_why() {
    let place = Place::new();
    read(&place, "hr", &world(&[("1", json!({"Email": "a@x"})), ("2", json!({"Email": "a@x"}))])).await;
    read(&place, "crm", &world(&[("c", json!({"Email": "a@x"}))])).await;
    correlated_now(&place);
    let account = NamedAccount { source: "crm", account: "c" };
    // A refused one leaves one.
    let known = refuse(&place.store, &settings(), account, Some("1"), "eve", None).unwrap();
    assert_eq!((known.state, known.person.unwrap().id.as_str()), (AccountState::Linked, "2"));
    let known = confirm(&place.store, &settings(), account, "1", "ann", Some("called her")).unwrap();
    assert_eq!((known.state, known.confirmed_by.as_deref()), (AccountState::Linked, Some("ann")));
    // Another address, gone, and back again: it stays whose it is.
    for step in [json!({"Email": "b@x"}), json!(null), json!({"Number": "2"})] {
        let crm = if step.is_null() { world(&[("other", json!({}))]) } else { world(&[("c", step)]) };
        read(&place, "crm", &crm).await;
        correlated_now(&place);
    }
    let one = person(&place.store, &settings(), "crm/c", Breadth::default()).unwrap();
    assert_eq!((one.person.id.as_str(), one.accounts[0].note.as_deref()), ("1", Some("called her")));
    let known = release(&place.store, &settings(), account, "bob").unwrap();
    assert_eq!((known.rule.as_deref(), known.person.unwrap().id.as_str()), (Some("number"), "2"));
    let history = |id: &str| person(&place.store, &settings(), id, Breadth::default()).unwrap().history;
    let [event] = &history("1")[..] else { panic!("one link") };
    assert_eq!((event.confirmed_by.as_deref(), event.ended_by.as_deref()), (Some("ann"), Some("bob")));
    assert_eq!(event.why_ended.as_deref(), Some("released"));
    let [first, second] = &history("2")[..] else { panic!("two links") };
    assert_eq!((first.why_ended.as_deref(), first.ended_by.as_deref()), (Some("confirmed"), Some("ann")));
    assert!(second.ended_at.is_none() && second.rule.as_deref() == Some("number"));
    // Belongs to nobody: no rule links it.
    refuse(&place.store, &settings(), account, None, "ann", None).unwrap();
    read(&place, "crm", &world(&[("c", json!({"Number": "1"}))])).await;
    correlated_now(&place);
    assert_eq!(accounts(&place, Selection::LeftOut)[0].state, AccountState::Refused);
    let error = release(&place.store, &settings(), NamedAccount { source: "crm", account: "x" }, "ann").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn whoever_left_leaves_accounts_that_are_seen_and_whoever_comes_is_linked() {
    let place = Place::new();
    let (ann, bob) = (("1", json!({"Email": "ann@x"})), ("2", json!({"Email": "bob@x"})));
    read(&place, "hr", &world(&[ann.clone(), bob.clone()])).await;
    read(&place, "crm", &world(&[("a", ann.1.clone()), ("b", bob.1.clone()), ("z", json!({}))])).await;
    correlated_now(&place);
    read(&place, "hr", &world(std::slice::from_ref(&ann))).await;
    let left = correlated_now(&place);
    assert_eq!((left.ended, left.now.people), (0, 1), "the link says whose it was");
    let orphans = accounts(&place, Selection::Orphans);
    let states: Vec<_> =
        orphans.iter().map(|one| (one.id.as_str(), one.person.as_ref().map(|who| who.state.name()))).collect();
    assert_eq!(states, [("b", Some("left")), ("z", None)]);
    // Somebody new with the same address: the account is theirs.
    read(&place, "hr", &world(&[ann, ("3", bob.1)])).await;
    assert_eq!(correlated_now(&place).moved, 1);
    assert_eq!(ids(&place, Selection::Orphans), ["z"]);
    let [event] = &person(&place.store, &settings(), "2", Breadth::default()).unwrap().history[..] else {
        panic!("one")
    };
    assert_eq!(event.why_ended.as_deref(), Some("other_person"));
}

#[tokio::test]
async fn an_account_of_somebody_who_left_stays_theirs_if_a_stronger_rule_says_so() {
    let place = Place::new();
    read(&place, "hr", &world(&[("1", json!({"Email": "jane@x"})), ("2", json!({"Email": "old@x"}))])).await;
    read(&place, "crm", &world(&[("j", json!({"Number": "1", "Email": "jane@x"}))])).await;
    correlated_now(&place);
    read(&place, "hr", &world(&[("2", json!({"Email": "jane@x"}))])).await;
    assert_eq!(correlated_now(&place).moved, 0, "the number comes before the address");
    assert_eq!(ids(&place, Selection::Orphans), ["j"]);
}

#[tokio::test]
async fn a_machine_without_the_file_of_a_source_ends_no_link_of_it() {
    let place = Place::new();
    let ann = ("1", json!({"Email": "ann@x"}));
    read(&place, "hr", &world(std::slice::from_ref(&ann))).await;
    read(&place, "crm", &world(&[("a", ann.1)])).await;
    assert_eq!(correlated_now(&place).linked, 1);
    let less = correlate(&place.store, &settings(), &["hr".to_owned()], Wish::default()).unwrap();
    assert_eq!((less.ended, less.now.linked), (0, 1));
    let mut chosen = settings();
    chosen.sources = Some(vec!["vpn".to_owned()]);
    let without = correlate(&place.store, &chosen, &["hr".to_owned()], Wish::default()).unwrap();
    assert_eq!(without.ended, 1, "the settings leave it out");
}

#[tokio::test]
async fn rules_of_findings_see_orphans_and_leavers_but_not_where_people_may_be_hidden() {
    let place = Place::new();
    read(&place, "hr", &world(&[("1", json!({"Email": "ann@x"})), ("2", json!({"Email": "bob@x"}))])).await;
    let mut crm = world(&[
        ("a", json!({"Email": "ann@x"})),
        ("b", json!({"Email": "bob@x"})),
        ("y", json!({})),
        ("z", json!({})),
    ]);
    crm.accounts.get_mut("y").unwrap().enabled = false;
    read(&place, "crm", &crm).await;
    correlated_now(&place);
    read(&place, "hr", &world(&[("1", json!({"Email": "ann@x"}))])).await;
    correlated_now(&place);
    let found = |place: &Place| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("sources")).unwrap();
        std::fs::write(folder.path().join("sources/crm.yaml"), "connector: memory\n").unwrap();
        let facts = Facts::read(&Project::at(folder.path()), "crm", Timestamp::now()).unwrap();
        let names = ["orphan_account", "leaver_account"].map(str::to_owned);
        let wanted = Wanted { rules: &names, account: None, least: Severity::Info, accepted: true };
        let mut acceptances = Acceptances::new(&[], Date::MAX);
        let mut all = Vec::new();
        let criteria = Criteria::at(Timestamp::now());
        let summary = findings::find(&place.store, &facts, criteria, wanted, &mut acceptances, &mut |one| {
            all.push(format!("{} {}: {}", one.rule, one.account.as_ref().unwrap().id, one.detail));
            Ok(())
        })
        .unwrap();
        (all, summary.not_checked.iter().map(|one| one.reason.clone()).collect::<Vec<_>>())
    };
    let (all, blind) = found(&place);
    let leaver = "leaver_account b: its person 2@acme.example is no longer in hr";
    assert_eq!(all, [leaver, "orphan_account z: no rule finds a person for it"]);
    assert_eq!(blind, [] as [String; 0]);
    let view = |name: &str| place.query(&format!("SELECT account_id FROM {name}")).len();
    assert_eq!((view("finding_orphan_account"), view("finding_leaver_account")), (1, 1));
    // The authority does not show everybody: nobody knows whose `z` is.
    let hr = Fake { entitlements: false, ..Fake::new(&world(&[("1", json!({"Email": "ann@x"}))])) };
    let hr = hr.with_script(|_, cursor: &Cursor, _| {
        let page = Page::last(vec![aggregate_fake::account("1", r#"{"Email":"ann@x"}"#, &[])]);
        cursor.is_start().then(|| Ok(Pages::Accounts(page.with_incomplete("a department is hidden"))))
    });
    place.run(&Job { source: "hr", ..hr.job() }).await;
    correlated_now(&place);
    let (all, blind) = found(&place);
    assert_eq!(all, [leaver]);
    assert!(blind.len() == 1 && blind[0].contains("`hr` did not show all of its people"), "{blind:?}");
}

#[tokio::test]
async fn a_failed_or_partial_read_of_the_authority_ends_no_link() {
    let place = Place::new();
    read(&place, "hr", &many(40, "Email")).await;
    read(&place, "crm", &many(40, "Email")).await;
    correlated_now(&place);
    let links = "SELECT account, person, began_at FROM identity_links WHERE ended_at IS NULL ORDER BY 1";
    let before = place.query(links);
    assert_eq!(before.len(), 40);
    let failed = Fake { entitlements: false, ..Fake::new(&many(40, "Email")) }
        .with_script(|_, _, number| (number > 1).then(|| failing(Error::new(ErrorKind::Permission, "no")).unwrap()));
    let hidden = Fake { entitlements: false, ..Fake::new(&many(40, "Email")) }.with_script(|_, cursor, _| {
        let accounts = (0..40).map(|number| aggregate_fake::account(&format!("{number:04}"), "{}", &[]));
        let page = Page::last(accounts.collect()).with_not_shown(["Email"]);
        cursor.is_start().then(|| Ok(Pages::Accounts(page)))
    });
    let partial = Fake { entitlements: false, ..Fake::new(&many(40, "Email")) }.with_script(|_, cursor, _| {
        let page = Page::last(vec![aggregate_fake::account("0000", r#"{"Email":"0@x"}"#, &[])]);
        cursor.is_start().then(|| Ok(Pages::Accounts(page.with_incomplete("hidden"))))
    });
    let nothing = Fake { entitlements: false, ..Fake::new(&World::default()) };
    for (name, fake) in [("failed", failed), ("hidden", hidden), ("partial", partial), ("nothing", nothing)] {
        let everything = Percentage::new(100.0);
        place.run(&Job { source: "hr", delete_threshold: everything, restart: true, ..fake.job() }).await;
        let correlation = correlated_now(&place);
        assert!(!correlation.has_changed(), "{name}: {correlation:?}");
        assert_eq!(place.query(links), before, "{name}");
    }
}

#[tokio::test]
async fn a_guard_stops_before_many_links_end_and_nothing_is_kept_then() {
    let place = Place::new();
    read(&place, "hr", &many(40, "Email")).await;
    read(&place, "crm", &many(40, "Email")).await;
    correlated_now(&place);
    // Somebody renamed a column.
    read(&place, "crm", &many(40, "Mail")).await;
    let error = try_to_correlate(&place, &settings()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Guard);
    assert!(error.message().starts_with("40 of 40 links"), "{error}");
    let open = "SELECT count(*) FROM identity_links WHERE ended_at IS NULL";
    assert_eq!(place.number(open), 40);
    let names = ["crm", "hr"].map(str::to_owned);
    let preview = correlate(&place.store, &settings(), &names, Wish { preview: true, accept_changes: false }).unwrap();
    assert!(!preview.kept && preview.ended == 40 && preview.warnings[0].contains("change_threshold"), "{preview:?}");
    assert_eq!(place.number(open), 40, "a preview keeps nothing");
    correlate(&place.store, &settings(), &names, Wish { preview: false, accept_changes: true }).unwrap();
    assert_eq!(place.number(open), 0);
    // Two more are no reason to stop.
    read(&place, "crm", &many(40, "Email")).await;
    assert_eq!(correlated_now(&place).linked, 40);
    read(&place, "crm", &many(38, "Email")).await;
    assert_eq!(correlated_now(&place).ended, 2);
}

#[tokio::test]
async fn a_correlation_costs_what_changed() {
    let place = Place::new();
    read(&place, "hr", &many(300, "Email")).await;
    read(&place, "crm", &many(300, "Email")).await;
    read(&place, "vpn", &many(300, "Email")).await;
    assert_eq!(correlated_now(&place).looked_at, 900);
    assert_eq!(correlated_now(&place).looked_at, 0);
    let mut crm = many(300, "Email");
    crm.add_account("0007", r#"{"Email":"8@x"}"#, &[]);
    read(&place, "crm", &crm).await;
    let one = correlated_now(&place);
    assert_eq!((one.looked_at, one.moved, one.linked), (1, 1, 0));
    let mut hr = many(300, "Email");
    hr.add_account("0009", r#"{"Email":"new@x"}"#, &[]);
    read(&place, "hr", &hr).await;
    let one = correlated_now(&place);
    assert_eq!((one.looked_at, one.ended), (1, 2), "the accounts of the person have nobody");
    let began = "SELECT count(DISTINCT began_at) FROM identity_links WHERE ended_at IS NULL AND account <> '0007'";
    assert_eq!(place.number(began), 1, "no other link was touched");
}

#[tokio::test]
async fn rules_that_can_find_nobody_are_named_and_nothing_is_correlated_before_there_are_people() {
    let place = Place::new();
    read(&place, "crm", &many(3, "Email")).await;
    let error = try_to_correlate(&place, &settings()).unwrap_err();
    assert!(error.kind() == ErrorKind::NotFound && error.help().unwrap().contains("aggregate hr"), "{error:?}");
    read(&place, "hr", &many(3, "Mail")).await;
    let warnings = correlated_now(&place).warnings;
    assert!(warnings.len() == 1 && warnings[0].contains("`mail`") && warnings[0].contains("no person"), "{warnings:?}");
    let mut odd = many(3, "Email");
    odd.add_account("odd", r#"{"Email":{"work":"a@x"}}"#, &[]);
    read(&place, "crm", &odd).await;
    let warnings = correlated_now(&place).warnings;
    assert!(warnings.iter().any(|one| one.contains("can't be used on 1 account")), "{warnings:?}");
}

#[tokio::test]
async fn other_rules_look_at_everything_and_keep_links_to_the_same_people() {
    let place = Place::new();
    read(&place, "hr", &many(5, "Email")).await;
    read(&place, "crm", &many(5, "Email")).await;
    correlated_now(&place);
    confirm(&place.store, &settings(), NamedAccount { source: "crm", account: "0001" }, "0002", "ann", None).unwrap();
    let mut renamed = settings();
    renamed.rules.remove(0);
    renamed.rules[0].name = "address".to_owned();
    let again = try_to_correlate(&place, &renamed).unwrap();
    assert_eq!((again.looked_at, again.linked, again.ended, again.moved), (10, 0, 0, 0));
    assert_eq!((again.rules[0].links, again.now.confirmed), (4, 1));
    assert_eq!(place.number("SELECT count(*) FROM identity_links WHERE why_ended = 'other_rule'"), 4);
    // Without the source, its links end, but for what somebody confirmed.
    let mut without = renamed.clone();
    without.sources = Some(vec!["vpn".to_owned()]);
    let accept = Wish { accept_changes: true, ..Wish::default() };
    let others = correlate(&place.store, &without, &["hr".to_owned()], accept).unwrap();
    assert_eq!((others.now.linked, others.now.people), (0, 5));
    assert_eq!(place.number("SELECT count(*) FROM identity_links WHERE ended_at IS NULL"), 1);
    try_to_correlate(&place, &renamed).unwrap();
    assert_eq!(place.number("SELECT count(*) FROM identity_links WHERE ended_at IS NULL"), 5);
}
