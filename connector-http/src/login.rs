//! Sends token requests to the token endpoint.

use crate::clock_skew;
use crate::redirect;
use crate::secret_header;
use crate::transport::{Parcel, Transport};
use async_trait::async_trait;
use bytes::Bytes;
use connector_core::{Credential, Error, ErrorKind, Exchange, Reply, Result, TokenRequest};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest response of a token endpoint to read.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// A response with this member is an error, whatever its status is.
const ERROR_MEMBER: &[u8] = b"\"error\"";

/// The fields of a token request whose values are secrets.
const SECRET_FIELDS: [&str; 6] = ["assertion", "secret", "password", "token", "code", "signature"];

/// The token requests of one source. Remembers the clock skew from the last response.
pub(crate) struct LoginExchange {
    transport: Arc<Transport>,
    clock_hint: Mutex<Option<String>>,
}

impl LoginExchange {
    pub(crate) fn new(transport: Arc<Transport>) -> Self {
        Self { transport, clock_hint: Mutex::default() }
    }

    /// A server must not be quoted with the credential either.
    pub(crate) fn learn_credential(&self, credential: &Credential) {
        match credential {
            Credential::Bearer(token) => self.transport.redactor.learn(token.access_token.expose_secret()),
            Credential::Header { value, .. } => {
                let value = value.expose_secret();
                self.transport.redactor.learn(value);
                // The part after the scheme, as in `Basic …`.
                self.transport.redactor.learn(value.split_once(' ').map_or(value, |(_, rest)| rest));
            }
            _ => {}
        }
    }

    /// The values that a server must not be quoted with.
    fn learn(&self, form: &[(&str, &str)], headers: &[(String, SecretString)]) {
        for (name, value) in form {
            if SECRET_FIELDS.iter().any(|field| name.ends_with(field)) {
                self.transport.redactor.learn(value);
            }
        }
        for (_, value) in headers {
            self.transport.redactor.learn(value.expose_secret());
        }
    }

    /// A hint if the clock of this machine is off.
    pub(crate) fn clock_hint(&self) -> Option<String> {
        self.clock_hint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Exchange for LoginExchange {
    async fn post(&self, request: &TokenRequest<'_>) -> Result<Reply> {
        let TokenRequest { url, form, headers: own, .. } = request;
        let hosts = &self.transport.hosts;
        if hosts.token_url().is_none_or(|token_url| token_url.origin() != url.origin()) {
            return Err(Error::new(ErrorKind::Internal, "credentials can be sent only to the token URL"));
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        for (name, value) in own {
            secret_header::insert(&mut headers, name, value)?;
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(*form).finish();
        let parcel = Parcel {
            method: Method::POST,
            url: (*url).clone(),
            headers,
            body: Some(Bytes::from(body)),
            most: LARGEST_ANSWER,
            // A service may give out the token that it gave before.
            keeps_success: true,
            // Those among the headers are learned.
            proof: None,
        };
        self.learn(form, own);
        let (response, _) = self.transport.exchange(parcel, false).await?;
        if redirect::is_redirect(&response) {
            return Err(redirect::refused(&response, url));
        }
        let quotes = response.body.windows(ERROR_MEMBER.len()).any(|part| part == ERROR_MEMBER);
        let body = if quotes { self.transport.blanked(response.body.to_vec()) } else { response.body.to_vec() };
        let date = response.header("date");
        let hint = clock_skew::hint(date, self.transport.clock.now());
        *self.clock_hint.lock().unwrap_or_else(PoisonError::into_inner) = hint;
        let content_type = response.header("content-type").unwrap_or_default();
        let mut reply = Reply::new(response.status, body).with_content_type(content_type);
        reply.date = date.map(str::to_owned);
        reply.nonce = response.header("dpop-nonce").map(str::to_owned);
        Ok(reply)
    }
}
