//! The `connector` binary.

use std::process::ExitCode;

// A long job allocates pages in some threads and frees them in another. The system's allocator keeps freed memory for
// the thread that allocated it, so memory would grow with the number of accounts.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    connector_cli::main()
}
