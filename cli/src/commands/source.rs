//! `connector source …`.

mod list;
mod new;
mod show;

#[cfg(feature = "sandbox")]
pub(crate) use new::write_source;

use crate::arguments::SourceCommand;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;

pub(crate) fn run(invocation: &Invocation, command: SourceCommand) -> Result<Exit, Stop> {
    match command {
        SourceCommand::New(arguments) => new::run(invocation, arguments),
        SourceCommand::List => list::run(invocation),
        SourceCommand::Show { name } => show::run(invocation, &name),
    }
}
