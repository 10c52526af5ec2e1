//! POST, PUT, PATCH and DELETE of users.

use super::super::discovery::places;
use super::super::fault::answer;
use super::super::list::{Fields, single, user_now};
use super::super::names::{CORE_USER, location};
use super::super::places::{Home, Mutability, Places};
use super::super::resource::value_of;
use super::body::{Verb, object};
use super::carry_out::{Asker, On, accepted, checked, closed, must_match, not_implemented};
use super::patch;
use super::target::{Names, Target};
use super::wish::{ExternalId, Wish};
use crate::asked::Asked;
use crate::door::Visitor;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use crate::work::Changed;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use connector_core::{Change, Operation, OperationKind, Result, SecretRef};
use connector_engine::keep_external_id;
use serde_json::{Map, Value, json};
use tokio::sync::OwnedMutexGuard;

/// Creates a user.
pub(in crate::scim) async fn create_user(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path(source): Path<String>,
    Asked(fields): Asked<Fields>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let asker = Asker { state: &state, visitor: &visitor, source: &source };
    let open = open(&asker, None, &headers).await?;
    if !open.places.can(OperationKind::Create) {
        return Err(not_implemented(
            format!("`{source}` can't create users"),
            "its connector or its settings allow no `create`",
        ));
    }
    let names = Names { source: &source, places: &open.places };
    let wish = whole(names, &Value::Null, &object(&body)?)?;
    let (name, external_id) = (wish.name.clone().unwrap_or_default(), wish.external_id.clone());
    let changed = asker.carry_out(&format!("SCIM POST Users {name}"), wish.creation()?).await?;
    if checked(&changed, On::NewUser)? {
        return Ok(accepted(&source, &changed));
    }
    let id = changed.reports.first().map(|report| report.account.clone()).unwrap_or_default();
    if let Some(external_id) = external_id {
        keep(&asker, &id, external_id).await?;
    }
    let place = location(&source, "Users", &id);
    let mut made = match read(&state, &open.places, &source, &id).await {
        Ok(user) if changed.is_refreshed => single(StatusCode::CREATED, user, &fields, &headers),
        // The run that reads the source now, or the next one, finds the rest.
        _ => answer(
            StatusCode::CREATED,
            &json!({"schemas": [CORE_USER], "id": id, "userName": name, "meta": {"resourceType": "User", "location": place}}),
        ),
    };
    if let Ok(place) = HeaderValue::from_str(&place) {
        made.headers_mut().insert(LOCATION, place);
    }
    Ok(made)
}

/// Replaces a user: what can be written and is not sent is removed.
pub(in crate::scim) async fn put_user(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
    Asked(fields): Asked<Fields>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let asker = Asker { state: &state, visitor: &visitor, source: &source };
    let open = open(&asker, Some(&id), &headers).await?;
    let names = Names { source: &source, places: &open.places };
    let mut wish = whole(names, &open.current, &object(&body)?)?;
    if wish.external_id.is_none() && open.places.keeps_external_ids() && !open.current["externalId"].is_null() {
        wish.external_id = Some(ExternalId::Forgotten);
    }
    for slot in open.places.slots.iter().filter(|slot| slot.mutability == Mutability::ReadWrite) {
        let is_there = !value_of(&open.current, &source, slot).is_null();
        if is_there && !slot.attribute.required && !wish.has(&slot.attribute.name) {
            wish.set.insert(slot.attribute.name.clone(), Value::Null);
        }
    }
    let changed = change(&asker, "PUT", &id, wish).await?;
    shown(&asker, &open, &id, changed, &fields, &headers).await
}

/// Changes a user.
pub(in crate::scim) async fn patch_user(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
    Asked(fields): Asked<Fields>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let asker = Asker { state: &state, visitor: &visitor, source: &source };
    let open = open(&asker, Some(&id), &headers).await?;
    let names = Names { source: &source, places: &open.places };
    let wish = patch::wish(names, &open.current, &object(&body)?)?;
    let changed = change(&asker, "PATCH", &id, wish).await?;
    shown(&asker, &open, &id, changed, &fields, &headers).await
}

/// Deletes a user.
pub(in crate::scim) async fn delete_user(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    Path((source, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let asker = Asker { state: &state, visitor: &visitor, source: &source };
    let open = open(&asker, Some(&id), &headers).await?;
    if !open.places.can(OperationKind::Delete) {
        let help = if open.places.can(OperationKind::Disable) {
            "set `active` to false"
        } else {
            "nothing here removes access"
        };
        return Err(not_implemented(format!("`{source}` can't delete users"), help));
    }
    let operations = vec![Operation::new(id.as_str(), Change::Delete)];
    let changed = asker.carry_out(&format!("SCIM DELETE Users/{id}"), operations).await?;
    let waits = checked(&changed, On::User)?;
    if !waits {
        keep(&asker, &id, ExternalId::Forgotten).await?;
    }
    Ok(if waits { accepted(&source, &changed) } else { StatusCode::NO_CONTENT.into_response() })
}

/// What a client can change, and the user as it is. Nobody changes it until this is dropped.
struct Open {
    places: Places,
    /// Null for a new user.
    current: Value,
    _turn: OwnedMutexGuard<()>,
}

/// Fails with status 412 if the client saw another version of the user.
async fn open(asker: &Asker<'_>, id: Option<&str>, headers: &HeaderMap) -> Result<Open, Failure> {
    let turn = asker.turn().await?;
    let (source, id, is_there) = (asker.source.to_owned(), id.map(str::to_owned), id.is_some());
    let found = asker.state.ask(move |reach| {
        reach.store_of(&source)?;
        let places = places(reach, &source)?;
        let current = match id {
            Some(id) => user_now(reach, &places, &source, &id)?,
            None => Value::Null,
        };
        Ok((places, current))
    });
    let (places, current) = found.await?;
    if let Some(why) = places.closed {
        return Err(closed(asker.source, why));
    }
    if is_there {
        must_match(headers, &[current["meta"]["version"].as_str().unwrap_or_default()])?;
    }
    Ok(Open { places, current, _turn: turn })
}

/// What a whole user in a body wants. What clients only read is ignored (RFC 7644, 3.5.1), and so is what the source does not have.
fn whole(names: Names<'_>, current: &Value, body: &Map<String, Value>) -> Result<Wish> {
    let mut wish = Wish::default();
    for (name, target, value) in names.members(Home::Core, body) {
        let is_written = match target {
            Target::Slot(slot) => slot.mutability != Mutability::ReadOnly,
            Target::Unknown | Target::Frame | Target::Fixed(_) | Target::FixedOwn(_) => false,
            Target::UserName | Target::Active | Target::Password | Target::ExternalId => true,
        };
        if is_written {
            wish.take(names, current, (&name, target, &value), Verb::Replace)?;
        }
    }
    Ok(wish)
}

/// Applies a wish to a user. A wish for nothing is no plan.
async fn change(asker: &Asker<'_>, verb: &str, id: &str, wish: Wish) -> Result<Changed, Failure> {
    let external_id = wish.external_id.clone();
    let operations: Vec<Operation<SecretRef>> = wish.changes(id);
    let changed = if operations.is_empty() {
        Changed { is_refreshed: true, ..Changed::default() }
    } else {
        asker.carry_out(&format!("SCIM {verb} Users/{id}"), operations).await?
    };
    checked(&changed, On::User)?;
    if let Some(external_id) = external_id {
        keep(asker, id, external_id).await?;
    }
    Ok(changed)
}

/// Keeps what the client calls a user. The source knows nothing of it, so this is no plan.
async fn keep(asker: &Asker<'_>, id: &str, external_id: ExternalId) -> Result<(), Failure> {
    let (source, id) = (asker.source.to_owned(), id.to_owned());
    let text = match external_id {
        ExternalId::Kept(text) => Some(text),
        ExternalId::Forgotten => None,
    };
    let kept = move |reach: &Reach| keep_external_id(reach.store_of(&source)?, &source, &id, text.as_deref());
    Ok(asker.state.ask(kept).await?)
}

/// The user after a change.
async fn shown(
    asker: &Asker<'_>,
    open: &Open,
    id: &str,
    changed: Changed,
    fields: &Fields,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    if checked(&changed, On::User)? {
        return Ok(accepted(asker.source, &changed));
    }
    if !changed.is_refreshed {
        // A run reads the source now, so the store can't show yet what was done.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let user = read(asker.state, &open.places, asker.source, id).await?;
    let mut unconditional = headers.clone();
    unconditional.remove(axum::http::header::IF_NONE_MATCH);
    Ok(single(StatusCode::OK, user, fields, &unconditional))
}

async fn read(state: &ServerState, places: &Places, source: &str, id: &str) -> Result<Value> {
    let (places, source, id) = (places.clone(), source.to_owned(), id.to_owned());
    state.ask(move |reach| user_now(reach, &places, &source, &id)).await
}
