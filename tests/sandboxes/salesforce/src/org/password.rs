//! The passwords of users, of which only hashes are kept.

use std::collections::{HashMap, HashSet};

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;

/// How many of a user's latest passwords can't be used again.
const REMEMBERED: usize = 3;
/// Few rounds: these hashes protect only a simulated org.
const ROUNDS: usize = 100;

/// The passwords of users.
#[derive(Default)]
pub(crate) struct Passwords {
    salt: [u8; 16],
    hashes: HashMap<u64, Vec<[u8; 32]>>,
    expired: HashSet<u64>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let mut salt = [0; 16];
        // The system's generator does not fail; were it to, hashes would only be easier to compare.
        openssl::rand::rand_bytes(&mut salt).unwrap_or_default();
        Self { salt, ..Self::default() }
    }

    fn hash(&self, password: &str) -> Result<[u8; 32], ErrorStack> {
        let mut hash = [0; 32];
        pbkdf2_hmac(password.as_bytes(), &self.salt, ROUNDS, MessageDigest::sha256(), &mut hash)?;
        Ok(hash)
    }

    /// Whether this is one of the user's most recent passwords.
    pub(crate) fn is_repeated(&self, user: u64, password: &str) -> bool {
        let known = self.hashes.get(&user);
        known.is_some_and(|known| self.hash(password).is_ok_and(|hash| known.contains(&hash)))
    }

    /// Sets the password of a user; an expired one must be changed at the next login.
    pub(crate) fn set(&mut self, user: u64, password: &str, expired: bool) {
        if let Ok(hash) = self.hash(password) {
            let known = self.hashes.entry(user).or_default();
            known.push(hash);
            let over = known.len().saturating_sub(REMEMBERED);
            known.drain(..over);
        }
        if expired {
            self.expired.insert(user);
        } else {
            self.expired.remove(&user);
        }
    }

    pub(crate) fn is_expired(&self, user: u64) -> bool {
        self.expired.contains(&user)
    }
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passwords").field("users", &self.hashes.len()).finish_non_exhaustive()
    }
}
