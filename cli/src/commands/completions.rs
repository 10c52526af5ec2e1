//! `connector completions SHELL`.

use crate::arguments::Arguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use clap::CommandFactory;
use clap_complete::Shell;

pub(crate) fn run(invocation: &Invocation, shell: Shell) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "connector", &mut script);
    invocation.printer.result(String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
