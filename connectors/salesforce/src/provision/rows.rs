//! Several records in one request, and one answer for each.

use super::MAX_RECORDS_PER_REQUEST;
use super::pace::Pace;
use crate::api::Rest;
use crate::api::ranges::RecordId;
use crate::error::{self, Refusal};
use connector_core::{Error, ErrorKind, Happened, Outcome, Result, Retry};
use connector_http::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The resource for several records.
const COLLECTION: &str = "composite/sobjects";

/// What became of one record: its id, or why it was not changed.
pub(super) type Row = Result<RecordId, Refused>;

/// Why a record was not changed.
#[derive(Debug)]
pub(super) enum Refused {
    /// Salesforce refused it.
    Row(Refusal),
    /// The request for it failed, after another one for records of the same batch was answered.
    Request(Error),
}

impl Refused {
    /// Salesforce's code; empty if it gave none.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Row(refusal) => &refusal.code,
            Self::Request(_) => "",
        }
    }

    /// The error. `doing` says what the connector tried.
    pub(super) fn error(self, doing: &str) -> Error {
        match self {
            Self::Row(refusal) => error::of_row(&refusal, doing),
            Self::Request(error) => error,
        }
    }
}

/// A record to be made or changed, without its type.
pub(super) type Record = Map<String, Value>;

#[derive(Deserialize)]
struct RecordResult {
    id: Option<String>,
    success: bool,
    #[serde(default)]
    errors: Vec<Refusal>,
}

/// Records to send, of one object.
#[derive(Clone, Copy)]
pub(super) enum Records<'a> {
    /// To be made; their ids begin with the prefix where it is known.
    Make(&'a str, Option<&'a str>, &'a [Record]),
    /// To be changed.
    Change(&'a str, &'a [(RecordId, Record)]),
    /// To be removed.
    Remove(&'a [RecordId]),
}

impl Records<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Make(_, _, records) => records.len(),
            Self::Change(_, records) => records.len(),
            Self::Remove(ids) => ids.len(),
        }
    }

    /// Sends those at these places in one request.
    async fn send_some(&self, rest: &Rest, places: &[usize], doing: &str) -> Result<Vec<Row>> {
        let path = rest.path(COLLECTION).await?;
        match *self {
            Self::Make(object, prefix, records) => {
                let bodies: Vec<_> = places.iter().map(|place| records[*place].clone()).collect();
                let response = rest.write(rest.client.post_json(&path, &body(object, &bodies)), doing).await?;
                read(&response, places.len(), doing, |_, id| prefix.is_none_or(|prefix| id.has_prefix(prefix)))
            }
            Self::Change(object, records) => {
                let some = places.iter().map(|place| &records[*place]);
                let bodies: Vec<_> = some.map(|(id, record)| with_id(*id, record)).collect();
                let response = rest.write(rest.client.patch_json(&path, &body(object, &bodies)), doing).await?;
                read(&response, places.len(), doing, |number, id| records[places[number]].0 == id)
            }
            Self::Remove(ids) => {
                let list = places.iter().map(|place| ids[*place].as_str()).collect::<Vec<_>>().join(",");
                let request = rest.client.delete(&path).query(&[("ids", &list), ("allOrNone", "false")]);
                let response = rest.write(request, doing).await?;
                read(&response, places.len(), doing, |number, id| ids[places[number]] == id)
            }
        }
    }
}

/// Sends records in as few requests as the org bears. What fails because it is too much for the org's automation is sent
/// again in smaller portions.
pub(super) async fn send(rest: &Rest, pace: &Pace, records: Records<'_>, doing: &'static str) -> Result<Vec<Row>> {
    let mut rows: Vec<Option<Row>> = (0..records.len()).map(|_| None).collect();
    // The next one is the last.
    let mut left: Vec<usize> = (0..records.len()).rev().collect();
    let mut is_answered = false;
    while !left.is_empty() {
        let size = pace.portion(doing, records.len().min(MAX_RECORDS_PER_REQUEST));
        let portion: Vec<usize> = left.split_off(left.len().saturating_sub(size)).into_iter().rev().collect();
        let answers = match records.send_some(rest, &portion, doing).await {
            Ok(answers) => answers,
            Err(error) if !is_answered => return Err(error),
            Err(error) => {
                let unsent = error.clone().with_happened(Happened::No).with_retry(Retry::After(error::A_MOMENT));
                for (places, error) in [(&left, unsent), (&portion, error)] {
                    for place in places {
                        rows[*place] = Some(Err(Refused::Request(error.clone())));
                    }
                }
                break;
            }
        };
        is_answered = true;
        let is_too_much = |row: &Row| matches!(row, Err(Refused::Row(refusal)) if error::is_too_much(refusal));
        let may_be_smaller = portion.len() > 1;
        if may_be_smaller && answers.iter().any(is_too_much) {
            pace.bears(doing, portion.len() / 2);
        }
        for (place, row) in portion.iter().zip(answers).rev() {
            if may_be_smaller && is_too_much(&row) {
                left.push(*place);
            } else {
                rows[*place] = Some(row);
            }
        }
    }
    let missing = || Err(Error::internal("a record has no answer"));
    rows.into_iter().map(|row| row.map_or_else(missing, Ok)).collect()
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
        Error::new(ErrorKind::Protocol, format!("{doing}: the response {what}"))
            .with_help("Connector reads back what happened; check the proxies between this machine and Salesforce")
            .with_happened(Happened::Unknown)
    };
    let answers: Vec<RecordResult> = serde_json::from_slice(&response.body).map_err(|cause| {
        // The place, never the content: it may be about people.
        odd(&format!("is not the expected JSON (line {}, column {})", cause.line(), cause.column()))
    })?;
    if answers.len() != count {
        return Err(odd(&format!("has {} entries for {count} records", answers.len())));
    }
    let rows = answers.into_iter().enumerate().map(|(number, answer)| {
        let mut errors = answer.errors.into_iter();
        match (answer.success, answer.id.as_deref().map(RecordId::read), errors.next()) {
            (true, Some(Some(id)), None) if fits(number, id) => Ok(Ok(id)),
            (true, _, None) => Err(odd(&format!("names the wrong record in place {}", number + 1))),
            (false, _, Some(refusal)) => Ok(Err(Refused::Row(refusal))),
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
