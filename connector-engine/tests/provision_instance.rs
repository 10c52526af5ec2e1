//! A plan changes only the system that it was previewed with.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::ErrorKind;
use provision_fake::{Directory, Place, disable};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_plan_is_not_applied_to_another_system_than_it_was_previewed_with() {
    let (place, plan) = (Place::new(), [disable("bob")]);
    let mut production = Directory::of(&["bob"]);
    production.instance = Some("org-1".to_owned());
    drop(place.preview(&production, &plan).await);
    let mut copy = Directory::of(&["bob"]);
    copy.instance = Some("org-2".to_owned());
    let mut provisioning = place.begin(&copy, &plan);
    let previewed = provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap_err();
    let applied = provisioning.apply(|_| {}, &CancellationToken::new()).await.unwrap_err();
    assert_eq!((previewed.kind(), applied.kind()), (ErrorKind::Guard, ErrorKind::Guard));
    assert!(copy.server().calls.is_empty(), "something was sent");
}
