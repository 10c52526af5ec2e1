//! People, correlated from the accounts of several sources.
//!
//! The accounts of one source, the authority, are the people; [`correlate`] links the accounts of the other sources to them by the
//! rules of `identities:` in `connector.yaml`. An account belongs to one person or to none: where a rule finds several, nothing is
//! linked, and somebody can [`confirm`] one. What somebody confirms or [`refuse`]s stays until it is [`release`]d.
//!
//! The values that the rules compare are kept in the store, so a correlation costs what changed since the last one.

mod accounts;
mod by_hand;
mod correlate;
mod decide;
mod deciding;
mod named;
mod outcome;
mod people;
mod person;
mod settled;
mod stage;
mod tables;

pub use accounts::{AccountState, CorrelatedAccount, CorrelatedQuery, NamedPerson, Selection, correlated};
pub use by_hand::{confirm, refuse, release};
pub use correlate::{Wish, after_run, correlate, follow, is_outdated};
pub use named::NamedAccount;
pub use outcome::{Correlation, RuleTally, Totals};
pub use people::{LinkedAccount, PeopleQuery, Person, people};
pub use person::{Belonging, LinkEvent, PersonDetail, person};
