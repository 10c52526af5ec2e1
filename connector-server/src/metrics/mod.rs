//! How the sources stand, for Prometheus.
//!
//! Everything comes from the project and its store when somebody asks, not from the memory of this process. So the figures are
//! the same, no matter who read the sources: a worker, a timer of the system, or a person. They survive a restart.

mod exporter;
mod families;

pub use exporter::Exporter;

use connector_core::{Error, Result};
use connector_engine::query::{self, SourceState};
use connector_engine::schedule::Times;
use connector_engine::store::Store;
use connector_project::source::Project;
use connector_queue::Queue;
use families::Families;
use jiff::Timestamp;

/// The media type of [`metrics`].
pub const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How the sources of a project stand, as OpenMetrics text. `store` is absent until something was aggregated.
///
/// Sends nothing to a source, runs no program and opens no key. Its cost grows with the number of runs in the store, not with
/// that of accounts.
pub fn metrics(project: &Project, store: Option<&Store>, now: Timestamp) -> Result<String> {
    let families = Families::default();
    for source in query::sources(project, store, now)? {
        of_source(&families, project, store, &source, now)?;
    }
    if let Some(store) = store {
        query::past_runs(store, |run| {
            families.count(&run);
            Ok(())
        })?;
    }
    let queue = store.map_or(Ok(None), Queue::of)?;
    let figures = queue.map(|queue| queue.figures()).transpose()?;
    families
        .text(figures.as_ref())
        .map_err(|cause| Error::internal("the metrics could not be written").with_cause(cause))
}

fn of_source(
    families: &Families,
    project: &Project,
    store: Option<&Store>,
    source: &SourceState,
    now: Timestamp,
) -> Result<()> {
    families.valid(&source.name, source.definition.is_ok());
    if let Some(certificate) = source.certificate.as_ref().and_then(|watched| watched.certificate.as_ref()) {
        families.certificate(&source.name, certificate.not_after());
    }
    if let Some(next) = next_run(project, source, now) {
        families.next_run(&source.name, next);
    }
    let Some(store) = store else { return Ok(()) };
    if let Some(run) = &source.last_run {
        families.last_run(&source.name, run);
        families.size(&source.name, query::size(store, &source.name)?);
    }
    if let Some(run) = query::last_success(store, &source.name)? {
        families.last_success(&source.name, run.started_at);
    }
    Ok(())
}

/// When the schedule of a source comes next. A schedule or `connector.yaml` that is not valid is named by `validate`.
fn next_run(project: &Project, source: &SourceState, now: Timestamp) -> Option<Timestamp> {
    let schedule = source.definition.as_ref().ok()?.aggregation.schedule.as_deref()?;
    Times::parse(schedule, project.settings().ok()?.zone()).ok()?.next(now)
}
