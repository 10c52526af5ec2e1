//! The REST API: the same questions as the pages, answered in JSON.
//!
//! Answers have types of their own (`model`), so that a change of the engine does not change what other programs read. The
//! document in `schemas/openapi.json` is made from them.

#![allow(unused_qualifications, reason = "in what utoipa writes")]

mod accounts;
mod differences;
mod document;
mod entitlements;
mod etag;
mod findings;
mod jobs;
mod model;
mod plans;
mod runs;
mod sources;

pub use document::openapi;
pub(crate) use document::{router, uploads};
pub(crate) use model::Problem;

use connector_core::{Error, Result};
use serde::Deserialize;
use std::str::FromStr;

/// How many items a page has unless the request says so, and at most.
const USUAL_LIMIT: u64 = 100;
const LARGEST_LIMIT: u64 = 1_000;

/// How many items a page has.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Limit(u64);

impl TryFrom<String> for Limit {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| (1..=LARGEST_LIMIT).contains(number));
        number.map(Self).ok_or_else(|| format!("must be a number from 1 to {LARGEST_LIMIT}"))
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(USUAL_LIMIT)
    }
}

impl Limit {
    fn number(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A position in a list that is counted. Fails with kind `invalid` if a program made it up.
fn position<T: FromStr>(after: &str) -> Result<T> {
    after.parse().map_err(|_| {
        Error::invalid("`after` is not a position of this list")
            .with_help("send `next` of the page before, or leave `after` out to begin")
    })
}
