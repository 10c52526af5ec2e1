//! A sound store is found sound, and each kind of fault is named.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Place, World, failing};
use connector_core::{Assignment, Error, ErrorKind, Holder};
use connector_engine::aggregate::RunStatus;
use connector_engine::query::{self, Flaw};

fn flaws(place: &Place) -> Vec<Flaw> {
    query::check(&place.store).unwrap()
}

/// Runs that add, change, remove and add again; the last one is interrupted.
async fn place() -> Place {
    let place = Place::new();
    let mut world = World::of(20);
    let nested = Holder::Entitlement(aggregate_fake::reference("group/g2"));
    world.assignments.push(Assignment::new(nested.clone(), aggregate_fake::reference("group/g1")));
    place.aggregate(&world).await;
    assert_eq!(flaws(&place), []);
    let gone = world.accounts.remove("00003").unwrap();
    world.assignments.retain(|one| one.holder != nested);
    world.assignments.retain(|one| one.holder.account_id() != Some("00003"));
    world.add_entitlement("group/new", "New");
    world.assign("00004", "group/new");
    world.add_account("00005", r#"{"Title":"x"}"#, &["profile/user", "group/g0"]);
    place.aggregate(&world).await;
    assert_eq!(flaws(&place), []);
    world.accounts.insert("00003".to_owned(), gone);
    world.assign("00003", "group/g1");
    world.assign("00003", "group/g1");
    world.assign("ghost", "group/unknown");
    world.entitlements.remove(&aggregate_fake::reference("group/g4"));
    place.aggregate(&world).await;
    assert_eq!(flaws(&place), []);
    place
}

#[tokio::test]
async fn a_store_is_sound_after_any_run_and_in_the_middle_of_one() {
    let place = place().await;
    let fake = Fake::new(&World::of(25)).with_script(|step, _, _| match step {
        "assignments" => failing(Error::new(ErrorKind::Quota, "used up")),
        _ => None,
    });
    assert_eq!(place.run(&fake.job()).await.status, RunStatus::Failed);
    assert_eq!(flaws(&place), []);
}

#[tokio::test]
async fn each_kind_of_fault_is_found() {
    for (statement, rule, part) in [
        ("DELETE FROM entitlements WHERE entitlement_id = 'g1'", "reference", "assignments of `directory`"),
        ("UPDATE assignments SET through = 4711 WHERE account = '00001'", "reference", "assignments of `directory`"),
        ("DELETE FROM sources", "reference", "3 rows of the table `runs`"),
        ("INSERT INTO warnings (run, text) VALUES (4711, 'x')", "reference", "1 rows of the table `warnings`"),
        ("UPDATE accounts SET removed_run = 4711 WHERE account_id = '00001'", "run", "1 accounts of `directory`"),
        ("UPDATE accounts SET added_run = 3 WHERE account_id = '00001'", "count", "accounts added"),
        ("DELETE FROM accounts WHERE added_run = 3", "count", "accounts added"),
        ("INSERT INTO waiting_assignments (run, batch, rows) VALUES (3, 1, x'')", "frontier", "still wait"),
        ("DELETE FROM account_names", "name", "by their names"),
        ("UPDATE account_names SET account = 4711 WHERE account = 1", "name", "do not exist"),
        ("UPDATE entitlements SET removed_run = NULL", "count", "entitlements removed"),
        ("DELETE FROM assignments WHERE account = '00003'", "count", "assignments added"),
        ("INSERT INTO frontier (run, step, cursor) VALUES (3, 'accounts', '')", "frontier", "succeeded"),
        (
            "UPDATE runs SET status = 'interrupted';
             INSERT INTO frontier (run, step, cursor) VALUES (2, 'accounts', ''), (3, 'accounts', '')",
            "frontier",
            "2 runs of `directory`",
        ),
    ] {
        let place = place().await;
        let connection = place.connection();
        connection.execute_batch(statement).unwrap();
        let flaws = flaws(&place);
        let found = flaws.iter().any(|flaw| flaw.rule == rule && flaw.message.contains(part));
        assert!(found, "{statement}: {flaws:#?}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_found() {
    let place = place().await;
    let connection = place.connection();
    // The index no longer fits its table.
    connection
        .execute_batch(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = replace(sql, 'account_id)', 'name)') WHERE name = 'accounts_by_id';",
        )
        .unwrap();
    drop(connection);
    let flaws = flaws(&place);
    assert!(!flaws.is_empty() && flaws.iter().all(|flaw| flaw.rule == "file"), "{flaws:#?}");
}
