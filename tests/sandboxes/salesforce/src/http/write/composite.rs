//! `POST …/composite`: up to 25 requests in one, which may refer to earlier responses and may be all or nothing.

use std::collections::HashSet;

use hyper::Method;
use serde_json::{Map, Value as Json, json};

use super::super::answer::{Answer, Ask, Noted};
use super::super::shared::Shared;
use super::super::{query, resources};
use super::reference::{self, Answers};
use super::retrieve::retrieve;
use super::{Caller, alone, body, collections, single};
use crate::org::object::Object;
use crate::write::Transaction;

/// The most requests in one.
pub(super) const MOST: usize = 25;
/// The maximum number of queries and collections among them.
const MOST_LARGE: usize = 5;
const ROLLED_BACK: &str = "The transaction was rolled back since another operation in the same transaction failed.";

/// One request of the composite.
struct Part {
    method: Method,
    url: String,
    reference: String,
    body: Json,
}

pub(crate) fn composite(shared: &Shared, ask: &Ask, caller: Caller<'_>) -> Answer {
    let read = body::object(ask).and_then(|json| parts(&json).map(|parts| (json, parts)));
    let (json, parts) = match read {
        Ok(read) => read,
        Err(answer) => return answer.kind("composite"),
    };
    let all_or_none = json.get("allOrNone").and_then(Json::as_bool).unwrap_or(false);
    alone(shared, caller, |transaction| run(shared, transaction, ask, caller, &parts, all_or_none)).kind("composite")
}

fn parts(json: &Map<String, Json>) -> Result<Vec<Part>, Answer> {
    let list = json.get("compositeRequest").and_then(Json::as_array).map_or(&[] as &[Json], Vec::as_slice);
    if list.is_empty() {
        return Err(invalid("The compositeRequest array has to hold at least one request"));
    }
    let large = |part: &&Json| {
        let url = part["url"].as_str().unwrap_or_default();
        url.contains("/query") || url.contains("/composite/sobjects")
    };
    if list.len() > MOST || list.iter().filter(large).count() > MOST_LARGE {
        let message = "A composite holds at most 25 requests, 5 of them queries or collections";
        return Err(Answer::error(400, "LIMIT_EXCEEDED", message));
    }
    let mut names = HashSet::new();
    list.iter()
        .map(|part| {
            let text = |name: &str| part[name].as_str().unwrap_or_default().to_owned();
            let reference = text("referenceId");
            let is_name = reference.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if reference.is_empty() || !is_name || !names.insert(reference.clone()) {
                return Err(invalid("Each request needs a referenceId of its own: letters, digits and underscores"));
            }
            let method = text("method").parse().map_err(|_| invalid("Each request needs a method"))?;
            Ok(Part { method, url: text("url"), reference, body: part["body"].clone() })
        })
        .collect()
}

fn invalid(message: &str) -> Answer {
    Answer::error(400, "INVALID_INPUT", message)
}

fn run(
    shared: &Shared,
    transaction: &mut Transaction<'_>,
    ask: &Ask,
    caller: Caller<'_>,
    parts: &[Part],
    all_or_none: bool,
) -> Answer {
    let start = transaction.savepoint();
    let mut known = Answers::new();
    let mut kinds = Vec::new();
    let mut answers: Vec<Answer> = Vec::with_capacity(parts.len());
    let mut culprit = None;
    for (at, part) in parts.iter().enumerate() {
        let before = transaction.savepoint();
        let answer = match part_of(ask, part, &known) {
            Ok(asked) => one(shared, transaction, &asked, caller),
            Err(message) => Answer::error(400, "PROCESSING_HALTED", &message),
        };
        kinds.push(answer.kind.clone());
        let failed = answer.status >= 400;
        if failed {
            transaction.roll_back(before);
        } else {
            known.insert(part.reference.clone(), content(&answer));
        }
        answers.push(answer);
        if failed && all_or_none {
            culprit = Some(at);
            break;
        }
    }
    if let Some(culprit) = culprit {
        transaction.roll_back(start);
        let halted = || Answer::error(400, "PROCESSING_HALTED", ROLLED_BACK);
        answers.resize_with(parts.len(), halted);
        for (at, answer) in answers.iter_mut().enumerate() {
            if at != culprit {
                *answer = halted();
            }
        }
    }
    let list: Vec<Json> = parts.iter().zip(&answers).map(|(part, answer)| entry(part, answer)).collect();
    let mut answer = Answer::json(200, &json!({"compositeResponse": list}));
    answer.noted = Noted::Parts(kinds);
    answer
}

fn part_of(ask: &Ask, part: &Part, known: &Answers) -> Result<Ask, String> {
    let url = reference::resolved(&part.url, known)?;
    let body = reference::resolved_json(&part.body, known)?;
    let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    Ok(ask.part(part.method.clone(), &url, bytes.into()))
}

fn content(answer: &Answer) -> Json {
    serde_json::from_slice(&answer.body).unwrap_or(Json::Null)
}

fn entry(part: &Part, answer: &Answer) -> Json {
    let headers: Map<String, Json> =
        answer.headers.iter().map(|(name, value)| ((*name).to_owned(), Json::from(value.as_str()))).collect();
    json!({
        "body": content(answer), "httpHeaders": headers, "httpStatusCode": answer.status,
        "referenceId": part.reference,
    })
}

/// Answers one request of the composite: a record, a collection or a query.
fn one(shared: &Shared, transaction: &mut Transaction<'_>, ask: &Ask, caller: Caller<'_>) -> Answer {
    let segments: Vec<&str> = ask.path.split('/').filter(|segment| !segment.is_empty()).collect();
    let ["services", "data", version, ref rest @ ..] = segments[..] else {
        return Answer::not_found().kind("unknown");
    };
    if version != caller.version {
        return invalid("The version of each request has to be that of the composite").kind("refused");
    }
    let reads = matches!(ask.method, Method::GET | Method::HEAD);
    let seen = |name: &str| Object::named(name).filter(|object| transaction.state.sees(*object));
    match rest {
        ["query" | "queryAll"] if reads => query::query(shared, transaction.state, ask, version),
        ["composite", "sobjects"] => collections::collections_in(shared, transaction, ask),
        ["composite", "sobjects", object] => match seen(object) {
            Some(object) => retrieve(shared, transaction.state, ask, object, version)
                .kind(format!("collections:read:{}", object.name())),
            None => Answer::not_found().kind("unknown"),
        },
        ["sobjects", object] if ask.method == Method::POST => match seen(object) {
            Some(object) => single::create_in(shared, transaction, ask, caller, object),
            None => Answer::not_found().kind("unknown"),
        },
        ["sobjects", object, id] => match seen(object) {
            Some(object) if reads => resources::record(shared, transaction.state, ask, object, id, version)
                .kind(format!("record:{}", object.name())),
            Some(object) => single::record_in(shared, transaction, ask, object, id),
            None => Answer::not_found().kind("unknown"),
        },
        _ => invalid("This resource can't be part of a composite").kind("refused"),
    }
}
