//! Measures how far the clock of this machine is off.

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// A smaller difference is not worth a hint.
const WORTH_A_WORD: i64 = 60;

/// A hint for the user if the server's `Date` header and the clock differ by more than a minute.
pub(crate) fn hint(date: Option<&str>, now: Timestamp) -> Option<String> {
    let server = rfc2822::parse(date?.trim()).ok()?.timestamp();
    let behind = server.as_second() - now.as_second();
    if behind.abs() <= WORTH_A_WORD {
        return None;
    }
    let direction = if behind > 0 { "behind" } else { "ahead of" };
    Some(format!("the clock of this machine is {} seconds {direction} the server's clock: correct it", behind.abs()))
}
