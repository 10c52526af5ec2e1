//! Watching the certificates that sources name, and replacing them.
//!
//! [`examine`] looks at the certificate of a source and at its key, wherever they are kept; [`glance`] looks at a
//! certificate in a file alone, for those who only want to warn in passing. Both are offline and judge alike. A [`Rotation`] replaces
//! key and certificate, and [`is_due`] tells whether a timer is to do so.

mod due;
mod rotation;
mod watch;

pub use due::is_due;
pub use rotation::{Rotated, Rotation, RotationPreview, RotationStep};
pub use watch::{Watched, examine, glance, key_of};
