//! What a connector for Acme must do, however it is written: each trap of the API at once.

use crate::{Acme, fault};
use connector_core::{
    Account, Assignment, Change, Connector, Cursor, Entitlement, ErrorKind, Operation, Outcome, Page, Result,
    SourceChange,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use wiremock::ResponseTemplate;

/// What a list says, and why it may be incomplete.
async fn whole<T>(page: impl AsyncFn(&Cursor) -> Result<Page<T>>) -> Result<(Vec<T>, Vec<String>)> {
    let (mut all, mut incomplete, mut left) = (Vec::new(), Vec::new(), vec![Cursor::start()]);
    while let Some(cursor) = left.pop() {
        let page = page(&cursor).await?;
        incomplete.extend(page.incomplete().map(str::to_owned));
        let (items, next) = page.into_parts();
        all.extend(items);
        left.extend(next);
    }
    Ok((all, incomplete))
}

async fn accounts(connector: &dyn Connector) -> Result<Vec<Account>> {
    whole(async |cursor: &Cursor| connector.aggregate_accounts(cursor).await).await.map(|(all, _)| all)
}

async fn groups(connector: &dyn Connector) -> Result<Vec<Entitlement>> {
    let ability = connector.capabilities().entitlements().unwrap();
    whole(async |cursor: &Cursor| ability.entitlements(cursor).await).await.map(|(all, _)| all)
}

async fn members(connector: &dyn Connector) -> (Vec<Assignment>, Vec<String>) {
    let ability = connector.capabilities().entitlements().unwrap();
    whole(async |cursor: &Cursor| ability.assignments(cursor).await).await.unwrap()
}

/// Proves that a connector reads and changes an Acme with at least six users and three groups: a key in a header, a token that expires,
/// an offset with a count in a header, a list for each group with a role, changes, PUT with `If-Match`, and a request to wait.
pub async fn prove(acme: &Acme, connector: &dyn Connector) {
    reads_users_with_a_token_that_expires(acme, connector).await;
    reads_groups_by_offset(acme, connector).await;
    reads_a_list_for_each_group(acme, connector).await;
    reads_what_changed(acme, connector).await;
    changes_only_what_it_read(acme, connector).await;
    waits_as_long_as_it_is_told(acme, connector).await;
}

async fn reads_users_with_a_token_that_expires(acme: &Acme, connector: &dyn Connector) {
    let all = accounts(connector).await.unwrap();
    assert_eq!(all.len(), acme.state().users.len(), "each request had the key");
    assert!(all.iter().any(|one| !one.enabled), "a suspended user is disabled");
    let first = connector.aggregate_accounts(&Cursor::start()).await.unwrap();
    acme.state().cursors.clear();
    let error = connector.aggregate_accounts(&first.next()[0]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Expired, "then the engine begins again: {error}");
}

async fn reads_groups_by_offset(acme: &Acme, connector: &dyn Connector) {
    let known: Vec<String> = acme.state().groups.keys().cloned().collect();
    let all = |all: Vec<Entitlement>| {
        all.into_iter().map(|one| one.key.id).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(all(groups(connector).await.unwrap()), known);
    let short = ResponseTemplate::new(200).set_body_json(json!([{"id": known[0], "name": "First"}]));
    acme.instead("GET /v2/groups", short.clone().insert_header("X-Total-Count", known.len().to_string().as_str()));
    assert_eq!(all(groups(connector).await.unwrap()), known, "a page with fewer rows than usual is no end");
    acme.instead("GET /v2/groups", short);
    assert_eq!(groups(connector).await.unwrap_err().kind(), ErrorKind::Protocol, "without the count, no end is proven");
}

async fn reads_a_list_for_each_group(acme: &Acme, connector: &dyn Connector) {
    acme.asked();
    let (held, incomplete) = members(connector).await;
    assert_eq!(incomplete, Vec::<String>::new());
    let asked = acme.asked();
    let mut expected = BTreeSet::new();
    let state = acme.state().groups.clone();
    for (group, members) in &state {
        assert!(asked.iter().any(|line| line.contains(&format!("/groups/{group}/members"))), "{group}: {asked:?}");
        expected.extend(members.iter().map(|member| (group.clone(), member.to_string())));
    }
    let of = |one: &Assignment| (one.entitlement.id.clone(), one.holder.to_string());
    assert_eq!(held.iter().map(of).collect::<BTreeSet<_>>(), expected);
    let roles: BTreeMap<_, _> = held.iter().map(|one| (of(one), one.attributes.get::<String>("role"))).collect();
    for (group, members) in &state {
        for member in members {
            let role = if members.first() == Some(member) { "lead" } else { "member" };
            assert_eq!(roles[&(group.clone(), member.to_string())].as_deref(), Some(role), "{member} in {group}");
        }
    }
    acme.instead("GET /v2/groups/g2/members", fault(404, "no_group"));
    let (_, incomplete) = members(connector).await;
    assert_eq!(incomplete.len(), 1, "a group that is gone is no empty list: {incomplete:?}");
}

async fn reads_what_changed(acme: &Acme, connector: &dyn Connector) {
    let ability = connector.capabilities().changes().unwrap();
    let since = ability.watermark().await.unwrap();
    acme.set(3, "email", "changed@acme.example".into());
    acme.asked();
    let (mut changes, mut next, mut left) = (Vec::new(), None, vec![since]);
    while let Some(cursor) = left.pop() {
        let page = ability.changes(&cursor).await.unwrap();
        next = page.watermark().cloned().or(next);
        let (items, more) = page.into_parts();
        changes.extend(items);
        left.extend(more);
    }
    let email = |change: &SourceChange| match change {
        SourceChange::Account(account) if account.id == "3" => account.attributes.get::<String>("email"),
        _ => None,
    };
    assert_eq!(changes.iter().find_map(email).as_deref(), Some("changed@acme.example"));
    assert!(next.is_some(), "the next read goes on there");
    assert!(acme.asked().iter().any(|line| line.contains("updated_after=")), "the API is asked for changes alone");
}

async fn changes_only_what_it_read(acme: &Acme, connector: &dyn Connector) {
    let before = acme.user(4);
    // Somebody else is faster, once.
    acme.instead("PUT /v2/users/4", fault(412, "changed_meanwhile"));
    let set = |email: &str| {
        Operation::new("4", Change::set([("email".to_owned(), Value::from(email))].into_iter().collect()))
    };
    assert_eq!(connector.provision(&set("new@acme.example")).await.unwrap(), Outcome::applied("4"));
    let after = acme.user(4);
    assert_eq!(after["email"], "new@acme.example");
    assert_eq!((&after["name"], &after["tags"]), (&before["name"], &before["tags"]), "the rest of the user stays");
    let again = connector.provision(&set("new@acme.example")).await.unwrap();
    assert!(matches!(again, Outcome::Unchanged { .. }), "{again:?}");
}

async fn waits_as_long_as_it_is_told(acme: &Acme, connector: &dyn Connector) {
    acme.instead("GET /v2/users", fault(429, "slow_down").insert_header("Retry-After", "1"));
    let begun = Instant::now();
    assert_eq!(accounts(connector).await.unwrap().len(), acme.state().users.len());
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
}
