//! The description in the chapter on web APIs: the same system as the connector in Rust beside it.

use super::{context_with_key, folder, load};
use connector_sandbox_acme::{Acme, prove};
use serde_json::{Value, json};
use std::fs;

fn description() -> (usize, Value) {
    let book = fs::read_to_string(folder("../../docs/web-api.md")).unwrap();
    let text = book.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    (text.lines().count(), serde_yaml::from_str(text).unwrap())
}

#[tokio::test]
async fn the_description_in_the_book_does_all_that_the_connector_in_rust_does_in_fewer_than_80_lines() {
    let (lines, description) = description();
    assert!(lines < 80, "{lines} lines");
    let acme = Acme::start(20, 5).await;
    let settings = json!({"url": acme.base_url().trim_end_matches("/v2")});
    let registration = load(description, "acme");
    let context = context_with_key(connector_sandbox_acme::KEY);
    assert_eq!(registration.check(settings.clone(), &context).unwrap(), []);
    let connector = registration.open(settings.clone(), &context).unwrap();
    prove(&acme, connector.as_ref()).await;
    let wrong = registration.open(settings, &context_with_key("another key")).unwrap();
    let refused = wrong.aggregate_accounts(&connector_core::Cursor::start()).await.unwrap_err();
    assert_eq!(refused.kind(), connector_core::ErrorKind::Auth);
}
