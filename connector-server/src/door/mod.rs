//! Who may enter, and what a browser may do with an answer.

mod headers;
mod host;
mod link;
mod session;
mod visitor;

pub(crate) use headers::{csrf, guard_answer};
pub(crate) use host::require_host;
pub(crate) use link::Link;
pub(crate) use session::{require_session, sign_in, sign_in_with_token, sign_out};
pub(crate) use visitor::Visitor;

use std::net::SocketAddr;
use std::sync::Arc;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, MemoryStore, SessionManagerLayer};

/// How long somebody stays signed in.
const SESSION: Duration = Duration::hours(12);

/// The door of one server.
#[derive(Clone)]
pub(crate) struct Doors {
    inner: Arc<Inner>,
}

struct Inner {
    address: SocketAddr,
    link: Link,
    next_link: Box<dyn Fn(&str) + Send + Sync>,
}

impl Doors {
    pub(crate) fn new(address: SocketAddr, link: Link, next_link: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { inner: Arc::new(Inner { address, link, next_link: Box::new(next_link) }) }
    }

    /// Uses up the link if this is its token. Then it makes the next one, for somebody else or another browser.
    fn admits(&self, token: &str) -> bool {
        let Some(next) = self.inner.link.take(token) else { return false };
        (self.inner.next_link)(&next);
        true
    }

    /// Sessions in memory: they end with the server. A cookie is shared by all ports of a host, so each port has its own name.
    pub(crate) fn sessions(&self) -> SessionManagerLayer<MemoryStore> {
        SessionManagerLayer::new(MemoryStore::default())
            .with_name(format!("connector_{}", self.inner.address.port()))
            .with_http_only(true)
            .with_same_site(SameSite::Lax)
            // The server speaks plain HTTP on this machine only.
            .with_secure(false)
            .with_expiry(Expiry::OnInactivity(SESSION))
    }
}
