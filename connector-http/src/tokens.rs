//! The credential of a source, stored and renewed once for all requests that wait.

use crate::login::LoginExchange;
use crate::pace::Tries;
use crate::secret_header;
use connector_core::{AuthStrategy, Credential, Error, ErrorKind, Result, Retry, Token};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// A token with less time left is renewed, because it could expire in transit.
const LEAST_LIFE: Duration = Duration::from_secs(30);

/// Refused credentials are not sent again during this time, because each refusal can count toward a lockout.
const REST_AFTER_REFUSAL: Duration = Duration::from_mins(1);

/// Stores the credential of one source.
pub(crate) struct Tokens {
    pub(crate) strategy: Arc<dyn AuthStrategy>,
    pub(crate) exchange: LoginExchange,
    state: Mutex<State>,
    /// The number of finished logins. Read it before a wait to know whether a login finished during the wait.
    ended: AtomicU64,
}

#[derive(Default)]
struct State {
    held: Option<Arc<SharedCredential>>,
    refusal: Option<Refusal>,
}

/// A credential and the number of its login.
pub(crate) struct SharedCredential {
    pub(crate) credential: Credential,
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

    /// The stored credential, or a new one.
    pub(crate) async fn current(&self) -> Result<Arc<SharedCredential>> {
        self.obtain(None).await
    }

    /// A credential other than `spent`, which the service refused with `refused`. Signs in only if no other request has done
    /// so since.
    ///
    /// A strategy without a token URL reads its secret again. If the secret is the same, the refusal is final: sending it
    /// again would change nothing and could lock an account.
    pub(crate) async fn renewed(&self, spent: &SharedCredential, refused: Error) -> Result<Arc<SharedCredential>> {
        self.obtain(Some((spent, refused))).await
    }

    async fn obtain(&self, spent: Option<(&SharedCredential, Error)>) -> Result<Arc<SharedCredential>> {
        let seen = self.ended.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        let number = spent.as_ref().map(|(spent, _)| spent.number);
        if let Some(held) = state.held.as_ref().filter(|held| held.is_good(number)) {
            return Ok(held.clone());
        }
        if let Some(refusal) = state.refusal.as_ref().filter(|refusal| refusal.stands(seen)) {
            return Err(refusal.error.clone());
        }
        let outcome = match (self.sign_in().await, spent) {
            (Ok(same), Some((spent, refused))) if self.is_fixed() && is_same(&same, &spent.credential) => Err(refused),
            (outcome, _) => outcome,
        };
        let number = self.ended.fetch_add(1, Ordering::AcqRel) + 1;
        match outcome {
            Ok(credential) => {
                self.exchange.learn_credential(&credential);
                let held = Arc::new(SharedCredential { renew_at: end_of_life(&credential), credential, number });
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

    fn is_fixed(&self) -> bool {
        self.strategy.token_url().is_none()
    }

    async fn sign_in(&self) -> Result<Credential> {
        let mut tries = Tries::of_login();
        let mut repeated = false;
        loop {
            let error = match self.strategy.credential(&self.exchange).await {
                Ok(credential) => return Ok(credential),
                Err(error) => error,
            };
            let Retry::After(wait) = error.retry() else { return Err(error) };
            let asked = Some(wait).filter(|wait| !wait.is_zero());
            if !tries.pause(asked).await {
                return Err(if repeated { error.after_tries(tries.count) } else { error });
            }
            tracing::debug!(kind = error.kind().name(), "signing in again after a temporary fault");
            repeated = true;
        }
    }
}

impl SharedCredential {
    /// The token, if the credential is a token.
    pub(crate) fn token(&self) -> Option<&Token> {
        self.credential.token()
    }

    /// Adds the credential to the headers of a request.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) -> Result<()> {
        match &self.credential {
            Credential::Bearer(token) => {
                let text = format!("Bearer {}", token.access_token.expose_secret());
                let value = secret_header::sensitive(&text).ok_or_else(|| {
                    Error::new(ErrorKind::Protocol, "the access token contains characters that a header can't carry")
                })?;
                headers.insert(AUTHORIZATION, value);
                Ok(())
            }
            Credential::Header { name, value, .. } => secret_header::insert(headers, name, value),
            _ => Ok(()),
        }
    }

    fn is_good(&self, spent: Option<u64>) -> bool {
        spent != Some(self.number) && self.renew_at.is_none_or(|at| Instant::now() < at)
    }
}

/// When to renew a token. A lifetime that overflows has no end.
fn end_of_life(credential: &Credential) -> Option<Instant> {
    let life = credential.token()?.expires_in?;
    Instant::now().checked_add(life.saturating_sub(LEAST_LIFE.min(life / 4)))
}

fn is_same(one: &Credential, other: &Credential) -> bool {
    match (one, other) {
        (Credential::Bearer(one), Credential::Bearer(other)) => {
            one.access_token.expose_secret() == other.access_token.expose_secret()
        }
        (Credential::Header { name, value, .. }, Credential::Header { name: other_name, value: other, .. }) => {
            name == other_name && value.expose_secret() == other.expose_secret()
        }
        (Credential::None, Credential::None) => true,
        _ => false,
    }
}

impl Refusal {
    /// The error of a login that failed after `seen`, or whose credentials were refused recently.
    fn stands(&self, seen: u64) -> bool {
        let refused = matches!(self.error.kind(), ErrorKind::Auth | ErrorKind::Permission | ErrorKind::RateLimited);
        self.number > seen || (refused && self.at.elapsed() < REST_AFTER_REFUSAL)
    }
}
