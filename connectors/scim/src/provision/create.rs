//! Creating users.

use super::body::new_user;
use super::users::accepted;
use crate::accounts::{Fields, find};
use crate::protocol::text;
use crate::source::Source;
use connector_core::{Concern, Error, Happened, Outcome, Result};
use connector_http::{Method, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Creates a user, with its password in the same request: many servers accept no user without one.
pub(super) async fn create(
    source: &Source,
    name: &str,
    attributes: &Map<String, Value>,
    password: Option<&SecretString>,
) -> Result<Outcome> {
    let known = source.service.discovery().await?;
    let of = source.user_type().await?;
    let fields = Fields::of(known, |name| source.is_excluded(name));
    let mut user = new_user(&fields, name, attributes, &of.schema);
    if let Some(password) = password {
        user.insert("password".to_owned(), password.expose_secret().into());
    }
    let doing = format!("creating user `{name}`");
    let response = source.service.write(Method::POST, &of.endpoint, Some(&Value::Object(user)), None).await?;
    let outcome = accepted(&response, &doing, "")?;
    let id = match id_of(&response) {
        Some(id) => id,
        None => looked_up(source, name).await.ok_or_else(|| {
            Error::protocol(format!("{doing}: the response has no `id`, and the user can't be found"))
                .with_help("read the source with `connector aggregate`, and run the plan again")
                .with_happened(Happened::Yes)
        })?,
    };
    Ok(match outcome {
        Outcome::Queued { detail, .. } => Outcome::queued(id, detail),
        _ => Outcome::applied(id),
    })
}

/// The id of the new user, by the body of the response or its `Location`.
fn id_of(response: &Response) -> Option<String> {
    let body: Option<&RawValue> = serde_json::from_slice(&response.body).ok();
    let object = body.and_then(crate::protocol::Object::read);
    let id = object.and_then(|user| user.get("id").and_then(text)).map(std::borrow::Cow::into_owned);
    let location = || {
        let last = response.header("location")?.rsplit('/').next()?.to_owned();
        percent_encoding::percent_decode_str(&last).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    };
    id.or_else(location).filter(|id| !id.is_empty())
}

async fn looked_up(source: &Source, name: &str) -> Option<String> {
    let found = find(source, &[name.to_owned()], &Concern::default()).await.ok()?;
    match found.first()?.as_slice() {
        [only] => Some(only.id.clone()),
        _ => None,
    }
}
