//! A fixed token, sent as `Authorization: Bearer …` (RFC 6750).

use crate::grants::secret_value::SecretValue;
use async_trait::async_trait;
use connector_core::{AuthSettings, AuthStrategy, Context, Credential, Exchange, Result, SecretRef, TestReport, Token};
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;

/// The `auth:` block of the grant type `bearer`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "bearer", description = "Signs in with a fixed token from the service")]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A ref to the token, for example `env:ACME_TOKEN`.
    token_ref: SecretRef,
}

connector_core::register_auth_strategy! {
    grant_type: "bearer",
    aliases: [],
    title: "Bearer token",
    description: "Sends a fixed token from the service, such as a personal access token",
    settings: Settings,
    example: "auth:\n  grant_type: bearer\n  token_ref: env:ACME_TOKEN\n",
}

impl AuthSettings for Settings {
    fn open(self, context: &Context) -> Result<Arc<dyn AuthStrategy>> {
        let (context, reference) = (context.clone(), self.token_ref);
        Ok(Arc::new(Bearer { token: SecretValue { context, what: "token", field: "token_ref", reference } }))
    }
}

struct Bearer {
    token: SecretValue,
}

#[async_trait]
impl AuthStrategy for Bearer {
    async fn credential(&self, _: &dyn Exchange) -> Result<Credential> {
        Ok(Credential::Bearer(Token::new(self.token.header_text().await?)))
    }

    async fn check(&self, report: &mut TestReport) {
        report.step("token", async { self.token.finding(self.token.header_text().await) }).await;
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer").field("token_ref", &self.token.reference).finish_non_exhaustive()
    }
}
