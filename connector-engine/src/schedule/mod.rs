//! When sources are due.
//!
//! [`Times`] are the moments of a cron schedule in a time zone. [`due`] decides from the last run of a source whether one of them
//! has come that nothing was run for. The clock that waits for the next one is in the caller's hands.

mod due;
mod times;

pub use due::{Due, Reason, due};
pub use times::Times;
