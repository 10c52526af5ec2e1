//! Files that users write: their text, the places in it, and everything that is wrong, each with its place and cure.
//!
//! What sources and plans have in common, and nothing that knows either: `text` and `tree` say where something stands,
//! `yaml` and `json` what it is, `literals` finds secrets, `conform` checks a block against its schema, `findings` gathers.

mod conform;
mod findings;
pub(crate) mod json;
pub(crate) mod literals;
mod problems;
mod refs;
mod text;
mod tree;
mod wording;
pub(crate) mod yaml;

pub(crate) use conform::{Block, Home};
pub(crate) use findings::{Fault, Findings};
pub(crate) use literals::is_secret_name;
pub use literals::masked_text;
pub use problems::Problems;
pub(crate) use refs::ref_fault;
pub(crate) use text::{Start, Text, Unreadable, at_start};
pub(crate) use tree::{Content, Entry, Node, Tree, joined};
pub(crate) use wording::missing;
