//! Several records in one request, and one answer for each.

use crate::api::Rest;
use crate::api::ranges::RecordId;
use crate::error::Refusal;
use connector_core::{Error, ErrorKind, Happened, Outcome, Result};
use connector_http::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The resource for several records.
const COLLECTION: &str = "composite/sobjects";

/// What became of one record: its id, or why it was refused.
pub(super) type Row = Result<RecordId, Refusal>;

/// A record to be made or changed, without its type.
pub(super) type Record = Map<String, Value>;

#[derive(Deserialize)]
struct RecordResult {
    id: Option<String>,
    success: bool,
    #[serde(default)]
    errors: Vec<Refusal>,
}

/// Makes records of one object, whose ids begin with `prefix` where it is known.
pub(super) async fn make(
    rest: &Rest,
    object: &str,
    prefix: Option<&str>,
    records: &[Record],
    doing: &str,
) -> Result<Vec<Row>> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let path = rest.path(COLLECTION).await?;
    let response = rest.write(rest.client.post_json(&path, &body(object, records)), doing).await?;
    read(&response, records.len(), doing, |_, id| prefix.is_none_or(|prefix| id.has_prefix(prefix)))
}

/// Changes records of one object; each holds its `id`.
pub(super) async fn change(rest: &Rest, object: &str, records: &[(RecordId, Record)], doing: &str) -> Result<Vec<Row>> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let path = rest.path(COLLECTION).await?;
    let bodies: Vec<_> = records.iter().map(|(id, record)| with_id(*id, record)).collect();
    let response = rest.write(rest.client.patch_json(&path, &body(object, &bodies)), doing).await?;
    read(&response, records.len(), doing, |number, id| records[number].0 == id)
}

/// Removes records.
pub(super) async fn remove(rest: &Rest, ids: &[RecordId], doing: &str) -> Result<Vec<Row>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let path = rest.path(COLLECTION).await?;
    let list = ids.iter().map(RecordId::as_str).collect::<Vec<_>>().join(",");
    let request = rest.client.delete(&path).query(&[("ids", &list), ("allOrNone", "false")]);
    let response = rest.write(request, doing).await?;
    read(&response, ids.len(), doing, |number, id| ids[number] == id)
}

fn with_id(id: RecordId, record: &Record) -> Record {
    let mut whole = Record::from_iter([("id".to_owned(), json!(id.as_str()))]);
    whole.extend(record.clone());
    whole
}

fn body(object: &str, records: &[Record]) -> Value {
    let records = records.iter().map(|record| {
        let mut typed = Record::from_iter([("attributes".to_owned(), json!({"type": object}))]);
        typed.extend(record.clone());
        Value::Object(typed)
    });
    json!({"allOrNone": false, "records": records.collect::<Vec<_>>()})
}

/// One answer for each record, in order; `fits` says whether an id can be the one of record `number`.
fn read(response: &Response, count: usize, doing: &str, fits: impl Fn(usize, RecordId) -> bool) -> Result<Vec<Row>> {
    let odd = |what: &str| {
        Error::new(ErrorKind::Protocol, format!("{doing}: the answer {what}"))
            .with_help("what became of it is found out by reading; look at the proxies between here and Salesforce")
            .with_happened(Happened::Unknown)
    };
    let answers: Vec<RecordResult> = serde_json::from_slice(&response.body).map_err(|cause| {
        // The place, never the content: it may be about people.
        odd(&format!("is not the JSON that is due (line {}, column {})", cause.line(), cause.column()))
    })?;
    if answers.len() != count {
        return Err(odd(&format!("has {} entries for {count} records", answers.len())));
    }
    let rows = answers.into_iter().enumerate().map(|(number, answer)| {
        let mut errors = answer.errors.into_iter();
        match (answer.success, answer.id.as_deref().map(RecordId::read), errors.next()) {
            (true, Some(Some(id)), None) if fits(number, id) => Ok(Ok(id)),
            (true, _, None) => Err(odd(&format!("names another record than number {}", number + 1))),
            (false, _, Some(refusal)) => Ok(Err(refusal)),
            _ => Err(odd(&format!("contradicts itself about record {}", number + 1))),
        }
    });
    rows.collect()
}

/// The outcomes at their places: those that were known without asking, and between them the answers.
pub(super) fn merge(
    known: Vec<Option<Result<Outcome>>>,
    answers: impl IntoIterator<Item = Result<Outcome>>,
) -> Vec<Result<Outcome>> {
    let mut answers = answers.into_iter();
    let missing = || Err(Error::new(ErrorKind::Internal, "an operation was left without an outcome"));
    known.into_iter().map(|known| known.or_else(|| answers.next()).unwrap_or_else(missing)).collect()
}
