//! Tests the connection of a source, as `connector test` does.

use super::{Job, Jobs};
use connector_core::{Error, Finding, Result, TestReport};
use connector_engine::test_connection;
use connector_project::source::loosened_guards;
use std::sync::{Arc, Mutex, PoisonError};

pub(super) async fn test(jobs: &Jobs, job: &Arc<Job>) -> Result<()> {
    let mut report = {
        let (shown, told) = (job.clone(), jobs.clone());
        let (begun, begins) = (job.clone(), jobs.clone());
        TestReport::observed(move |step| {
            let mut state = shown.state();
            state.at = None;
            state.steps.push(step.clone());
            drop(state);
            told.went_on();
        })
        .announced(move |step| {
            begun.state().at = Some(step);
            begins.went_on();
        })
    };
    let opened = Mutex::new(None);
    let definition = async {
        let project = jobs.project();
        let source = project.load(&job.source)?;
        let loosened = loosened_guards(&source.aggregation, &source.provisioning);
        let valid = format!("{} is valid", source.path.display());
        let ready = source.open(&project)?;
        *opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(ready);
        Ok::<_, Error>(if loosened.is_empty() {
            Finding::passed(valid)
        } else {
            let help = "take the setting out of the source file when the change that needs it is done";
            Finding::warning(format!("{valid}, but {}", loosened.join("; ")), help)
        })
    };
    report.step("definition", definition).await;
    let opened = opened.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Some(opened) = opened else { return Ok(()) };
    tokio::select! {
        () = test_connection(&opened, &mut report) => Ok(()),
        () = job.stop.cancelled() => Err(Error::new(connector_core::ErrorKind::Cancelled, "the test was stopped")),
    }
}
