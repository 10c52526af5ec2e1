//! Records of one object by their ids: `GET` or `POST …/composite/sobjects/X`.

use hyper::Method;
use serde_json::Value as Json;

use super::super::answer::{Answer, Ask};
use super::super::shared::Shared;
use super::body;
use crate::id::Id;
use crate::org::object::Object;
use crate::org::state::State;
use crate::soql;

/// The maximum number of ids in one request.
const MOST: usize = 2_000;

pub(crate) fn retrieve(shared: &Shared, state: &State, ask: &Ask, object: Object, version: &str) -> Answer {
    let (ids, fields) = match asked(ask) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    if fields.is_empty() || ids.is_empty() {
        let missing = if fields.is_empty() { "fields" } else { "ids" };
        return Answer::error(400, "MISSING_ARGUMENT", &format!("The {missing} parameter is required"));
    }
    if ids.len() > MOST {
        return Answer::error(400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 2000 records");
    }
    if let Some(unknown) = fields.iter().find(|name| !name.contains('.') && state.field(object, name).is_none()) {
        let message = format!("No such column '{unknown}' on sobject of type {}", object.name());
        return Answer::error(400, "INVALID_FIELD", &message);
    }
    let statement = format!("SELECT {} FROM {}", fields.join(", "), object.name());
    let bound = soql::parse(&statement, shared.now()).and_then(|select| soql::bind(state, &statement, &select));
    let bound = match bound {
        Ok(bound) => bound,
        Err(error) => return error.into(),
    };
    let mut body = b"[".to_vec();
    for (at, text) in ids.iter().enumerate() {
        if at > 0 {
            body.push(b',');
        }
        let Some(id) = Id::parse(text).filter(|id| id.prefix() == object.prefix()) else {
            return Answer::error(400, "MALFORMED_ID", &format!("malformed id {text}"));
        };
        match state.find(object, id) {
            Some(index) => bound.shape.write(state, (object, index), version, &mut body),
            None => body.extend_from_slice(b"null"),
        }
    }
    body.push(b']');
    Answer::page(body)
}

/// The ids and the fields, from the address or from the body.
fn asked(ask: &Ask) -> Result<(Vec<String>, Vec<String>), Answer> {
    if ask.method != Method::POST {
        let list = |name: &str| {
            let parts = ask.parameter(name).unwrap_or_default().split(',').map(str::trim);
            parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        return Ok((list("ids"), list("fields")));
    }
    let json = body::object(ask)?;
    let list = |name: &str| {
        let parts = json.get(name).and_then(Json::as_array).map_or(&[] as &[Json], Vec::as_slice);
        parts.iter().filter_map(|part| part.as_str().map(str::to_owned)).collect()
    };
    Ok((list("ids"), list("fields")))
}
