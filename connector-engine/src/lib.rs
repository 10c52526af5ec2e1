//! Runs jobs and keeps the store. `connector-project` reads the files that users write.
//!
//! The engine never names a connector: a job gets one that is already open.
//!
//! * [`store`]: what was read, run by run, in an SQLite file; `connector-store` keeps it;
//! * [`aggregate`]: reads a source into the store, resumable at any moment;
//! * [`certificate`]: watches and replaces the certificates of sources;
//! * [`findings`]: rules over what the store knows of a source;
//! * [`identities`]: people, correlated from the accounts of several sources;
//! * [`provision`]: applies plans to a source, with a journal;
//! * [`query`]: accounts, entitlements, differences between runs, exports;
//! * [`schedule`]: when sources are due.

pub mod aggregate;
pub mod certificate;
mod external_ids;
pub mod findings;
pub mod identities;
mod patience;
pub mod provision;
pub mod query;
pub mod schedule;

/// The store: what was read, run by run, in an SQLite file.
pub mod store {
    pub use connector_sql::Address;
    pub use connector_store::{
        CopiedTable, Counts, Mode, PerStep, Place, RunError, RunLock, RunReport, RunStatus, Store, Work, copy,
        watch_waits,
    };
}

pub use external_ids::{ExternalIds, keep_external_id};
pub use patience::{read_trail, test_connection};
