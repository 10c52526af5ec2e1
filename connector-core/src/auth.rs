//! How a source proves who it is.

use crate::error::Result;
use crate::test_report::TestReport;
use async_trait::async_trait;
use secrecy::SecretString;
use serde_json::{Map, Value};
use std::fmt;
use std::time::Duration;
use url::Url;

/// Gets access tokens by one OAuth grant type.
///
/// A strategy never touches the network itself: it hands a form to the [`Exchange`], so it can be tried without a server.
/// Opening one is offline and reads no secret; keys are read when they are needed.
#[async_trait]
pub trait AuthStrategy: fmt::Debug + Send + Sync {
    /// Asks for a new access token. Fails with kind `auth` when the credentials are refused, with cause and cure.
    async fn token(&self, via: &dyn Exchange) -> Result<Token>;

    /// Adds the steps that can be checked offline, such as `private_key`, `certificate` and `assertion`.
    async fn check(&self, report: &mut TestReport);

    /// Where tokens are asked for. Credentials go to this host and no other.
    fn token_url(&self) -> &Url;
}

/// Carries a token request to the token endpoint.
#[async_trait]
pub trait Exchange: Send + Sync {
    /// Posts a form and gives back the answer, whatever its status.
    ///
    /// Fails only when no answer came: kinds `unavailable`, `timeout` or `protocol`.
    async fn post_form(&self, url: &Url, form: &[(&str, &str)]) -> Result<Reply>;
}

/// The answer of a token endpoint. `Debug` shows no body, because it may hold a token.
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The value of the `Content-Type` header, empty when absent.
    pub content_type: String,
    /// The value of the `Date` header, where there is one; a clock that is off shows here.
    pub date: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// An access token and what came with it.
#[derive(Clone, Debug)]
pub struct Token {
    /// What to send as `Authorization: Bearer …`.
    pub access_token: SecretString,
    /// How long it lives, where the endpoint says so.
    pub expires_in: Option<Duration>,
    /// The other members of the answer that are no secrets, such as `instance_url`, `id` and `scope`.
    pub members: Map<String, Value>,
}

impl Token {
    /// A text member of the answer, such as `instance_url`.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.members.get(name).and_then(Value::as_str)
    }
}
