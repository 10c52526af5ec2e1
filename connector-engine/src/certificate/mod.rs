//! Replaces the keys and certificates of sources: a [`Rotation`].

mod rotation;

pub use rotation::{Rotated, Rotation, RotationPreview, RotationStep};
