//! Promise: one plan takes away no more than the source's file allows, and nothing from protected accounts.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::{Error, ErrorKind, Percentage};
use connector_engine::provision::Preview;
use connector_engine::provision::Standing::{Applied, Failed, Planned};
use connector_project::plan::PlanOperation;
use connector_project::source::{Cap, ProvisioningSettings};
use provision_fake::{
    Directory, Place, create, delete, disable, grant, lock, outcomes, reference, revoke, revoke_tokens, update,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// A directory, and a store that knows its accounts and two assignments of each.
fn known(count: usize) -> (Directory, Place, Vec<String>) {
    let names: Vec<String> = (0..count).map(|number| format!("user{number:04}")).collect();
    let directory = Directory::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let place = Place::new();
    let store = place.connection();
    let rows = format!(
        "INSERT INTO sources (id, name) VALUES (1, 'directory');
         INSERT INTO runs (number, id, source, connector, definition, mode, status, started_at)
             VALUES (1, 'r', 1, 'fake', 'd', 'full', 'succeeded', '2026-01-01T00:00:00Z');
         INSERT INTO accounts (source, account_id, name, enabled, locked, attributes, hash, first_run, added_run)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
             SELECT 1, 'A' || substr(CAST(10000 + i AS TEXT), 2), 'user' || substr(CAST(9999 + i AS TEXT), 2), 1, 0, '{{}}', x'', 1, 1 FROM n;
         INSERT INTO assignments (source, account, entitlement, holder, through, inline, id, first_run, added_run)
             SELECT 1, account_id, e.v, 0, 0, 0, id * 2 + e.v, 1, 1 FROM accounts, (SELECT 0 AS v UNION SELECT 1) e;"
    );
    store.execute_batch(&rows).unwrap();
    (directory, place, names)
}

async fn previewed(place: &Place, directory: &Directory, plan: &[PlanOperation]) -> (Preview, Option<Error>) {
    let mut provisioning = place.begin(directory, plan);
    let preview = provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap();
    let applied = provisioning.apply(|_| {}, &CancellationToken::new()).await;
    (preview, applied.err())
}

#[tokio::test]
async fn a_plan_that_disables_nearly_everybody_is_refused_and_nothing_is_sent() {
    let (directory, place, names) = known(300);
    for plan in [
        names.iter().take(31).map(|name| disable(name)).collect::<Vec<_>>(),
        names.iter().take(31).map(|name| lock(name)).collect(),
        names.iter().take(31).map(|name| revoke_tokens(name)).collect(),
        names.iter().take(31).flat_map(|name| [lock(name), disable(name)]).collect(),
    ] {
        let (preview, error) = previewed(&place, &directory, &plan).await;
        let refusal = preview.refusal.unwrap();
        assert_eq!(refusal.kind(), ErrorKind::Guard);
        assert_eq!(
            refusal.message(),
            "the plan disables, locks or signs out 31 of 300 enabled accounts, more than `provisioning.max_disable` allows (30): nothing was sent"
        );
        assert!(refusal.help().unwrap().contains("`provisioning: {max_disable: 31}`"), "{refusal:?}");
        assert_eq!(error.unwrap().kind(), ErrorKind::Guard);
    }
    assert_eq!(directory.server().calls.len(), 0);
    let plan: Vec<_> = names.iter().take(30).map(|name| disable(name)).collect();
    let (preview, error) = previewed(&place, &directory, &plan).await;
    assert!(preview.refusal.is_none() && error.is_none() && preview.warnings.is_empty());
    assert_eq!(directory.server().changes.len(), 30);
}

#[tokio::test]
async fn the_caps_of_the_file_count() {
    let (mut directory, place, names) = known(100);
    for name in &names {
        directory.server().person(name).held.insert(reference("group/1"));
    }
    directory.caps = ProvisioningSettings {
        max_disable: Some(Cap::Share(Percentage::new(5.0))),
        max_revoke: Some(Cap::Share(Percentage::new(20.0))),
        max_delete: Some(Cap::Count(0)),
        ..ProvisioningSettings::default()
    };
    let some = |count: usize, of: fn(&str) -> PlanOperation| names.iter().take(count).map(|name| of(name)).collect();
    let revoked = |name: &str| revoke(name, "group/1");
    for (plan, refused) in [
        (some(5, disable), None),
        (
            some(6, disable),
            Some(
                "disables, locks or signs out 6 of 100 enabled accounts, more than `provisioning.max_disable` allows (5%, which is 5)",
            ),
        ),
        (some(40, revoked), None),
        (some(41, revoked), Some("revokes 41 of 200 assignments")),
        (some(1, delete), Some("deletes 1 of 100 accounts, more than `provisioning.max_delete` allows (0)")),
    ] {
        let plan: Vec<PlanOperation> = plan;
        let (_, preview, _) = place.preview(&directory, &plan).await;
        let found = preview.refusal.as_ref().map(Error::message).unwrap_or_default();
        assert!(refused.is_none_or(|part| found.contains(part)) && refused.is_some() != found.is_empty(), "{found}");
    }
    // What a plan makes itself is not taken away from anybody.
    let plan: Vec<_> = (0..20)
        .flat_map(|number| [create(&format!("n{number}"), json!({}), &[]), disable(&format!("n{number}"))])
        .collect();
    assert!(place.preview(&directory, &plan).await.1.refusal.is_none());
}

#[tokio::test]
async fn a_cap_that_is_off_or_can_not_be_worked_out_is_said() {
    let (mut directory, place, names) = known(30);
    directory.caps.max_disable = Some(Cap::Share(Percentage::new(100.0)));
    let plan: Vec<_> = names.iter().map(|name| disable(name)).collect();
    let (preview, error) = previewed(&place, &directory, &plan).await;
    assert!(preview.refusal.is_none() && error.is_none());
    assert_eq!(preview.warnings, ["the guard is off: `provisioning.max_disable` has no limit"]);
    // A store without accounts knows no share.
    let directory = Directory::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let (_, preview, _) = Place::new().preview(&directory, &plan).await;
    assert!(preview.refusal.is_none() && preview.warnings[0].contains("run `connector aggregate` first"));
}

#[tokio::test]
async fn a_plan_that_changes_a_protected_account_is_refused_as_a_whole() {
    let mut directory = Directory::of(&["bob", "Service"]);
    directory.caps.protected = vec!["service".to_owned()];
    let place = Place::new();
    // By name or by id, whatever the change is.
    for plan in [
        vec![grant("bob", "group/1"), disable("Service")],
        vec![grant("bob", "group/1"), update("A0002", json!({"Title": "x"}))],
    ] {
        let (_, preview, reports) = place.preview(&directory, &plan).await;
        assert_eq!(outcomes(&reports), [Planned, Failed]);
        assert!(reports[1].error.as_ref().unwrap().message.contains("is a protected account"));
        assert!(preview.refusal.unwrap().message().contains("1 operations of the plan concern protected accounts"));
        assert_eq!(previewed(&place, &directory, &plan).await.1.unwrap().kind(), ErrorKind::Guard);
    }
    assert_eq!(directory.server().calls.len(), 0);
    let (_, reports) = place.carry_out(&directory, &[grant("bob", "group/1")]).await;
    assert_eq!(outcomes(&reports), [Applied]);
}

#[tokio::test]
async fn a_preview_asks_for_each_account_only_what_its_own_operations_name() {
    let names: Vec<String> = (0..40).map(|number| format!("user{number}")).collect();
    let mut directory = Directory::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    directory.most_accounts = 4;
    for number in 4..40 {
        let group = format!("group/{number}");
        directory.server().entitlements.push(connector_core::Entitlement::new(reference(&group), group));
    }
    let plan: Vec<_> = names.iter().enumerate().map(|(number, name)| grant(name, &format!("group/{number}"))).collect();
    drop(Place::new().preview(&directory, &plan).await);
    let server = directory.server();
    assert_eq!(server.concerns.len(), 10);
    assert!(server.concerns.iter().all(|concern| concern.entitlements.len() == 4), "{:?}", server.concerns);
    assert!(server.concerns.iter().flat_map(|concern| concern.held_by.values()).all(|held| held.len() == 1));
}

#[tokio::test]
async fn a_plan_stops_before_it_uses_calls_that_are_kept_for_others() {
    let names = ["a", "b", "c"];
    let mut directory = Directory::of(&names);
    directory.limits.reserve = Some("10%".parse().unwrap());
    let place = Place::new();
    let plan = names.map(disable);
    let usage = |used| directory.context.meter().note_allowance("api-usage", connector_core::Allowance::new(used, 100));
    let (mut provisioning, ..) = place.preview(&directory, &plan).await;
    usage(88);
    let applied = provisioning.apply(|_| {}, &CancellationToken::new()).await.unwrap();
    assert_eq!(applied.error.map(|error| error.kind()), Some(ErrorKind::Guard));
    provisioning.leave().await.unwrap();
    assert!(directory.server().changes.is_empty());
    drop(provisioning);
    usage(10);
    let (applied, reports) = place.carry_out(&directory, &plan).await;
    assert!(applied.error.is_none());
    assert_eq!(outcomes(&reports), [Applied; 3], "{reports:#?}");
}
