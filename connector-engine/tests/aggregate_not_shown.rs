//! What the source hides is not recorded as empty.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Pages, Place, World, account, reference};
use connector_core::{Account, Attributes, Page};
use connector_engine::aggregate::RunStatus;

/// A source of these accounts that hides `Phone`, or shows it.
fn source(accounts: Vec<Account>, hides: bool) -> Fake {
    let mut fake = Fake::new(&World::default()).with_script(move |_, _, _| {
        let page = Page::last(accounts.clone());
        Some(Ok(Pages::Accounts(if hides { page.with_not_shown(["Phone"]) } else { page })))
    });
    fake.entitlements = false;
    fake
}

fn phones(place: &Place) -> Vec<Vec<rusqlite::types::Value>> {
    place.query("SELECT account_id, attributes ->> 'Phone', attributes ->> 'City' FROM accounts ORDER BY 1")
}

#[tokio::test]
async fn a_hidden_attribute_keeps_its_last_known_value() {
    let place = Place::new();
    let shown = vec![account("1", r#"{"Phone":"555","City":"Rome"}"#, &[]), account("2", r#"{"City":"Oslo"}"#, &[])];
    place.run(&source(shown, false).job()).await;
    let hidden =
        vec![account("1", r#"{"City":"Bern"}"#, &[]), account("2", r#"{"City":"Oslo"}"#, &[]), account("3", "{}", &[])];
    for changed in [1, 0] {
        let report = place.run(&source(hidden.clone(), true).job()).await;
        assert_eq!((report.status, report.counts.accounts.changed), (RunStatus::Succeeded, changed));
        let warned: Vec<_> = report.warnings.iter().filter(|text| text.contains("Phone")).collect();
        assert_eq!(warned.len(), 1, "{:?}", report.warnings);
    }
    let text = |text: &str| rusqlite::types::Value::Text(text.to_owned());
    let null = || rusqlite::types::Value::Null;
    let kept = [
        vec![text("1"), text("555"), text("Bern")],
        vec![text("2"), null(), text("Oslo")],
        vec![text("3"), null(), null()],
    ];
    assert_eq!(phones(&place), kept);
    // Shown again and empty, it is empty.
    place.run(&source(hidden, false).job()).await;
    assert_eq!(phones(&place)[0], [text("1"), null(), text("Bern")]);
}

#[tokio::test]
async fn an_attribute_that_a_list_of_all_no_longer_has_keeps_its_last_known_value() {
    let place = Place::new();
    let only = |shown: &'static [&'static str], accounts: Vec<Account>| {
        let mut fake = Fake::new(&World::default()).with_script(move |_, _, _| {
            Some(Ok(Pages::Accounts(Page::last(accounts.clone()).with_only_shown(shown.iter().copied()))))
        });
        fake.entitlements = false;
        fake
    };
    let whole = || vec![account("1", r#"{"City":"Rome","Phone":"555"}"#, &[]), account("2", r#"{"City":"Oslo"}"#, &[])];
    let report = place.run(&only(&["City", "Phone"], whole()).job()).await;
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    let cut = || vec![account("1", r#"{"City":"Bern"}"#, &[]), account("2", r#"{"City":"Oslo"}"#, &[])];
    for changed in [1, 0] {
        let report = place.run(&only(&["City"], cut()).job()).await;
        assert_eq!((report.status, report.counts.accounts.changed), (RunStatus::Succeeded, changed));
        assert_eq!(report.warnings.iter().filter(|text| text.contains("Phone")).count(), 1, "{:?}", report.warnings);
    }
    let text = |text: &str| rusqlite::types::Value::Text(text.to_owned());
    assert_eq!(phones(&place)[0], [text("1"), text("555"), text("Bern")]);
    // It is in the list again, and empty.
    place.run(&only(&["City", "Phone"], cut()).job()).await;
    assert_eq!(phones(&place)[0], [text("1"), rusqlite::types::Value::Null, text("Bern")]);
}

#[tokio::test]
async fn a_lock_that_is_not_shown_stays_as_it_was() {
    let place = Place::new();
    let source = |locked: bool, hides: bool| {
        let mut fake = Fake::new(&World::default()).with_script(move |_, _, _| {
            let mut account = account("1", "{}", &[]);
            account.locked = locked;
            let page = Page::last(vec![account]);
            Some(Ok(Pages::Accounts(if hides { page.with_locks_not_shown() } else { page })))
        });
        fake.entitlements = false;
        fake
    };
    for (locked, hides, changed, stored) in [(true, false, 0, 1), (false, true, 0, 1), (false, false, 1, 0)] {
        let report = place.run(&source(locked, hides).job()).await;
        assert_eq!(report.counts.accounts.changed, changed);
        assert_eq!(place.query("SELECT locked FROM accounts"), [[rusqlite::types::Value::Integer(stored)]]);
    }
}

#[tokio::test]
async fn the_end_of_an_assignment_that_is_hidden_keeps_its_last_known_value() {
    let place = Place::new();
    let source = |shows: bool| {
        let mut world = World::of(1);
        world.assignments.truncate(1);
        let mut assignment = world.assignments.remove(0);
        if shows {
            assignment.valid_until = Some("2030-01-31T00:00:00Z".parse().unwrap());
            assignment.attributes = Attributes::parse(r#"{"role":"lead"}"#).unwrap();
        }
        Fake::new(&world).with_script(move |step, _, _| {
            let page = Page::last(vec![assignment.clone()]);
            let page = if shows { page } else { page.with_only_shown(["state"]) };
            (step == "assignments").then(|| Ok(Pages::Assignments(page)))
        })
    };
    place.run(&source(true).job()).await;
    for _ in 0..2 {
        let report = place.run(&source(false).job()).await;
        assert_eq!((report.status, report.counts.assignments.changed), (RunStatus::Succeeded, 0), "{report:?}");
        assert!(report.warnings.iter().any(|text| text.contains("role, valid_until")), "{:?}", report.warnings);
        let kept = place.query("SELECT valid_until, attributes ->> 'role' FROM assignments WHERE inline = 0");
        let text = |text: &str| rusqlite::types::Value::Text(text.to_owned());
        assert_eq!(kept, [[text("2030-01-31T00:00:00Z"), text("lead")]]);
    }
}

#[tokio::test]
async fn what_the_last_page_hides_is_shown_by_the_pages_before_it() {
    let place = Place::new();
    let source = |role: &'static str| {
        let mut world = World::of(1);
        let mut shown = world.assignments.swap_remove(0);
        shown.attributes = Attributes::parse(format!(r#"{{"role":"{role}"}}"#)).unwrap();
        let pages = world.clone();
        // Whichever page comes last, it hides the role.
        Fake::new(&world).with_script(move |step, cursor, _| {
            Some(Ok(match (step, cursor.as_str()) {
                ("accounts", _) => {
                    Pages::Accounts(Page::last(pages.accounts.values().cloned().collect()).with_only_shown(["City"]))
                }
                ("entitlements", _) => Pages::Entitlements(
                    Page::last(pages.entitlements.values().cloned().collect()).with_only_shown(["City"]),
                ),
                (_, "") => Pages::Assignments(Page::continuing(vec![shown.clone()], ["last"]).unwrap()),
                _ => Pages::Assignments(Page::last(Vec::new()).with_only_shown(["state"])),
            }))
        })
    };
    place.run(&source("member").job()).await;
    let report = place.run(&source("lead").job()).await;
    assert_eq!((report.status, report.counts.assignments.changed), (RunStatus::Succeeded, 1), "{report:?}");
    let roles = place.query("SELECT attributes ->> 'role' FROM assignments WHERE attributes IS NOT NULL");
    assert_eq!(roles, [[rusqlite::types::Value::Text("lead".to_owned())]]);
}

#[tokio::test]
async fn the_description_of_an_entitlement_that_is_hidden_keeps_its_last_known_value() {
    let place = Place::new();
    let source = |shows: bool| {
        Fake::new(&World::of(1)).with_script(move |step, _, _| {
            let mut entitlement = connector_core::Entitlement::new(reference("group/g0"), "Group 0");
            if shows {
                entitlement.description = Some("Those who sell".to_owned());
                entitlement.attributes = Attributes::parse(r#"{"Owner":"jane"}"#).unwrap();
            }
            let page = Page::last(vec![entitlement]);
            let page = if shows { page } else { page.with_only_shown(["Name"]) };
            (step == "entitlements").then(|| Ok(Pages::Entitlements(page)))
        })
    };
    place.run(&source(true).job()).await;
    for _ in 0..2 {
        let report = place.run(&source(false).job()).await;
        assert_eq!((report.status, report.counts.entitlements.changed), (RunStatus::Succeeded, 0), "{report:?}");
        let kept = place.query("SELECT description, attributes ->> 'Owner' FROM entitlements WHERE name = 'Group 0'");
        let text = |text: &str| rusqlite::types::Value::Text(text.to_owned());
        assert_eq!(kept, [[text("Those who sell"), text("jane")]]);
    }
}
