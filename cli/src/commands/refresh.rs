//! `connector refresh NAME ACCOUNT…`.

use super::aggregate::conclude;
use crate::arguments::RefreshArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::ProgressDisplay;
use connector_engine::aggregate::{self, Refreshed};
use connector_engine::store::RunStatus;

pub(crate) fn run(invocation: &Invocation, arguments: &RefreshArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let source = project.load(&arguments.name)?.open(&project)?;
    let store = invocation.store(&project)?;
    let stop = invocation.interrupt().token();
    let Refreshed { mut report, not_shown } = {
        let display = ProgressDisplay::begin(&invocation.printer, &source.source);
        let accounts = &arguments.accounts;
        invocation.block_on(aggregate::refresh(
            &store,
            &source,
            accounts,
            |progress| display.show(progress),
            stop,
        ))??
    };
    tracing::info!(source = report.source, run = report.run, status = report.status.name(), "the refresh ended");
    report.warnings.extend(not_shown.iter().map(|account| {
        format!("`{account}` is not among the accounts that the source shows; the store keeps what it knows of it")
    }));
    let is_done = report.status == RunStatus::Succeeded;
    let sent = source.context.meter().api_calls() > 0;
    let exit = conclude(invocation, report, None, sent)?;
    Ok(if is_done && !not_shown.is_empty() { Exit::Failure } else { exit })
}
