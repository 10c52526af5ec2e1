//! Carrying out operations.

mod accepted;
mod attributes;
mod body;
mod create;
mod job;
mod send;
mod sending;

use crate::api::Api;
use crate::read::{self, FoundAccount, Mark, Subject};
use crate::settings::Where;
use crate::system::{Request, Way};
use attributes::wanted;
use connector_core::{Account, Change, EntitlementRef, Error, Operation, Outcome, Result};
use secrecy::ExposeSecret;
use send::send;
use sending::Sending;
use serde_json::Value;

/// Carries out one operation. Nothing is sent if nothing would change.
pub(crate) async fn carry_out(api: &Api, mark: Mark, operation: &Operation) -> Result<Outcome> {
    let operations = &api.system.operations;
    match &operation.change {
        Change::Create { name, attributes, password, .. } => {
            let create = operations.create.as_ref().ok_or_else(|| unsupported(operation))?;
            create::create(api, create, name, attributes, password.as_ref()).await
        }
        Change::Grant { entitlement, until, .. } => {
            let request = operations.grant.get(&*entitlement.entitlement_type);
            let request = request.ok_or_else(|| unsupported(operation))?;
            if until.is_some() && !request.uses("until") {
                return Err(Error::unsupported(format!("a grant of `{entitlement}` can't have an end"))
                    .with_help("remove `until` from the plan"));
            }
            let extra = until.map(|until| ("until", Value::from(until.to_string())));
            assign(api, mark, request, &operation.account, entitlement, extra, true).await
        }
        Change::Revoke { entitlement, .. } => {
            let request = operations.revoke.get(&*entitlement.entitlement_type);
            let request = request.ok_or_else(|| unsupported(operation))?;
            assign(api, mark, request, &operation.account, entitlement, None, false).await
        }
        change => {
            let way = way(change).ok_or_else(|| unsupported(operation))?;
            let request = operations.simple.get(&way).ok_or_else(|| unsupported(operation))?;
            simple(api, mark, way, request, operation).await
        }
    }
}

fn unsupported(operation: &Operation) -> Error {
    let name = operation.kind().name();
    let of = operation.change.entitlement().map(|one| format!(" of `{}`", one.entitlement_type)).unwrap_or_default();
    Error::unsupported(format!("the settings don't describe `{name}`{of}"))
        .with_help(format!("add `operations.{name}`, or leave the operation out"))
}

fn way(change: &Change) -> Option<Way> {
    Some(match change {
        Change::Update { .. } => Way::Update,
        Change::Enable => Way::Enable,
        Change::Disable => Way::Disable,
        Change::Lock => Way::Lock,
        Change::Unlock => Way::Unlock,
        Change::SetPassword { password: Some(_), .. } => Way::SetPassword,
        Change::SetPassword { password: None, .. } => Way::ResetPassword,
        Change::Delete => Way::Delete,
        _ => return None,
    })
}

fn place(way: Way) -> Where {
    match way {
        Way::Update => Where::Update,
        Way::Enable => Where::Enable,
        Way::Disable => Where::Disable,
        Way::Lock => Where::Lock,
        Way::Unlock => Where::Unlock,
        Way::SetPassword | Way::ResetPassword => Where::SetPassword,
        Way::Delete => Where::Delete,
    }
}

/// The account as it is now.
async fn current(api: &Api, id: &str) -> Result<Option<FoundAccount>> {
    read::one(api, id).await.map(|found| found.filter(|found| found.account.id == id))
}

fn gone(id: &str) -> Error {
    Error::not_found(format!("the account {id} does not exist"))
}

/// What is so already.
fn already(way: Way, account: &Account) -> Option<&'static str> {
    match way {
        Way::Enable if account.enabled => Some("already enabled"),
        Way::Disable if !account.enabled => Some("already disabled"),
        Way::Lock if account.locked => Some("already locked"),
        Way::Unlock if !account.locked => Some("not locked"),
        _ => None,
    }
}

async fn simple(api: &Api, mark: Mark, way: Way, request: &Request, operation: &Operation) -> Result<Outcome> {
    let on = place(way);
    let Some(found) = current(api, &operation.account).await? else {
        return match way {
            Way::Delete => Ok(Outcome::unchanged("no longer exists")),
            _ => Err(gone(&operation.account)),
        };
    };
    if let Some(detail) = already(way, &found.account) {
        return Ok(Outcome::unchanged(detail));
    }
    let mut sending = Sending::new(request, on, &operation.account).with("account", found.subject.json());
    match &operation.change {
        Change::Update { set, add, remove, .. } => {
            let changed = wanted(&api.system, &found.account, set, add, remove)?;
            if changed.is_empty() {
                return Ok(Outcome::unchanged("has these values already"));
            }
            sending = sending.with("attributes", Value::Object(changed.clone())).with_attributes(changed);
        }
        Change::SetPassword { password: Some(password), .. } => {
            sending = sending.with("password", password.expose_secret().into());
        }
        _ => {}
    }
    send(api, mark, sending).await
}

/// Grants or revokes.
async fn assign(
    api: &Api,
    mark: Mark,
    request: &Request,
    id: &str,
    entitlement: &EntitlementRef,
    extra: Option<(&'static str, Value)>,
    is_grant: bool,
) -> Result<Outcome> {
    let on = if is_grant { Where::Grant } else { Where::Revoke };
    let found = current(api, id).await?.ok_or_else(|| gone(id))?;
    let finds = request.find.is_some() && !is_grant;
    let tells = request.already.is_some() || request.add.is_some() || request.remove.is_some() || finds;
    if !tells && read::holds(api, mark, &found, entitlement).await? == is_grant {
        return Ok(Outcome::unchanged(if is_grant { "already holds it" } else { "does not hold it" }));
    }
    let needs_more = request.entitlement_members().iter().any(|member| member != "id");
    let subject = if needs_more {
        read::entitlements::look_up(api, mark, entitlement).await?
    } else {
        Subject::of_id(&entitlement.id)
    };
    let mut sending =
        Sending::new(request, on, id).with("account", found.subject.json()).with("entitlement", subject.json());
    if let Some((name, value)) = extra {
        sending = sending.with(name, value);
    }
    send(api, mark, sending).await
}
