//! How far a read is that this server does.

use crate::text::Prose;
use crate::work::{Job, Outcome};
use askama::Template;
use connector_engine::aggregate::{Phase, StepProgress};
use connector_text::{clock, count};

/// How far a read is, with a button that stops it.
#[derive(Template)]
#[template(path = "part/progress.html")]
pub(crate) struct Panel {
    address: String,
    words: String,
    steps: Vec<Row>,
    is_stopping: bool,
    operates: bool,
}

struct Row {
    what: &'static str,
    seen: u64,
    words: String,
    /// About how many there are, if the source says so.
    most: Option<u64>,
}

impl Panel {
    /// `None` if nothing is being read. `operates` is whether whoever looks may stop it.
    pub(crate) fn of(address: String, job: &Job, operates: bool) -> Option<Self> {
        let state = job.state();
        if state.outcome.is_some() {
            return None;
        }
        let is_stopping = job.stop.is_cancelled();
        let words = match &state.progress {
            _ if is_stopping => "stopping; what was read stays".to_owned(),
            None => "connecting".to_owned(),
            Some(progress) => {
                let what = match progress.phase {
                    Phase::Reading => "reading",
                    Phase::Reconciling => "looking for removed rows",
                };
                format!("{what}, {} API calls, {}", count(progress.api_calls), clock(progress.elapsed))
            }
        };
        let steps = state.progress.map(|progress| progress.steps.named().map(|(what, step)| row(what, *step)));
        Some(Self { address, words, steps: steps.into_iter().flatten().collect(), is_stopping, operates })
    }
}

fn row(what: &'static str, step: StepProgress) -> Row {
    let most = step.estimate.filter(|most| *most > 0).map(|most| most.max(step.seen));
    let words = match most {
        Some(most) => format!("{} of about {}", count(step.seen), count(most)),
        None => count(step.seen),
    };
    Row { what, seen: step.seen, words, most }
}

/// Why a read could not even begin: then there is no run that says so.
pub(crate) fn fault(job: &Job) -> Option<(Prose, Option<Prose>)> {
    match &job.state().outcome {
        Some(Outcome::Failed(error)) => {
            Some((Prose(error.message().to_owned()), error.help().map(|help| Prose(help.to_owned()))))
        }
        _ => None,
    }
}
