//! The `connector` command line as a library.
//!
//! A binary with connectors of your own is three lines:
//!
//! ```no_run
//! // use connector_directory as _;
//! fn main() -> std::process::ExitCode {
//!     connector_cli::main()
//! }
//! ```
//!
//! The allocator is the binary's choice; `src/main.rs` of this crate says why it takes mimalloc.
//!
//! [`main`] reads the arguments (`arguments`), runs one file of `commands`, and writes through `output`: results to
//! stdout, everything else to stderr. `exit` says which exit code an error has, `interrupt` what a signal does.

mod arguments;
mod command_line;
mod commands;
mod completion;
mod exit;
mod interrupt;
mod invocation;
mod linked;
mod logging;
mod output;
mod plan_file;
mod project_files;
mod start;
mod terminal;

pub use start::main;
