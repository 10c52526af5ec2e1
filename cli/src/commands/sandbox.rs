//! `connector sandbox …`.

mod salesforce;

pub(crate) use salesforce::{prepare, source_values, start};

use crate::arguments::SandboxCommand;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;

pub(crate) fn run(invocation: &Invocation, command: &SandboxCommand) -> Result<Exit, Stop> {
    match command {
        SandboxCommand::Salesforce(arguments) => salesforce::run(invocation, arguments),
    }
}
