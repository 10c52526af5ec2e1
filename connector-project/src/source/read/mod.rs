//! Turns the text of a file into a typed definition, or into a list of its problems.
//!
//! A source file takes these steps: [`document`](crate::document) reads the text, the tree of positions and the value;
//! `mapping` requires a mapping; `document` looks for secrets and checks the schemas; `refs` checks refs, URLs and files;
//! `source` builds the typed value. `connector.yaml`, `findings.yaml` and connector files take the same steps.

mod catalog;
mod connector_file;
mod edit;
mod findings_file;
mod mapping;
mod names;
mod project_file;
mod refs;
mod settings_file;
mod source;

pub(super) use catalog::catalog;
pub(super) use edit::edited;
pub(super) use findings_file::findings_settings;
pub(super) use names::{ambiguous_source, second_source, unknown_source};
pub(super) use project_file::{project_settings, store_place};
pub(super) use source::{Given, UNUSABLE_CONNECTOR, check_source, source, source_from_text};
