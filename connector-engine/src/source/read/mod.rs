//! From the text of a file to a typed definition, or to everything that is wrong with it.
//!
//! The way of a source file: `text` → `yaml` (one value) and `tree` (places) → `literals` (secrets in the file) →
//! `conform` (schemas) → `refs` (what it points at) → `source` (typed). `connector.yaml` goes the same way.

mod conform;
mod edit;
mod findings;
mod literals;
mod names;
mod nearest;
mod project_file;
mod refs;
mod source;
mod text;
mod tree;
mod wording;
mod yaml;

pub(super) use edit::edited;
pub use literals::masked_text;
pub(super) use names::{ambiguous_source, unknown_source};
pub(super) use project_file::{project_settings, store_file};
pub(super) use source::{check_source, source, source_from_text};
