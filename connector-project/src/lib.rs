//! The files users write: source files, `connector.yaml` and plans.
//!
//! Each file is read once. What comes out is typed, or is everything that is wrong with it: each problem with its line,
//! column, reason and cure. Nothing here reads a secret, uses the network or knows the store.
//!
//! * [`source`] has projects, source files and their schemas; [`source::Source::open`] makes the connector;
//! * [`plan`] has plans: ordered lists of changes to a source.
//!
//! ```no_run
//! use connector_project::source::Project;
//! use std::path::Path;
//!
//! let project = Project::find(Path::new("."));
//! let source = project.load("people").map_err(connector_core::Error::from)?;
//! let opened = source.open(&project)?;
//! println!("{} is read by {}", opened.source, opened.registration.title);
//! # Ok::<(), connector_core::Error>(())
//! ```
//!
//! What both share is in `document`: texts, the places in them, and the search for secrets.

mod document;
pub mod plan;
pub mod source;
