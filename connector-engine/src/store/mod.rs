//! The store: what was read, run by run, in one SQLite file.
//!
//! Any SQL client can read it; the tables are described where they are made, in `migrations/`. It holds personal data
//! and no secret.
//!
//! * [`Store`] opens the file; [`RunReport`] is what a run comes to;
//! * a run begins under a lock, commits page by page (the rows of a page, the bits of what was seen and the change of
//!   the frontier are one transaction), and ends with the removal of what was not seen, under the guard.

mod fault;
mod open;
mod run;

pub use open::Store;
pub use run::{Counts, Mode, RunError, RunReport, RunStatus};
