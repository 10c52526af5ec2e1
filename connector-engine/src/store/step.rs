//! The three things that are read.

/// What a page holds, and so what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Entitlements,
    Accounts,
    Assignments,
}

impl Step {
    /// The name in the store and in errors.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Entitlements => "entitlements",
            Self::Accounts => "accounts",
            Self::Assignments => "assignments",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Entitlements, Self::Accounts, Self::Assignments].into_iter().find(|step| step.name() == name)
    }
}
