//! Query jobs of the Bulk API 2.0: `…/jobs/query`.

mod create;
mod job;
mod results;

pub(crate) use job::Jobs;

use hyper::Method;
use serde_json::{Value as Json, json};

use super::answer::{Answer, Ask};
use super::route::number;
use super::shared::Shared;
use super::write::{Caller, object};
use crate::id::Id;
use job::{Job, State};

/// The first version of the API that has query jobs.
const FIRST_VERSION: u32 = 47;
/// The first version that lists the pages of a result.
const FIRST_WITH_PAGES: u32 = 58;

/// Answers a request below `…/jobs/query`.
pub(crate) fn query_jobs(shared: &Shared, ask: &Ask, caller: Caller<'_>, rest: &[&str]) -> Answer {
    let version = number(caller.version).unwrap_or_default();
    if version < FIRST_VERSION {
        return Answer::not_found().kind("unknown");
    }
    let is_read = ask.method == Method::GET;
    match rest {
        [] if ask.method == Method::POST => create::create(shared, ask, caller),
        [] if is_read => list(shared, caller.version).kind("job:list"),
        [] => Answer::not_allowed(&ask.method, "GET,HEAD,POST").kind("refused"),
        [id] => match ask.meant() {
            Method::GET => polled(shared, id).kind("job:status"),
            Method::PATCH => abort(shared, ask, id).kind("job:abort"),
            Method::DELETE => delete(shared, id).kind("job:delete"),
            other => Answer::not_allowed(&other, "DELETE,GET,HEAD,PATCH").kind("refused"),
        },
        [id, "results"] if is_read => results::results(shared, ask, caller.version, id),
        [id, pages] if is_read && version >= FIRST_WITH_PAGES && pages.eq_ignore_ascii_case("resultPages") => {
            results::pages(shared, ask, caller.version, id).kind("job:pages")
        }
        _ => Answer::not_found().kind("unknown"),
    }
}

/// What a client gets that names a job which is not there.
fn unknown() -> Answer {
    Answer::error(404, "NOT_FOUND", "The requested resource does not exist")
}

fn list(shared: &Shared, version: &str) -> Answer {
    let records: Vec<Json> = shared.jobs().all().map(|job| described(shared, job)).collect();
    Answer::json(200, &json!({"done": true, "nextRecordsUrl": null, "records": records, "apiVersion": number(version)}))
}

/// A status of a job. Every one advances the job.
fn polled(shared: &Shared, id: &str) -> Answer {
    let mut jobs = shared.jobs();
    let Some(job) = Id::parse(id).and_then(|id| jobs.get_mut(id)) else { return unknown() };
    job.advance();
    Answer::json(200, &described(shared, job))
}

fn abort(shared: &Shared, ask: &Ask, id: &str) -> Answer {
    let asked = match object(ask) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let mut jobs = shared.jobs();
    let Some(job) = Id::parse(id).and_then(|id| jobs.get_mut(id)) else { return unknown() };
    if asked.get("state") != Some(&json!("Aborted")) {
        return Answer::error(400, "INVALIDJOB", "Only the state Aborted can be set");
    }
    if job.state.is_final() {
        return Answer::error(400, "INVALIDJOBSTATE", "Aborting already Completed Job not allowed");
    }
    job.state = State::Aborted;
    Answer::json(200, &described(shared, job))
}

fn delete(shared: &Shared, id: &str) -> Answer {
    let mut jobs = shared.jobs();
    let Some(id) = Id::parse(id).filter(|id| jobs.get_mut(*id).is_some()) else { return unknown() };
    if !jobs.get_mut(id).is_some_and(|job| job.state.is_final()) {
        return Answer::error(400, "INVALIDJOBSTATE", "Deleting a job that is not completed is not allowed");
    }
    jobs.remove(id);
    Answer::no_content()
}

/// A job as the org describes it.
fn described(shared: &Shared, job: &Job) -> Json {
    let query = &job.query;
    let user = shared.org.read().world.id(crate::org::object::Object::User, job.author);
    let created = job.created.strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string();
    let mut json = json!({
        "id": job.id.as_str(), "operation": query.operation, "object": query.bound.object.name(),
        "createdById": user.as_str(), "createdDate": created, "systemModstamp": created,
        "state": job.state.name(), "concurrencyMode": "Parallel", "contentType": "CSV",
        "apiVersion": number(&query.version).map(f64::from), "jobType": "V2Query",
        "lineEnding": query.form.line_ending(), "columnDelimiter": query.form.delimiter_name(),
        "numberRecordsProcessed": if job.state == State::JobComplete { query.rows.len() } else { 0 },
        "retries": 0, "totalProcessingTime": 100, "isPkChunkingSupported": true,
    });
    if job.state == State::Failed {
        json["errorMessage"] = json!("InternalServerError : Retried more than fifteen times");
    }
    json
}
