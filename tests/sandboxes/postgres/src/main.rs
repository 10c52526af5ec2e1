//! Starts a server, runs a command with `CONNECTOR_TEST_POSTGRES` set to its URL, and ends the server.

#![allow(clippy::print_stderr, reason = "a tool for tests")]

use connector_sandbox_postgres::{Cluster, SERVER, prepare};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1);
    let Some(program) = words.next() else {
        eprintln!("name a command, which runs with {SERVER}");
        return ExitCode::FAILURE;
    };
    let run = || {
        let cluster = Cluster::start()?;
        Command::new(program).args(words).env(SERVER, prepare(&cluster.url("postgres"))).status()
    };
    match run() {
        Ok(done) => done.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
