//! Replacing the key of a source and its certificate, without a moment in which the source has no working key.
//!
//! A [`Rotation`] makes a new key and certificate beside those in use, gives the certificate to the app at the source,
//! signs in with the new key until that is accepted, and only then switches to it; the old key is kept until the new one
//! has been proven once more in its place. When it is never accepted, the app gets its old certificate back through a
//! session that was opened before.
//!
//! Where the source names a second app that stands by, that one gets the certificate, and the source switches to both at
//! once; the app in use is never touched.
//!
//! Each step is written down before the next one begins, and each can be done again. So a rotation that was killed anywhere
//! is taken up by the next call.

mod files;
mod ledger;
mod open;
mod outcome;
mod preview;
mod stages;

pub use open::Rotation;
pub use outcome::{Rotated, RotationStep};
pub use preview::RotationPreview;
