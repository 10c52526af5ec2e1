//! Single records: `POST …/sobjects/X`, `PATCH` and `DELETE …/sobjects/X/<id>`.

use hyper::Method;
use serde_json::json;

use super::super::answer::{Answer, Ask};
use super::super::resources;
use super::super::shared::Shared;
use super::{Caller, alone, body, row};
use crate::org::Calls;
use crate::org::object::Object;
use crate::write::{Transaction, Unreadable, status};

/// `POST …/sobjects/X`.
pub(crate) fn create(shared: &Shared, ask: &Ask, caller: Caller<'_>, object: Object) -> Answer {
    alone(shared, caller, |transaction| create_in(shared, transaction, ask, caller, object))
}

/// `PATCH` or `DELETE …/sobjects/X/<id>`.
pub(crate) fn record(shared: &Shared, ask: &Ask, caller: Caller<'_>, object: Object, id: &str) -> Answer {
    alone(shared, caller, |transaction| record_in(shared, transaction, ask, object, id))
}

pub(super) fn create_in(
    shared: &Shared,
    transaction: &mut Transaction<'_>,
    ask: &Ask,
    caller: Caller<'_>,
    object: Object,
) -> Answer {
    let kind = format!("create:{}", object.name());
    let json = match body::object(ask) {
        Ok(json) => json,
        Err(answer) => return answer.kind(kind),
    };
    let answer = match row::create(shared, transaction, object, &json) {
        Ok(id) => {
            let location = format!("/services/data/{}/sobjects/{}/{id}", caller.version, object.name());
            let made = json!({"id": id.as_str(), "success": true, "errors": []});
            Answer::json(201, &made).with("Location", location)
        }
        Err(refused) => refusal(&refused),
    };
    answer.kind(kind)
}

pub(super) fn record_in(
    shared: &Shared,
    transaction: &mut Transaction<'_>,
    ask: &Ask,
    object: Object,
    id: &str,
) -> Answer {
    let method = ask.meant();
    let calls = Calls::documented(object);
    let verb = match method {
        Method::PATCH => "update",
        Method::DELETE if calls.delete => "delete",
        _ => {
            let also = [(calls.delete, "DELETE,"), (true, "HEAD,GET"), (calls.update, ",PATCH")];
            let allowed: String = also.into_iter().filter(|(may, _)| *may).map(|(_, name)| name).collect();
            return Answer::not_allowed(&method, &allowed).kind("refused");
        }
    };
    let kind = format!("{verb}:{}", object.name());
    let index = match resources::named_row(transaction.state, object, id) {
        Ok(index) => index,
        Err(answer) => return answer.kind(kind),
    };
    let written = if verb == "delete" {
        row::delete(shared, transaction, (object, index))
    } else {
        match body::object(ask) {
            Ok(json) => row::update(shared, transaction, (object, index), &json),
            Err(answer) => return answer.kind(kind),
        }
    };
    match written {
        Ok(_) => Answer::no_content(),
        Err(refused) => refusal(&refused),
    }
    .kind(kind)
}

fn refusal(refused: &Unreadable) -> Answer {
    match refused {
        Unreadable::Row(refusals) => Answer::json(status(refusals), &row::errors(refusals)),
        Unreadable::Document(message) => body::unparsable(message),
    }
}
