//! `connector source …`.

mod list;
mod new;
mod show;

#[cfg(feature = "sandbox")]
pub(crate) use new::write_source;

pub(crate) use list::columns_help as source_columns;

use crate::arguments::SourceCommand;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;

pub(crate) fn run(invocation: &Invocation, command: SourceCommand) -> Result<Exit, Stop> {
    match command {
        SourceCommand::New(arguments) => new::run(invocation, arguments),
        SourceCommand::List(arguments) => list::run(invocation, &arguments),
        SourceCommand::Show { name } => show::run(invocation, &name),
    }
}
