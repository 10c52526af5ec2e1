//! From the arguments to the exit code.

use crate::arguments::{Arguments, OutputFormat};
use crate::command_line::command_line;
use crate::commands;
use crate::completion;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::logging;
use crate::output::clean;
use clap::FromArgMatches;
use clap::error::ErrorKind as UsageKind;
use connector_core::{Error, ErrorKind};
use std::error::Error as _;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

/// Parses the arguments of the process, runs the command and returns the exit code.
pub fn main() -> ExitCode {
    // A core dump would hold keys and tokens. Where the system refuses this, nothing else can be done about it.
    let _ = rustix::process::setrlimit(
        rustix::process::Resource::Core,
        rustix::process::Rlimit { current: Some(0), maximum: Some(0) },
    );
    if completion::answer(command_line) {
        return Exit::Success.into();
    }
    let mut whole = command_line();
    let parsed = whole.try_get_matches_from_mut(std::env::args_os());
    let parsed = parsed.and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = match parsed.map_err(|error| error.format(&mut whole)) {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error).into(),
    };
    let Arguments { global, command } = arguments;
    let unusable = logging::start(&global);
    let invocation = Invocation::new(global);
    if let Some(warning) = unusable {
        invocation.printer.warning(&warning);
    }
    let ended = commands::run(&invocation, command, command_line);
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
    invocation.exit_of(error.kind())
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
    // The message repeats what was typed, perhaps by a script: nothing in it may reach the terminal as a command.
    let is_odd = |word: OsString| word.to_string_lossy().chars().any(|c| c.is_control() && c != '\n');
    if !helps && std::env::args_os().any(is_odd) {
        let _ = io::stderr().write_all(clean(&error.render().to_string()).as_bytes());
        return Exit::Invalid;
    }
    // A closed stdout is not an error.
    let _ = error.print();
    if helps { Exit::Success } else { Exit::Invalid }
}

/// Whether arguments that could not be parsed ask for JSON.
fn wants_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let mut next_is_format = false;
    for argument in arguments.take_while(|argument| argument != "--") {
        let Some(argument) = argument.to_str() else { continue };
        if next_is_format && argument == "json" {
            return true;
        }
        // Flags without a value can stand in front of `o`, as in `-qo json`.
        let short = argument.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
        let short = short.and_then(|rest| rest.trim_start_matches(['q', 'v']).strip_prefix('o'));
        let Some(value) = short.or_else(|| argument.strip_prefix("--output")) else {
            next_is_format = false;
            continue;
        };
        next_is_format = value.is_empty();
        if value.trim_start_matches('=') == "json" {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_spelling_that_asks_for_json_is_understood() {
        let wants = |typed: &str| wants_json(typed.split(' ').map(OsString::from));
        for typed in [
            "x --output json",
            "x --output=json",
            "x -o json",
            "x -ojson",
            "x -o=json",
            "x -qo json",
            "-o human -o json",
        ] {
            assert!(wants(typed), "{typed}");
        }
        for typed in ["x json", "x -o human", "x --output human json", "x -C json", "x -- -o json", "x --output-json"] {
            assert!(!wants(typed), "{typed}");
        }
    }

    #[test]
    fn a_source_that_closes_its_connection_is_no_reader_that_has_seen_enough() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_closed(&Stop::from(pipe()).0));
        let cut = Error::new(ErrorKind::Unavailable, "the connection was closed").with_cause(io::Error::other(pipe()));
        assert!(!is_closed(&cut));
        assert!(!is_closed(&Stop::from(io::Error::from(io::ErrorKind::StorageFull)).0));
    }
}
