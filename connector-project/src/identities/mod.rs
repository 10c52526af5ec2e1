//! How accounts of several sources find the people they belong to, as `identities:` in `connector.yaml` says.
//!
//! The accounts of one source, the authority, are the people. [`IdentitySettings`] are the typed contents of the block, and a
//! [`Correlator`] makes the values that its rules compare. Neither knows the store: the engine compares the values.

mod correlator;
mod settings;

pub use correlator::{Compared, Correlator, Values};
pub use settings::{CorrelationRule, IdentitySettings, LeaveOut, LeftOutKind};
