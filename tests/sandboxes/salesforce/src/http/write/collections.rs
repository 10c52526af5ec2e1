//! Collections: up to 200 rows in one request, `…/composite/sobjects`.

use hyper::Method;
use serde_json::{Map, Value as Json, json};

use super::super::answer::{Answer, Ask};
use super::super::shared::Shared;
use super::{Caller, alone, body, row};
use crate::id::Id;
use crate::org::object::Object;
use crate::org::state::{Record, State};
use crate::write::{Refusal, Transaction, Unreadable};

/// The maximum number of rows in one request.
const MOST: usize = 200;

/// One requested row.
enum Asked {
    Create(Object, Map<String, Json>),
    Update(Object, Map<String, Json>),
    Delete(String),
}

/// `POST`, `PATCH` or `DELETE …/composite/sobjects`.
pub(crate) fn collections(shared: &Shared, ask: &Ask, caller: Caller<'_>) -> Answer {
    alone(shared, caller, |transaction| collections_in(shared, transaction, ask))
}

pub(super) fn collections_in(shared: &Shared, transaction: &mut Transaction<'_>, ask: &Ask) -> Answer {
    let (verb, asked) = match ask.meant() {
        Method::POST => ("create", records(transaction.state, ask, Asked::Create)),
        Method::PATCH => ("update", records(transaction.state, ask, Asked::Update)),
        Method::DELETE => ("delete", named(ask)),
        other => return Answer::not_allowed(&other, "DELETE,HEAD,GET,PATCH,POST").kind("refused"),
    };
    let (rows, all_or_none) = match asked {
        Ok(asked) => asked,
        Err(answer) => return answer.kind(format!("collections:{verb}")),
    };
    let object = rows.first().and_then(object_of);
    let kind = format!("collections:{verb}:{}", object.map_or("unknown", Object::name));
    let mixed = rows.iter().filter_map(object_of).find(|other| Some(*other) != object);
    if let (Some(first), Some(other)) = (object, mixed) {
        // Everything in the simulated org belongs to its setup, so types can't be mixed at all.
        let message = format!(
            "DML operation on setup object is not permitted after you have updated a non-setup object (or vice versa): \
             {}, original object: {}",
            other.name(),
            first.name()
        );
        return Answer::error(400, "MIXED_DML_OPERATION", &message).kind(kind);
    }
    written(shared, transaction, &rows, all_or_none).kind(kind)
}

fn object_of(asked: &Asked) -> Option<Object> {
    match asked {
        Asked::Create(object, _) | Asked::Update(object, _) => Some(*object),
        Asked::Delete(id) => id.get(..3).and_then(Object::with_prefix),
    }
}

/// The rows of a body, and whether the request is all or nothing.
fn records(
    state: &State,
    ask: &Ask,
    asked: fn(Object, Map<String, Json>) -> Asked,
) -> Result<(Vec<Asked>, bool), Answer> {
    let mut json = body::object(ask)?;
    let all_or_none = json.get("allOrNone").and_then(Json::as_bool).unwrap_or(false);
    let records = match json.remove("records") {
        Some(Json::Array(records)) => records,
        _ => Vec::new(),
    };
    check_count(records.len())?;
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        let Json::Object(record) = record else {
            return Err(body::unparsable("Cannot deserialize a record: an object is expected at [line:1, column:1]"));
        };
        let named = record.get("attributes").and_then(|attributes| attributes["type"].as_str());
        let Some(named) = named else {
            return Err(Answer::error(400, "INVALID_TYPE", "A record has no type in its attributes"));
        };
        let object = Object::named(named).filter(|object| state.sees(*object)).ok_or_else(Answer::not_found)?;
        rows.push(asked(object, record));
    }
    Ok((rows, all_or_none))
}

/// The rows that `?ids=` names.
fn named(ask: &Ask) -> Result<(Vec<Asked>, bool), Answer> {
    let ids = ask.parameter("ids").unwrap_or_default().split(',').map(str::trim).filter(|id| !id.is_empty());
    let rows: Vec<Asked> = ids.map(|id| Asked::Delete(id.to_owned())).collect();
    check_count(rows.len())?;
    Ok((rows, ask.parameter("allOrNone").is_some_and(|text| text.eq_ignore_ascii_case("true"))))
}

fn check_count(count: usize) -> Result<(), Answer> {
    match count {
        0 => Err(Answer::error(400, "REQUIRED_FIELD_MISSING", "At least 1 record is required")),
        1..=MOST => Ok(()),
        _ => {
            let message = "record limit reached. cannot submit more than 200 records into this call";
            Err(Answer::error(400, "EXCEEDED_ID_LIMIT", message))
        }
    }
}

fn written(shared: &Shared, transaction: &mut Transaction<'_>, rows: &[Asked], all_or_none: bool) -> Answer {
    let start = transaction.savepoint();
    let mut results: Vec<Result<Id, Vec<Refusal>>> = Vec::with_capacity(rows.len());
    let is_too_much = shared.faults.is_too_much(rows.len());
    for asked in rows {
        if is_too_much {
            let message = "AfterChange: System.LimitException: Too many SOQL queries: 101";
            results.push(Err(Refusal::new("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message).into()));
            continue;
        }
        let before = transaction.savepoint();
        match one(shared, transaction, asked) {
            Ok(id) => results.push(Ok(id)),
            Err(Unreadable::Row(refusals)) => {
                transaction.roll_back(before);
                results.push(Err(refusals));
            }
            Err(Unreadable::Document(message)) => {
                transaction.roll_back(start);
                return body::unparsable(&message);
            }
        }
    }
    if all_or_none && results.iter().any(Result::is_err) {
        transaction.roll_back(start);
        for result in &mut results {
            if result.is_ok() {
                *result = Err(rolled_back().into());
            }
        }
    }
    let answer: Json = results
        .iter()
        .map(|result| match result {
            Ok(id) => json!({"id": id.as_str(), "success": true, "errors": []}),
            Err(refusals) => json!({"success": false, "errors": row::row_errors(refusals)}),
        })
        .collect();
    Answer::json(200, &answer)
}

fn rolled_back() -> Refusal {
    let message = "Record rolled back because not all records were valid and the request was using AllOrNone header";
    Refusal::new("ALL_OR_NONE_OPERATION_ROLLED_BACK", message)
}

fn one(shared: &Shared, transaction: &mut Transaction<'_>, asked: &Asked) -> Result<Id, Unreadable> {
    match asked {
        Asked::Create(object, json) => row::create(shared, transaction, *object, json),
        Asked::Update(object, json) => {
            let mut json = json.clone();
            let key = json.keys().find(|key| key.eq_ignore_ascii_case("id")).cloned();
            let id = key.and_then(|key| json.shift_remove(&key));
            let id = id
                .as_ref()
                .and_then(Json::as_str)
                .ok_or_else(|| Refusal::new("MISSING_ARGUMENT", "Id not specified in an update call"))?;
            let record = located(transaction.state, id)?;
            if record.0 != *object {
                let message = format!("{} ID: id value of incorrect type: {id}", object.labels().0);
                return Err(Refusal::new("MALFORMED_ID", message).of(&["Id"]).into());
            }
            row::update(shared, transaction, record, &json)
        }
        Asked::Delete(id) => {
            let record = located(transaction.state, id)?;
            row::delete(shared, transaction, record)
        }
    }
}

/// The record that an id of a row names.
fn located(state: &State, text: &str) -> Result<Record, Refusal> {
    let malformed = || Refusal::new("MALFORMED_ID", format!("malformed id {text}")).of(&["Id"]);
    let id = Id::parse(text).ok_or_else(malformed)?;
    let object = Object::with_prefix(id.prefix()).ok_or_else(malformed)?;
    let index = state.world.index(object, id).filter(|index| *index < state.table(object).end());
    match index {
        Some(index) if state.table(object).has(index) => Ok((object, index)),
        Some(_) => Err(Refusal::deleted()),
        None => Err(Refusal::no_such_record()),
    }
}
