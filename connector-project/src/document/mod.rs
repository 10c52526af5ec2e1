//! Files that users write: their text, the places in it, and everything that is wrong, each with its place and cure.
//!
//! What sources and plans have in common, and nothing that knows either: `text` and `tree` say where something stands,
//! `yaml` and `json` what it is, `leaked_secrets` finds secrets, `validate` checks a block against its schema, `findings` gathers.

mod findings;
pub(crate) mod json;
pub(crate) mod leaked_secrets;
mod messages;
mod problems;
mod refs;
mod text;
mod tree;
mod validate;
pub(crate) mod yaml;

pub(crate) use findings::{Fault, Findings};
pub(crate) use leaked_secrets::is_secret_name;
pub use leaked_secrets::masked_text;
pub(crate) use messages::missing;
pub use problems::Problems;
pub(crate) use refs::ref_fault;
pub(crate) use text::{Start, Text, Unreadable, at_start};
pub(crate) use tree::{Content, Entry, Node, Tree, joined};
pub(crate) use validate::{Block, Home};
