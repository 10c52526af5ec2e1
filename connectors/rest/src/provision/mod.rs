//! Carrying out operations.

mod accepted;
mod attributes;
mod body;
mod create;
mod current;
mod grants;
mod job;
mod send;
mod sending;

use crate::api::Api;
use crate::read::Mark;
use crate::settings::Where;
use crate::system::{Request, Way};
use attributes::wanted;
use connector_core::{Account, Change, Error, Operation, Outcome, Result};
use current::{current, gone};
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
            grants::grant(api, mark, request, &operation.account, entitlement, *until).await
        }
        Change::Revoke { entitlement, .. } => {
            let request = operations.revoke.get(&*entitlement.entitlement_type);
            let request = request.ok_or_else(|| unsupported(operation))?;
            grants::revoke(api, mark, request, &operation.account, entitlement).await
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
