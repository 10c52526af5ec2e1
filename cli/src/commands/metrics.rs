//! `connector metrics`.

use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use connector_server::metrics;
use jiff::Timestamp;

pub(crate) fn run(invocation: &Invocation) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let store = invocation.existing_store(&project)?;
    invocation.printer.result(metrics(&project, store.as_ref(), Timestamp::now())?)?;
    Ok(Exit::Success)
}
