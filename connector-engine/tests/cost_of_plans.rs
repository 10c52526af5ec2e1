//! Promise: the cost of a plan is linear in its operations. These tests count requests; they measure no time.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod provision_fake;

use provision_fake::{Directory, Place, grant, update};
use serde_json::json;

/// The reads of accounts, the requests that change something, and the accounts and entitlements that the reads name.
async fn cost(count: usize) -> (usize, usize, usize) {
    let names: Vec<String> = (0..count).map(|number| format!("user{number}")).collect();
    let mut directory = Directory::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    (directory.most, directory.most_accounts) = (50, 50);
    let plan: Vec<_> = names
        .iter()
        .enumerate()
        .flat_map(|(number, name)| [update(name, json!({"Title": "a"})), grant(name, &format!("group/{}", number % 4))])
        .collect();
    let (applied, _) = Place::new().carry_out(&directory, &plan).await;
    assert!(applied.error.is_none());
    let server = directory.server();
    let asked = server.concerns.iter().map(|concern| concern.entitlements.len()).sum();
    (server.reads, server.calls.len(), asked)
}

#[tokio::test]
async fn twice_the_operations_cost_at_most_twice_the_calls() {
    let (one, two) = (cost(200).await, cost(400).await);
    assert_eq!(one.0, 8, "four reads for the preview, four to read back");
    assert!(two.0 <= 2 * one.0 && two.1 <= 2 * one.1 && two.2 <= 2 * one.2, "{one:?}, then {two:?}");
}
