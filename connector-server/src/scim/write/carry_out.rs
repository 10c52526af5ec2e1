//! Has a plan applied for a client, and says in the words of SCIM what became of it.

use super::super::fault::marked;
use super::super::places::Closed;
use crate::access::Role;
use crate::address;
use crate::door::Visitor;
use crate::etag::names;
use crate::failure::Failure;
use crate::state::State as ServerState;
use crate::work::{Begun, Changed, Outcome, Task, Wish};
use axum::http::header::{IF_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use connector_core::{Error, ErrorKind, Operation, SecretRef};
use connector_engine::provision::Standing;
use connector_engine::query::OperationReport;
use connector_engine::store::RunError;
use tokio::sync::OwnedMutexGuard;

/// Who asks for a change of which source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    pub(super) state: &'a ServerState,
    pub(super) visitor: &'a Visitor,
    pub(super) source: &'a str,
}

impl Asker<'_> {
    /// Waits until nobody else changes the source, and keeps others from it: what is compared now is what is changed then. Whoever
    /// applies a plan that nobody approved approves it by that.
    pub(super) async fn turn(&self) -> Result<OwnedMutexGuard<()>, Failure> {
        self.visitor.must_be(Role::Approver)?;
        let source = self.source.to_owned();
        self.state.ask(move |reach| reach.store_of(&source).map(drop)).await?;
        Ok(self.state.jobs().turn(self.source).await)
    }

    /// Applies a plan of this name, and waits for its end.
    pub(super) async fn carry_out(
        &self,
        name: &str,
        operations: Vec<Operation<SecretRef>>,
    ) -> Result<Changed, Failure> {
        let job = loop {
            let task = Task::Change { name: name.to_owned(), operations: operations.clone() };
            let wish = Wish { source: self.source, task, who: self.visitor, key: None };
            match self.state.jobs().begin(wish) {
                Ok(Begun::Job(job)) => break job,
                Ok(Begun::OtherWish) => return Err(Error::internal("a wish without a key can't be another one").into()),
                // One change of a source at a time: this one is next.
                Err(error) if error.kind() == ErrorKind::Conflict => self.state.jobs().changes_end(self.source).await,
                Err(error) => return Err(error.into()),
            }
        };
        job.end().await;
        match &job.state().outcome {
            Some(Outcome::Changed(changed)) => Ok(changed.clone()),
            Some(Outcome::Failed(error)) => Err(refused(error.clone())),
            _ => Err(Error::internal("the change ended without an outcome").into()),
        }
    }
}

/// Why nothing was sent.
fn refused(error: Error) -> Failure {
    match error.kind() {
        ErrorKind::Guard => Failure::with(StatusCode::FORBIDDEN, error),
        ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Cancelled => {
            Failure::with(StatusCode::SERVICE_UNAVAILABLE, error)
        }
        _ => error.into(),
    }
}

/// What a client changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum On {
    NewUser,
    User,
    Group,
}

/// Fails if an operation failed. Otherwise, whether the source has yet to carry out one of them.
pub(super) fn checked(changed: &Changed, on: On) -> Result<bool, Failure> {
    let is_known = |report: &&OperationReport| on == On::NewUser && report.outcome == Standing::Unchanged;
    if let Some(known) = changed.reports.first().filter(is_known) {
        let error = marked("uniqueness", format!("there is a user `{}` already", known.name));
        return Err(Failure::with(StatusCode::CONFLICT, error));
    }
    let done = changed.reports.iter().filter(|one| one.outcome == Standing::Applied).count();
    for report in &changed.reports {
        let Some(error) = &report.error else { continue };
        if report.outcome == Standing::Failed {
            return Err(failed(error, on, done));
        }
        if report.outcome == Standing::Pending {
            let message = format!("nobody knows whether the source did it: {}", error.message);
            let error = Error::new(ErrorKind::Unavailable, message)
                .with_help("the plan on the console settles it; then read the user");
            return Err(Failure::with(StatusCode::SERVICE_UNAVAILABLE, error));
        }
    }
    Ok(changed.reports.iter().any(|one| matches!(one.outcome, Standing::Pending | Standing::Planned)))
}

/// An operation that failed, after this many were applied.
fn failed(error: &RunError, on: On, done: usize) -> Failure {
    let before = match done {
        0 => String::new(),
        1 => "one change was made, then: ".to_owned(),
        done => format!("{done} changes were made, then: "),
    };
    let message = format!("{before}{}", error.message);
    let with_help = |said: Error| match &error.help {
        Some(help) => said.with_help(help.clone()),
        None => said,
    };
    let mark = |kind: &'static str| with_help(marked(kind, &message));
    let plain = || with_help(Error::new(error.kind, message.clone()));
    match error.kind {
        ErrorKind::AlreadyExists => Failure::with(StatusCode::CONFLICT, mark("uniqueness")),
        ErrorKind::NotFound if on == On::User => Failure::with(StatusCode::NOT_FOUND, plain()),
        ErrorKind::NotFound | ErrorKind::Invalid | ErrorKind::Definition => {
            Failure::with(StatusCode::BAD_REQUEST, mark("invalidValue"))
        }
        ErrorKind::Unsupported => Failure::with(StatusCode::NOT_IMPLEMENTED, plain()),
        ErrorKind::Guard => Failure::with(StatusCode::FORBIDDEN, plain()),
        ErrorKind::Cancelled => Failure::with(StatusCode::SERVICE_UNAVAILABLE, plain()),
        _ => plain().into(),
    }
}

/// What the source has yet to carry out: the plan says when it is done.
pub(super) fn accepted(source: &str, changed: &Changed) -> Response {
    let mut answer = StatusCode::ACCEPTED.into_response();
    if let Ok(place) = HeaderValue::from_str(&address::plan(source, &changed.plan)) {
        answer.headers_mut().insert(LOCATION, place);
    }
    answer
}

/// Why clients can change nothing of a source.
pub(super) fn closed(source: &str, why: Closed) -> Failure {
    let new =
        |status, kind, message: String, help: &str| Failure::with(status, Error::new(kind, message).with_help(help));
    match why {
        Closed::NeedsApproval => new(
            StatusCode::FORBIDDEN,
            ErrorKind::Permission,
            format!("somebody else must approve each change of `{source}`, so SCIM clients can't write"),
            "`provisioning.approval` of the source is `required`: write a plan, and have it approved on the console",
        ),
        Closed::NoOperation => new(
            StatusCode::NOT_IMPLEMENTED,
            ErrorKind::Unsupported,
            format!("nothing of `{source}` can be changed"),
            "its connector or its settings allow no operation: `connector connectors show` lists what a connector can do",
        ),
        Closed::NoLook => new(
            StatusCode::NOT_IMPLEMENTED,
            ErrorKind::Unsupported,
            format!("`{source}` can't be changed through SCIM, because its connector can't look at a single account"),
            "apply a plan with `connector provision`",
        ),
    }
}

/// An operation that the source does not have.
pub(super) fn not_implemented(message: String, help: &str) -> Failure {
    Failure::with(StatusCode::NOT_IMPLEMENTED, Error::unsupported(message).with_help(help))
}

/// Fails with status 412 if the client saw another version.
pub(super) fn must_match(headers: &HeaderMap, versions: &[&str]) -> Result<(), Failure> {
    let Some(wanted) = headers.get(IF_MATCH) else { return Ok(()) };
    let wanted = wanted.to_str().unwrap_or_default();
    if versions.iter().any(|version| names(wanted, version)) {
        return Ok(());
    }
    let error = Error::conflict("the resource has another version than `If-Match` says")
        .with_help("read it again, and decide again");
    Err(Failure::with(StatusCode::PRECONDITION_FAILED, error))
}
