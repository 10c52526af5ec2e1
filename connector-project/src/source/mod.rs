//! Projects and their source files.
//!
//! A [`Project`] is a folder. Each YAML file in its `sources/` is a [`Source`], and each one in its `connectors/` a connector.
//! The [`Catalog`] has these connectors and the linked ones. Loading a source reads its text once and
//! checks it against the schema for its `connector` and `grant_type`. It reports every [problem](Problems) at once, each
//! with its position. [`Source::open`] creates the connector. It works offline.
//!
//! [`schema`] has the JSON Schemas, composed from the connectors of a catalog and the strategies in this build.

mod caps;
mod catalog;
mod create;
mod definition;
mod description;
mod edit;
mod files;
mod findings_file;
mod guards;
mod limits;
mod meaning;
mod open;
mod opened;
mod outline;
mod placeholders;
mod project;
mod read;
mod schedule;
pub mod schema;
mod template;

pub use crate::document::{Problems, hides_value, masked_text};
pub use caps::{Approval, Cap, Capped, ProvisioningSettings};
pub use catalog::{Catalog, CatalogConnector};
pub use definition::{AggregationSettings, AuthBlock, PlanSettings, ProjectSettings, Source};
pub use findings_file::{Acceptance, FindingsSettings};
pub use guards::loosened_guards;
pub use limits::LimitSettings;
pub use meaning::Definition;
pub use opened::Opened;
pub use outline::{Setting, outline};
pub use project::Project;
pub use template::source_template;
