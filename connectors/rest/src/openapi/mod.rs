//! Drafts the settings of a source from an OpenAPI description of its API.
//!
//! `lists` finds the lists, `words` recognizes what they are lists of, `fields` and `paging` read how items become accounts
//! and how a list continues, `holders` finds who holds what. What the description does not say is left out of the draft, with
//! a comment in its place, so that checking the source names it. Nothing proves the end of a list but what the API says.

mod document;
mod draft;
mod fields;
mod holders;
mod lists;
mod paging;
mod sign_in;
mod text;
mod words;

pub(crate) use draft::draft;
