//! Watches the certificates of sources.
//!
//! [`examine`] checks the certificate of a source and its key, wherever they are stored. [`glance`] only checks a certificate
//! in a file, for a quick warning. Both send nothing and apply the same rules. [`is_due`] says whether a timer should replace the
//! certificate.

mod due;
mod watch;

pub use due::is_due;
pub use watch::{Watched, examine, glance, key_of};
