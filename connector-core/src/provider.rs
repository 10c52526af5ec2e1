//! What a connector knows about its provider and generic places show.

use crate::error::ErrorKind;
use crate::settings_fault::SettingsFault;
use crate::token_errors::TokenErrorRow;
use serde_json::Value;

/// What generic commands show about one provider. A connector registers it; without it they show nothing special.
///
/// ```
/// use connector_core::{CertificateUpload, Provider, TokenErrorRow, UploadWay};
///
/// static PROVIDER: Provider = Provider::new()
///     .with_token_errors(&[TokenErrorRow::new("user_locked", "the user is locked", "ask an administrator to unlock it")])
///     .with_test_steps(&["private_key", "access_token", "directory"])
///     .with_certificate_upload(CertificateUpload::new(
///         &[UploadWay::new("Service account", &["Open Service accounts.", "Upload FILE."])],
///         "Acme accepts the certificate after a minute.",
///     ));
/// assert_eq!(PROVIDER.test_steps.len(), 3);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Provider {
    /// What the errors of the token endpoint mean; empty for what the OAuth standards say.
    pub token_errors: &'static [TokenErrorRow],
    /// The steps of a connection test after the definition, in order. `connector test` lists them as skipped when the
    /// definition can't be read.
    pub test_steps: &'static [&'static str],
    /// How an administrator uploads a certificate, where sources sign in with one.
    pub certificate_upload: Option<CertificateUpload>,
    /// What in an `auth:` block that fits its schema can't work at this provider, such as the address of a web page as
    /// `token_url`. The pointers of the faults start at `auth:`, and the block has no `grant_type`. Offline.
    pub auth_check: Option<fn(&Value) -> Vec<SettingsFault>>,
    /// What an error code of the provider's API means, for `connector explain CODE`; `None` for an unknown code.
    pub explain: fn(&str) -> Option<ErrorCode>,
}

impl Default for Provider {
    fn default() -> Self {
        Self::new()
    }
}

impl Provider {
    /// Nothing special.
    pub const fn new() -> Self {
        Self { token_errors: &[], test_steps: &[], certificate_upload: None, auth_check: None, explain: |_| None }
    }

    /// Adds what the errors of the token endpoint mean.
    #[must_use]
    pub const fn with_token_errors(mut self, rows: &'static [TokenErrorRow]) -> Self {
        self.token_errors = rows;
        self
    }

    /// Names the steps of a connection test after the definition.
    #[must_use]
    pub const fn with_test_steps(mut self, steps: &'static [&'static str]) -> Self {
        self.test_steps = steps;
        self
    }

    /// Explains error codes of the provider's API.
    #[must_use]
    pub const fn with_error_codes(mut self, explain: fn(&str) -> Option<ErrorCode>) -> Self {
        self.explain = explain;
        self
    }

    /// Says what in an `auth:` block can't work at this provider.
    #[must_use]
    pub const fn with_auth_check(mut self, check: fn(&Value) -> Vec<SettingsFault>) -> Self {
        self.auth_check = Some(check);
        self
    }

    /// Says how an administrator uploads a certificate.
    #[must_use]
    pub const fn with_certificate_upload(mut self, upload: CertificateUpload) -> Self {
        self.certificate_upload = Some(upload);
        self
    }
}

/// What an error code of a provider's API means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorCode {
    /// The kind of error.
    pub kind: ErrorKind,
    /// What to do.
    pub cure: String,
}

impl ErrorCode {
    /// A code with this kind and cure.
    pub fn new(kind: ErrorKind, cure: impl Into<String>) -> Self {
        Self { kind, cure: cure.into() }
    }
}

/// How an administrator uploads a certificate.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CertificateUpload {
    /// The ways to do it; the recommended one first.
    pub ways: &'static [UploadWay],
    /// What to expect after the upload, in one sentence.
    pub afterwards: &'static str,
}

impl CertificateUpload {
    /// The ways, the recommended one first, and what to expect after the upload.
    pub const fn new(ways: &'static [UploadWay], afterwards: &'static str) -> Self {
        Self { ways, afterwards }
    }
}

/// One way to upload a certificate.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct UploadWay {
    /// Where the certificate goes, such as the kind of app.
    pub title: &'static str,
    /// What to do, in order. `FILE` stands for the path of the certificate.
    pub steps: &'static [&'static str],
}

impl UploadWay {
    /// A way with its steps.
    pub const fn new(title: &'static str, steps: &'static [&'static str]) -> Self {
        Self { title, steps }
    }
}
