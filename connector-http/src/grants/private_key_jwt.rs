//! Client credentials with a private key instead of a client secret (RFC 7523, section 2.2; known as `private_key_jwt`).

use crate::grants::app_key::{AppKey, Rotation};
use crate::grants::dpop::Dpop;
use crate::grants::signed_login::{SignedLogin, Use};
use connector_core::{AuthSettings, AuthStrategy, Context, Result, SecretRef, SigningKey};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use url::Url;

/// The `auth:` block of the grant type `private_key_jwt`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "private_key_jwt", description = "Signs in as an app with a private key instead of a client secret")]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The token endpoint. The signed assertion goes only to this host.
    #[schemars(with = "String", extend("format" = "uri"))]
    token_url: Url,
    /// The OAuth client id of the app.
    #[schemars(length(min = 1))]
    client_id: String,
    /// The audience of the assertion. The default is the token URL, which most services expect.
    #[schemars(length(min = 1))]
    #[serde(default)]
    audience: Option<String>,
    /// A ref to the private key (RSA): a PEM file, for example `file:secrets/acme.key`, or a key in a token or HSM,
    /// `pkcs11:token=NAME;object=LABEL?module-path=PATH`.
    key_ref: SecretRef,
    /// A ref to the password of the private key, if the key is encrypted. For a key in a token, a ref to the PIN.
    #[serde(default)]
    key_password_ref: Option<SecretRef>,
    /// The id of the public key on the service (`kid`). Set it only if the app has more than one key there.
    #[schemars(length(min = 1))]
    #[serde(default)]
    key_id: Option<String>,
    /// A ref to the certificate (PEM) of the key. Optional: with it, Connector checks that the certificate matches the key
    /// and warns before it expires.
    #[serde(default)]
    certificate_ref: Option<SecretRef>,
    /// The scopes to request, separated by spaces. Without it, the endpoint chooses.
    #[serde(default)]
    scope: Option<String>,
    /// Whether to bind access tokens to the private key (`DPoP`, RFC 9449): each request then carries a proof that the key signs, so that
    /// nobody else can use a token. Set it if the service requires `DPoP`.
    #[serde(default)]
    dpop: bool,
    /// When to renew the certificate.
    #[schemars(with = "Rotation", extend("default" = Rotation::default()))]
    #[serde(default)]
    rotation: Option<Rotation>,
}

connector_core::register_auth_strategy! {
    grant_type: "private_key_jwt",
    aliases: [],
    title: "OAuth 2.0 client credentials with a private key",
    description: "Signs a short-lived assertion with a private key instead of sending a client secret",
    settings: Settings,
    example: "\
auth:
  grant_type: private_key_jwt
  token_url: https://login.acme.example/oauth2/token
  client_id: CLIENT_ID_OF_THE_APP
  key_ref: file:secrets/acme.key
",
}

impl AuthSettings for Settings {
    fn open(self, context: &Context) -> Result<Arc<dyn AuthStrategy>> {
        let key =
            SigningKey::new(self.key_ref).with_password(self.key_password_ref).with_certificate(self.certificate_ref);
        let key = Arc::new(AppKey::new(context, key, self.rotation));
        Ok(Arc::new(SignedLogin {
            grant_type: "private_key_jwt",
            audience: self.audience.unwrap_or_else(|| self.token_url.to_string()),
            token_url: self.token_url,
            issuer: self.client_id.clone(),
            subject: self.client_id,
            key_id: self.key_id,
            used_as: Use::Client { scope: self.scope },
            dpop: self.dpop.then(|| Dpop::new(key.clone())),
            key,
        }))
    }
}
