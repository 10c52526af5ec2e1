//! The settings open a connector, and the connection test passes.

use super::{Kept, Need, Trial, Tried};
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
    Trial { name: "the_system_has_one_id", need: Need::Nothing, run: |subject| Box::pin(system_has_one_id(subject)) },
];

async fn system_has_one_id(subject: &Subject<'_>) -> Tried {
    let mut ids = Vec::new();
    for _ in 0..2 {
        let connector = subject.open()?;
        ids.push(connector.instance_id().await.map_err(|error| error.to_string())?);
    }
    if ids[0] != ids[1] {
        return Err(format!("one system gave two ids: {ids:?}"));
    }
    match &ids[0] {
        Some(id) if id.trim() != id || id.is_empty() => Err(format!("{id:?} is no id")),
        None => Ok(Kept::NotUsed("an id of the system")),
        Some(_) => Ok(Kept::Promise),
    }
}

fn opens(subject: &Subject<'_>) -> Tried {
    subject.open()?;
    subject.open().map(|_| Kept::Promise)
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
        None => Ok(Kept::Promise),
    }
}
