//! A fixed key in a header of the service's choice.

use crate::grants::secret_value::SecretValue;
use async_trait::async_trait;
use connector_core::{
    AuthSettings, AuthStrategy, Context, Credential, Error, ErrorKind, Exchange, Result, SecretRef, TestReport,
};
use reqwest::header::HeaderName;
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;

/// The `auth:` block of the grant type `api_key`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "api_key", description = "Signs in with an API key in a header")]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The header that carries the key, for example `X-Api-Key` or `Authorization`.
    #[schemars(regex(pattern = "^[A-Za-z0-9-]+$"))]
    header: String,
    /// A word before the key, separated by a space. With `Token`, the header is `Token KEY`.
    #[schemars(regex(pattern = "^[!-~]+$"))]
    #[serde(default)]
    prefix: Option<String>,
    /// A ref to the key, for example `env:ACME_API_KEY`.
    secret_ref: SecretRef,
}

connector_core::register_auth_strategy! {
    grant_type: "api_key",
    aliases: [],
    title: "API key",
    description: "Sends a fixed key in a header of the service's choice",
    settings: Settings,
    example: "auth:\n  grant_type: api_key\n  header: X-Api-Key\n  secret_ref: env:ACME_API_KEY\n",
}

impl AuthSettings for Settings {
    fn open(self, context: &Context) -> Result<Arc<dyn AuthStrategy>> {
        let header = self.header.parse::<HeaderName>().map_err(|_| {
            Error::new(ErrorKind::Definition, format!("`{}` is not a valid header name", self.header))
                .with_help("write a name such as `X-Api-Key`")
        })?;
        let (context, reference) = (context.clone(), self.secret_ref);
        let key = SecretValue { context, what: "API key", field: "secret_ref", reference };
        Ok(Arc::new(ApiKey { header, prefix: self.prefix, key }))
    }
}

struct ApiKey {
    header: HeaderName,
    prefix: Option<String>,
    key: SecretValue,
}

#[async_trait]
impl AuthStrategy for ApiKey {
    async fn credential(&self, _: &dyn Exchange) -> Result<Credential> {
        let key = self.key.header_text().await?;
        let value = match &self.prefix {
            Some(prefix) => format!("{prefix} {}", key.expose_secret()).into(),
            None => key,
        };
        Ok(Credential::header(self.header.as_str(), value))
    }

    async fn check(&self, report: &mut TestReport) {
        report.step("api_key", async { self.key.finding(self.key.header_text().await) }).await;
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("header", &self.header.as_str())
            .field("secret_ref", &self.key.reference)
            .finish_non_exhaustive()
    }
}
