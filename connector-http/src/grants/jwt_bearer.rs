//! The JWT bearer grant (RFC 7523, section 2.1): exchanges an assertion, signed with a private key, for a token.

use crate::grants::app_key::{AppKey, Rotation};
use crate::grants::dpop::Dpop;
use crate::grants::signed_login::{SignedLogin, Use};
use connector_core::{AuthSettings, AuthStrategy, Context, Result, SecretRef, SigningKey};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use url::Url;

/// The `auth:` block of the grant type `jwt_bearer`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(
    title = "jwt_bearer",
    description = "Signs in with a private key. The app on the source has the certificate"
)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The token endpoint. The signed assertion goes only to this host.
    #[schemars(with = "String", extend("format" = "uri"))]
    token_url: Url,
    /// The OAuth client id of the app, which some services call the consumer key.
    #[schemars(length(min = 1))]
    issuer: String,
    /// The user to sign in as: the username of the service account.
    #[schemars(length(min = 1))]
    subject: String,
    /// The audience of the assertion: the authorization server, as the service documents it. It is often the server's URL
    /// without a trailing slash.
    #[schemars(length(min = 1))]
    audience: String,
    /// A ref to the private key (RSA): a PEM file, for example `file:secrets/acme.key`, or a key in a token or HSM,
    /// `pkcs11:token=NAME;object=LABEL?module-path=PATH`.
    key_ref: SecretRef,
    /// A ref to the password of the private key, if the key is encrypted. For a key in a token, a ref to the PIN.
    #[serde(default)]
    key_password_ref: Option<SecretRef>,
    /// A ref to the certificate (PEM) of the key. Optional: with it, Connector checks that the certificate matches the key
    /// and warns before it expires.
    #[serde(default)]
    certificate_ref: Option<SecretRef>,
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
    grant_type: "jwt_bearer",
    aliases: ["urn:ietf:params:oauth:grant-type:jwt-bearer", "JWT"],
    title: "OAuth 2.0 JWT bearer",
    description: "Signs a short-lived assertion with a private key and exchanges it for an access token",
    settings: Settings,
    example: "\
auth:
  grant_type: jwt_bearer
  token_url: https://login.acme.example/oauth2/token
  issuer: CLIENT_ID_OF_THE_APP
  subject: iga@acme.example   # the service account's username
  audience: https://login.acme.example
  key_ref: file:secrets/acme.key
  # key_password_ref: env:ACME_KEY_PASSWORD
  certificate_ref: file:secrets/acme.crt
",
}

impl AuthSettings for Settings {
    fn open(self, context: &Context) -> Result<Arc<dyn AuthStrategy>> {
        let key =
            SigningKey::new(self.key_ref).with_password(self.key_password_ref).with_certificate(self.certificate_ref);
        let key = Arc::new(AppKey::new(context, key, self.rotation));
        Ok(Arc::new(SignedLogin {
            grant_type: "jwt_bearer",
            token_url: self.token_url,
            issuer: self.issuer,
            subject: self.subject,
            audience: self.audience,
            key_id: None,
            used_as: Use::Grant,
            dpop: self.dpop.then(|| Dpop::new(key.clone())),
            key,
        }))
    }
}
