//! Promise: a preview says that a new name exists in another letter case. Many systems refuse such an account.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod provision_fake;

use connector_engine::provision::Standing::Planned;
use provision_fake::{Directory, Place, create, outcomes};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn a_create_names_the_account_that_differs_only_in_letter_case() {
    let directory = Directory::of(&["Jane.Doe"]);
    let place = Place::new();
    let rows = "INSERT INTO sources (id, name) VALUES (1, 'directory');
         INSERT INTO runs (number, id, source, connector, definition, mode, status, started_at)
             VALUES (1, 'r', 1, 'fake', 'd', 'full', 'succeeded', '2026-01-01T00:00:00Z');
         INSERT INTO accounts (source, account_id, name, enabled, locked, attributes, hash, first_run, added_run, removed_run)
             VALUES (1, 'A0001', 'Jane.Doe', 1, 0, '{}', x'', 1, 1, NULL), (1, 'A0002', 'GONE', 1, 0, '{}', x'', 1, 1, 1);";
    place.connection().execute_batch(rows).unwrap();
    let plan = [create("jane.doe", json!({}), &[]), create("gone", json!({}), &[]), create("bob", json!({}), &[])];
    for _ in 0..2 {
        let (_, _, reports) = place.preview(&directory, &plan).await;
        assert_eq!(outcomes(&reports), [Planned; 3]);
        let details: Vec<_> = reports.iter().map(|report| report.detail.as_deref()).collect();
        assert_eq!(details, [Some("`Jane.Doe` exists, and differs only in letter case"), None, None]);
    }
}
