//! Who may say that a plan is applied.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::ErrorKind;
use connector_engine::provision::{Consent, Earlier, Preview, Provisioning, Verdict};
use connector_engine::query::{self, PlanStage};
use connector_project::source::Approval;
use provision_fake::{Directory, Place, disable, lock, update};
use serde_json::json;
use tokio_util::sync::CancellationToken;

fn strict() -> Directory {
    let mut directory = Directory::of(&["bob", "eve"]);
    directory.caps.approval = Approval::Required;
    directory
}

async fn look(provisioning: &mut Provisioning<'_>) -> Preview {
    provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap()
}

/// Writes the plan of `author`; returns its id and the digest of its preview.
async fn written(place: &Place, directory: &Directory, author: &str) -> (String, String) {
    let mut provisioning = place.begin(directory, &[disable("bob"), lock("eve")]);
    provisioning.written_by(author).await.unwrap();
    let preview = look(&mut provisioning).await;
    provisioning.seen().await.unwrap();
    provisioning.leave().await.unwrap();
    (provisioning.id(), preview.digest)
}

/// The verdict of a job that applies the preview with this digest, and what applying it says whatever the verdict is.
async fn tried(place: &Place, directory: &Directory, id: &str, digest: &str) -> (Verdict, Option<ErrorKind>) {
    let mut provisioning = Provisioning::open(&place.store, directory.opened(), id).unwrap();
    let preview = look(&mut provisioning).await;
    let verdict = provisioning.verdict(&preview, Consent::Digest(digest)).await.unwrap();
    let applied = provisioning.apply(|_| {}, &CancellationToken::new()).await;
    provisioning.leave().await.unwrap();
    (verdict, applied.err().map(|error| error.kind()))
}

#[tokio::test]
async fn nothing_is_sent_until_somebody_else_approves_the_preview() {
    let (place, directory) = (Place::new(), strict());
    let (id, digest) = written(&place, &directory, "Olga").await;
    let (verdict, error) = tried(&place, &directory, &id, &digest).await;
    assert!(matches!(&verdict, Verdict::Refused(why) if why.message().contains("somebody else")), "{verdict:?}");
    assert_eq!(error, Some(ErrorKind::Guard));
    let provisioning = Provisioning::open(&place.store, directory.opened(), &id).unwrap();
    for own in ["Olga", "olga "] {
        assert_eq!(provisioning.endorse(own, &digest).await.unwrap_err().kind(), ErrorKind::Permission, "{own}");
    }
    assert_eq!(provisioning.endorse("Ann", "another").await.unwrap_err().kind(), ErrorKind::Conflict);
    provisioning.endorse("Ann", &digest).await.unwrap();
    drop(provisioning);
    let plan = query::plan(&place.store, &directory.opened().source, &id).unwrap();
    assert_eq!(
        (plan.author.as_deref(), plan.approver.as_deref(), plan.stage),
        (Some("Olga"), Some("Ann"), PlanStage::Previewed)
    );
    assert_eq!(directory.server().changes.len(), 0);
    let (verdict, error) = tried(&place, &directory, &id, &digest).await;
    assert!(matches!(verdict, Verdict::Goes) && error.is_none(), "{verdict:?} {error:?}");
    assert_eq!(directory.server().changes.len(), 2);
    let plan = query::plan(&place.store, &directory.opened().source, &id).unwrap();
    assert_eq!((plan.stage, plan.outcomes.applied, plan.outcomes.total()), (PlanStage::Ended, 2, 2));
}

#[tokio::test]
async fn an_approval_ends_with_the_preview_that_it_was_for() {
    let (place, directory) = (Place::new(), strict());
    let (id, digest) = written(&place, &directory, "Olga").await;
    Provisioning::open(&place.store, directory.opened(), &id).unwrap().endorse("Ann", &digest).await.unwrap();
    // Somebody else disables the account meanwhile.
    directory.server().person("bob").disabled = true;
    let (verdict, error) = tried(&place, &directory, &id, &digest).await;
    assert!(matches!(verdict, Verdict::Refused(_)), "{verdict:?}");
    assert_eq!((error, directory.server().changes.len()), (Some(ErrorKind::Guard), 0));
    let mut again = Provisioning::open(&place.store, directory.opened(), &id).unwrap();
    let preview = look(&mut again).await;
    again.seen().await.unwrap();
    assert_eq!(query::plan(&place.store, &directory.opened().source, &id).unwrap().approver, None);
    assert!(again.unapproved().await.unwrap().is_some());
    again.endorse("Ann", &preview.digest).await.unwrap();
    assert!(again.unapproved().await.unwrap().is_none());
}

#[tokio::test]
async fn a_plan_without_an_author_is_nobodys_to_approve_and_an_optional_approval_asks_nobody() {
    let (place, directory) = (Place::new(), strict());
    let (mut provisioning, preview, _) = place.preview(&directory, &[disable("bob")]).await;
    assert_eq!(provisioning.endorse("Ann", &preview.digest).await.unwrap_err().kind(), ErrorKind::Permission);
    assert!(provisioning.apply(|_| {}, &CancellationToken::new()).await.is_err());
    drop(provisioning);
    let (place, directory) = (Place::new(), Directory::of(&["bob", "eve"]));
    let (id, digest) = written(&place, &directory, "Olga").await;
    let (verdict, error) = tried(&place, &directory, &id, &digest).await;
    assert!(matches!(verdict, Verdict::Goes) && error.is_none(), "{verdict:?}");
}

#[tokio::test]
async fn a_plan_that_was_not_started_can_be_discarded_and_one_that_ended_can_not_be_taken_up() {
    let (place, directory) = (Place::new(), Directory::of(&["bob", "eve"]));
    let (id, digest) = written(&place, &directory, "Olga").await;
    let source = directory.opened().source.clone();
    assert_eq!(query::plans(&place.store, Some(&source), None, 10).unwrap().len(), 1);
    let provisioning = Provisioning::open(&place.store, directory.opened(), &id).unwrap();
    assert_eq!(provisioning.earlier(), Earlier::Previewed);
    provisioning.discard().await.unwrap();
    drop(provisioning);
    assert_eq!(query::plans(&place.store, None, None, 10).unwrap(), []);
    assert_eq!(Provisioning::open(&place.store, directory.opened(), &id).unwrap_err().kind(), ErrorKind::NotFound);
    let (id, digest_again) = written(&place, &directory, "Olga").await;
    assert_eq!(digest, digest_again);
    tried(&place, &directory, &id, &digest).await;
    assert_eq!(Provisioning::open(&place.store, directory.opened(), &id).unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn the_plans_of_a_source_come_newest_first_page_by_page() {
    let (place, directory) = (Place::new(), Directory::of(&["bob", "eve"]));
    let mut ids = Vec::new();
    for title in ["a", "b", "c"] {
        let plan = [update("bob", json!({"title": title}))];
        let mut provisioning = Provisioning::begin(&place.store, directory.opened(), title, "", |sink| {
            plan.into_iter().for_each(sink);
            Ok(())
        })
        .unwrap();
        look(&mut provisioning).await;
        provisioning.seen().await.unwrap();
        ids.insert(0, provisioning.id());
    }
    let listed = |before: Option<&str>| -> Vec<String> {
        query::plans(&place.store, None, before, 2).unwrap().into_iter().map(|plan| plan.plan).collect()
    };
    assert_eq!((listed(None), listed(Some(&ids[1]))), (ids[..2].to_vec(), ids[2..].to_vec()));
    assert_eq!(query::plans(&place.store, None, Some("01ZZ"), 2).unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_plan_of_somebody_else_or_an_approved_one_is_not_removed_by_one_with_the_same_name() {
    let (place, directory) = (Place::new(), Directory::of(&["bob", "eve"]));
    let write = async |author: &str, title: &str| {
        let plan = [update("bob", json!({"title": title}))];
        let begun = Provisioning::begin(&place.store, directory.opened(), "joiners.csv", author, |sink| {
            plan.into_iter().for_each(sink);
            Ok(())
        });
        let mut provisioning = begun.unwrap();
        let preview = look(&mut provisioning).await;
        provisioning.seen().await.unwrap();
        provisioning.leave().await.unwrap();
        (provisioning.id(), preview.digest)
    };
    let ids = || -> Vec<String> {
        query::plans(&place.store, None, None, 10).unwrap().into_iter().map(|plan| plan.plan).collect()
    };
    let (first, _) = write("Ann", "a").await;
    let (by_olga, _) = write("Olga", "b").await;
    assert_eq!(ids(), [by_olga.clone(), first]);
    let (second, digest) = write("Ann", "c").await;
    assert_eq!(ids(), [second.clone(), by_olga.clone()], "her own earlier preview is gone");
    let provisioning = Provisioning::open(&place.store, directory.opened(), &second).unwrap();
    provisioning.endorse("Eve", &digest).await.unwrap();
    provisioning.leave().await.unwrap();
    drop(provisioning);
    let (third, _) = write("Ann", "d").await;
    assert_eq!(ids(), [third, second, by_olga]);
}
