//! Replaces the key and certificate of a source. The source has a working key at every moment.
//!
//! A [`Rotation`] creates a new key and certificate next to the current ones, deploys the certificate to the app, and signs
//! in with the new key until the source accepts it. Only then does it switch to the new key. It removes the old key after
//! the new one has worked in its place. If the source never accepts the new key, the app gets its old certificate back
//! through a session that was opened before.
//!
//! If the source has a standby app, that app gets the certificate, and the source switches to the app and the key in one
//! step. The app in use never changes.
//!
//! Each step is recorded before the next one starts, and each step can be repeated. So the next call continues a rotation
//! that was killed at any point.

mod files;
mod ledger;
mod open;
mod outcome;
mod preview;
mod stages;

pub use open::Rotation;
pub use outcome::{Rotated, RotationStep};
pub use preview::RotationPreview;
