//! How many requests the API accepts.

use crate::system::Limits;
use connector_http::Response;
use governor::clock::MonotonicClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};

type Limiter = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Instant>>;

/// Above this, a number is a time in seconds since 1970 and not a wait.
const TIMES_BEGIN: u64 = 1_000_000_000;

/// The wait if the API does not say how long.
const USUAL_WAIT: Duration = Duration::from_secs(10);

/// Keeps the limits of one source.
pub(super) struct Pace {
    limiter: Option<Limiter>,
    turns: Option<Semaphore>,
    wait_header: Option<String>,
}

impl Pace {
    pub(super) fn new(limits: &Limits) -> Self {
        let spread = |most: NonZeroU32| {
            let quota = Quota::per_minute(most).allow_burst(NonZeroU32::MIN);
            RateLimiter::direct_with_clock(quota, MonotonicClock)
        };
        let turns = limits.concurrent.map(|most| Semaphore::new(most.get() as usize));
        Self { limiter: limits.per_minute.map(spread), turns, wait_header: limits.wait_header.clone() }
    }

    /// Waits until a request may be sent. The request counts as running until the result is dropped.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let turn = match &self.turns {
            Some(turns) => turns.acquire().await.ok(),
            None => None,
        };
        if let Some(limiter) = &self.limiter {
            limiter.until_ready().await;
        }
        turn
    }

    /// How long the API asks to wait.
    pub(super) fn wait(&self, response: &Response, now: Timestamp) -> Duration {
        let own = || self.wait_header.as_deref().and_then(|name| response.header(name));
        // Its own header says when a quota begins again, which can be an hour later than what `Retry-After` asks for.
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let asked = response.header("retry-after").and_then(number).or_else(|| own().and_then(number));
        match asked {
            Some(time) if time > TIMES_BEGIN => {
                let now = u64::try_from(now.as_second()).unwrap_or_default();
                Duration::from_secs(time.saturating_sub(now).max(1))
            }
            Some(seconds) => Duration::from_secs(seconds.max(1)),
            None => USUAL_WAIT,
        }
    }
}
