//! `connector source …`.

mod list;
mod new;
mod show;

pub(crate) use new::write_source;

use crate::arguments::SourceCommand;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use connector_core::Result;
use connector_engine::source::{Project, Source};
use connector_keys::Certificate;
use std::fs;

pub(crate) fn run(invocation: &Invocation, command: SourceCommand) -> Result<Exit, Stop> {
    match command {
        SourceCommand::New(arguments) => new::run(invocation, arguments),
        SourceCommand::List => list::run(invocation),
        SourceCommand::Show { name } => show::run(invocation, &name),
    }
}

/// The certificate that a source names, when it is kept in a file that can be read.
fn certificate(project: &Project, source: &Source) -> Option<Certificate> {
    let refs = source.auth.as_ref()?.refs();
    let (_, reference) = refs.into_iter().find(|(name, _)| *name == "certificate_ref")?;
    let path = project.folder().join(reference.strip_prefix("file:")?);
    Certificate::from_pem(&fs::read_to_string(path).ok()?).ok()
}
