//! The contract between identity connectors and the engine that runs them.
//!
//! A **connector** is code for one kind of system; a **source** is one configured system. Writing a connector means:
//!
//! 1. a settings struct that deserializes, describes itself ([`Settings`]) and opens the connector;
//! 2. the [`Connector`] trait: test the connection, read accounts a [`Page`] at a time from a [`Cursor`];
//! 3. the optional abilities it has, handed over as [`Capabilities`];
//! 4. one [`register_connector!`] line.
//!
//! The engine does the rest: it reads concurrently, retries, keeps the position, stores, compares and reports.
//! This crate has plain types, traits and the registry: no network, no files, no database, no terminal.

mod account;
mod attributes;
mod auth;
mod batch;
mod capability;
mod connector;
mod context;
mod cursor;
mod entitlement;
mod error;
mod find;
mod http_options;
mod meter;
mod operation;
mod page;
mod prepare;
mod problem;
pub mod registry;
mod rotate;
mod schema;
mod secret;
mod secret_resolvers;
mod test_report;
mod units;

pub use account::Account;
pub use attributes::{Attributes, AttributesBuilder};
pub use auth::{AuthStrategy, Exchange, Reply, Token};
pub use batch::{Lane, ProvisionBatch};
pub use capability::{Capabilities, ReadEntitlements};
pub use connector::Connector;
pub use context::{Clock, Context};
pub use cursor::Cursor;
pub use entitlement::{Assignment, Entitlement, EntitlementRef, EntitlementType};
pub use error::{Error, ErrorKind, Happened, Result, Retry};
pub use find::{Concern, FindAccounts};
pub use http_options::HttpOptions;
pub use meter::{Allowance, Meter};
pub use operation::{Change, Operation, OperationKind, Outcome};
pub use page::{Page, Skipped};
pub use prepare::{PrepareOperations, Prepared, Proposed, Seat};
pub use problem::{Place, Problem};
pub use registry::{AuthSettings, Settings};
pub use rotate::{App, Deployed, RotateCertificate};
pub use schema::{AccountSchema, AttributeSchema, AttributeType, Writable};
pub use secret::{SecretRef, SecretResolver, Sensitivity};
pub use test_report::{Finding, StepStatus, TestReport, TestStep};
pub use units::{Percentage, TimeSpan};

#[doc(hidden)]
pub use inventory;
