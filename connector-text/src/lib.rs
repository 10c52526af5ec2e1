//! Numbers, times and text from outside, as people read them, on a terminal and in a browser.
//!
//! * [`count`], [`bytes`], [`duration`], [`relative`] and the like write quantities;
//! * [`clean`] makes text from outside harmless: nothing in it hides or reorders what stands beside it.

mod harmless;
mod quantity;

pub use harmless::{clean, clean_line, is_harmful};
pub use quantity::{
    bytes, clock, count, day, days_until, duration, exactly, moment, only_first, plural, relative, time,
};
