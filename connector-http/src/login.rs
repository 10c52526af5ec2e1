//! Sends token requests to the token endpoint.

use crate::clock_skew;
use crate::secret_header;
use crate::transport::{Parcel, Transport};
use async_trait::async_trait;
use bytes::Bytes;
use connector_core::{Error, ErrorKind, Exchange, Reply, Result, TokenRequest};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest response of a token endpoint to read.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// The token requests of one source. Remembers the clock skew from the last response.
pub(crate) struct LoginExchange {
    transport: Arc<Transport>,
    clock_hint: Mutex<Option<String>>,
}

impl LoginExchange {
    pub(crate) fn new(transport: Arc<Transport>) -> Self {
        Self { transport, clock_hint: Mutex::default() }
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
        };
        let response = self.transport.send(parcel).await?;
        let date = response.header("date");
        let hint = clock_skew::hint(date, self.transport.clock.now());
        *self.clock_hint.lock().unwrap_or_else(PoisonError::into_inner) = hint;
        let content_type = response.header("content-type").unwrap_or_default();
        let mut reply = Reply::new(response.status, response.body.to_vec()).with_content_type(content_type);
        reply.date = date.map(str::to_owned);
        reply.nonce = response.header("dpop-nonce").map(str::to_owned);
        Ok(reply)
    }
}
