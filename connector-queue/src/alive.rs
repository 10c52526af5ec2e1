//! Which workers live.

use std::time::Duration;

/// How often a worker says that it lives.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(5);

/// Who says nothing for so long is gone, and others take its jobs. No lock of a source is valid for longer.
pub(crate) const GONE_AFTER: Duration = Duration::from_secs(20);

/// Whether the worker `w` lives, for SQL.
pub(crate) const IS_ALIVE: &str = "(w.seen_at > now() - interval '20 seconds')";

/// How often somebody looks for jobs of workers that are gone.
pub(crate) const SWEEP: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::{GONE_AFTER, HEARTBEAT, IS_ALIVE, SWEEP};
    use std::time::Duration;

    #[test]
    fn a_dead_worker_is_noticed_within_half_a_minute_and_a_live_one_may_miss_some_beats() {
        assert!(IS_ALIVE.contains(&format!("'{} seconds'", GONE_AFTER.as_secs())));
        assert!(GONE_AFTER + SWEEP < Duration::from_secs(30) && HEARTBEAT * 3 < GONE_AFTER);
    }
}
