//! The command line as a third party would link it.

use std::process::ExitCode;

fn main() -> ExitCode {
    connector_cli::main()
}
