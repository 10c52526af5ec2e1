//! The signed assertion of RFC 7523.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_core::Result;
use connector_keys::Signer;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use std::fmt::Write;
use uuid::Uuid;

/// The lifetime of an assertion. Servers accept at most 180 seconds.
pub(crate) const LIFE: i64 = 170;

/// The claims of an assertion.
#[derive(Clone, Copy)]
pub(crate) struct Claims<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) key_id: Option<&'a str>,
}

/// Creates a new assertion. Each one has a unique id, because a server may refuse an assertion that it has seen before.
pub(crate) async fn sign(claims: Claims<'_>, signer: &dyn Signer, now: Timestamp) -> Result<SecretString> {
    let mut header = json!({"alg": signer.algorithm(), "typ": "JWT"});
    if let Some(key_id) = claims.key_id {
        header["kid"] = json!(key_id);
    }
    let body = json!({
        "iss": claims.issuer,
        "sub": claims.subject,
        "aud": claims.audience,
        "exp": now.as_second() + LIFE,
        "jti": Uuid::new_v4().to_string(),
    });
    let mut text = URL_SAFE_NO_PAD.encode(header.to_string());
    let _ = write!(text, ".{}", URL_SAFE_NO_PAD.encode(body.to_string()));
    let signature = signer.sign(text.as_bytes()).await?;
    let _ = write!(text, ".{}", URL_SAFE_NO_PAD.encode(signature));
    Ok(SecretString::from(text))
}
