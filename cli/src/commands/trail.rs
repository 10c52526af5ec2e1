//! The audit trail of a source.

use crate::exit::Stop;
use crate::invocation::{Invocation, source_name};
use crate::output::{DIM, Waiting, clean_line, day, moment, paint, wrap};
use connector_core::{Error, ErrorKind, TrailEvent};
use connector_engine::query::Who;
use connector_engine::read_trail;
use connector_engine::store::Store;
use connector_project::source::Project;
use jiff::{Timestamp, ToSpan};

/// Asks a source for its trail of a time.
pub(super) fn read(
    invocation: &Invocation,
    project: &Project,
    store: &Store,
    name: &str,
    (since, until): (Timestamp, Timestamp),
) -> Result<Who, Stop> {
    let source = source_name(name);
    // Sources write whole seconds.
    let since = since.checked_sub(1.second()).unwrap_or(since);
    let opened = project.load(name)?.open(project)?;
    let stop = invocation.interrupt().token();
    let waiting = Waiting::begin(&invocation.printer, "Reading the audit trail");
    let trail = invocation.block_on(async {
        tokio::select! {
            trail = read_trail(&opened, since, until) => trail,
            () = stop.cancelled() => Err(Error::new(ErrorKind::Cancelled, "reading the audit trail was canceled")),
        }
    })??;
    drop(waiting);
    for warning in &trail.warnings {
        invocation.printer.warning(warning);
    }
    if let Some(begins) = trail.begins.filter(|begins| *begins > since) {
        let text =
            format!("the audit trail of `{source}` begins on {}: nothing is known of changes before", day(begins));
        invocation.printer.warning(&text);
    }
    Ok(Who::of(store, source, trail.events)?)
}

/// An event in a sentence.
pub(super) fn sentence(event: &TrailEvent) -> String {
    let from = event.from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
    let by = event.by.as_deref().unwrap_or("the source itself");
    format!("by {by}{from}, {}: {}", moment(event.at), event.detail)
}

/// A line below what it belongs to.
pub(super) fn indented(line: &str, width: usize) -> String {
    let wrapped = wrap(&clean_line(line), width.saturating_sub(6)).join("\n      ");
    format!("    {}\n", paint(DIM, wrapped))
}
