//! The language of `--where`.
//!
//! A condition compares a name with a value: `=`, `!=`, `<`, `<=`, `>`, `>=`, `like "%text%"`, `in ("a", "b")`,
//! `is null`, `is not null`; a name alone asks whether it is true. `and`, `or`, `not` and parentheses join them.
//! A name is `id`, `name`, `display_name`, `enabled`, `locked`, `kind`, `owner`, `state` (of any of the account's assignments)
//! or an attribute in any case; `attributes.name` is the
//! attribute where the name is taken (so is `State` where the source spells one so), and backticks hold any other name. A value that is absent fulfills no
//! comparison but `!=` and `is null`. `like` doesn't look at case, `=` does.

mod evaluate;
mod parse;
mod token;

use super::holding::Holding;
use connector_core::{Account, Result};

/// A condition on accounts: `email like "%@acme.example" and not enabled`.
#[derive(Clone, Debug)]
pub struct Filter {
    condition: Condition,
}

impl Filter {
    /// Reads a condition. `known` are the attribute names that may stand in it; none at all allows every name.
    ///
    /// Fails with kind `definition`, with the place and the nearest known name.
    pub fn parse(text: &str, known: &[&str]) -> Result<Self> {
        parse::parse(text, known).map(|condition| Self { condition })
    }

    /// Whether it holds for an account with these assignments, in whatever state.
    pub fn matches(&self, account: &Account, holdings: &[Holding]) -> bool {
        evaluate::Subject::new(account, holdings).fulfills(&self.condition)
    }
}

/// A condition, read.
#[derive(Clone, Debug, PartialEq)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    IsTrue(Field),
    IsNull(Field),
    Is(Field, Comparison, Literal),
    Like(Field, Vec<char>),
    In(Field, Vec<Literal>),
}

/// What is compared.
#[derive(Clone, Debug, PartialEq)]
enum Field {
    Id,
    Name,
    DisplayName,
    Enabled,
    Locked,
    Kind,
    Owner,
    State,
    Attribute(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A value in a condition.
#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Text(String),
    Number(f64, String),
    Truth(bool),
}
