//! Services that need no sign-in.

use async_trait::async_trait;
use connector_core::{AuthSettings, AuthStrategy, Context, Credential, Exchange, Result, TestReport};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;

/// The `auth:` block of the grant type `none`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "none", description = "Does not sign in: the service needs no credentials")]
#[serde(deny_unknown_fields)]
pub struct Settings {}

connector_core::register_auth_strategy! {
    grant_type: "none",
    aliases: [],
    title: "No sign-in",
    description: "Sends no credentials, for a service that needs none",
    settings: Settings,
    example: "auth:\n  grant_type: none\n",
}

impl AuthSettings for Settings {
    fn open(self, _: &Context) -> Result<Arc<dyn AuthStrategy>> {
        Ok(Arc::new(Nothing))
    }
}

/// Sends no credentials.
#[derive(Debug)]
pub(crate) struct Nothing;

#[async_trait]
impl AuthStrategy for Nothing {
    async fn credential(&self, _: &dyn Exchange) -> Result<Credential> {
        Ok(Credential::None)
    }

    async fn check(&self, _: &mut TestReport) {}
}
