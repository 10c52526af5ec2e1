//! Headers with secret values.

use connector_core::{Error, ErrorKind, Result};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// Adds a header with a secret value. Fails with kind `secret` if a header can't carry it.
pub(crate) fn insert(headers: &mut HeaderMap, name: &str, value: &SecretString) -> Result<()> {
    let fault =
        |what: &str| Error::new(ErrorKind::Secret, format!("{what} contains characters that a header can't carry"));
    let header: HeaderName = name.parse().map_err(|_| fault(&format!("the header name `{name}`")))?;
    let value = sensitive(value.expose_secret()).ok_or_else(|| {
        fault(&format!("the secret for the header `{name}`"))
            .with_help("check that the place contains only the secret, as text without line breaks")
    })?;
    headers.insert(header, value);
    Ok(())
}

/// A header value that is never logged; `None` if a header can't carry the text.
pub(crate) fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
