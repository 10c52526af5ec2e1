//! The three things that are read.

use strum::{EnumString, IntoStaticStr};

/// What a page holds, and so what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub(crate) enum Step {
    Entitlements,
    Accounts,
    Assignments,
}

impl Step {
    /// The name in the store and in errors.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}
