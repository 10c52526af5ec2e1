//! The command line as a third party would link it.

// Registers a format of connector files.
use connector_e2e as _;
use std::process::ExitCode;

// The allocator of the `connector` binary, so that what is measured here is true there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    connector_cli::main()
}
