//! `connector cert …`.

mod advice;
mod check;
mod files;
mod import;
mod new;
mod password;
mod rotate;
mod show;
mod unfinished;

pub(crate) use check::columns_help as certificate_columns;
#[cfg(feature = "sandbox")]
pub(crate) use new::{KeyAndCertificate, make_key_and_certificate};
pub(crate) use unfinished::unfinished_rotation;

use crate::arguments::CertCommand;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;

pub(crate) fn run(invocation: &Invocation, command: &CertCommand) -> Result<Exit, Stop> {
    match command {
        CertCommand::New(arguments) => new::run(invocation, arguments),
        CertCommand::Import(arguments) => import::run(invocation, arguments),
        CertCommand::Show { subject } => show::run(invocation, subject),
        CertCommand::Check(arguments) => check::run(invocation, arguments),
        CertCommand::Rotate(arguments) => rotate::run(invocation, arguments),
    }
}
