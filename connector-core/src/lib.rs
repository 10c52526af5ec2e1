//! The contract between identity connectors and the engine that runs them.
//!
//! A **connector** is code for one kind of system. A **source** is one configured system. To write a connector, write:
//!
//! 1. a settings struct that deserializes, describes itself ([`Settings`]) and opens the connector;
//! 2. the [`Connector`] trait: test the connection, read accounts a [`Page`] at a time from a [`Cursor`];
//! 3. its optional abilities, returned as [`Capabilities`];
//! 4. one [`register_connector!`] line.
//!
//! The engine does the rest: it reads concurrently, retries, keeps the position, stores, compares and reports.
//! This crate has plain types, traits and the registry: no network, no files, no database, no terminal.

mod account;
mod assignment;
mod attributes;
mod auth;
mod batch;
mod capability;
mod changes;
mod connector;
mod connector_format;
mod context;
mod credential;
mod cursor;
mod end;
mod entitlement;
mod error;
mod find;
mod http_options;
mod lists;
mod loopback;
mod meter;
mod nearest;
mod operation;
mod operation_kind;
mod outcome;
mod page;
mod prepare;
mod problem;
mod provider;
mod recording;
mod redactor;
mod registration;
pub mod registry;
mod request_proof;
mod rotate;
mod rule;
mod sample;
mod schema;
mod secret;
mod secret_resolvers;
mod sessions;
mod settings_fault;
mod severity;
mod source_draft;
mod test_report;
mod token_errors;
mod trail;
mod units;

pub use account::{Account, AccountKind};
pub use assignment::{Assignment, AssignmentState, Holder};
pub use attributes::{Attributes, AttributesBuilder};
pub use auth::{AuthStrategy, Exchange, Reply, TokenRequest};
pub use batch::{Lane, ProvisionBatch};
pub use capability::{Capabilities, ReadEntitlements};
pub use changes::{Absence, HolderRange, ReadChanges, SourceChange};
pub use connector::Connector;
pub use connector_format::ConnectorFile;
pub use context::{Clock, Context};
pub use credential::{Credential, SigningKey, Token};
pub use cursor::Cursor;
pub use end::End;
pub use entitlement::{Entitlement, EntitlementRef, EntitlementType};
pub use error::{Error, ErrorKind, Happened, Result, Retry};
pub use find::{Concern, FindAccounts};
pub use http_options::{HttpOptions, Tape};
pub use lists::{next_offset, read_all, read_each, read_page};
pub use loopback::{LOOPBACK, is_loopback};
pub use meter::{Allowance, Meter};
pub use nearest::nearest;
pub use operation::{Change, Operation};
pub use operation_kind::OperationKind;
pub use outcome::Outcome;
pub use page::{Page, Skipped};
pub use prepare::{PrepareOperations, Prepared, Proposed, Seat};
pub use problem::{Place, Problem};
pub use provider::{CertificateUpload, ErrorCode, Provider, UploadWay};
pub use recording::{RecordedAnswer, Recording};
pub use redactor::Redactor;
pub use registry::{AnySettings, AuthSettings, ConnectorRegistration, Settings};
pub use request_proof::{ProofRequest, RequestProof};
pub use rotate::{App, Deployed, RotateCertificate};
pub use rule::{
    AuditedAccount, AuditedHolding, AuditedPerson, AuditedSource, Belongs, Check, Criteria, Hit, LastLogin,
    PersonState, Power, Rule,
};
pub use sample::Sample;
pub use schema::{AccountSchema, AttributeMeaning, AttributeSchema, AttributeType, Writable};
pub use secret::{SecretRef, SecretResolver, Sensitivity};
pub use sessions::Sessions;
pub use settings_fault::SettingsFault;
pub use severity::Severity;
pub use source_draft::{OpenPoint, SourceDraft};
pub use test_report::{Finding, StepStatus, TestReport, TestStep};
pub use token_errors::TokenErrorRow;
pub use trail::{ReadTrail, Trail, TrailEvent, TrailSubject};
pub use units::{Percentage, TimeSpan};

// The crates whose types are part of this API, so that a connector needs no version of its own.
pub use {async_trait::async_trait, inventory, jiff, schemars, secrecy, serde, serde_json, url};
