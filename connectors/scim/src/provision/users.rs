//! Changes of one user: with PATCH, or by replacing the whole user.

use super::body::{self, is_same, patch};
use super::{MOST_TRIES, puts, unknown_type};
use crate::accounts::{Field, Fields, is_active};
use crate::error::{odd, of_write};
use crate::groups::named;
use crate::protocol::{Object, ResourceType, quoted, resource};
use crate::source::Source;
use connector_core::{EntitlementRef, Error, Happened, Outcome, Result};
use connector_http::{Method, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A user as it is now.
struct Current {
    user: Value,
    version: Option<String>,
}

/// What to do with a user.
enum Step {
    Set(Field, Value),
    Add(Field, Vec<Value>),
    Remove(Field, Vec<Value>),
}

/// Sets, adds and removes values.
pub(super) async fn update(
    source: &Source,
    id: &str,
    set: &Map<String, Value>,
    add: &BTreeMap<String, Vec<Value>>,
    remove: &BTreeMap<String, Vec<Value>>,
) -> Result<Outcome> {
    let known = source.service.discovery().await?;
    let fields = Fields::of(known, |name| source.is_excluded(name));
    change(source, id, |current| {
        let mut steps = Vec::new();
        for (name, value) in set {
            let field = fields.named(name);
            if !is_same(body::value(&current.user, &field), value) {
                steps.push(Step::Set(field, value.clone()));
            }
        }
        for (name, values) in add {
            steps.extend(added(current, fields.named(name), values));
        }
        for (name, values) in remove {
            steps.extend(removed(current, fields.named(name), values));
        }
        Ok((steps, "already has these values"))
    })
    .await
}

/// Enables or disables a user.
pub(super) async fn switch(source: &Source, id: &str, on: bool) -> Result<Outcome> {
    let already = if on { "already enabled" } else { "already disabled" };
    change(source, id, |current| {
        let text = serde_json::to_string(&current.user).unwrap_or_default();
        let is_on = serde_json::from_str::<Object<'_>>(&text).map_or(Ok(true), |user| is_active(id, &user))?;
        let is_said = !body::value(&current.user, &own("active")).is_null();
        // A server that shows no `active` may have a default of its own.
        let steps = if is_on == on && is_said || (on && is_on) {
            Vec::new()
        } else {
            vec![Step::Set(own("active"), on.into())]
        };
        Ok((steps, already))
    })
    .await
}

pub(super) async fn set_password(source: &Source, id: &str, password: Option<&SecretString>) -> Result<Outcome> {
    let Some(password) = password else {
        return Err(Error::unsupported("SCIM can't reset a password and notify the user")
            .with_help("give the new password with `password_ref`"));
    };
    change(source, id, |_| Ok((vec![Step::Set(own("password"), password.expose_secret().into())], ""))).await
}

/// Grants or revokes a value, such as a role.
pub(super) async fn change_value(
    source: &Source,
    id: &str,
    entitlement: &EntitlementRef,
    add: bool,
) -> Result<Outcome> {
    let kind = named(source, &entitlement.entitlement_type).ok_or_else(|| unknown_type(entitlement))?;
    let value = [json!({"value": entitlement.id})];
    change(source, id, |current| {
        let steps =
            if add { added(current, own(&kind.given), &value) } else { removed(current, own(&kind.given), &value) };
        Ok((steps.into_iter().collect(), if add { "already holds it" } else { "does not hold it" }))
    })
    .await
}

pub(super) async fn delete(source: &Source, id: &str) -> Result<Outcome> {
    let of = source.user_type().await?;
    let Some(path) = resource(&of.endpoint, id) else { return Ok(Outcome::unchanged("no such user")) };
    let response = source.service.write(Method::DELETE, &path, None, None).await?;
    match response.status {
        // A web page or a gateway doesn't say that the user is gone.
        404 | 410 if source.service.is_absent(&of.endpoint, &response).await? => Ok(Outcome::unchanged("no such user")),
        _ => accepted(&response, &format!("deleting user `{id}`"), id),
    }
}

/// An attribute of the user itself.
fn own(name: &str) -> Field {
    Field {
        name: name.to_owned(),
        extension: String::new(),
        attribute: name.to_owned(),
        part: None,
        described: crate::protocol::Attribute::default(),
    }
}

fn added(current: &Current, field: Field, values: &[Value]) -> Option<Step> {
    let there = body::value(&current.user, &field).as_array().cloned().unwrap_or_default();
    let new: Vec<Value> =
        values.iter().filter(|value| !there.iter().any(|one| is_value(one, value))).cloned().collect();
    (!new.is_empty()).then_some(Step::Add(field, new))
}

fn removed(current: &Current, field: Field, values: &[Value]) -> Option<Step> {
    let there = body::value(&current.user, &field).as_array().cloned().unwrap_or_default();
    let old: Vec<Value> = values.iter().filter(|value| there.iter().any(|one| is_value(one, value))).cloned().collect();
    (!old.is_empty()).then_some(Step::Remove(field, old))
}

/// Whether an item of a list is the one that a plan means. A plain text and an object with it as `value` are the same.
fn is_value(there: &Value, wanted: &Value) -> bool {
    let plain = |one: &Value| one.get("value").unwrap_or(one).clone();
    is_same(there, wanted) || (plain(there) == plain(wanted) && (there.is_string() || wanted.is_string()))
}

/// Reads the user, decides what to change, and changes it. Begins again if somebody else changes the user in between.
async fn change(
    source: &Source,
    id: &str,
    decide: impl Fn(&Current) -> Result<(Vec<Step>, &'static str)>,
) -> Result<Outcome> {
    let known = source.service.discovery().await?;
    let of = source.user_type().await?;
    let doing = format!("changing user `{id}`");
    let whole = puts(source.settings.write.users, known.patch);
    // Two changes of this process that replace the same user would undo each other if the server has no versions.
    let _alone = if whole { Some(source.replacing.lock().await) } else { None };
    let mut tries = 0;
    loop {
        tries += 1;
        let Some(current) = read(source, of, id).await? else {
            return Err(Error::not_found(format!("{doing}: the server has no such user"))
                .with_help("check whether somebody deleted it"));
        };
        let (steps, already) = decide(&current)?;
        if steps.is_empty() {
            return Ok(Outcome::unchanged(already));
        }
        let version = current.version.as_deref().filter(|_| known.etag);
        let path = resource(&of.endpoint, id).unwrap_or_default();
        let response = if whole {
            let body = replaced(&current, &steps, &of.schema);
            source.service.write(Method::PUT, &path, Some(&body), version).await?
        } else {
            let operations: Vec<Value> = steps.iter().flat_map(|step| operations(&current, step)).collect();
            let body = patch(&operations);
            source.service.write(Method::PATCH, &path, Some(&body), version).await?
        };
        if response.status == 412 && tries < MOST_TRIES {
            tokio::time::sleep(Duration::from_millis(50 * tries as u64)).await;
            continue;
        }
        return accepted(&response, &doing, id);
    }
}

async fn read(source: &Source, of: &ResourceType, id: &str) -> Result<Option<Current>> {
    let doing = format!("reading user `{id}`");
    let Some(response) = source.service.resource(&of.endpoint, id, &[], &doing).await? else { return Ok(None) };
    let user: Value = response.json()?;
    let version = response.header("etag").map(str::to_owned);
    let version = version.or_else(|| user["meta"]["version"].as_str().map(str::to_owned));
    if user["id"].as_str() != Some(id) {
        return Err(odd(format!("{doing}: the response is about another user"), "ask the owner of the server"));
    }
    Ok(Some(Current { user, version }))
}

/// The operations of a PATCH.
fn operations(current: &Current, step: &Step) -> Vec<Value> {
    match step {
        Step::Set(field, value) if value.is_null() => vec![json!({"op": "remove", "path": field.name})],
        Step::Set(field, value) => vec![json!({"op": "replace", "path": field.name, "value": value})],
        Step::Add(field, values) => vec![json!({"op": "add", "path": field.name, "value": values})],
        Step::Remove(field, values) => {
            let keys: Option<Vec<&str>> =
                values.iter().map(|value| value.as_str().or_else(|| value.get("value")?.as_str())).collect();
            if let Some(keys) = keys {
                let path = |key: &str| format!("{}[value eq {}]", field.name, quoted(key));
                return keys.into_iter().map(|key| json!({"op": "remove", "path": path(key)})).collect();
            }
            let left = without(current, field, values);
            vec![json!({"op": "replace", "path": field.name, "value": left})]
        }
    }
}

/// The whole user after the steps.
fn replaced(current: &Current, steps: &[Step], schema: &str) -> Value {
    let mut user = current.user.as_object().cloned().unwrap_or_default();
    // The server sets these itself.
    user.retain(|name, _| !["meta", "groups"].contains(&name.to_ascii_lowercase().as_str()));
    for step in steps {
        match step {
            Step::Set(field, value) => body::set(&mut user, field, value.clone()),
            Step::Add(field, values) => {
                let mut all = body::value(&current.user, field).as_array().cloned().unwrap_or_default();
                all.extend(values.iter().cloned());
                body::set(&mut user, field, all.into());
            }
            Step::Remove(field, values) => body::set(&mut user, field, without(current, field, values).into()),
        }
    }
    body::with_schemas(&mut user, schema);
    user.into()
}

fn without(current: &Current, field: &Field, values: &[Value]) -> Vec<Value> {
    let there = body::value(&current.user, field).as_array().cloned().unwrap_or_default();
    there.into_iter().filter(|one| !values.iter().any(|value| is_value(one, value))).collect()
}

/// The outcome of a change that the server accepted.
pub(super) fn accepted(response: &Response, doing: &str, account: &str) -> Result<Outcome> {
    if !response.is_success() {
        return Err(of_write(response, doing));
    }
    if response.body.trim_ascii_start().starts_with(b"<") {
        return Err(
            crate::error::not_scim(doing, "the response is a web page, not SCIM").with_happened(Happened::Unknown)
        );
    }
    Ok(if response.status == 202 {
        Outcome::queued(account, "the server accepted the change, and makes it later")
    } else {
        Outcome::applied(account)
    })
}
