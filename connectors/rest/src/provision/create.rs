//! Creating an account.

use super::accepted::Accepted;
use super::body::body;
use super::send::{exchange, partly, refused_by_conflict};
use super::sending::Sending;
use crate::api::Api;
use crate::read;
use crate::settings::{Place, Where};
use crate::system::Create;
use connector_core::{Error, ErrorKind, Happened, Outcome, Result};
use connector_http::Response;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

pub(super) async fn create(
    api: &Api,
    create: &Create,
    name: &str,
    attributes: &Map<String, Value>,
    password: Option<&SecretString>,
) -> Result<Outcome> {
    let sends = [&create.request].into_iter().chain(&create.after);
    if password.is_some() && !sends.into_iter().any(|request| request.uses("password")) {
        return Err(Error::unsupported("a create can't set a password here")
            .with_help("write `{password}` into `operations.create.body`, or into a request of `after`"));
    }
    let mut sending = Sending::new(&create.request, Where::Create, "")
        .with("name", name.into())
        .with("attributes", Value::Object(attributes.clone()))
        .with_attributes(attributes.clone());
    if let Some(password) = password {
        sending = sending.with("password", password.expose_secret().into());
    }
    let wanted = body(&api.system, &sending, None)?;
    let accepted = exchange(api, &sending, wanted, None).await.map_err(|error| taken(create, name, error))?;
    let id = match accepted {
        Some(Accepted::Already) => return Err(exists(name)),
        Some(Accepted::Done(response)) => create.id.as_ref().map(|place| id_at(place, &response)),
        Some(Accepted::Queued(detail)) => {
            // Sent again, it could create a second account. Nobody knows the id yet.
            return Ok(Outcome::queued("", and_what_is_left(create, detail)));
        }
        None => None,
    };
    let id = match id {
        Some(id) => id?,
        None => made(api, name).await?,
    };
    complete(api, create, &sending, &id, attributes).await?;
    Ok(Outcome::applied(id))
}

/// What a create waits for, and what is left to do then: the requests of `after` need the id.
fn and_what_is_left(create: &Create, detail: String) -> String {
    if create.after.is_empty() {
        return detail;
    }
    format!(
        "{detail}; the requests of `after` were not sent: when the account is there, set what is missing with an update"
    )
}

/// Sends the requests that need the new id.
async fn complete(
    api: &Api,
    create: &Create,
    made: &Sending<'_>,
    id: &str,
    attributes: &Map<String, Value>,
) -> Result<()> {
    let mut sent = vec![made.name(&api.system)];
    for request in &create.after {
        let mut next = made.for_request(request).with_attributes(attributes.clone());
        next.add("id", id.into());
        let answer = match body(&api.system, &next, None) {
            Ok(body) => exchange(api, &next, body, None).await,
            Err(error) => Err(error),
        };
        answer.map_err(|error| {
            partly(error.with_context("request", "after"), &sent)
                .with_help(format!("the account {id} is there now: set what is missing with an update, or delete it"))
                .with_happened(Happened::Yes)
        })?;
        sent.push(next.name(&api.system));
    }
    Ok(())
}

fn exists(name: &str) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("an account `{name}` already exists"))
        .with_help("choose another name, or update that account")
}

/// Unless the settings say otherwise, a conflict means that the name is taken.
fn taken(create: &Create, name: &str, error: Error) -> Error {
    if refused_by_conflict(&error) && create.request.already.is_none() { exists(name) } else { error }
}

fn id_at(place: &Place, response: &Response) -> Result<String> {
    let found = match place {
        Place::Header(header) => response
            .header(&header.header)
            .map(|text| text.trim_end_matches('/').rsplit('/').next().unwrap_or(text).to_owned()),
        Place::Pointer(pointer) => {
            let body = response.json::<Value>().map_err(|error| error.with_happened(Happened::Yes))?;
            match body.pointer(pointer) {
                Some(Value::String(text)) => Some(text.clone()),
                Some(Value::Number(number)) => Some(number.to_string()),
                _ => None,
            }
        }
    };
    found.filter(|id| !id.is_empty()).ok_or_else(|| {
        Error::protocol("the account was created, but the response does not have its id")
            .with_help("compare `operations.create.id` with what the API returns")
            .with_happened(Happened::Yes)
    })
}

/// Finds the account that was made.
async fn made(api: &Api, name: &str) -> Result<String> {
    let found = read::by_name(api, name).await.map_err(|error| error.with_happened(Happened::Yes))?;
    match found.as_slice() {
        [one] => Ok(one.account.id.clone()),
        others => Err(Error::protocol(format!("after the create, {} accounts are called `{name}`", others.len()))
            .with_happened(Happened::Yes)),
    }
}
