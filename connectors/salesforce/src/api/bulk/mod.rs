//! Reads a large table with one query job of the Bulk API 2.0.
//!
//! A job costs a few calls whatever the size of the table, but the org needs some seconds for it. The jobs read in the order of
//! ids. That keeps the org from splitting a job into chunks, which pays only for tables of many millions of records. In return,
//! an id is a position in any job: when a job fails, expires or is aborted, the next job (or REST) reads what follows the last
//! id, and a page that is repeated or out of order shows.

pub(crate) mod columns;
mod job;
mod pages;
mod pays;
mod place;
mod read;
mod results;
pub(crate) mod sheet;
mod state;
mod transport;

pub(crate) use place::Place;
pub(crate) use read::{is_due, part};
pub(crate) use state::Bulk;
pub(crate) use transport::Transport;
