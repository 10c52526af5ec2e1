//! The `connector` command with this connector in it. Other connectors are one more line each.

use {{ident}} as _;

fn main() -> std::process::ExitCode {
    connector_cli::main()
}
