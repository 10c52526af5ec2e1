//! Reads a source, as `connector aggregate` does.

use super::{Job, Jobs};
use connector_core::{Error, Result};
use connector_engine::aggregate::{Options, Wanted, run_as_due};
use connector_engine::identities;
use connector_engine::store::{RunReport, Store};

pub(super) async fn run(jobs: &Jobs, job: &Job, wanted: Wanted) -> Result<RunReport> {
    let opening = {
        let (project, source, store) = (jobs.project(), job.source.clone(), jobs.store().clone());
        // Files are read, and a store of an earlier version is converted.
        tokio::task::spawn_blocking(move || {
            let opened = project.load(&source)?.open(&project)?;
            Ok::<_, Error>((opened, Store::open(store)?))
        })
    };
    let (opened, store) =
        opening.await.map_err(|cause| Error::internal("the source could not be opened").with_cause(cause))??;
    let report = run_as_due(
        &store,
        &opened,
        wanted,
        Options::default(),
        |progress| {
            job.state().progress = Some(*progress);
            jobs.went_on();
        },
        job.stop.clone(),
    );
    identities::after_run(&store, &jobs.project(), report.await?).await
}
