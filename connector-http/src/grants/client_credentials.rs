//! The client credentials grant (RFC 6749, section 4.4): exchanges a client id and a client secret for a token.

use crate::grants::app_key::AppKey;
use crate::grants::dpop::{Answered, Dpop};
use crate::grants::secret_value::SecretValue;
use crate::grants::token_response::TokenResponse;
use async_trait::async_trait;
use connector_core::{
    AuthSettings, AuthStrategy, Context, Credential, Exchange, Reply, RequestProof, Result, SecretRef, SigningKey,
    TestReport,
};
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// The `auth:` block of the grant type `client_credentials`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "client_credentials", description = "Signs in with a client id and a client secret")]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The token endpoint. The client secret goes only to this host.
    #[schemars(with = "String", extend("format" = "uri"))]
    token_url: Url,
    /// The OAuth client id of the app, which some services call the consumer key.
    #[schemars(length(min = 1))]
    client_id: String,
    /// A ref to the client secret, for example `env:CLIENT_SECRET`.
    client_secret_ref: SecretRef,
    /// The scopes to request, separated by spaces. Without it, the endpoint chooses.
    #[serde(default)]
    scope: Option<String>,
    /// A ref to a private key (RSA) to bind access tokens to (`DPoP`, RFC 9449): each request then carries a proof that the key signs, so
    /// that nobody else can use a token. A PEM file, for example `file:secrets/acme.key`, or a key in a token or HSM. Set it if the
    /// service requires `DPoP`.
    #[serde(default)]
    dpop_key_ref: Option<SecretRef>,
    /// A ref to the password of that key, if it is encrypted. For a key in a token, a ref to the PIN.
    #[serde(default)]
    dpop_key_password_ref: Option<SecretRef>,
}

connector_core::register_auth_strategy! {
    grant_type: "client_credentials",
    aliases: [],
    title: "OAuth 2.0 client credentials",
    description: "Exchanges a client id and a client secret for an access token",
    settings: Settings,
    example: "\
auth:
  grant_type: client_credentials
  token_url: https://login.acme.example/oauth2/token
  client_id: CLIENT_ID_OF_THE_APP
  client_secret_ref: env:ACME_CLIENT_SECRET
",
}

impl AuthSettings for Settings {
    fn open(self, context: &Context) -> Result<Arc<dyn AuthStrategy>> {
        let (context, reference) = (context.clone(), self.client_secret_ref.clone());
        let secret = SecretValue { context, what: "client secret", field: "client_secret_ref", reference };
        let dpop = self.dpop_key_ref.clone().map(|key| {
            let key = SigningKey::new(key).with_password(self.dpop_key_password_ref.clone());
            Dpop::new(Arc::new(AppKey::new(&secret.context, key, None)))
        });
        Ok(Arc::new(ClientCredentials { settings: self, secret, dpop }))
    }
}

struct ClientCredentials {
    settings: Settings,
    secret: SecretValue,
    dpop: Option<Arc<Dpop>>,
}

impl ClientCredentials {
    async fn post(&self, via: &dyn Exchange, form: &[(&str, &str)]) -> Result<Reply> {
        let url = &self.settings.token_url;
        let Some(dpop) = &self.dpop else { return via.post_form(url, form).await };
        let signer = dpop.key().current().await?;
        match dpop.post(via, url, signer.as_ref(), form).await? {
            // The second attempt has the nonce.
            Answered { asks_again: true, .. } => Ok(dpop.post(via, url, signer.as_ref(), form).await?.reply),
            Answered { reply, .. } => Ok(reply),
        }
    }
}

#[async_trait]
impl AuthStrategy for ClientCredentials {
    async fn credential(&self, via: &dyn Exchange) -> Result<Credential> {
        let secret = self.secret.text().await?;
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", self.settings.client_id.as_str()),
            ("client_secret", secret.expose_secret()),
        ];
        if let Some(scope) = &self.settings.scope {
            form.push(("scope", scope));
        }
        let reply = self.post(via, &form).await?;
        let context = &self.secret.context;
        let answer = TokenResponse {
            reply: &reply,
            url: &self.settings.token_url,
            now: context.clock().now(),
            provider: context.token_errors(),
            is_bound: self.dpop.is_some(),
        };
        answer.read(&secret).map(Credential::Bearer)
    }

    async fn check(&self, report: &mut TestReport) {
        report.step("client_secret", async { self.secret.finding(self.secret.text().await) }).await;
        if let Some(dpop) = &self.dpop {
            report.step("dpop_key", dpop.key().check_key()).await;
        }
    }

    fn proof(&self) -> Option<Arc<dyn RequestProof>> {
        self.dpop.clone().map(|dpop| dpop as Arc<dyn RequestProof>)
    }

    fn token_url(&self) -> Option<&Url> {
        Some(&self.settings.token_url)
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("settings", &self.settings).finish_non_exhaustive()
    }
}
