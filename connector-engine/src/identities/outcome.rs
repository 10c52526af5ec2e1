//! What a correlation came to.

use serde::Serialize;

/// What a correlation came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Correlation {
    /// The source whose accounts are the people.
    pub authority: String,
    /// Whether it was kept: a preview is not.
    pub kept: bool,
    /// How many accounts the rules looked at: all of them at first, and those that something changed for later.
    pub looked_at: u64,
    /// How many links began.
    pub linked: u64,
    /// How many links ended without another one.
    pub ended: u64,
    /// How many accounts belong to another person now.
    pub moved: u64,
    /// What there is now.
    pub now: Totals,
    /// How many links each rule made, in the order of the rules.
    pub rules: Vec<RuleTally>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// How many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// People who are there.
    pub people: u64,
    /// Accounts that belong to a person.
    pub linked: u64,
    /// Those of them that somebody confirmed.
    pub confirmed: u64,
    /// Accounts that may belong to several people, or that somebody has to confirm.
    pub ambiguous: u64,
    /// Accounts that no rule finds anybody for.
    pub unmatched: u64,
    /// Accounts that belong to nobody, as somebody said.
    pub refused: u64,
    /// Accounts that are left out by `leave_out`.
    pub left_out: u64,
}

/// How many links a rule made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleTally {
    /// The name of the rule.
    pub rule: String,
    /// The links that it made and that hold now.
    pub links: u64,
}

impl Correlation {
    /// Whether links began, ended or moved.
    pub fn has_changed(&self) -> bool {
        self.linked + self.ended + self.moved > 0
    }
}
