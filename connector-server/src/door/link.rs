//! The link with which somebody signs in once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use connector_core::{Error, Result};
use openssl::sha::sha256;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

/// A link that works once.
pub(crate) struct Link {
    address: SocketAddr,
    token: Mutex<String>,
}

impl Link {
    pub(crate) fn new(address: SocketAddr) -> Result<Self> {
        Ok(Self { address, token: Mutex::new(random()?) })
    }

    /// The link that works now.
    pub(crate) fn current(&self) -> String {
        self.written(&self.token.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses up the link if this is its token; returns the next one.
    pub(super) fn take(&self, token: &str) -> Option<String> {
        let mut current = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        // Hashes have the same length, so the comparison always takes the same time.
        if !openssl::memcmp::eq(&sha256(token.as_bytes()), &sha256(current.as_bytes())) {
            return None;
        }
        *current = random().ok()?;
        Some(self.written(&current))
    }

    fn written(&self, token: &str) -> String {
        format!("http://{}/sign-in?token={token}", self.address)
    }
}

/// 256 random bits.
fn random() -> Result<String> {
    let mut bytes = [0; 32];
    openssl::rand::rand_bytes(&mut bytes)
        .map_err(|cause| Error::internal("this machine gives no random numbers").with_cause(cause))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_works_once_and_debug_does_not_show_it() {
        let link = Link::new(([127, 0, 0, 1], 8080).into()).unwrap();
        let token = link.current().rsplit('=').next().unwrap().to_owned();
        assert_eq!(token.len(), 43);
        assert!(!format!("{link:?}").contains(&token));
        assert!(link.take("").is_none() && link.take(&token[1..]).is_none());
        let next = link.take(&token).unwrap();
        assert!(link.take(&token).is_none());
        assert_eq!(next, link.current());
    }
}
