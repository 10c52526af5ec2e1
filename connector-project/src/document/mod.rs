//! Files that users write: their text, the positions in it, and every problem, each with its position and help.
//!
//! Sources and plans share this code, and it knows neither of them. `text` and `tree` have the positions, `yaml` and
//! `json` read the values, `leaked_secrets` finds secrets, `validate` checks a block against its schema, and `findings`
//! collects the problems.

mod findings;
mod invisible;
pub(crate) mod json;
pub(crate) mod leaked_secrets;
mod messages;
mod problems;
mod refs;
mod text;
mod tree;
pub(crate) mod unseen;
mod validate;
pub(crate) mod yaml;

pub(crate) use findings::{Fault, Findings};
pub(crate) use leaked_secrets::is_secret_name;
pub use leaked_secrets::{hides_value, masked_text};
pub(crate) use messages::{broken_schema, missing};
pub use problems::Problems;
pub(crate) use refs::ref_fault;
pub(crate) use text::{Start, Text, Unreadable, at_start};
pub(crate) use tree::{Content, Entry, Node, TooMuch, Tree, joined};
pub(crate) use validate::{Block, Home};
