//! The rate of requests, and the pauses between tries.

use crate::response::Response;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use governor::clock::MonotonicClock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// The average limit of requests per second to one source.
const REQUESTS_A_SECOND: NonZeroU32 = NonZeroU32::new(200).expect("200 is not zero");

/// The longest wait that a server can request. With a longer one, the response is final.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// No new try begins after this time.
const TIME_FOR_TRIES: Duration = Duration::from_mins(5);

/// Spreads requests over time. It uses the clock of the operating system, because calibrating a faster clock takes longer
/// than opening a source.
pub(crate) type Limiter = RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Instant>>;

/// The limiter of one source. It spreads a limit from the source file evenly, because a burst would exceed it in the first
/// second.
pub(crate) fn rate_limiter(asked: Option<NonZeroU32>) -> Limiter {
    let quota = match asked {
        Some(limit) => Quota::per_second(limit).allow_burst(NonZeroU32::MIN),
        None => Quota::per_second(REQUESTS_A_SECOND),
    };
    RateLimiter::direct_with_clock(quota, MonotonicClock)
}

/// The tries of one request: limited in number and time, with growing pauses and jitter.
pub(crate) struct Tries {
    pauses: ExponentialBackoff,
    began: Instant,
    most: Duration,
    /// The tries so far, the running one included.
    pub(crate) count: usize,
}

impl Tries {
    /// Five tries, for a request.
    pub(crate) fn of_request() -> Self {
        Self::new(4)
    }

    /// Three tries, for signing in: each can count toward a lockout.
    pub(crate) fn of_login() -> Self {
        Self::new(2)
    }

    fn new(repeats: usize) -> Self {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_factor(3.0)
            .with_max_delay(Duration::from_secs(4))
            .with_max_times(repeats)
            .with_jitter()
            .build();
        Self { pauses, began: Instant::now(), most: TIME_FOR_TRIES, count: 1 }
    }

    /// Waits before the next try, at least `asked` if the server requested a wait. Returns `false` if no try is left.
    pub(crate) async fn pause(&mut self, asked: Option<Duration>) -> bool {
        let Some(own) = self.pauses.next() else { return false };
        // Clients that must all wait for the same time must not return at the same moment.
        let wait = asked.map_or(own, |asked| asked + own / 10);
        if wait > LONGEST_WAIT || self.began.elapsed() + wait > self.most {
            return false;
        }
        tokio::time::sleep(wait).await;
        self.count += 1;
        true
    }
}

/// The wait that `Retry-After` requests, in seconds or as a date.
pub(crate) fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    let text = response.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::from_secs(u64::try_from(date.as_second() - now.as_second()).unwrap_or(0)))
}
