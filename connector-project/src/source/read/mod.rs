//! From the text of a file to a typed definition, or to everything that is wrong with it.
//!
//! The way of a source file: text, tree of places and value from [`document`](crate::document) → `mapping` (not just any
//! value) → secrets in the file and schemas, again of `document` → `refs` (what it points at) → `source` (typed).
//! `connector.yaml` goes the same way.

mod edit;
mod mapping;
mod names;
mod project_file;
mod refs;
mod source;

pub(super) use edit::edited;
pub(super) use names::{ambiguous_source, unknown_source};
pub(super) use project_file::{project_settings, store_file};
pub(super) use source::{check_source, source, source_from_text};
