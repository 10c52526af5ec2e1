//! The `http:` block of a source, the same for every connector that speaks HTTP.

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
    /// The longest one request may take, retries not counted.
    #[schemars(extend("default" = "60s"))]
    pub timeout: TimeSpan,
    /// The most requests that are sent in a second, over all pages that are read at the same time. Without it 200.
    pub requests_per_second: Option<NonZeroU32>,
    /// Allows plain `http://` to this machine (loopback). It is refused everywhere else.
    pub allow_insecure_loopback: bool,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            ca_file: None,
            proxy: None,
            timeout: TimeSpan::from_secs(60),
            requests_per_second: None,
            allow_insecure_loopback: false,
        }
    }
}
