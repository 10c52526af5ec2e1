//! The three things that are read, and one value for each of them.

use serde::Serialize;
use std::ops::{Index, IndexMut};
use strum::{EnumString, IntoStaticStr};

/// What a page holds, and so what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Step {
    /// Entitlements.
    Entitlements,
    /// Accounts.
    Accounts,
    /// Assignments.
    Assignments,
}

impl Step {
    /// The name in the store and in errors.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// One value for accounts, one for entitlements, one for assignments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PerStep<T> {
    /// Accounts.
    pub accounts: T,
    /// Entitlements.
    pub entitlements: T,
    /// Assignments of accounts, those that come with the accounts included.
    pub assignments: T,
}

impl<T> PerStep<T> {
    /// The values in the order in which people read them, each with its name in machine output.
    pub fn named(&self) -> [(&'static str, &T); 3] {
        [Step::Accounts, Step::Entitlements, Step::Assignments].map(|step| (step.name(), &self[step]))
    }

    /// Makes a value for each step, until one fails.
    pub fn try_of<E>(mut make: impl FnMut(Step) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self {
            accounts: make(Step::Accounts)?,
            entitlements: make(Step::Entitlements)?,
            assignments: make(Step::Assignments)?,
        })
    }

    /// Another value for each step.
    pub fn map<U>(&self, mut of: impl FnMut(&T) -> U) -> PerStep<U> {
        PerStep {
            accounts: of(&self.accounts),
            entitlements: of(&self.entitlements),
            assignments: of(&self.assignments),
        }
    }
}

impl<T> Index<Step> for PerStep<T> {
    type Output = T;

    fn index(&self, step: Step) -> &T {
        match step {
            Step::Accounts => &self.accounts,
            Step::Entitlements => &self.entitlements,
            Step::Assignments => &self.assignments,
        }
    }
}

impl<T> IndexMut<Step> for PerStep<T> {
    fn index_mut(&mut self, step: Step) -> &mut T {
        match step {
            Step::Accounts => &mut self.accounts,
            Step::Entitlements => &mut self.entitlements,
            Step::Assignments => &mut self.assignments,
        }
    }
}
