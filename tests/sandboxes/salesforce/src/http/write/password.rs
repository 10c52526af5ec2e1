//! The password resource: `…/sobjects/User/<id>/password`. Its errors are single objects, not arrays.

use hyper::Method;
use serde_json::{Value as Json, json};

use super::super::answer::{Answer, Ask};
use super::super::resources;
use super::super::shared::Shared;
use super::{Caller, alone, body};
use crate::org::object::Object;
use crate::write::{Transaction, reset_password, set_password};

pub(crate) fn password(shared: &Shared, ask: &Ask, caller: Caller<'_>, id: &str) -> Answer {
    let method = ask.meant();
    let answer = if matches!(method, Method::GET | Method::HEAD) {
        let state = shared.org.read();
        match resources::named_row(&state, Object::User, id) {
            Ok(_) if !state.rights.reset_passwords => forbidden(),
            Ok(user) => Answer::json(200, &json!({"isExpired": state.passwords.is_expired(user)})),
            Err(_) => error(404, "NOT_FOUND", "The requested resource does not exist"),
        }
    } else {
        alone(shared, caller, |transaction| changed(transaction, ask, &method, id))
    };
    answer.kind("password:User")
}

fn changed(transaction: &mut Transaction<'_>, ask: &Ask, method: &Method, id: &str) -> Answer {
    let Ok(user) = resources::named_row(transaction.state, Object::User, id) else {
        return error(404, "NOT_FOUND", "The requested resource does not exist");
    };
    if !transaction.state.rights.reset_passwords {
        return forbidden();
    }
    match *method {
        Method::POST => set(transaction, ask, user),
        Method::DELETE => Answer::json(200, &json!({"NewPassword": reset_password(transaction, user)})),
        _ => Answer::not_allowed(method, "DELETE,HEAD,GET,POST"),
    }
}

fn set(transaction: &mut Transaction<'_>, ask: &Ask, user: u64) -> Answer {
    let json = match body::object(ask) {
        Ok(json) => json,
        Err(answer) => return answer,
    };
    let Some(password) = json.get("NewPassword").and_then(Json::as_str) else {
        return error(400, "MISSING_ARGUMENT", "The NewPassword field is required");
    };
    match set_password(transaction, user, password) {
        Ok(()) => Answer::no_content(),
        Err(refusal) => error(400, refusal.code, &refusal.message),
    }
}

fn forbidden() -> Answer {
    error(403, "INSUFFICIENT_ACCESS", "You do not have permission to view this record.")
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"message": message, "errorCode": code}))
}
