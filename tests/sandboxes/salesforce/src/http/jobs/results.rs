//! The results of a job: pages of CSV, one after the other or listed.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::json;

use super::super::answer::{Answer, Ask};
use super::super::misbehave::PageFaults;
use super::super::shared::Shared;
use super::job::{Query, State};
use super::unknown;
use crate::id::Id;
use crate::soql::Cells;

/// How many pages one request lists.
const LISTED: u64 = 5;

/// The query of a completed job, or why there are no results.
fn completed(shared: &Shared, version: &str, id: &str) -> Result<Arc<Query>, Answer> {
    let mut jobs = shared.jobs();
    let job = Id::parse(id).and_then(|id| jobs.get_mut(id)).ok_or_else(unknown)?;
    if job.query.version != version {
        let message = "The API version differs from the version that created the job";
        return Err(Answer::error(409, "INVALIDVERSION", message));
    }
    if job.state != State::JobComplete {
        let message = format!("Job state is {}: results are not available", job.state.name());
        return Err(Answer::error(400, "INVALIDJOBSTATE", &message));
    }
    Ok(job.query.clone())
}

/// Where a page begins: the locator is opaque to clients.
fn offset(ask: &Ask) -> Result<u64, Answer> {
    let Some(locator) = ask.parameter("locator") else { return Ok(0) };
    let bytes = STANDARD_NO_PAD.decode(locator).ok();
    let number = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| text.parse().ok());
    number.ok_or_else(|| Answer::error(400, "INVALIDLOCATOR", "The locator is not valid"))
}

fn locator(offset: u64) -> String {
    STANDARD_NO_PAD.encode(offset.to_string())
}

/// `GET …/jobs/query/<id>/results?locator=&maxRecords=`.
pub(super) fn results(shared: &Shared, ask: &Ask, version: &str, id: &str) -> Answer {
    if shared.faults.loses_results()
        && let Some(id) = Id::parse(id)
    {
        shared.jobs().remove(id);
    }
    let kind = "job:results";
    let found = completed(shared, version, id).and_then(|query| Ok((query, offset(ask)?)));
    let (query, from) = match found {
        Ok(found) => found,
        Err(answer) => return answer.kind(kind),
    };
    let largest = shared.options.max_result_page.max(1) as u64;
    let asked = ask.parameter("maxRecords").and_then(|most| most.parse::<u64>().ok()).filter(|most| *most > 0);
    let total = query.rows.len();
    let from = from.min(total);
    let to = total.min(from + asked.map_or(largest, |most| most.min(largest)));
    let faults = shared.faults.page();
    let (from_shown, to_shown) = if faults.repeat { (0, to - from) } else { (from, to) };
    let mut body = csv(shared, &query, from_shown, to_shown, faults);
    if faults.truncate {
        body.truncate(body.len() / 2);
    }
    let mut answer = Answer::new(200, "text/csv", body)
        .kind(format!("{kind}:{}", query.bound.object.name()))
        .with("Sforce-NumberOfRecords", (to - from).to_string());
    if !shared.faults.hides_locator() {
        let next = if to == total { "null".to_owned() } else { locator(to) };
        answer = answer.with("Sforce-Locator", next);
    }
    answer.cut = faults.cut;
    answer
}

fn csv(shared: &Shared, query: &Query, from: u64, to: u64, faults: PageFaults) -> Vec<u8> {
    let state = shared.org.read();
    let mut rows = query.rows.part(from, to);
    if faults.drop_rows {
        rows.truncate(rows.len() / 2);
    }
    let cells = Cells { delimiter: query.form.delimiter, line_end: query.form.line_end() };
    let mut out = Vec::with_capacity(rows.len() * 40 * (query.columns.len() + 1));
    query.columns.write_names(cells, &mut out);
    let last = rows.len().saturating_sub(1);
    for (at, row) in rows.iter().enumerate() {
        let without_id = faults.missing_id && at == last;
        query.columns.write(&state, (query.bound.object, *row), cells, without_id, &mut out);
    }
    out
}

/// `GET …/jobs/query/<id>/resultPages`.
pub(super) fn pages(shared: &Shared, ask: &Ask, version: &str, id: &str) -> Answer {
    let found = completed(shared, version, id).and_then(|query| Ok((query, offset(ask)?)));
    let (query, from) = match found {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let rows = shared.options.max_result_page.max(1) as u64;
    let total = query.rows.len().max(1);
    let base = format!("/services/data/{version}/jobs/query/{id}");
    let begins = (0..LISTED).map(|page| from + page * rows).take_while(|begin| *begin < total);
    let listed: Vec<_> =
        begins.map(|begin| json!({"resultUrl": format!("{base}/results?locator={}", locator(begin))})).collect();
    let after = from + LISTED * rows;
    let done = after >= total;
    let next = (!done).then(|| format!("{base}/resultpages?locator={}", locator(after)));
    Answer::json(200, &json!({"resultPages": listed, "nextRecordsUrl": next, "done": done}))
}
