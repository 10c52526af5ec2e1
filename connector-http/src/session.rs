//! What the client and its requests share.

use crate::response::{Response, Verdict};
use crate::tokens::Tokens;
use crate::transport::Transport;
use std::sync::Arc;

/// The way to one source: how to send, with which token, and how to judge an answer.
pub(crate) struct Session {
    pub(crate) transport: Arc<Transport>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) verdict: fn(&Response) -> Verdict,
}
