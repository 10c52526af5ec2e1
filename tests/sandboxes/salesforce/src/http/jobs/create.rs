//! `POST …/jobs/query`.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::super::answer::{Answer, Ask, Noted};
use super::super::misbehave::JobEnd;
use super::super::shared::Shared;
use super::super::write::{Caller, object};
use super::described;
use super::job::{Form, Job, Query, State};
use crate::soql::{self, Bound};

/// Makes a job. The org evaluates the statement at once, as later changes must not show in the results.
pub(super) fn create(shared: &Shared, ask: &Ask, caller: Caller<'_>) -> Answer {
    let kind = "job:create";
    if shared.faults.has_no_bulk() {
        let message = "query operation requires the org permission BulkApiQuery";
        return Answer::error(403, "FEATURENOTENABLED", message).kind(kind);
    }
    let asked = match object(ask) {
        Ok(asked) => asked,
        Err(answer) => return answer.kind(kind),
    };
    let statement = text(&asked, "query").unwrap_or_default().to_owned();
    let mut answer = made(shared, caller, &asked, &statement).unwrap_or_else(|refused| refused.kind(kind));
    answer.noted = Noted::Soql(statement.into());
    answer
}

fn text<'a>(asked: &'a Map<String, Json>, name: &str) -> Option<&'a str> {
    asked.get(name).and_then(Json::as_str)
}

fn made(shared: &Shared, caller: Caller<'_>, asked: &Map<String, Json>, statement: &str) -> Result<Answer, Answer> {
    let operation = match text(asked, "operation") {
        Some("query") => "query",
        Some("queryAll") => "queryAll",
        _ => return Err(Answer::error(400, "INVALIDJOB", "operation must be query or queryAll")),
    };
    if text(asked, "contentType").is_some_and(|content_type| content_type != "CSV") {
        return Err(Answer::error(400, "INVALIDJOB", "contentType must be CSV"));
    }
    let (delimiter, line_ending) = (text(asked, "columnDelimiter"), text(asked, "lineEnding"));
    let form = Form::named(delimiter.unwrap_or("COMMA"), line_ending.unwrap_or("LF"))
        .ok_or_else(|| Answer::error(400, "INVALIDJOB", "unknown columnDelimiter or lineEnding"))?;
    let state = shared.org.read();
    let select = soql::parse(statement, shared.now())?;
    let bound = soql::bind(&state, statement, &select)?;
    if shared.faults.keeps_from_bulk(bound.object.name()) {
        let message = format!("Entity '{}' is not supported by the Bulk API.", bound.object.name());
        return Err(Answer::error(400, "INVALIDENTITY", &message));
    }
    let columns = columns(&bound)?;
    let rows = soql::rows(&state, &bound);
    drop(state);
    let kind = format!("job:create:{}", bound.object.name());
    let query = Query { operation, version: caller.version.to_owned(), bound, columns, rows, form };
    let (end, polls_left) = shared.faults.job();
    let end = match end {
        JobEnd::Complete => State::JobComplete,
        JobEnd::Failed => State::Failed,
        JobEnd::Aborted => State::Aborted,
    };
    let id = shared.jobs().next_id();
    let created = Timestamp::from_millisecond(shared.now()).unwrap_or_default();
    let query = Arc::new(query);
    let job = Job { id, query, author: caller.user, created, state: State::UploadComplete, end, polls_left };
    let answer = Answer::json(200, &described(shared, &job)).kind(kind);
    shared.jobs().add(job);
    Ok(answer)
}

/// The columns of the results, or why a job can't have them.
fn columns(bound: &Bound) -> Result<soql::Columns, Answer> {
    let refused = |message: &str| Answer::error(400, "API_ERROR", &format!("Implementation restriction: {message}"));
    if bound.count || bound.grouped.is_some() {
        return Err(refused("Aggregate Relationships not supported in Bulk Query"));
    }
    if bound.offset > 0 {
        return Err(refused("OFFSET not supported in Bulk Query"));
    }
    bound.shape.columns().ok_or_else(|| refused("Selecting compound data not supported in Bulk Query"))
}
