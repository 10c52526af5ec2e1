//! One plan: what it changes, who wrote and approved it, and how far it is.

use super::operation_row::{Row, row, standing_badge};
use super::{Frame, Shell, Window, render};
use crate::address;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, Prose, Tone, When};
use crate::work::{Job, Outcome};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::{ErrorKind, Result};
use connector_engine::provision::{Changed, Phase, Preview, Standing};
use connector_engine::query::{self, Names, OutcomeTally, Plan, PlanStage};
use connector_text::count;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How many operations stand on a page.
const ON_A_PAGE: usize = 200;

#[derive(Deserialize)]
pub(crate) struct Fields {
    /// The outcome to show.
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    skip: usize,
}

#[derive(Template)]
#[template(path = "plan.html")]
struct Page {
    shell: Shell,
    source: String,
    source_address: String,
    address: String,
    file: String,
    badge: Badge,
    facts: Vec<(&'static str, String)>,
    when: Option<When>,
    digest: String,
    progress: Option<PlanPanel>,
    notes: Vec<Note>,
    acts: Acts,
    is_strict: bool,
    chips: Vec<Chip>,
    kinds: String,
    rows: Vec<Row>,
    previous: Option<String>,
    next: Option<String>,
}

/// What whoever looks at it can do.
#[expect(clippy::struct_excessive_bools, reason = "each is a button")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Acts {
    /// Look at it again.
    previews: bool,
    approves: bool,
    /// The word on the button that applies it.
    applies: Option<&'static str>,
    abandons: bool,
    discards: bool,
    /// Whether nothing can be done because somebody else must approve it.
    waits: bool,
}

struct Note {
    tone: Tone,
    what: Prose,
    help: Option<Prose>,
}

/// How many operations have an outcome.
struct Chip {
    badge: Badge,
    number: String,
    address: String,
    is_current: bool,
}

/// How far a job about a plan is.
#[derive(Template)]
#[template(path = "part/plan_progress.html")]
pub(crate) struct PlanPanel {
    address: String,
    words: String,
    done: u64,
    total: u64,
    can_stop: bool,
}

impl PlanPanel {
    /// `None` if nothing goes on. `operates` is whether whoever looks may stop it.
    pub(crate) fn of(address: String, job: &Job, operates: bool) -> Option<Self> {
        let state = job.state();
        if state.outcome.is_some() {
            return None;
        }
        let is_stopping = job.stop.is_cancelled();
        let (done, total) = state.of_plan.map_or((0, 0), |progress| (progress.done, progress.total));
        let words = match state.of_plan {
            _ if is_stopping => "stopping; waiting for what was sent".to_owned(),
            None => "connecting".to_owned(),
            Some(progress) => {
                let what = match progress.phase {
                    Phase::Previewing => "comparing with the accounts as they are now",
                    Phase::Settling => "finding out what was applied before",
                    Phase::Applying => "applying",
                    Phase::ReadingBack => "reading the accounts again",
                };
                format!("{what}: {} of {}, {} API calls", count(done), count(total), count(progress.api_calls))
            }
        };
        Some(Self { address, words, done, total, can_stop: operates && !is_stopping })
    }
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Path((source, id)): Path<(String, String)>,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell("Plan").in_section("plans").live();
    let job = state.jobs().of_plan(&source, &id);
    let page = state.ask(move |reach| told(reach, source, &id, &fields, job.as_deref(), shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, source: String, id: &str, fields: &Fields, job: Option<&Job>, shell: Shell) -> Result<Page> {
    let is_strict = reach.source(&source)?.asks_for_approval();
    let store =
        reach.store.as_ref().ok_or_else(|| connector_core::Error::not_found(format!("there is no plan `{id}`")))?;
    let plan = query::plan(store, &source, id)?;
    let names = Names::of(store, &source)?;
    let wanted: Option<Standing> = fields.outcome.parse().ok();
    let (mut window, mut place) = (Window::of(ON_A_PAGE), 0);
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    let outcomes = query::plan_operations(store, &plan.plan, |operation| {
        if operation.outcome == Standing::Planned {
            *kinds.entry(operation.kind.clone()).or_default() += 1;
        }
        if wanted.is_none_or(|wanted| wanted == operation.outcome) {
            place += 1;
            if place > fields.skip && window.rows.len() <= ON_A_PAGE {
                window.rows.push(row(&source, &operation, &names)?);
            }
        }
        Ok(())
    })?;
    let has_more = window.rows.len() > ON_A_PAGE;
    window.rows.truncate(ON_A_PAGE);
    let path = address::plan(&source, &plan.plan);
    let linked = |skip: usize| {
        let skip = if skip == 0 { String::new() } else { skip.to_string() };
        address::with(&path, &[("outcome", fields.outcome.as_str()), ("skip", &skip)])
    };
    let progress = job.and_then(|job| PlanPanel::of(path.clone(), job, shell.operates()));
    let kinds: Vec<_> = kinds.iter().map(|(kind, number)| format!("{} {kind}", count(*number))).collect();
    let refused = job.and_then(|job| match &job.state().outcome {
        Some(Outcome::Previewed(preview)) => Some(preview.refusal.is_some()),
        _ => None,
    });
    Ok(Page {
        acts: acts(&plan, &shell, is_strict, progress.is_some(), refused.unwrap_or(false)),
        badge: stage_badge(&plan),
        facts: facts(&plan),
        when: plan.previewed_at.map(|at| When::of(at, reach.now)),
        digest: plan.digest.clone().unwrap_or_default(),
        notes: job.map(|job| notes(job, &outcomes)).unwrap_or_default(),
        chips: chips(&outcomes, &path, wanted),
        kinds: kinds.join(", "),
        previous: (fields.skip > 0).then(|| linked(fields.skip.saturating_sub(ON_A_PAGE))),
        next: has_more.then(|| linked(fields.skip + ON_A_PAGE)),
        rows: window.rows,
        shell: Shell { title: plan.file.clone(), ..shell },
        file: plan.file,
        source_address: address::source(&source),
        address: path,
        progress,
        is_strict,
        source,
    })
}

/// What whoever looks at it can do. Who is refused there is refused by the engine, too: this only leaves out buttons.
fn acts(plan: &Plan, shell: &Shell, is_strict: bool, goes_on: bool, is_refused: bool) -> Acts {
    if goes_on || matches!(plan.stage, PlanStage::Applying | PlanStage::Ended | PlanStage::Previewing) {
        return Acts::default();
    }
    let wrote_it = plan.author.as_deref().is_some_and(|author| shell.is(author));
    let is_interrupted = plan.stage == PlanStage::Interrupted;
    let may_approve = shell.approves() && !(is_strict && wrote_it) && plan.approver.is_none();
    let has_work = plan.outcomes.planned + plan.outcomes.pending > 0;
    let may_apply = has_work && !is_refused && if plan.approver.is_some() { shell.operates() } else { may_approve };
    Acts {
        previews: shell.operates(),
        approves: may_approve && is_strict && has_work && !is_refused,
        applies: may_apply.then_some(match (is_interrupted, plan.approver.is_some()) {
            (true, _) => "Continue",
            (false, true) => "Apply",
            (false, false) => "Approve and apply",
        }),
        abandons: is_interrupted && shell.operates(),
        discards: !is_interrupted && shell.operates(),
        waits: is_strict && plan.approver.is_none() && !may_approve && has_work,
    }
}

fn facts(plan: &Plan) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Plan", plan.plan.clone())];
    facts.push(("Written by", plan.author.clone().unwrap_or_else(|| "not known".to_owned())));
    let at = |moment: jiff::Timestamp| moment.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    if let Some(approver) = &plan.approver {
        let when = plan.approved_at.map(|moment| format!(", {}", at(moment))).unwrap_or_default();
        facts.push(("Approved by", format!("{approver}{when}")));
    }
    facts.extend(plan.began_at.map(|moment| ("Started", at(moment))));
    facts.extend(plan.ended_at.map(|moment| ("Ended", at(moment))));
    facts.push(("API calls", count(plan.api_calls)));
    facts
}

/// What the last job says that no operation does.
fn notes(job: &Job, outcomes: &OutcomeTally) -> Vec<Note> {
    let of = |tone, error: &connector_core::Error| Note {
        tone,
        what: Prose(error.message().to_owned()),
        help: error.help().map(|help| Prose(help.to_owned())),
    };
    let state = job.state();
    match &state.outcome {
        Some(Outcome::Failed(error)) if error.kind() == ErrorKind::Cancelled => vec![of(Tone::Warn, error)],
        Some(Outcome::Failed(error) | Outcome::Applied { error: Some(error), .. }) => vec![of(Tone::Bad, error)],
        Some(Outcome::Applied { .. }) if outcomes.failed + outcomes.pending + outcomes.planned == 0 => Vec::new(),
        Some(Outcome::Previewed(preview)) => of_preview(preview),
        _ => Vec::new(),
    }
}

fn of_preview(preview: &Preview) -> Vec<Note> {
    let refusal = preview.refusal.iter().map(|why| Note {
        tone: Tone::Bad,
        what: Prose(why.message().to_owned()),
        help: why.help().map(|help| Prose(help.to_owned())),
    });
    let changed = preview.changed.first().map(|first: &Changed| Note {
        tone: Tone::Warn,
        what: Prose(format!(
            "{} operations changed since the last preview, the first is number {}; this is the new result",
            count(preview.changed.len() as u64),
            first.operation + 1
        )),
        help: None,
    });
    let warnings = preview.warnings.iter().map(|text| Note { tone: Tone::Warn, what: Prose(text.clone()), help: None });
    refusal.chain(changed).chain(warnings).collect()
}

fn chips(outcomes: &OutcomeTally, path: &str, wanted: Option<Standing>) -> Vec<Chip> {
    let all = [
        (Standing::Planned, outcomes.planned),
        (Standing::Applied, outcomes.applied),
        (Standing::Unchanged, outcomes.unchanged),
        (Standing::Failed, outcomes.failed),
        (Standing::Pending, outcomes.pending),
        (Standing::Abandoned, outcomes.abandoned),
    ];
    let chip = |(standing, number): (Standing, u64)| {
        let is_current = wanted == Some(standing);
        let shown = if is_current { "" } else { standing.name() };
        let address = address::with(path, &[("outcome", shown)]);
        Chip { badge: standing_badge(standing), number: count(number), address, is_current }
    };
    all.into_iter().filter(|(_, number)| *number > 0).map(chip).collect()
}

/// How far a plan is, in a word.
pub(super) fn stage_badge(plan: &Plan) -> Badge {
    let (word, tone) = match plan.stage {
        PlanStage::Previewing => ("previewing", Tone::Busy),
        PlanStage::Previewed if plan.approver.is_some() => ("approved", Tone::Good),
        PlanStage::Previewed => ("waiting", Tone::Warn),
        PlanStage::Applying => ("applying", Tone::Busy),
        PlanStage::Interrupted => ("interrupted", Tone::Warn),
        PlanStage::Ended if plan.outcomes.failed + plan.outcomes.pending > 0 => ("applied in part", Tone::Bad),
        PlanStage::Ended if plan.outcomes.abandoned > 0 => ("abandoned", Tone::Quiet),
        PlanStage::Ended => ("applied", Tone::Good),
    };
    Badge { word, tone }
}

/// `4 to apply, 1 unchanged`.
pub(super) fn outcome_words(outcomes: &OutcomeTally) -> String {
    let all = [
        (outcomes.planned, "to apply"),
        (outcomes.applied, "applied"),
        (outcomes.unchanged, "unchanged"),
        (outcomes.failed, "failed"),
        (outcomes.pending, "pending"),
        (outcomes.abandoned, "abandoned"),
    ];
    let parts = all.into_iter().filter(|(number, _)| *number > 0);
    parts.map(|(number, word)| format!("{} {word}", count(number))).collect::<Vec<_>>().join(", ")
}
