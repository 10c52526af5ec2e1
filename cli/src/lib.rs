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
//! [`main`] reads the arguments (`arguments`), runs one file of `commands`, and writes through `output`: results to
//! stdout, everything else to stderr. `exit` says which exit code an error has, `interrupt` what a signal does.

mod arguments;
mod commands;
mod exit;
mod interrupt;
mod invocation;
mod linked;
mod logging;
mod output;
mod project_files;
mod start;
mod terminal;

pub use start::main;

// A long job allocates pages in some threads and frees them in another. The system's allocator keeps what falls free in between for the thread that
// allocated it, so memory would creep up with the number of accounts.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
