//! Watches and replaces the certificates of sources.
//!
//! [`examine`] checks the certificate of a source and its key, wherever they are stored. [`glance`] only checks a certificate
//! in a file, for a quick warning. Both send nothing and apply the same rules. A [`Rotation`] replaces the key and certificate,
//! and [`is_due`] says whether a timer should do so.

mod due;
mod rotation;
mod watch;

pub use due::is_due;
pub use rotation::{Rotated, Rotation, RotationPreview, RotationStep};
pub use watch::{Watched, examine, glance, key_of};
