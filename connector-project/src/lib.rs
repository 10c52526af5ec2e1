//! The files that users write: source files, `connector.yaml` and plans.
//!
//! Each file is read once. The result is a typed value, or all problems of the file: each with its line, column, reason
//! and help. Apart from [`certificate`], which compares a key with its certificate, nothing here reads a secret or uses the
//! network, and nothing knows the store.
//!
//! * [`source`] has projects, source files and their schemas; [`source::Source::open`] creates the connector;
//! * [`plan`] has plans: ordered lists of changes to a source;
//! * [`mod@derive`] has the attributes that a source's file derives from others;
//! * [`identities`] has how accounts of several sources find their people;
//! * [`effect`] works out what the operations of a plan change in an account;
//! * [`certificate`] watches the certificates that source files name.
//!
//! ```no_run
//! use connector_project::source::Project;
//! use std::path::Path;
//!
//! let project = Project::find(Path::new("."))?;
//! let source = project.load("people").map_err(connector_core::Error::from)?;
//! let opened = source.open(&project)?;
//! println!("{} is read by {}", opened.source, opened.registration.title);
//! # Ok::<(), connector_core::Error>(())
//! ```
//!
//! Sources and plans share `document`: texts, the positions in them, and the search for secrets.

pub mod certificate;
pub mod derive;
mod document;
pub mod effect;
pub mod identities;
pub mod plan;
pub mod source;
