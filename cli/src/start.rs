//! From the arguments to the exit code.

use crate::arguments::{Arguments, OutputFormat};
use crate::commands;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::logging;
use clap::Parser;
use clap::error::ErrorKind as UsageKind;
use connector_core::{Error, ErrorKind};
use std::ffi::OsString;
use std::process::ExitCode;

/// Reads the arguments of the process, does what they say and gives its exit code.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error).into(),
    };
    let Arguments { global, command } = arguments;
    logging::start(&global);
    let invocation = Invocation::new(global);
    let ended = commands::run(&invocation, command);
    conclude(&invocation, ended).into()
}

/// Shows the error of a command that stopped early.
pub(crate) fn conclude(invocation: &Invocation, ended: Result<Exit, Stop>) -> Exit {
    let ended = ended.and_then(|exit| invocation.printer.flush().map(|()| exit));
    let error = match ended {
        Ok(exit) => return exit,
        Err(_) if invocation.printer.is_closed() => return Exit::Success,
        Err(Stop(error)) => error,
    };
    invocation.printer.error(&error);
    match error.kind() {
        ErrorKind::Cancelled => invocation.interrupted().unwrap_or(Exit::Interrupted),
        kind => Exit::of(kind),
    }
}

/// Shows help or what is wrong with the arguments.
fn usage(error: &clap::Error) -> Exit {
    let helps = matches!(error.kind(), UsageKind::DisplayHelp | UsageKind::DisplayVersion);
    if !helps && wants_json(std::env::args_os()) {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let error = Error::new(ErrorKind::Definition, message).with_help("`connector --help` shows the grammar");
        let global = crate::arguments::GlobalArguments { output: OutputFormat::Json, ..Default::default() };
        return conclude(&Invocation::new(global), Err(Stop(error)));
    }
    // A closed stdout is no reason to fail.
    let _ = error.print();
    if helps { Exit::Success } else { Exit::Invalid }
}

/// Whether JSON was asked for by arguments that could not be read as a whole.
fn wants_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let arguments: Vec<_> = arguments.collect();
    arguments.iter().any(|argument| argument == "--output=json")
        || arguments.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
}
