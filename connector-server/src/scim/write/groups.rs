//! Writes of groups: who holds an entitlement. The entitlements themselves are made at the source.

use super::super::discovery::places;
use super::super::list::{Fields, group_key, group_now, single};
use super::super::places::Places;
use super::body::object;
use super::carry_out::{Asker, On, accepted, checked, closed, must_match, not_implemented};
use super::members::Members;
use crate::access::Role;
use crate::asked::Asked;
use crate::door::Visitor;
use crate::failure::Failure;
use crate::state::State as ServerState;
use crate::work::Changed;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use connector_core::{EntitlementRef, Error, Result};
use serde_json::Value;
use tokio::sync::OwnedMutexGuard;

/// Refuses to create a group.
pub(in crate::scim) async fn create_group(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path(source): Path<String>,
) -> Result<Response, Failure> {
    visitor.must_be(Role::Approver)?;
    state.ask(move |reach| reach.store_of(&source).map(drop)).await?;
    Err(not_implemented(
        "groups are entitlements of the source, and no plan can create one".to_owned(),
        "create it at the source, and read the source again",
    ))
}

/// Refuses to delete a group.
pub(in crate::scim) async fn delete_group(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    visitor.must_be(Role::Approver)?;
    state.ask(move |reach| group_now(reach, &source, &id, false)).await?;
    Err(not_implemented(
        "groups are entitlements of the source, and no plan can delete one".to_owned(),
        "delete it at the source, and read the source again",
    ))
}

/// Changes who is in a group.
pub(in crate::scim) async fn patch_group(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let asker = Asker { state: &state, visitor: &visitor, source: &source };
    let (open, key) = open(&asker, &id, &headers).await?;
    let members = Members::of_patch(&open.whole, &object(&body)?)?;
    let changed = change(&asker, "PATCH", &open, &key, members).await?;
    if checked(&changed, On::Group)? {
        return Ok(accepted(&source, &changed));
    }
    // A group can be long, and who changes it knows what was sent.
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Replaces who is in a group.
pub(in crate::scim) async fn put_group(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
    Asked(fields): Asked<Fields>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let asker = Asker { state: &state, visitor: &visitor, source: &source };
    let (open, key) = open(&asker, &id, &headers).await?;
    let members = Members::of_put(&open.whole, &object(&body)?)?;
    let changed = change(&asker, "PUT", &open, &key, members).await?;
    if checked(&changed, On::Group)? {
        return Ok(accepted(&source, &changed));
    }
    if !changed.is_refreshed {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let group = state.ask(move |reach| group_now(reach, &source, &id, true)).await?;
    Ok(single(StatusCode::OK, group, &fields, &HeaderMap::new()))
}

/// What a client can change, and the group as it is, with its members. Nobody changes it until this is dropped.
struct Open {
    places: Places,
    whole: Value,
    _turn: OwnedMutexGuard<()>,
}

async fn open(asker: &Asker<'_>, id: &str, headers: &HeaderMap) -> Result<(Open, EntitlementRef), Failure> {
    let turn = asker.turn().await?;
    let (source, of) = (asker.source.to_owned(), id.to_owned());
    let found = asker.state.ask(move |reach| {
        let whole = group_now(reach, &source, &of, true)?;
        let brief = group_now(reach, &source, &of, false)?;
        Ok((places(reach, &source)?, whole, brief))
    });
    let (places, whole, brief) = found.await?;
    let version = |group: &Value| group["meta"]["version"].as_str().unwrap_or_default().to_owned();
    // A list shows a group without its members.
    must_match(headers, &[&version(&whole), &version(&brief)])?;
    if let Some(why) = places.closed {
        return Err(closed(asker.source, why));
    }
    let key = group_key(id).ok_or_else(|| Error::not_found(format!("`{}` has no group `{id}`", asker.source)))?;
    Ok((Open { places, whole, _turn: turn }, key))
}

async fn change(
    asker: &Asker<'_>,
    verb: &str,
    open: &Open,
    key: &EntitlementRef,
    members: Members,
) -> Result<Changed, Failure> {
    let operations = members.changes(key);
    if operations.is_empty() {
        return Ok(Changed { is_refreshed: true, ..Changed::default() });
    }
    if !open.places.can_assign_type(&key.entitlement_type) {
        return Err(not_implemented(
            format!("no plan can change who holds a `{}` of `{}`", key.entitlement_type, asker.source),
            "the source itself decides who holds it",
        ));
    }
    asker.carry_out(&format!("SCIM {verb} Groups/{}:{}", key.entitlement_type, key.id), operations).await
}
