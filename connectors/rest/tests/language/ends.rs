//! Memberships that end, and what else they have.

use crate::acme::{Acme, assignments, described, faults, open, with_ends};
use connector_core::{Account, Change, Concern, Connector, End, EntitlementRef, ErrorKind, Operation, Outcome};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

const EARLY: &str = "2126-01-31T00:00:00Z";
const LATE: &str = "2126-06-30T00:00:00Z";

fn group(id: &str) -> EntitlementRef {
    EntitlementRef::new("group", id)
}

async fn grant(connector: &dyn Connector, account: &str, until: Option<&str>) -> connector_core::Result<Outcome> {
    let until = until.map(|until| until.parse().unwrap());
    connector.provision(&Operation::new(account, Change::grant(group("g1"), until))).await
}

/// The end and the role of a membership.
async fn membership(connector: &dyn Connector, account: &str) -> (Option<String>, Value) {
    let all = assignments(connector).await.unwrap().items;
    let is_it =
        |one: &&connector_core::Assignment| one.holder.account_id() == Some(account) && one.entitlement == group("g1");
    let one = all.iter().find(is_it).unwrap();
    (one.valid_until.map(|until| until.to_string()), one.attributes.get("role").unwrap())
}

async fn found(connector: &dyn Connector, ids: &[&str], groups: &[&str]) -> Vec<Account> {
    let mut concern = Concern::default();
    concern.entitlements = groups.iter().map(|id| group(id)).collect();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let found = connector.capabilities().accounts().unwrap().find_accounts(&ids, &concern).await.unwrap();
    found.into_iter().flatten().collect()
}

#[tokio::test]
async fn a_new_end_is_set_and_the_role_stays() {
    let acme = Acme::start(6, 1).await;
    let connector = open(&with_ends(described(&acme))).unwrap();
    let connector = connector.as_ref();
    assert_eq!(membership(connector, "2").await, (None, json!("lead")));
    for until in [LATE, EARLY, LATE] {
        assert_eq!(grant(connector, "2", Some(until)).await.unwrap(), Outcome::applied("2"));
        assert_eq!(membership(connector, "2").await, (Some(until.to_owned()), json!("lead")));
        let again = grant(connector, "2", Some(until)).await.unwrap();
        assert_eq!(again, Outcome::unchanged("already holds it until then"));
        let account = &found(connector, &["2"], &["g1"]).await[0];
        assert_eq!(account.ends[&group("g1")], End::At(until.parse().unwrap()));
    }
    assert!(matches!(grant(connector, "2", None).await.unwrap(), Outcome::Unchanged { .. }));
    assert_eq!(grant(connector, "1", Some(EARLY)).await.unwrap(), Outcome::applied("1"), "a new member");
    assert_eq!(membership(connector, "1").await, (Some(EARLY.to_owned()), json!("member")));
    assert_eq!(found(connector, &["4"], &["g1"]).await[0].ends[&group("g1")], End::Never);
}

#[tokio::test]
async fn a_system_that_only_says_that_it_is_held_has_not_set_the_end() {
    let acme = Acme::start(6, 1).await;
    let mut settings = with_ends(described(&acme));
    for knows_end in [true, false] {
        if !knows_end {
            settings["assignments"][0]["map"]["expires"] = Value::Null;
        }
        let connector = open(&settings).unwrap();
        acme.instead("PUT /v2/groups/g1/members/2", ResponseTemplate::new(304));
        let error = grant(connector.as_ref(), "2", Some(EARLY)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert!(error.message().ends_with("the end was not set"), "{error}");
    }
}

#[tokio::test]
async fn a_grant_with_an_end_is_sent_if_the_end_that_is_there_is_unknown() {
    let acme = Acme::start(6, 1).await;
    let mut settings = with_ends(described(&acme));
    settings["assignments"][0]["map"]["expires"] = Value::Null;
    let connector = open(&settings).unwrap();
    assert!(found(connector.as_ref(), &["2"], &["g1"]).await[0].ends.is_empty());
    assert_eq!(grant(connector.as_ref(), "2", Some(EARLY)).await.unwrap(), Outcome::applied("2"));
    assert_eq!(acme.asked().iter().filter(|line| line.starts_with("PUT")).count(), 1);
}

#[tokio::test]
async fn a_renewal_can_have_a_request_of_its_own() {
    let acme = Acme::start(6, 1).await;
    let mut settings = with_ends(described(&acme));
    let put = "/groups/{entitlement.id}/members/{account.id}";
    settings["operations"]["grant"]["group"] = json!({
        "post": "/groups/{entitlement.id}/members", "body": {"id": "{account.id}", "role": "member", "until": "{until}"},
        "renew": {"put": put, "body": {"role": "{held.role}", "until": "{until}"}},
    });
    let connector = open(&settings).unwrap();
    assert_eq!(grant(connector.as_ref(), "2", Some(EARLY)).await.unwrap(), Outcome::applied("2"));
    assert_eq!(membership(connector.as_ref(), "2").await, (Some(EARLY.to_owned()), json!("lead")));
}

#[tokio::test]
async fn a_renewal_that_would_change_the_role_is_refused_by_validate() {
    let acme = Acme::start(2, 1).await;
    let fault = |change: &dyn Fn(&mut Value)| {
        let mut settings = with_ends(described(&acme));
        change(&mut settings);
        let all = faults(&settings);
        assert_eq!(all.len(), 1, "{all:?}");
        (all[0].pointer.clone(), all[0].message.clone())
    };
    let body = |settings: &mut Value, body: Value| settings["operations"]["grant"]["group"]["body"] = body;
    let (pointer, message) = fault(&|settings| body(settings, json!({"until": "{until}", "role": "member"})));
    assert_eq!(pointer, "/operations/grant/group/body/role");
    assert_eq!(message, "a grant with another end would overwrite `role` of who holds it already");
    let (_, message) = fault(&|settings| body(settings, json!({"until": "{until}", "x": "{held.level}"})));
    assert_eq!(message, "`held` has no `level`");
    let (_, message) = fault(&|settings| settings["assignments"][0]["lookup"]["item"] = Value::Null);
    assert_eq!(message, "`lookup` does not show what `held` names");
}

#[tokio::test]
async fn each_list_is_read_once_however_many_accounts_are_looked_up() {
    let acme = Acme::start(12, 3).await;
    let mut settings = described(&acme);
    settings["assignments"][0]["lookup"] = Value::Null;
    let connector = open(&settings).unwrap();
    acme.asked();
    let ids: Vec<String> = (1..=12).map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let found = found(connector.as_ref(), &ids, &["g1", "g2", "g3"]).await;
    let holds = |id: &str| found.iter().filter(|one| one.entitlements.contains(&group(id))).count();
    assert_eq!((holds("g1"), holds("g2"), holds("g3")), (6, 4, 3));
    let mut pages: Vec<_> = acme.asked().into_iter().filter(|line| line.contains("/members")).collect();
    let count = pages.len();
    pages.sort_unstable();
    pages.dedup();
    assert_eq!((pages.len(), count), (7, 7), "the pages of 6, 4 and 3 members, two on each: {pages:?}");
}
