//! Sessions: the meaning of an access token.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::dpop::Thumbprint;
use crate::id::Id;

/// The session behind an access token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Session {
    /// The user's row.
    pub(crate) user: u64,
    /// The key that the token is bound to.
    pub(crate) key: Option<Thumbprint>,
    /// Requests before it ends; `None` for no limit.
    left: Option<u64>,
}

/// The form of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenForm {
    /// `<15-character org id>!<random>`.
    Opaque,
    /// Three parts, issued by an app with `isNamedUserJwtEnabled`. SOAP does not accept them.
    Jwt,
}

impl TokenForm {
    /// The form of a token of this org.
    pub(crate) fn of(token: &str) -> Self {
        if token.contains('!') { Self::Opaque } else { Self::Jwt }
    }
}

/// All sessions of the org, by token.
#[derive(Default)]
pub(crate) struct Sessions {
    open: HashMap<String, Session>,
    opened: u64,
}

impl Sessions {
    /// Opens a session and returns its token.
    pub(crate) fn open(
        &mut self,
        organization: Id,
        (user, key): (u64, Option<Thumbprint>),
        form: TokenForm,
        lifetime: impl Fn(u64) -> Option<u64>,
    ) -> String {
        let mut random = [0; 60];
        // The system's generator does not fail; were it to, tokens would only be easier to guess on loopback.
        openssl::rand::rand_bytes(&mut random).unwrap_or_default();
        self.opened += 1;
        let random = URL_SAFE_NO_PAD.encode(random).replace('-', ".");
        let number = self.opened % 10_000;
        let token = match form {
            TokenForm::Opaque => format!("{}!AQ{number:04}{random}", organization.short()),
            // Only the org reads it, and the org keeps all tokens.
            TokenForm::Jwt => format!("eyJhbGciOiJSUzI1NiJ9.e30.{number:04}{}", random.replace('.', "-")),
        };
        self.open.insert(token.clone(), Session { user, key, left: lifetime(self.opened) });
        token
    }

    /// The session of a token; counts one request.
    pub(crate) fn take(&mut self, token: &str) -> Option<Session> {
        let session = self.open.get_mut(token)?;
        if let Some(left) = &mut session.left {
            if *left == 0 {
                self.open.remove(token);
                return None;
            }
            *left -= 1;
        }
        self.open.get(token).copied()
    }

    /// Ends one session; false if it does not exist.
    pub(crate) fn close(&mut self, token: &str) -> bool {
        self.open.remove(token).is_some()
    }

    /// Ends the sessions of these users.
    pub(crate) fn close_of(&mut self, users: &[u64]) {
        if !users.is_empty() {
            self.open.retain(|_, session| !users.contains(&session.user));
        }
    }

    /// Ends all sessions.
    pub(crate) fn close_all(&mut self) {
        self.open.clear();
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("open", &self.open.len()).finish_non_exhaustive()
    }
}
