//! The responses of Vault.

use super::fault;
use super::place::Place;
use super::server::{Reply, Server};
use connector_core::{Error, Result};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct VaultResponse {
    data: Version,
}

/// One version of a secret. In a deleted version, `data` is `null`.
#[derive(Deserialize)]
struct Version {
    data: Option<Map<String, Value>>,
}

/// The field of the secret. Of the response, only the names of fields get into an error.
pub(super) fn field(reply: &Reply, place: &Place, server: &Server) -> Result<SecretString> {
    if reply.status != 200 {
        return Err(refusal(reply, place, server));
    }
    let Ok(VaultResponse { data: Version { data } }) = serde_json::from_slice(&reply.body) else {
        return Err(fault(format!("the response of {} is not a Vault response", server.name()))
            .with_help("check `VAULT_ADDR`, and that the engine at this mount is key-value, version 2"));
    };
    let Some(mut fields) = data else { return Err(deleted(place)) };
    match fields.remove(&place.field) {
        Some(Value::String(text)) if text.is_empty() => {
            Err(fault(format!("the field `{}` of `{place}` in Vault is empty", place.field))
                .with_help("store the secret there, or change the field in the ref"))
        }
        Some(Value::String(text)) => Ok(SecretString::from(text)),
        Some(_) => Err(fault(format!("the field `{}` of `{place}` in Vault is not text", place.field))
            .with_help("store it as text, in quotes in JSON")),
        None => {
            let names: Vec<_> = fields.keys().map(|name| format!("`{name}`")).collect();
            Err(fault(format!("the secret `{place}` in Vault has no field `{}`", place.field))
                .with_help(format!("its fields are {}", names.join(", "))))
        }
    }
}

/// The status is enough for a message. The texts in the response add nothing, and could contain a secret.
fn refusal(reply: &Reply, place: &Place, server: &Server) -> Error {
    let Place { mount, path, .. } = place;
    let (message, help) = match reply.status {
        301..=308 => (
            format!("Vault at {} redirects to another address", server.name()),
            "set `VAULT_ADDR` to the active server: Connector never sends the token to another host".to_owned(),
        ),
        400 => (
            format!("Vault rejected the request for `{place}` as invalid"),
            "check `VAULT_NAMESPACE` and the path".to_owned(),
        ),
        403 => (
            format!("Vault does not allow this token to read `{place}`"),
            format!(
                "add `path \"{mount}/data/{path}\" {{ capabilities = [\"read\"] }}` to the token's policy; the token may \
                 also be expired, which `vault token lookup` shows"
            ),
        ),
        404 if was_deleted(&reply.body) => return deleted(place),
        404 => (
            format!("Vault has no secret `{place}`"),
            format!(
                "check the mount and path with `vault kv get -mount={mount} {path}`; the engine must be key-value, \
                 version 2; write a slash in the name of a mount as `%2F`"
            ),
        ),
        429 | 472 | 473 => (
            format!("Vault at {} is a standby server or overloaded (status {})", server.name(), reply.status),
            "set `VAULT_ADDR` to the active server, or try again in a minute".to_owned(),
        ),
        503 => (
            format!("Vault at {} is sealed or in maintenance", server.name()),
            "ask its administrator to unseal it; `vault status` shows its state".to_owned(),
        ),
        status => (
            format!("Vault at {} failed with status {status}", server.name()),
            "check the log of the server".to_owned(),
        ),
    };
    fault(message).with_help(help)
}

fn was_deleted(body: &[u8]) -> bool {
    serde_json::from_slice(body).is_ok_and(|answer: VaultResponse| answer.data.data.is_none())
}

fn deleted(place: &Place) -> Error {
    fault(format!("the newest version of the secret `{place}` in Vault is deleted")).with_help(format!(
        "store it again, or restore it with `vault kv undelete -mount={} {}`",
        place.mount, place.path
    ))
}
