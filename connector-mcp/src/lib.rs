//! A project and its store for assistants, by the Model Context Protocol: tools that read, and nothing that writes.
//!
//! Each tool asks what a command asks, and answers with the same JSON as the command does with `--output json`, so many rows at a time.
//! No tool sends anything to a source, and none opens a key or a secret.
//!
//! [`serve`] speaks the protocol on standard input and output, as assistants start such programs.

#![forbid(unsafe_code)]

mod reach;
mod server;
mod tools;

pub use server::serve;
