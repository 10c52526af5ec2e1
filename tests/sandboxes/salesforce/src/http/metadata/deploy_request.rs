//! `metadata/deployRequest`: deploying over REST.

use hyper::Method;
use serde_json::{Value as Json, json};

use super::super::answer::{Answer, Ask};
use super::super::shared::Shared;
use super::super::write::Caller;
use super::deploy_result::{deploy_result, started};
use super::{NO_RIGHTS, asked, multipart};

/// Answers a request for deploys or for one of them.
pub(crate) fn deploy_request(shared: &Shared, ask: &Ask, caller: Caller<'_>, rest: &[&str]) -> Answer {
    let method = ask.meant();
    match rest {
        [] if method == Method::POST => deploy(shared, ask, caller).kind("metadata:deploy"),
        [] => Answer::not_allowed(&ask.method, "POST").kind("refused"),
        [_] if !shared.org.read().rights.modify_metadata => {
            Answer::error(403, "INSUFFICIENT_ACCESS", NO_RIGHTS).kind("metadata:status")
        }
        [id] if method == Method::GET => status(shared, ask, caller, id).kind("metadata:status"),
        [id] if method == Method::PATCH => cancel(shared, ask, caller, id).kind("metadata:cancel"),
        [_] => Answer::not_allowed(&ask.method, "GET,PATCH").kind("refused"),
        _ => Answer::not_found().kind("unknown"),
    }
}

fn deploy(shared: &Shared, ask: &Ask, caller: Caller<'_>) -> Answer {
    let body = match multipart::read(ask) {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let asked = match asked(shared, caller.user, body.options, &body.zip) {
        Ok(asked) => asked,
        Err((code, message)) => {
            let status = if code == "INSUFFICIENT_ACCESS" { 403 } else { 400 };
            return Answer::error(status, code, &message);
        }
    };
    let mut metadata = shared.metadata_moved_on(false);
    let job = metadata.deploys.add(asked, shared.now());
    let mut answer = Answer::json(
        201,
        &json!({
            "id": job.deploy.id,
            "validatedDeployRequestId": null,
            "deployResult": started(job),
            "deployOptions": job.asked.options,
        }),
    );
    answer.lost = shared.faults.loses_deploy();
    answer
}

fn status(shared: &Shared, ask: &Ask, caller: Caller<'_>, id: &str) -> Answer {
    let details = ask.parameter("includeDetails") == Some("true");
    let metadata = shared.metadata_moved_on(true);
    match metadata.deploys.find(id) {
        Some(job) => {
            let id = &job.deploy.id;
            let url = format!("/services/data/{}/metadata/deployRequest/{id}", caller.version);
            let result = deploy_result(job, details, "runTestResults");
            Answer::json(200, &json!({"id": id, "url": url, "deployResult": result}))
        }
        None => Answer::not_found(),
    }
}

fn cancel(shared: &Shared, ask: &Ask, caller: Caller<'_>, id: &str) -> Answer {
    let wanted: Json = serde_json::from_slice(&ask.body).unwrap_or_default();
    if wanted.pointer("/deployResult/status").and_then(Json::as_str) != Some("Canceling") {
        return Answer::error(400, "INVALID_INPUT", "The only change of a deploy is to the status Canceling");
    }
    let mut metadata = shared.metadata();
    if metadata.deploys.find(id).is_none() {
        return Answer::not_found();
    }
    if !metadata.deploys.cancel(id) {
        return Answer::error(400, "INVALID_OPERATION", "The deploy is over and can't be canceled");
    }
    drop(metadata);
    let url = format!("/services/data/{}/metadata/deployRequest/{id}", caller.version);
    Answer::json(202, &json!({"id": id, "url": url, "deployResult": {"id": id, "status": "Canceling", "done": false}}))
}
