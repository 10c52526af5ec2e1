//! `POST …/composite/batch`: up to 25 independent requests in one.

use serde_json::{Value as Json, json};

use super::super::answer::{Answer, Ask, Noted};
use super::super::route;
use super::super::shared::Shared;
use super::composite::MOST;
use super::{Caller, body};

pub(crate) fn batch(shared: &Shared, ask: &Ask, caller: Caller<'_>) -> Answer {
    let json = match body::object(ask) {
        Ok(json) => json,
        Err(answer) => return answer.kind("batch"),
    };
    let list = json.get("batchRequests").and_then(Json::as_array).map_or(&[] as &[Json], Vec::as_slice);
    if list.is_empty() || list.len() > MOST {
        let message = "A batch holds at least one request and at most 25";
        return Answer::error(400, "LIMIT_EXCEEDED", message).kind("batch");
    }
    let halts = json.get("haltOnError").and_then(Json::as_bool).unwrap_or(false);
    let mut results = Vec::with_capacity(list.len());
    let mut kinds = Vec::with_capacity(list.len());
    let mut has_errors = false;
    let mut wrote = false;
    for (at, part) in list.iter().enumerate() {
        if has_errors && halts {
            let error = json!([{"message": "The batch was halted by an earlier error", "errorCode": HALTED}]);
            results.push(json!({"statusCode": 412, "result": error}));
            continue;
        }
        if at > 0 {
            // Each request of a batch counts against the daily limit.
            shared.usage();
        }
        let answer = one(shared, ask, caller, part);
        has_errors |= answer.status >= 400;
        wrote |= answer.wrote;
        kinds.push(answer.kind);
        let result = serde_json::from_slice(&answer.body).unwrap_or(Json::Null);
        results.push(json!({"statusCode": answer.status, "result": result}));
    }
    let mut answer = Answer::json(200, &json!({"hasErrors": has_errors, "results": results})).kind("batch");
    answer.noted = Noted::Parts(kinds);
    answer.wrote = wrote;
    answer
}

const HALTED: &str = "BATCH_PROCESSING_HALTED";

fn one(shared: &Shared, ask: &Ask, caller: Caller<'_>, part: &Json) -> Answer {
    let Ok(method) = part["method"].as_str().unwrap_or_default().parse() else {
        return Answer::error(400, "INVALID_INPUT", "Each request needs a method").kind("refused");
    };
    let body = if part["richInput"].is_null() { Vec::new() } else { part["richInput"].to_string().into_bytes() };
    let asked = ask.part(method, part["url"].as_str().unwrap_or_default(), body.into());
    let path = asked.path.clone();
    let path = path.strip_prefix("/services/data/").unwrap_or(&path);
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments[..] {
        [version, ref rest @ ..] if version == caller.version && !matches!(rest, ["composite", ..]) => {
            route::resource(shared, &asked, caller, rest)
        }
        _ => Answer::error(400, "INVALID_INPUT", "This resource can't be part of a batch").kind("refused"),
    }
}
