//! The token of a source: kept, and renewed once for all who wait.

use crate::login::LoginExchange;
use crate::pace::Tries;
use connector_core::{AuthStrategy, Error, ErrorKind, Result, Retry, Token};
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A token that would die on the way is renewed before.
const LEAST_LIFE: Duration = Duration::from_secs(30);

/// For this time refused credentials are not offered again: each refusal may count against a lockout.
const REST_AFTER_REFUSAL: Duration = Duration::from_mins(1);

/// Keeps the token of one source.
pub(crate) struct Tokens {
    strategy: Arc<dyn AuthStrategy>,
    pub(crate) exchange: LoginExchange,
    state: Mutex<State>,
    /// How many logins have ended; read before waiting, so that one who waited knows whether a login ended meanwhile.
    ended: AtomicU64,
}

#[derive(Default)]
struct State {
    held: Option<Arc<Held>>,
    refusal: Option<Refusal>,
}

/// A token and the number of the login that gave it.
pub(crate) struct Held {
    pub(crate) token: Token,
    number: u64,
    renew_at: Option<Instant>,
}

struct Refusal {
    error: Error,
    number: u64,
    at: Instant,
}

impl Tokens {
    pub(crate) fn new(strategy: Arc<dyn AuthStrategy>, exchange: LoginExchange) -> Self {
        Self { strategy, exchange, state: Mutex::default(), ended: AtomicU64::new(0) }
    }

    /// The token that is held, or a new one.
    pub(crate) async fn current(&self) -> Result<Arc<Held>> {
        self.obtain(None).await
    }

    /// A token other than `spent`; signs in only if nobody else did since.
    pub(crate) async fn renewed(&self, spent: &Held) -> Result<Arc<Held>> {
        self.obtain(Some(spent.number)).await
    }

    async fn obtain(&self, spent: Option<u64>) -> Result<Arc<Held>> {
        let seen = self.ended.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(held) = state.held.as_ref().filter(|held| held.is_good(spent)) {
            return Ok(held.clone());
        }
        if let Some(refusal) = state.refusal.as_ref().filter(|refusal| refusal.stands(seen)) {
            return Err(refusal.error.clone());
        }
        let outcome = self.sign_in().await;
        let number = self.ended.fetch_add(1, Ordering::AcqRel) + 1;
        match outcome {
            Ok(token) => {
                // A life too long to count is one without an end.
                let renew_at = token
                    .expires_in
                    .and_then(|life| Instant::now().checked_add(life.saturating_sub(LEAST_LIFE.min(life / 4))));
                let held = Arc::new(Held { token, number, renew_at });
                *state = State { held: Some(held.clone()), refusal: None };
                Ok(held)
            }
            Err(error) => {
                let refusal = Refusal { error: error.clone(), number, at: Instant::now() };
                *state = State { held: None, refusal: Some(refusal) };
                Err(error)
            }
        }
    }

    async fn sign_in(&self) -> Result<Token> {
        let mut tries = Tries::of_login();
        let mut repeated = false;
        loop {
            let error = match self.strategy.token(&self.exchange).await {
                Ok(token) => return Ok(token),
                Err(error) => error,
            };
            let Retry::After(wait) = error.retry() else { return Err(error) };
            let asked = Some(wait).filter(|wait| !wait.is_zero());
            if !tries.pause(asked).await {
                return Err(if repeated { error.with_retry(Retry::Exhausted) } else { error });
            }
            tracing::debug!(kind = error.kind().name(), "signing in again after a passing fault");
            repeated = true;
        }
    }
}

impl Held {
    /// The value of the `Authorization` header.
    pub(crate) fn bearer(&self) -> Result<HeaderValue> {
        let text = format!("Bearer {}", self.token.access_token.expose_secret());
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            Error::new(ErrorKind::Protocol, "the access token holds characters that can't be sent in a header")
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn is_good(&self, spent: Option<u64>) -> bool {
        spent != Some(self.number) && self.renew_at.is_none_or(|at| Instant::now() < at)
    }
}

impl Refusal {
    /// Whether a login that ended after `seen` failed, or one whose credentials were refused a short while ago.
    fn stands(&self, seen: u64) -> bool {
        let refused = matches!(self.error.kind(), ErrorKind::Auth | ErrorKind::Permission | ErrorKind::RateLimited);
        self.number > seen || (refused && self.at.elapsed() < REST_AFTER_REFUSAL)
    }
}
