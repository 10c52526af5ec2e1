//! The store: what was read, run by run, in one SQLite file or in a PostgreSQL database.
//!
//! Any SQL client can read it; the tables are described where they are made, in `migrations/sqlite`. It holds personal data
//! and no secret.
//!
//! * [`Store`] opens it, wherever its [`Place`] is; [`RunReport`] is the result of a run;
//! * a run begins under a lock and commits its pages in groups (the rows of a page, the bits of what was seen and the change of
//!   the frontier are in one transaction). Assignments wait in sorted batches until everything is read, and are merged then. The run
//!   ends with the removal of what was not seen, under the guard.

mod accounts;
mod ahead;
mod aliases;
mod assignments;
mod begin;
mod bulk;
mod changes;
mod column;
mod completeness;
mod copy;
mod counted;
mod definition;
mod duplicates;
mod entitlements;
mod fault;
mod fence;
mod file;
mod guard;
mod holder_counts;
mod instance;
mod key;
mod last_known;
mod lease;
mod live;
mod lock;
mod locked;
mod merge;
mod names;
mod not_shown;
mod open;
mod page;
mod page_ahead;
mod past;
mod process;
mod purpose;
mod quiet;
mod reconcile;
mod removals;
mod report;
mod run;
mod run_state;
mod seen;
mod server;
mod snapshot;
pub mod sql;
mod step;
mod survey;
mod waiting;
mod waits;
mod watermark;
mod write_back;
mod writer;

pub use begin::Beginning;
pub use column::{account_kind, moment, word};
pub use connector_sql::Place;
pub use copy::{CopiedTable, copy};
pub use counted::Differing;
pub use definition::replace_former;
pub use fault::fault;
pub use guard::Limits;
pub use instance::recognize;
pub use lock::{RunLock, Work};
pub use open::Store;
pub use page::{Items, ReadPage};
pub use past::Past;
pub use process::Process;
pub use quiet::Quiet;
pub use report::{StoredRun, one as run_by_number, select as select_runs};
pub use run::kind_from_name;
pub use run::{Counts, Mode, RunError, RunReport, RunStatus};
pub use snapshot::{AccountSnapshot, AssignmentSnapshot, EntitlementSnapshot, attributes};
pub use step::PerStep;
pub use step::Step;
pub use waits::watch_waits;
pub use writer::{Ending, Usage, Writer};
