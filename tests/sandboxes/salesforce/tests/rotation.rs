//! What a new certificate goes through until it is accepted.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod support;
#[path = "support/metadata.rs"]
mod support_metadata;

use std::time::Duration;

use connector_sandbox_salesforce::{App, Fault, Options, Sandbox, WhilePropagating};
use serde_json::json;
use support::{Client, Keys, claims, post_assertion};
use support_metadata::{accepts, certificate_of, options};

const HOUR: Duration = Duration::from_hours(1);

/// An org whose certificates propagate slowly.
async fn slow(while_propagating: WhilePropagating) -> (Sandbox, Client, Keys) {
    let keys = Keys::generate();
    let options = Options { app: keys.app(), propagation: HOUR, while_propagating, ..Options::default() };
    let sandbox = Sandbox::start(options).await.unwrap();
    let client = Client::sign_in(&sandbox, &keys).await;
    (sandbox, client, keys)
}

#[tokio::test]
async fn without_propagation_a_certificate_takes_effect_at_once() {
    let old = Keys::generate();
    let sandbox = Sandbox::start(Options { app: old.app(), ..Options::default() }).await.unwrap();
    let client = Client::sign_in(&sandbox, &old).await;
    let new = Keys::generate();
    client.deployed(certificate_of(&new)).await;
    assert!(accepts(&sandbox, &new).await && !accepts(&sandbox, &old).await);
}

#[tokio::test]
async fn the_window_of_propagation_is_as_bad_as_asked_for() {
    for (meanwhile, old_works, new_works) in [
        (WhilePropagating::Old, true, false),
        (WhilePropagating::Both, true, true),
        (WhilePropagating::Neither, false, false),
    ] {
        let (sandbox, client, old) = slow(meanwhile).await;
        let new = Keys::generate();
        assert_eq!(client.deployed(certificate_of(&new)).await["status"], "Succeeded");
        assert_eq!((accepts(&sandbox, &old).await, accepts(&sandbox, &new).await), (old_works, new_works));
        // A session that was there before bridges the gap.
        assert_eq!(client.get("/services/data/v67.0/limits").await.status, 200);
        sandbox.finish_propagation();
        assert_eq!((accepts(&sandbox, &old).await, accepts(&sandbox, &new).await), (false, true));
        assert_eq!(client.get("/services/data/v67.0/limits").await.status, 200);
    }
}

#[tokio::test]
async fn a_roll_back_waits_its_turn_behind_the_deploy_that_it_takes_back() {
    let (sandbox, client, old) = slow(WhilePropagating::Neither).await;
    let new = Keys::generate();
    let first = client.deploy(certificate_of(&new), options()).await;
    let second = client.deploy(certificate_of(&old), options()).await;
    assert_eq!(client.status(&second).await["status"], "Pending");
    assert_eq!(client.status(&first).await["done"], true);
    assert_eq!(client.finished(&second).await["status"], "Succeeded");
    assert!(!accepts(&sandbox, &old).await && !accepts(&sandbox, &new).await);
    sandbox.finish_propagation();
    assert!(accepts(&sandbox, &old).await && !accepts(&sandbox, &new).await);
    assert_eq!(sandbox.app("Connector").unwrap().certificate_pem, Some(old.certificate_pem));
}

#[tokio::test]
async fn a_certificate_that_is_never_accepted_can_be_rolled_back() {
    let (sandbox, client, old) = slow(WhilePropagating::Old).await;
    sandbox.set_faults(vec![Fault::CertificateNeverAccepted]);
    let new = Keys::generate();
    assert_eq!(client.deployed(certificate_of(&new)).await["status"], "Succeeded");
    sandbox.finish_propagation();
    assert!(!accepts(&sandbox, &old).await && !accepts(&sandbox, &new).await);
    client.deployed(certificate_of(&old)).await;
    sandbox.finish_propagation();
    assert!(accepts(&sandbox, &old).await);
}

#[tokio::test]
async fn each_of_two_apps_has_its_own_key() {
    let (blue, green) = (Keys::generate(), Keys::generate());
    let app = App { name: "Green".to_owned(), consumer_key: "3MVG9Green".to_owned(), ..green.app() };
    let options = Options { app: blue.app(), more_apps: vec![app], ..Options::default() };
    let sandbox = Sandbox::start(options).await.unwrap();
    let as_green = |keys: &Keys| {
        let mut claims = claims(&sandbox);
        claims["iss"] = json!("3MVG9Green");
        keys.assertion(&json!({"alg": "RS256"}), &claims)
    };
    assert!(accepts(&sandbox, &blue).await && !accepts(&sandbox, &green).await);
    assert_eq!(post_assertion(&sandbox, &as_green(&green)).await.status, 200);
    assert_eq!(post_assertion(&sandbox, &as_green(&blue)).await.status, 400);
    sandbox.set_app(App { name: "Green".to_owned(), consumer_key: "3MVG9Green".to_owned(), ..blue.app() });
    assert_eq!(post_assertion(&sandbox, &as_green(&blue)).await.status, 200);
}
