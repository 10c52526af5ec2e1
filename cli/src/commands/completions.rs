//! `connector completions SHELL`.

use crate::completion;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use clap_complete::Shell;

pub(crate) fn run(invocation: &Invocation, shell: Shell) -> Result<Exit, Stop> {
    let script = completion::script(&shell.to_string())?;
    invocation.printer.result(String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
