//! The effect of operations on an account, worked out without the source.
//!
//! [`State`] is an account as it is, or as it will be after some steps. [`checked`] and [`contradiction`] hold what a connector
//! prepares against what was asked. [`View`] says which steps an account does not show afterwards. [`Order`] is the order of
//! operations that wait for others.

mod change;
mod complete;
mod order;
mod state;
mod view;

pub use change::ValueChange;
pub use complete::{checked, contradiction};
pub use order::{After, Order};
pub use state::{EntitlementNames, State};
pub use view::{Taken, View};
