//! A proof that goes with each request.

use crate::error::Result;
use async_trait::async_trait;
use secrecy::SecretString;
use std::fmt;
use url::Url;

/// Proves for each request that the sender may use the credential, as `DPoP` does with a signature (RFC 9449).
///
/// ```
/// use connector_core::{ProofRequest, RequestProof, Result};
/// use secrecy::SecretString;
///
/// /// Names method and address; a real proof signs them.
/// #[derive(Debug)]
/// struct Named;
///
/// #[async_trait::async_trait]
/// impl RequestProof for Named {
///     async fn headers(&self, request: &ProofRequest<'_>) -> Result<Vec<(String, SecretString)>> {
///         Ok(vec![("X-Proof".to_owned(), format!("{} {}", request.method, request.url.path()).into())])
///     }
/// }
///
/// let proof: std::sync::Arc<dyn RequestProof> = std::sync::Arc::new(Named);
/// ```
#[async_trait]
pub trait RequestProof: fmt::Debug + Send + Sync {
    /// The headers to add to a request, made again for each try. One named `Authorization` replaces the credential's.
    async fn headers(&self, request: &ProofRequest<'_>) -> Result<Vec<(String, SecretString)>>;

    /// The header in which the service names the nonce for the next proof, such as `DPoP-Nonce`. A 401 with a new nonce
    /// makes the client send the request again with it, without signing in again.
    fn nonce_header(&self) -> Option<&str> {
        None
    }
}

/// The request that a proof is for. `Debug` shows method and host.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct ProofRequest<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The address with its query.
    pub url: &'a Url,
    /// The access token that the request carries, when it carries one.
    pub access_token: Option<&'a SecretString>,
    /// What the service last asked a proof to repeat.
    pub nonce: Option<&'a str>,
}

impl<'a> ProofRequest<'a> {
    /// A request without token and nonce.
    pub fn new(method: &'a str, url: &'a Url) -> Self {
        Self { method, url, access_token: None, nonce: None }
    }

    /// Sets the access token.
    #[must_use]
    pub fn with_token(mut self, access_token: Option<&'a SecretString>) -> Self {
        self.access_token = access_token;
        self
    }

    /// Sets the nonce.
    #[must_use]
    pub fn with_nonce(mut self, nonce: Option<&'a str>) -> Self {
        self.nonce = nonce;
        self
    }
}

impl fmt::Debug for ProofRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofRequest")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .finish_non_exhaustive()
    }
}
