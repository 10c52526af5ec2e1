//! What Vault answers.

use super::fault;
use super::place::Place;
use super::server::{Reply, Server};
use connector_core::{Error, Result};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Answer {
    data: Version,
}

/// One version of a secret; `data` is `null` in one that was deleted.
#[derive(Deserialize)]
struct Version {
    data: Option<Map<String, Value>>,
}

/// The field of the secret. Nothing of the answer gets into an error but the names of fields.
pub(super) fn field(reply: &Reply, place: &Place, server: &Server) -> Result<SecretString> {
    if reply.status != 200 {
        return Err(refusal(reply, place, server));
    }
    let Ok(Answer { data: Version { data } }) = serde_json::from_slice(&reply.body) else {
        return Err(fault(format!("{} does not answer as Vault does", server.name()))
            .with_help("check `VAULT_ADDR`, and that the engine at this mount is key-value, version 2"));
    };
    let Some(mut fields) = data else { return Err(deleted(place)) };
    match fields.remove(&place.field) {
        Some(Value::String(text)) if text.is_empty() => {
            Err(fault(format!("the field `{}` of `{place}` in Vault is empty", place.field))
                .with_help("put the secret there, or name another field"))
        }
        Some(Value::String(text)) => Ok(SecretString::from(text)),
        Some(_) => Err(fault(format!("the field `{}` of `{place}` in Vault is not text", place.field))
            .with_help("store it as text, with quotes in JSON")),
        None => {
            let names: Vec<_> = fields.keys().map(|name| format!("`{name}`")).collect();
            Err(fault(format!("the secret `{place}` in Vault has no field `{}`", place.field))
                .with_help(format!("its fields are {}", names.join(", "))))
        }
    }
}

/// The status says enough; the texts that come with it don't say more, and could quote anything.
fn refusal(reply: &Reply, place: &Place, server: &Server) -> Error {
    let Place { mount, path, .. } = place;
    let (message, help) = match reply.status {
        301..=308 => (
            format!("{} sends us to another address", server.name()),
            "set `VAULT_ADDR` to the active server: the token is not taken along to another one".to_owned(),
        ),
        400 => (
            format!("Vault does not understand the request for `{place}`"),
            "check `VAULT_NAMESPACE` and the path".to_owned(),
        ),
        403 => (
            format!("Vault does not let this token read `{place}`"),
            format!(
                "the token's policy needs `path \"{mount}/data/{path}\" {{ capabilities = [\"read\"] }}`; a token that has \
                 run out is refused the same way: `vault token lookup` tells"
            ),
        ),
        404 if was_deleted(&reply.body) => return deleted(place),
        404 => (
            format!("there is no secret `{place}` in Vault"),
            format!(
                "check mount and path with `vault kv get -mount={mount} {path}`; the engine there must be key-value, \
                 version 2; a mount with a slash in its name is written with `%2F`"
            ),
        ),
        429 | 472 | 473 => (
            format!("{} is a standby or has too much to do (status {})", server.name(), reply.status),
            "set `VAULT_ADDR` to the active server, or try again in a minute".to_owned(),
        ),
        503 => (
            format!("Vault at {} is sealed or in maintenance", server.name()),
            "ask whoever runs it to unseal it; `vault status` tells how it is".to_owned(),
        ),
        status => (
            format!("Vault at {} failed with status {status}", server.name()),
            "look into the log of the server".to_owned(),
        ),
    };
    fault(message).with_help(help)
}

fn was_deleted(body: &[u8]) -> bool {
    serde_json::from_slice(body).is_ok_and(|answer: Answer| answer.data.data.is_none())
}

fn deleted(place: &Place) -> Error {
    fault(format!("the newest version of the secret `{place}` in Vault is deleted")).with_help(format!(
        "write it again, or bring it back with `vault kv undelete -mount={} {}`",
        place.mount, place.path
    ))
}
