//! The language of `--where`.
//!
//! A condition compares a name with a value: `=`, `!=`, `<`, `<=`, `>`, `>=`, `like "%text%"`, `in ("a", "b")`,
//! `is null`, `is not null`; a name alone asks whether it is true. `and`, `or`, `not` and parentheses join them.
//! A name is `id`, `name`, `display_name`, `enabled`, `locked`, `kind`, `owner`, `state` (of any of the account's assignments)
//! or an attribute, in any case. `attributes.name` is the attribute if the name is taken. `State` is the attribute if the
//! source spells one this way. Backticks quote any other name. An absent value matches only `!=` and `is null`. `like`
//! ignores case, `=` does not.
//!
//! ```
//! use connector_core::Account;
//! use connector_filter::Filter;
//!
//! let filter = Filter::parse(r#"name like "%@acme.example" and state = "expired""#, &[])?;
//! let account = Account::new("0042", "jane@acme.example");
//! assert!(filter.matches(&account, &["active", "expired"]));
//! assert!(!filter.matches(&account, &["active"]));
//! # Ok::<(), connector_core::Error>(())
//! ```

mod evaluate;
mod parse;
mod token;

use connector_core::{Account, Result};

/// A condition on accounts: `email like "%@acme.example" and not enabled`.
#[derive(Clone, Debug)]
pub struct Filter {
    condition: Condition,
}

impl Filter {
    /// Parses a condition. `known` lists the allowed attribute names; an empty list allows every name.
    ///
    /// Fails with kind `definition`, with the position and the nearest known name.
    pub fn parse(text: &str, known: &[&str]) -> Result<Self> {
        parse::parse(text, known).map(|condition| Self { condition })
    }

    /// Whether an account with assignments in these states matches.
    pub fn matches(&self, account: &Account, states: &[&str]) -> bool {
        evaluate::Subject::new(account, states).fulfills(&self.condition)
    }
}

/// A parsed condition.
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
