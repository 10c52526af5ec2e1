//! Setting and resetting passwords.

use super::{applied, user};
use crate::api::Rest;
use connector_core::{Operation, Outcome, Result};
use secrecy::ExposeSecret;
use serde_json::json;

/// Sets a password, or lets Salesforce make a new one.
///
/// Salesforce answers a reset with the new password. That answer is dropped unread: nobody but the user may know it.
pub(super) async fn set(rest: &Rest, operation: &Operation) -> Result<Outcome> {
    let user = user(operation)?;
    let path = rest.path(&format!("sobjects/User/{}/password", user.as_str())).await?;
    match operation.change.password() {
        Some(password) => {
            let body = json!({"NewPassword": password.expose_secret()});
            rest.write(rest.client.post_json(&path, &body), "setting the password").await?;
        }
        None => {
            rest.write(rest.client.delete(&path), "resetting the password").await?;
        }
    }
    Ok(applied(user))
}
