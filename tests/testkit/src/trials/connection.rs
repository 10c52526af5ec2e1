//! The settings open a connector, and the connection test passes.

use super::{Need, Trial, Tried};
use crate::subject::Subject;
use connector_core::{StepStatus, TestReport};

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "the_settings_open_a_connector",
        need: Need::Nothing,
        run: |subject| Box::pin(std::future::ready(opens(subject))),
    },
    Trial {
        name: "the_connection_test_passes",
        need: Need::Nothing,
        run: |subject| Box::pin(connection_test_passes(subject)),
    },
];

fn opens(subject: &Subject<'_>) -> Tried {
    subject.open()?;
    subject.open().map(drop)
}

async fn connection_test_passes(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let connector = connector.as_ref();
    let mut report = TestReport::new();
    connector.test_connection(&mut report).await;
    if report.steps().is_empty() {
        return Err("the connection test reported no step".to_owned());
    }
    match report.steps().iter().find(|step| matches!(step.status, StepStatus::Failed | StepStatus::Skipped)) {
        Some(step) => Err(format!("step {} {:?}: {}", step.name, step.status, step.detail.as_deref().unwrap_or(""))),
        None => Ok(()),
    }
}
