//! A username and a password in each request (RFC 7617).

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use connector_core::{
    AuthSettings, AuthStrategy, Context, Credential, Error, ErrorKind, Exchange, Finding, Result, SecretRef, TestReport,
};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;

/// The `auth:` block of the grant type `basic`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "basic", description = "Signs in with a username and a password")]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The username. The standard does not allow a colon in it.
    #[schemars(length(min = 1), regex(pattern = "^[^:]+$"))]
    username: String,
    /// A ref to the password, for example `env:ACME_PASSWORD`.
    password_ref: SecretRef,
}

connector_core::register_auth_strategy! {
    grant_type: "basic",
    aliases: [],
    title: "Username and password (HTTP Basic)",
    description: "Sends a username and a password with each request",
    settings: Settings,
    example: "auth:\n  grant_type: basic\n  username: iga\n  password_ref: env:ACME_PASSWORD\n",
}

impl AuthSettings for Settings {
    fn open(self, context: &Context) -> Result<Arc<dyn AuthStrategy>> {
        if self.username.contains(':') {
            return Err(Error::new(
                ErrorKind::Definition,
                "`username` contains a colon, which Basic authentication does not allow",
            )
            .with_help("use a username without a colon, or another grant type that the service accepts"));
        }
        Ok(Arc::new(Basic { settings: self, context: context.clone() }))
    }
}

struct Basic {
    settings: Settings,
    context: Context,
}

impl Basic {
    /// Spaces can be part of a password. The line end of a file can't.
    async fn password(&self) -> Result<SecretString> {
        let password = self.context.secret(&self.settings.password_ref).await?;
        if password.expose_secret().is_empty() {
            return Err(Error::new(ErrorKind::Secret, "the password is empty")
                .with_help("check the place that `password_ref` refers to"));
        }
        Ok(password)
    }

    async fn check_password(&self) -> Result<Finding> {
        self.password().await?;
        Ok(Finding::passed(format!("from {}", self.settings.password_ref)))
    }
}

#[async_trait]
impl AuthStrategy for Basic {
    async fn credential(&self, _: &dyn Exchange) -> Result<Credential> {
        let password = self.password().await?;
        let pair = SecretString::from(format!("{}:{}", self.settings.username, password.expose_secret()));
        let value = format!("Basic {}", STANDARD.encode(pair.expose_secret()));
        Ok(Credential::header("Authorization", value.into()))
    }

    async fn check(&self, report: &mut TestReport) {
        report.step("password", self.check_password()).await;
    }
}

impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basic").field("settings", &self.settings).finish_non_exhaustive()
    }
}
