//! The rules that fit every source, each in a file of its own.

mod certificate;
mod dangerous_access;
mod direct_beside_group;
mod disabled_account_access;
mod ending_assignment;
mod expired_assignment;
mod guard_off;
mod inactive_assignment;
mod leaver_account;
mod orphan_account;
mod stale_store;
mod unowned_account;
mod unused_account;

use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// The whole days from an earlier moment to a later one.
fn days(from: Timestamp, to: Timestamp) -> i64 {
    to.duration_since(from).as_hours() / 24
}

/// The days from an earlier moment to a later one; a day that has begun counts.
fn days_left(from: Timestamp, to: Timestamp) -> i64 {
    const DAY: i64 = 24 * 60 * 60;
    (to.duration_since(from).as_secs().max(0) + DAY - 1) / DAY
}

/// The moment this long after another one; the latest one if there is none so late.
fn after(moment: Timestamp, time: Duration) -> Timestamp {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    moment.checked_add(time).unwrap_or(Timestamp::MAX)
}

/// `1 day`, `3 days`.
fn in_days(days: i64) -> String {
    if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
}
