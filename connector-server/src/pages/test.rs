//! The test of a connection, with the steps as they come.

use super::part::Tabs;
use super::{Frame, Shell, render};
use crate::address;
use crate::failure::Failure;
use crate::state::State as ServerState;
use crate::text::{Badge, Prose, Tone, When};
use crate::work::{Job, Outcome, Work};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::{StepStatus, TestStep};
use connector_text::duration;
use jiff::Timestamp;

#[derive(Template)]
#[template(path = "test.html")]
struct Page {
    shell: Shell,
    tabs: Tabs,
    source: String,
    address: String,
    badge: Badge,
    when: Option<When>,
    steps: Vec<Row>,
    /// The step that runs.
    at: Option<&'static str>,
    /// Why the test did not come to its end.
    fault: Option<Prose>,
}

struct Row {
    badge: Badge,
    name: &'static str,
    detail: Option<Prose>,
    help: Option<Prose>,
    took: String,
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Path(source): Path<String>,
) -> Result<Response, Failure> {
    let known = source.clone();
    state.ask(move |reach| reach.must_know(&known)).await?;
    let job = state.jobs().last(&source, Work::Test);
    let shell = frame.shell(&format!("Test of {source}")).in_section("sources").live();
    let page = told(shell, source, job.as_deref());
    Ok(render(&page, StatusCode::OK))
}

fn told(shell: Shell, source: String, job: Option<&Job>) -> Page {
    let state = job.map(Job::state);
    let outcome = state.as_ref().and_then(|state| state.outcome.as_ref());
    let steps = state.as_ref().map(|state| state.steps.as_slice()).unwrap_or_default();
    let badge = match (&state, outcome) {
        (None, _) => Badge { word: "not tested yet", tone: Tone::Quiet },
        (Some(_), None) => Badge { word: "testing", tone: Tone::Busy },
        (Some(_), Some(outcome)) => match outcome.name(steps) {
            word @ "passed" => Badge { word, tone: Tone::Good },
            word => Badge { word, tone: Tone::Bad },
        },
    };
    Page {
        shell,
        tabs: Tabs::of(&source, "test"),
        address: address::source(&source),
        source,
        badge,
        when: job.map(|job| When::of(job.started_at, Timestamp::now())),
        steps: steps.iter().map(row).collect(),
        at: state.as_ref().and_then(|state| state.at),
        fault: outcome.and_then(|outcome| match outcome {
            Outcome::Failed(error) => Some(Prose(error.message().to_owned())),
            _ => None,
        }),
    }
}

fn row(step: &TestStep) -> Row {
    let badge = match step.status {
        StepStatus::Passed => Badge { word: "passed", tone: Tone::Good },
        StepStatus::Warning => Badge { word: "warning", tone: Tone::Warn },
        StepStatus::Failed => Badge { word: "failed", tone: Tone::Bad },
        _ => Badge { word: "skipped", tone: Tone::Quiet },
    };
    Row {
        badge,
        name: step.name,
        detail: step.detail.clone().map(Prose),
        help: step.help.clone().map(Prose),
        took: step.duration.map(duration).unwrap_or_default(),
    }
}
