//! A value of the store that can't be read is an error, never a default.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Place, World, failing, run};
use connector_core::{Error, ErrorKind};
use connector_engine::aggregate::RunStatus;
use connector_engine::query::{self, Breadth};
use tokio_util::sync::CancellationToken;

fn damage(place: &Place, statement: &str) {
    place.connection().execute_batch(statement).unwrap();
}

fn assert_internal(error: &Error, part: &str) {
    assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
    assert!(error.message().contains(part), "{error}");
    assert!(error.help().unwrap().contains("newer version"), "{error}");
}

/// Two runs, the second of which failed while it read assignments.
async fn place() -> Place {
    let place = Place::new();
    place.aggregate(&World::of(5)).await;
    let fake = Fake::new(&World::of(5)).with_script(|step, _, _| match step {
        "assignments" => failing(Error::new(ErrorKind::Quota, "used up")),
        _ => None,
    });
    assert_eq!(place.run(&fake.job()).await.status, RunStatus::Failed);
    place
}

#[tokio::test]
async fn a_run_with_an_unknown_word_is_an_error() {
    for (statement, part) in [
        ("UPDATE runs SET status = 'melted'", "`melted`"),
        ("UPDATE runs SET error_kind = 'melted', error_message = 'x'", "`melted`"),
        ("UPDATE runs SET started_at = 'yesterday'", "yesterday"),
        ("UPDATE runs SET limits = '{'", "EOF"),
        (r#"UPDATE runs SET limits = '{"calls":{"used":1}}'"#, "max"),
    ] {
        let place = place().await;
        damage(&place, statement);
        assert_internal(&query::runs(&place.store, None, None).unwrap_err(), part);
    }
}

/// Bytes that are not text, missing tables and values of another type: each statement says to keep the journal.
#[tokio::test]
async fn each_statement_on_a_damaged_store_says_to_keep_a_copy() {
    for statement in [
        "UPDATE accounts SET name = CAST(x'ff41' AS TEXT)",
        "UPDATE accounts SET account_id = CAST(x'ff' AS TEXT) || account_id",
        "DROP VIEW finding_unowned_account; ALTER TABLE accounts RENAME COLUMN name TO title",
        "DROP TABLE accounts",
    ] {
        let place = place().await;
        damage(&place, statement);
        let query = query::AccountQuery::default();
        let failed = [
            query::accounts(&place.store, "directory", &query, |_| Ok(())).unwrap_err(),
            query::export(
                &place.store,
                "directory",
                query::What::Accounts,
                query::Format::Table(query::TableFormat::PlainCsv),
                &mut Vec::new(),
            )
            .unwrap_err(),
        ];
        for error in failed {
            assert!(
                error.help().is_some_and(|help| help.contains("keep a copy") && help.contains("journal")),
                "{statement}: {error:?}"
            );
            assert!(!error.message().contains("SELECT") && !format!("{error:?}").contains("SELECT"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_run_whose_unfinished_reads_are_unknown_is_not_taken_up() {
    for (statement, part) in [
        ("UPDATE frontier SET step = 'dreams' WHERE done = 0 AND step = 'assignments'", "`dreams`"),
        ("UPDATE runs SET status = 'melted'", "`melted`"),
    ] {
        let place = place().await;
        damage(&place, statement);
        let fake = Fake::new(&World::of(5));
        let error = run(&place.store, &fake.job(), |_| {}, CancellationToken::new()).await.unwrap_err();
        assert_internal(&error, part);
        assert_eq!(fake.reads.load(std::sync::atomic::Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn earlier_values_that_can_not_be_read_are_not_taken_for_the_present_ones() {
    let place = Place::new();
    let mut world = World::of(5);
    place.aggregate(&world).await;
    world.add_account("00003", r#"{"Number":30}"#, &["profile/user"]);
    place.aggregate(&world).await;
    damage(&place, "UPDATE changes SET before = '{' WHERE kind = 'accounts'");
    assert!(place.number("SELECT count(*) FROM changes WHERE before = '{'") > 0);
    let error = query::diff(&place.store, "directory", None, None, |_| Ok(())).unwrap_err();
    assert_internal(&error, "EOF");
    assert_internal(&query::account(&place.store, "directory", "00003", Breadth::default()).unwrap_err(), "EOF");
}
