//! The state that a client and its requests share.

use crate::response::{Reaction, Response};
use crate::tokens::Tokens;
use crate::transport::Transport;
use connector_core::Error;
use std::sync::{Arc, Mutex, PoisonError};

/// The session with one source: how to send, with which credential, and how to classify a response.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) transport: Arc<Transport>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) nonce: Arc<Nonce>,
    pub(crate) reaction: fn(&Response) -> Reaction,
    pub(crate) refusal: fn(&Response) -> Option<Error>,
    /// Where the source's own message is in a body without success, as JSON pointer.
    pub(crate) message: Option<&'static str>,
}

/// The last nonce that the service asked proofs to include.
#[derive(Default)]
pub(crate) struct Nonce(Mutex<Option<String>>);

impl Nonce {
    pub(crate) fn get(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, nonce: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(nonce.to_owned());
    }
}
