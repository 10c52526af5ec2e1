//! Sends the request of an operation, and reads its outcome.

use super::accepted::Accepted;
use super::body::{body, edited};
use super::job;
use super::sending::Sending;
use crate::api::{Answer, Api, Asked, undone};
use crate::expression::Vars;
use crate::read::{self, Mark};
use crate::settings::Where;
use crate::system::{Already, FORM, Find, Success};
use connector_core::{Error, ErrorKind, Happened, Outcome, Result, Retry};
use connector_http::{Method, Response};
use serde_json::Value;

/// How often a change is tried that others interfere with.
const TRIES: usize = 3;

/// Sends it, and again if something else changed the object meanwhile.
pub(super) async fn send(api: &Api, mark: Mark, mut sending: Sending<'_>) -> Result<Outcome> {
    if let Some(find) = &sending.request.find {
        match found(api, mark, find, &sending).await? {
            Some(item) => sending.add("found", item),
            None if sending.on == Where::Revoke => return Ok(Outcome::unchanged("does not hold it")),
            None => {
                return Err(Error::not_found("the list of `find` has no item that fits")
                    .with_help("compare `find` in the settings with what the API returns"));
            }
        }
    }
    let mut sent = Vec::new();
    for request in &sending.request.before {
        let first = sending.for_request(request);
        let answer = match body(&api.system, &first, None) {
            Ok(body) => exchange(api, &first, body, None).await,
            Err(error) => Err(error),
        };
        answer.map_err(|error| partly(error.with_context("request", "before"), &sent))?;
        sent.push(first.name(&api.system));
    }
    let mut tries = 1;
    loop {
        let done = if sending.request.read.is_some() {
            changed(api, &sending).await
        } else {
            match body(&api.system, &sending, None) {
                Ok(body) => exchange(api, &sending, body, None).await,
                Err(error) => Err(error),
            }
        };
        return Ok(match done {
            Ok(Some(Accepted::Done(_))) => Outcome::applied(sending.account),
            Ok(Some(Accepted::Already)) => Outcome::unchanged("the system says so"),
            Ok(Some(Accepted::Queued(detail))) => Outcome::queued(sending.account, detail),
            Ok(None) => Outcome::unchanged("nothing differs"),
            Err(error) if refused_by_conflict(&error) && sending.request.read.is_some() && tries < TRIES => {
                tries += 1;
                continue;
            }
            Err(error) => return Err(partly(error, &sent)),
        });
    }
}

/// Whether the system refused a change because of another one. A conflict after the change may have been made is no such refusal.
pub(super) fn refused_by_conflict(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict && error.happened() == Happened::No
}

/// The error after earlier requests of the same operation were carried out: sent again by itself, the operation would repeat them.
pub(super) fn partly(error: Error, sent: &[String]) -> Error {
    if sent.is_empty() {
        return error;
    }
    let message = format!("{}; the system has already carried out {}", error.message(), sent.join(", "));
    let help = error.help().unwrap_or("look at the account");
    let help = format!("{help}; the next try sends all requests of the operation again");
    error.with_message(message).with_help(help).with_retry(Retry::No)
}

/// Reads what the system has, changes it, and sends it back. `None` if nothing differs.
async fn changed(api: &Api, sending: &Sending<'_>) -> Result<Option<Accepted>> {
    let Some(read) = &sending.request.read else { return Ok(None) };
    let asked = {
        let vars = sending.vars(&api.system);
        let path = read.path.as_ref().unwrap_or(&sending.request.path).path(&vars);
        let query = read.query.pairs(&vars).map_err(|fault| undone("`read.query`", &fault))?;
        Asked { path: path.map_err(|fault| undone("`read`", &fault))?, query, body: None }
    };
    let answer = api.get(&asked, sending.on).await?;
    let etag = answer.response.header("etag").map(str::to_owned);
    if read.etag && etag.is_none() {
        return Err(Error::protocol(format!("{}: there is no ETag", answer.what()))
            .with_help("nothing was sent; if the API has none, write `etag: false`: then a change that others make meanwhile is lost"));
    }
    let base = answer.body.pointer(&read.at).filter(|base| base.is_object()).cloned();
    let base = base.ok_or_else(|| {
        Error::protocol(format!("{}: there is no object at `{}`", answer.what(), read.at)).with_help("check `read.at`")
    })?;
    if read.send_back {
        let wanted = body(&api.system, sending, Some(base.clone()))?;
        return if wanted.as_ref() == Some(&base) { Ok(None) } else { exchange(api, sending, wanted, etag).await };
    }
    let changed = edited(&api.system, sending, base.clone())?;
    let edits = sending.request.add.is_some() || sending.request.remove.is_some();
    if edits && changed == base {
        return Ok(None);
    }
    let mut sending = sending.for_request(sending.request).with_attributes(sending.attributes.clone());
    sending.add("read", changed);
    let wanted = body(&api.system, &sending, None)?;
    exchange(api, &sending, wanted, etag).await
}

/// The one item that `find` means; `None` if the whole list has none.
async fn found(api: &Api, mark: Mark, find: &Find, sending: &Sending<'_>) -> Result<Option<Value>> {
    let asked = {
        let vars = sending.vars(&api.system);
        Asked::list(&find.list, &vars).map_err(|fault| undone("`find`", &fault))?
    };
    let mut found = None;
    for item in read::items(api, &find.list, asked, mark, sending.on).await? {
        let fits = {
            let vars = sending.vars(&api.system).with("item", &item);
            find.keep.truth(&vars).map_err(|fault| undone("`find.keep`", &fault))?
        };
        if !fits {
            continue;
        }
        if found.is_some() {
            return Err(Error::protocol("the list of `find` has several items that fit")
                .with_help("nothing was sent; make `keep` true for one item only"));
        }
        found = Some(item);
    }
    Ok(found)
}

/// One request and its answer.
pub(super) async fn exchange(
    api: &Api,
    sending: &Sending<'_>,
    body: Option<Value>,
    etag: Option<String>,
) -> Result<Option<Accepted>> {
    let request = sending.request;
    let asked = {
        let vars = sending.vars(&api.system);
        Asked::new(&request.path, &request.query, &vars).map_err(|fault| undone("the request", &fault))?
    };
    let response = api
        .send(&request.method, &asked, sending.on, |mut sent| {
            if let Some(body) = &body {
                sent = match &request.content_type {
                    Some(kind) if kind == FORM => sent.body(kind, form(body).into()),
                    Some(kind) => sent.body(kind, body.to_string().into()),
                    None => sent.json(body),
                };
            }
            match &etag {
                Some(etag) => sent.header("If-Match", etag),
                None => sent,
            }
        })
        .await?;
    let begins_job = request.job.as_ref().filter(|job| job.status == response.status);
    match (begins_job, judged(api, sending, response, &request.method, &asked)?) {
        (Some(job), Judged::Done(answer)) => job::finished(api, job, &answer, sending.on).await.map(Some),
        (None, Judged::Done(answer)) => Ok(Some(Accepted::Done(answer.response))),
        (_, Judged::Already) => Ok(Some(Accepted::Already)),
        (_, Judged::Queued(detail)) => Ok(Some(Accepted::Queued(detail))),
    }
}

/// The members of an object as a form. A list is a field for each of its values.
fn form(body: &Value) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in body.as_object().into_iter().flatten() {
        for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            form.append_pair(name, &text);
        }
    }
    form.finish()
}

/// What one answer says.
enum Judged {
    Done(Box<Answer>),
    Already,
    Queued(String),
}

fn judged(api: &Api, sending: &Sending<'_>, response: Response, method: &Method, asked: &Asked) -> Result<Judged> {
    let request = sending.request;
    let body = response.json::<Value>().unwrap_or(Value::Null);
    if let Some(already) = &request.already
        && is_already(already, response.status, &body)
    {
        return Ok(Judged::Already);
    }
    if let Some(queued) = request.queued.as_ref().filter(|queued| queued.status == response.status) {
        return Ok(Judged::Queued(queued.detail.clone()));
    }
    let status = response.status;
    let answer = api.judged(response, method, asked, sending.on)?;
    if let Some(success) = &request.success
        && !is_success(success, status, &answer.body)
    {
        return Err(Error::protocol(format!("{}: the answer ({status}) is not what `success` says", answer.what()))
            .with_help("look at the account before you send it again")
            .with_happened(Happened::Unknown));
    }
    Ok(Judged::Done(Box::new(answer)))
}

fn says(when: Option<&crate::expression::Expression>, status: u16, body: &Value) -> bool {
    when.is_none_or(|when| {
        let vars = Vars::default().with_own("status", status.into()).with("body", body);
        matches!(when.value(&vars), Ok(Value::Bool(true)))
    })
}

fn is_already(already: &Already, status: u16, body: &Value) -> bool {
    already.status == status && says(already.when.as_ref(), status, body)
}

fn is_success(success: &Success, status: u16, body: &Value) -> bool {
    success.status.as_ref().is_none_or(|all| all.contains(&status)) && says(success.when.as_ref(), status, body)
}
