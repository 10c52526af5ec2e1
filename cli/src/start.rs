//! From the arguments to the exit code.

use crate::arguments::{Arguments, OutputFormat};
use crate::commands;
use crate::completion;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::logging;
use clap::Parser;
use clap::error::ErrorKind as UsageKind;
use connector_core::{Error, ErrorKind};
use std::error::Error as _;
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

/// Parses the arguments of the process, runs the command and returns the exit code.
pub fn main() -> ExitCode {
    // A core dump would hold keys and tokens. Where the system refuses this, nothing else can be done about it.
    let _ = rustix::process::setrlimit(
        rustix::process::Resource::Core,
        rustix::process::Rlimit { current: Some(0), maximum: Some(0) },
    );
    if completion::answer() {
        return Exit::Success.into();
    }
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
    let flushed = invocation.printer.flush();
    invocation.printer.end_pages();
    let error = match (ended, flushed) {
        (Ok(exit), Ok(())) => return exit,
        // The result of a command counts even if the output is closed.
        (Ok(exit), Err(Stop(error))) if is_closed(&error) => return exit,
        (Err(Stop(error)), _) if is_closed(&error) => return Exit::Success,
        (Err(Stop(error)), _) | (Ok(_), Err(Stop(error))) => error,
    };
    invocation.printer.error(&error);
    match error.kind() {
        ErrorKind::Cancelled => invocation.interrupted().unwrap_or(Exit::Interrupted),
        kind => Exit::of(kind),
    }
}

/// Whether the reader of stdout closed it, as in `connector accounts … | head`. An error of a source that closes its
/// connection has another kind.
fn is_closed(error: &Error) -> bool {
    let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
    let is_pipe = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.kind() == ErrorKind::Internal && causes.any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_pipe))
}

/// Prints the help, or what is wrong with the arguments.
fn usage(error: &clap::Error) -> Exit {
    let helps = matches!(error.kind(), UsageKind::DisplayHelp | UsageKind::DisplayVersion);
    if !helps && wants_json(std::env::args_os()) {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        let error = Error::new(ErrorKind::Definition, message).with_help("run `connector --help` to see the usage");
        let global = crate::arguments::GlobalArguments { output: OutputFormat::Json, ..Default::default() };
        return conclude(&Invocation::new(global), Err(Stop(error)));
    }
    // A closed stdout is not an error.
    let _ = error.print();
    if helps { Exit::Success } else { Exit::Invalid }
}

/// Whether arguments that could not be parsed ask for JSON.
fn wants_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let arguments: Vec<_> = arguments.collect();
    arguments.iter().any(|argument| argument == "--output=json")
        || arguments.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_closes_its_connection_is_no_reader_that_has_seen_enough() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_closed(&Stop::from(pipe()).0));
        let cut = Error::new(ErrorKind::Unavailable, "the connection was closed").with_cause(io::Error::other(pipe()));
        assert!(!is_closed(&cut));
        assert!(!is_closed(&Stop::from(io::Error::from(io::ErrorKind::StorageFull)).0));
    }
}
