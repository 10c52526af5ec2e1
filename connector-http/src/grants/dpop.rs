//! Tokens that only the holder of a key can use: `DPoP` (RFC 9449).

use crate::grants::app_key::AppKey;
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_core::{Exchange, ProofRequest, Reply, RequestProof, Result, TokenRequest};
use connector_keys::{Signer, sha256};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;
use uuid::Uuid;

/// The header of a proof, and the scheme and type of a token that needs one.
pub(crate) const DPOP: &str = "DPoP";

/// The header in which a server names the nonce of the next proof.
const NONCE: &str = "DPoP-Nonce";

/// The error of a token endpoint that requires another nonce.
const USE_NONCE: &str = "use_dpop_nonce";

/// Signs the proofs of one source, wherever the key is kept.
pub(crate) struct Dpop {
    key: Arc<AppKey>,
    /// The last nonce of the token endpoint. The API has nonces of its own.
    nonce: Mutex<Option<String>>,
}

/// What the token endpoint answered.
pub(crate) struct Answered {
    pub(crate) reply: Reply,
    /// It only asks for a proof with the nonce that it named.
    pub(crate) asks_again: bool,
}

impl Dpop {
    pub(crate) fn new(key: Arc<AppKey>) -> Arc<Self> {
        Arc::new(Self { key, nonce: Mutex::default() })
    }

    /// The key that proofs are signed with.
    pub(crate) fn key(&self) -> &AppKey {
        &self.key
    }

    /// Posts a form to the token endpoint with a proof by `signer`: the token is bound to that key.
    pub(crate) async fn post(
        &self,
        via: &dyn Exchange,
        url: &Url,
        signer: &dyn Signer,
        form: &[(&str, &str)],
    ) -> Result<Answered> {
        let nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let proof = self.proof(&ProofRequest::new("POST", url).with_nonce(nonce.as_deref()), signer).await?;
        let reply = via.post(&TokenRequest::new(url, form).with_header(DPOP, proof)).await?;
        let mut has_new = false;
        if let Some(named) = &reply.nonce {
            has_new = nonce.as_ref() != Some(named);
            *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = Some(named.clone());
        }
        Ok(Answered { asks_again: has_new && requires_nonce(&reply), reply })
    }

    /// A new proof for one request (section 4.2). Each one has a unique id, because a server may refuse one that it has seen.
    async fn proof(&self, request: &ProofRequest<'_>, signer: &dyn Signer) -> Result<SecretString> {
        let header = json!({"typ": "dpop+jwt", "alg": signer.algorithm(), "jwk": jwk(signer)?});
        let mut claims = json!({
            "jti": Uuid::new_v4().to_string(),
            "htm": request.method,
            "htu": without_query(request.url),
            "iat": self.key.context.clock().now().as_second(),
        });
        if let Some(token) = request.access_token {
            claims["ath"] = json!(URL_SAFE_NO_PAD.encode(sha256(token.expose_secret().as_bytes())));
        }
        if let Some(nonce) = request.nonce {
            claims["nonce"] = json!(nonce);
        }
        let mut text = URL_SAFE_NO_PAD.encode(header.to_string());
        let _ = write!(text, ".{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = signer.sign(text.as_bytes()).await?;
        let _ = write!(text, ".{}", URL_SAFE_NO_PAD.encode(signature));
        Ok(SecretString::from(text))
    }
}

#[async_trait]
impl RequestProof for Dpop {
    async fn headers(&self, request: &ProofRequest<'_>) -> Result<Vec<(String, SecretString)>> {
        let signer = self.key.current().await?;
        let mut headers = vec![(DPOP.to_owned(), self.proof(request, signer.as_ref()).await?)];
        if let Some(token) = request.access_token {
            headers.push(("Authorization".to_owned(), format!("{DPOP} {}", token.expose_secret()).into()));
        }
        Ok(headers)
    }

    fn nonce_header(&self) -> Option<&str> {
        Some(NONCE)
    }
}

impl fmt::Debug for Dpop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dpop").finish_non_exhaustive()
    }
}

fn requires_nonce(reply: &Reply) -> bool {
    let body: Option<Value> = serde_json::from_slice(&reply.body).ok();
    body.is_some_and(|body| body["error"] == USE_NONCE)
}

/// The public key, which the proof carries (RFC 7517; RFC 7518, section 6.3.1).
fn jwk(signer: &dyn Signer) -> Result<Value> {
    let (modulus, exponent) = signer.public_key()?.rsa_numbers()?;
    Ok(json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode(modulus), "e": URL_SAFE_NO_PAD.encode(exponent)}))
}

/// The address as a proof names it: without query and fragment (section 4.2).
fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}
