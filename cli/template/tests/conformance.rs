//! The connector keeps the contract: `cargo test` runs the trials of the kit.

use {{ident}}::{{type}}Settings;
use connector_core::{Context, Settings};
use connector_testkit::Subject;
use std::process::ExitCode;

fn main() -> ExitCode {
    let open = || {{type}}Settings { people: 250 }.open(&Context::new("{{name}}", "."));
    connector_testkit::run(Subject::new(open))
}
