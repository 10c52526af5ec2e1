//! Carries token requests to the token endpoint.

use crate::clock_skew;
use crate::transport::{Parcel, Transport};
use async_trait::async_trait;
use bytes::Bytes;
use connector_core::{Error, ErrorKind, Exchange, Reply, Result};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// The exchange of one source; remembers what the last answer said about the clock.
pub(crate) struct LoginExchange {
    transport: Arc<Transport>,
    clock_hint: Mutex<Option<String>>,
}

impl LoginExchange {
    pub(crate) fn new(transport: Arc<Transport>) -> Self {
        Self { transport, clock_hint: Mutex::default() }
    }

    /// A hint when this machine's clock is off.
    pub(crate) fn clock_hint(&self) -> Option<String> {
        self.clock_hint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Exchange for LoginExchange {
    async fn post_form(&self, url: &Url, form: &[(&str, &str)]) -> Result<Reply> {
        let hosts = &self.transport.hosts;
        if url.origin() != hosts.token_url().origin() {
            return Err(Error::new(ErrorKind::Internal, "credentials may be sent to the token URL alone"));
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let parcel = Parcel { method: Method::POST, url: url.clone(), headers, body: Some(Bytes::from(body)) };
        let response = self.transport.send(parcel).await?;
        let date = response.header("date").map(str::to_owned);
        let hint = clock_skew::hint(date.as_deref(), self.transport.clock.now());
        *self.clock_hint.lock().unwrap_or_else(PoisonError::into_inner) = hint;
        let content_type = response.header("content-type").unwrap_or_default().to_owned();
        Ok(Reply { status: response.status, content_type, date, body: response.body.to_vec() })
    }
}
