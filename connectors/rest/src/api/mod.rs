//! Requests to the API, and what their responses mean.

mod call;
mod error;
mod pace;

pub(crate) use call::{Answer, Api, Asked};
pub(crate) use error::undone;
