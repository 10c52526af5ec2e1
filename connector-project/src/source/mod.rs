//! Projects and their source files.
//!
//! A [`Project`] is a folder; each YAML file in its `sources/` is a [`Source`]. Loading one reads the text once, checks
//! it against the schema that its `connector` and `grant_type` choose, and reports every [problem](Problems) at once,
//! each with its place. [`Source::open`] makes the connector; it is offline.
//!
//! [`schema`] has the JSON Schemas, composed from what is linked into the binary.

mod create;
mod definition;
mod edit;
mod meaning;
mod open;
mod opened;
mod project;
mod read;
pub mod schema;
mod template;

pub use crate::document::{Problems, masked_text};
pub use definition::{AggregationSettings, AuthBlock, ProjectSettings, Source};
pub use meaning::Definition;
pub use opened::Opened;
pub use project::Project;
pub use template::source_template;
