//! The `connector` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    connector_cli::main()
}
