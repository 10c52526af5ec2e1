//! The `http:` block of a source, the same for every connector that speaks HTTP.

use crate::secret::SecretRef;
use crate::units::TimeSpan;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU32;
use std::path::PathBuf;
use url::Url;

/// How to reach a source over HTTP.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct HttpOptions {
    /// A PEM file with extra certificate authorities to trust, relative to the project folder.
    pub ca_file: Option<PathBuf>,
    /// The proxy to go through, for example `http://proxy.acme.example:3128`.
    #[schemars(with = "Option<String>", extend("format" = "uri"))]
    pub proxy: Option<Url>,
    /// A secret ref to the certificate (PEM) to present to servers that require one (mutual TLS), with its issuers behind
    /// it. Needs `client_key_ref`.
    pub client_certificate_ref: Option<SecretRef>,
    /// A secret ref to the private key of the client certificate.
    pub client_key_ref: Option<SecretRef>,
    /// A secret ref to the password of the client key, if it is encrypted.
    pub client_key_password_ref: Option<SecretRef>,
    /// The time limit for one request, not counting retries.
    #[schemars(extend("default" = "60s"))]
    pub timeout: TimeSpan,
    /// The most requests to send in a second, across all pages that are read concurrently. The default is 200.
    pub requests_per_second: Option<NonZeroU32>,
    /// Allows plain `http://` on loopback. It is always refused for other hosts.
    pub allow_insecure_loopback: bool,
    /// Whether the answers of the source are recorded, or come from a recording. No file says it, only a command or a test.
    #[serde(skip)]
    pub tape: Tape,
    /// Whether a refused connection is an error at once. Otherwise it is tried again, because a server that starts again refuses
    /// connections for a moment. No file says it, only a command for which somebody waits.
    #[serde(skip)]
    pub gives_up_if_refused: bool,
}

/// Whether the answers of a source are recorded, or come from a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tape {
    /// Neither.
    #[default]
    Off,
    /// Each answer is written into this folder, without secrets. Answers of the sign-in are not.
    Record(PathBuf),
    /// Nothing is sent. Answers come from this folder, and the source does not sign in.
    Replay(PathBuf),
}

impl Tape {
    /// Whether answers come from a recording.
    pub fn is_replay(&self) -> bool {
        matches!(self, Self::Replay(_))
    }
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            ca_file: None,
            proxy: None,
            client_certificate_ref: None,
            client_key_ref: None,
            client_key_password_ref: None,
            timeout: TimeSpan::from_secs(60),
            requests_per_second: None,
            allow_insecure_loopback: false,
            tape: Tape::Off,
            gives_up_if_refused: false,
        }
    }
}
