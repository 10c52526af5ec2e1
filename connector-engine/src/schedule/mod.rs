//! When sources are due.
//!
//! [`Times`] are the moments of a cron schedule in a time zone. [`due`] decides from the last run of a source whether one of them
//! has come that nothing was run for. A [`Clock`] waits for the next one and starts what is due; [`calendar`] shows what became of
//! the moments.

mod calendar;
mod clock;
mod due;
mod event;
mod roster;
mod times;

pub use calendar::{Fate, Moment, calendar};
pub use clock::Clock;
pub use due::{Due, Reason, due};
pub use event::{Event, NextMoment};
pub use times::Times;
