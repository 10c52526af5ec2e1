//! Granting and revoking.

use super::current::{current, gone};
use super::send::send;
use super::sending::Sending;
use crate::api::Api;
use crate::read::{self, FoundAccount, Held, Mark, Subject};
use crate::settings::Where;
use crate::system::Request;
use connector_core::{EntitlementRef, Error, Outcome, Result};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// Lets an account hold an entitlement. One that it holds already gets the end that is asked for.
pub(super) async fn grant(
    api: &Api,
    mark: Mark,
    request: &Request,
    account: &str,
    entitlement: &EntitlementRef,
    until: Option<Timestamp>,
) -> Result<Outcome> {
    let renewal = request.renew.as_deref().unwrap_or(request);
    if until.is_some() && !(request.uses("until") && renewal.uses("until")) {
        return Err(Error::unsupported(format!("a grant of `{entitlement}` can't have an end"))
            .with_help("remove `until` from the plan"));
    }
    let found = current(api, account).await?.ok_or_else(|| gone(account))?;
    let tells = request.already.is_some() || request.add.is_some();
    let matters = until.is_some() || request.uses("held");
    let held = if tells && !matters { None } else { read::held_by(api, mark, &found, entitlement).await? };
    let chosen = match (&held, until) {
        (Some(_), None) => return Ok(Outcome::unchanged("already holds it")),
        (Some(held), Some(until)) if held.end.is_some_and(|end| end.is_at(until)) => {
            return Ok(Outcome::unchanged("already holds it until then"));
        }
        (Some(_), Some(_)) => renewal,
        (None, _) => request,
    };
    let mut sending = sending(api, mark, (chosen, Where::Grant), &found, entitlement).await?;
    sending.add("held", values_of(held.as_ref())?);
    if let Some(until) = until {
        sending.add("until", Value::from(until.to_string()));
    }
    let outcome = send(api, mark, sending).await?;
    match until {
        // The system says that the account holds it, but not until when.
        Some(until) if chosen.already.is_some() && matches!(outcome, Outcome::Unchanged { .. }) => {
            let held = read::held_by(api, mark, &found, entitlement).await?;
            other_end(entitlement, held, until).map_or(Ok(outcome), Err)
        }
        _ => Ok(outcome),
    }
}

/// The error if the account is not known to hold the entitlement until then.
fn other_end(entitlement: &EntitlementRef, held: Option<Held>, until: Timestamp) -> Option<Error> {
    let end = held.and_then(|held| held.end);
    if end.is_some_and(|end| end.is_at(until)) {
        return None;
    }
    let how = end.map_or_else(|| "and does not show until when".to_owned(), |end| end.to_string());
    let message = format!("the system says that the account already holds {entitlement}, {how}: the end was not set");
    Some(Error::conflict(message).with_help("revoke it first, or add `renew` to the grant in the settings"))
}

/// Takes an entitlement from an account.
pub(super) async fn revoke(
    api: &Api,
    mark: Mark,
    request: &Request,
    account: &str,
    entitlement: &EntitlementRef,
) -> Result<Outcome> {
    let found = current(api, account).await?.ok_or_else(|| gone(account))?;
    let tells = request.already.is_some() || request.remove.is_some() || request.find.is_some();
    let held = if tells && !request.uses("held") {
        None
    } else {
        let held = read::held_by(api, mark, &found, entitlement).await?;
        if held.is_none() {
            return Ok(Outcome::unchanged("does not hold it"));
        }
        held
    };
    let mut sending = sending(api, mark, (request, Where::Revoke), &found, entitlement).await?;
    sending.add("held", values_of(held.as_ref())?);
    send(api, mark, sending).await
}

async fn sending<'a>(
    api: &Api,
    mark: Mark,
    (request, on): (&'a Request, Where),
    found: &'a FoundAccount,
    entitlement: &EntitlementRef,
) -> Result<Sending<'a>> {
    let needs_more = request.members("entitlement").iter().any(|member| member != "id");
    let subject = if needs_more {
        read::entitlements::look_up(api, mark, entitlement).await?
    } else {
        Subject::of_id(&entitlement.id)
    };
    let sending = Sending::new(request, on, &found.account.id).with("account", found.subject.json());
    Ok(sending.with("entitlement", subject.json()))
}

/// The values of the assignment that there is; none if there is no assignment.
fn values_of(held: Option<&Held>) -> Result<Value> {
    let Some(held) = held else { return Ok(Value::Object(Map::new())) };
    serde_json::from_str(held.attributes.as_str())
        .map_err(|error| Error::internal(format!("the values of an assignment can't be read: {error}")))
}
