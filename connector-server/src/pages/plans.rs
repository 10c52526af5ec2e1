//! The plans of one source or of all, and the form in which somebody writes one.

use super::part::Tabs;
use super::plan::{PlanPanel, outcome_words, stage_badge};
use super::{Frame, Shell, render};
use crate::access::Role;
use crate::address;
use crate::asked::Asked;
use crate::door::Visitor;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, Prose, When};
use crate::work::{Begun, Outcome, Previewed, Task, Wish, Work};
use crate::written::{self, Written};
use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use connector_core::{Error, ErrorKind, Problem, Result};
use connector_engine::query::{self, PlanStage};
use serde::Deserialize;

/// How many plans stand on a page.
const ON_A_PAGE: u64 = 50;

#[derive(Deserialize)]
pub(crate) struct Fields {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "plans.html")]
struct Page {
    shell: Shell,
    /// Absent for all sources.
    form: Option<PlanForm>,
    rows: Vec<Row>,
    goes_on: bool,
    next: Option<String>,
}

/// Where somebody writes a plan for a source.
struct PlanForm {
    source: String,
    tabs: Tabs,
    address: String,
    name: String,
    text: String,
    problems: Vec<ProblemRow>,
    fault: Option<(Prose, Option<Prose>)>,
    progress: Option<PlanPanel>,
    is_strict: bool,
}

struct ProblemRow {
    place: String,
    title: Prose,
    detail: Prose,
    help: Option<Prose>,
}

struct Row {
    address: String,
    file: String,
    source: String,
    source_address: String,
    badge: Badge,
    words: String,
    author: Option<String>,
    approver: Option<String>,
    when: Option<When>,
}

/// Of all sources.
pub(crate) async fn all(
    State(state): State<ServerState>,
    frame: Frame,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell("Plans").in_section("plans").live();
    let page = state.ask(move |reach| told(reach, None, &fields, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

/// Of one source.
pub(crate) async fn of_source(
    State(state): State<ServerState>,
    frame: Frame,
    Path(source): Path<String>,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell(&format!("Plans for {source}")).in_section("sources").live();
    let form = empty_form(&state, &source);
    let page = state.ask(move |reach| told(reach, Some(form), &fields, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn empty_form(state: &ServerState, source: &str) -> PlanForm {
    let job = state.jobs().last(source, Work::Preview);
    PlanForm {
        tabs: Tabs::of(source, "plans"),
        address: address::plans(source),
        progress: job.as_deref().and_then(|job| PlanPanel::of(address::plans(source), job, false)),
        source: source.to_owned(),
        name: String::new(),
        text: String::new(),
        problems: Vec::new(),
        fault: None,
        is_strict: false,
    }
}

fn told(reach: &Reach, form: Option<PlanForm>, fields: &Fields, shell: Shell) -> Result<Page> {
    let source = form.as_ref().map(|form| form.source.clone());
    let mut form = form;
    if let Some(form) = &mut form {
        form.is_strict = reach.source(&form.source)?.asks_for_approval();
    }
    let plans = match &reach.store {
        Some(store) => query::plans(store, source.as_deref(), fields.before.as_deref(), ON_A_PAGE + 1)?,
        None => Vec::new(),
    };
    let path = source.as_deref().map_or_else(|| "/plans".to_owned(), address::plans);
    let is_cut = plans.len() as u64 > ON_A_PAGE;
    let mut rows: Vec<Row> = Vec::new();
    let mut last = None;
    for plan in plans.into_iter().take(usize::try_from(ON_A_PAGE).unwrap_or(usize::MAX)) {
        last = Some(plan.plan.clone());
        // Whoever looks at it sees only what is complete.
        if plan.stage == PlanStage::Previewing {
            continue;
        }
        rows.push(Row {
            address: address::plan(&plan.source, &plan.plan),
            badge: stage_badge(&plan),
            words: outcome_words(&plan.outcomes),
            when: plan.ended_at.or(plan.began_at).or(plan.previewed_at).map(|at| When::of(at, reach.now)),
            source_address: address::plans(&plan.source),
            file: plan.file,
            source: plan.source,
            author: plan.author,
            approver: plan.approver,
        });
    }
    let next = last.filter(|_| is_cut).map(|last| address::with(&path, &[("before", &last)]));
    Ok(Page { shell, form, rows, goes_on: fields.before.is_some(), next })
}

#[derive(Deserialize)]
pub(crate) struct Upload {
    #[serde(default)]
    name: String,
    #[serde(default)]
    text: String,
}

/// Takes a plan, and begins its preview.
pub(crate) async fn write(
    State(state): State<ServerState>,
    Extension(visitor): Extension<Visitor>,
    frame: Frame,
    Path(source): Path<String>,
    Form(upload): Form<Upload>,
) -> Result<Response, Failure> {
    visitor.must_be(Role::Operator)?;
    let (jobs, name, text, known) = (state.jobs().clone(), upload.name.clone(), upload.text.clone(), source.clone());
    let begun = state.ask(move |reach| {
        reach.must_know(&known)?;
        let (file, name, hash) = match written::take(reach, text.as_bytes(), &name)? {
            Written::Plan { file, name, hash } => (file, name, hash),
            Written::Wrong(problems) => return Ok(Err(Refused::Wrong(problems))),
        };
        let task = Task::Preview(Previewed::New { file, name, hash });
        match jobs.begin(Wish { source: &known, task, who: &visitor, key: None }) {
            // Nobody should write a plan again because another one is being previewed.
            Err(error) if error.kind() == ErrorKind::Conflict => Ok(Err(Refused::Busy(error))),
            begun => begun.map(Ok),
        }
    });
    let mut form = PlanForm { name: upload.name, text: upload.text, ..empty_form(&state, &source) };
    match begun.await? {
        Ok(Begun::Job(job)) => {
            if let Some(plan) = job.plan().await {
                return Ok(Redirect::to(&address::plan(&source, &plan)).into_response());
            }
            if let Some(Outcome::Failed(error)) = &job.state().outcome {
                form.fault = Some(fault(error));
            }
        }
        Ok(Begun::OtherWish) => {}
        Err(Refused::Wrong(problems)) => form.problems = problems.iter().map(problem_row).collect(),
        Err(Refused::Busy(error)) => form.fault = Some(fault(&error)),
    }
    let shell = frame.shell(&format!("Plans for {source}")).in_section("sources");
    let page = state.ask(move |reach| told(reach, Some(form), &Fields { before: None }, shell)).await?;
    // What somebody wrote is told beside the field, as on other pages.
    Ok(render(&page, StatusCode::OK))
}

/// Why a plan was not previewed.
enum Refused {
    Wrong(Vec<Problem>),
    Busy(Error),
}

fn fault(error: &Error) -> (Prose, Option<Prose>) {
    (Prose(error.message().to_owned()), error.help().map(|help| Prose(help.to_owned())))
}

fn problem_row(problem: &Problem) -> ProblemRow {
    ProblemRow {
        place: format!("line {}, column {}", problem.place.line, problem.place.column),
        title: Prose(problem.title.clone()),
        detail: Prose(problem.detail.clone()),
        help: problem.help.clone().map(Prose),
    }
}
