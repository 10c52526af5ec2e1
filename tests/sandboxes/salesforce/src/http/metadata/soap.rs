//! `/services/Soap/m/<version>`: the checks before every operation, and the operations.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use roxmltree::{Document, Node};
use serde_json::{Map, Value as Json, json};

use super::super::answer::{Answer, Ask};
use super::super::dpop::Unproved;
use super::super::route;
use super::super::session::{Session, TokenForm};
use super::super::shared::{Host, Shared};
use super::deploy_result::deploy_result;
use super::envelope::{Call, child, fault, results, text, unreadable};
use super::{NO_RIGHTS, Refused, asked, read, retrieve};
use crate::org::INTEGRATION;

/// Answers a call; `None` closes the connection without a response.
pub(crate) fn soap(shared: &Shared, host: Host, ask: &Ask, version: &str) -> Option<Answer> {
    let request = shared.faults.count();
    if shared.faults.resets(request) {
        return None;
    }
    shared.usage();
    if let Some(answer) = shared.faults.answer(request) {
        let is_limit = answer.status == 403;
        let limit = ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.".to_owned());
        return Some(if is_limit { fault(&limit) } else { answer }.kind("fault"));
    }
    if ask.method != Method::POST {
        return Some(Answer::not_allowed(&ask.method, "POST").kind("refused"));
    }
    let Some(version) = number(version).filter(|number| shared.versions().contains(number)) else {
        let message = "Invalid Api version specified on URL".to_owned();
        return Some(fault(&("UNSUPPORTED_API_VERSION", message)).kind("refused"));
    };
    let body = str::from_utf8(&ask.body).unwrap_or("");
    let tree = match Document::parse(body) {
        Ok(tree) => tree,
        Err(error) => return Some(unreadable(&format!("The request can't be parsed: {error}")).kind("refused")),
    };
    let Some(call) = Call::read(&tree) else {
        return Some(unreadable("No operation available for request").kind("refused"));
    };
    let session = match route::session_of(shared, ask, call.session_id, call.proof) {
        Ok(session) => Some(session),
        Err(Some(Unproved::Nonce(nonce))) => {
            return Some(fault(&unknown_session()).with("DPoP-Nonce", nonce).kind("unauthorized"));
        }
        Err(_) => None,
    };
    Some(match user(shared, host, &call, session) {
        Ok(user) => operation(shared, &call, user, version)
            .unwrap_or_else(|refused| fault(&refused))
            .kind(format!("soap:{}", call.name())),
        Err(refused) => fault(&refused).kind("unauthorized"),
    })
}

fn number(version: &str) -> Option<u32> {
    version.strip_suffix(".0")?.parse().ok()
}

fn unknown_session() -> Refused {
    let message = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found";
    ("INVALID_SESSION_ID", message.to_owned())
}

/// The user of the call's session, if it may use the Metadata API.
fn user(shared: &Shared, host: Host, call: &Call<'_>, session: Option<Session>) -> Result<u64, Refused> {
    if host == Host::Login {
        let message = "Destination URL not reset. The URL returned from login must be set in the SforceService";
        return Err(("UNKNOWN_EXCEPTION", message.to_owned()));
    }
    if TokenForm::of(call.session_id) == TokenForm::Jwt {
        return Err(unknown_session());
    }
    let session = session.ok_or_else(unknown_session)?;
    let state = shared.org.read();
    if session.user == INTEGRATION && !state.rights.api_enabled {
        return Err(("API_CURRENTLY_DISABLED", "API is disabled for this User".to_owned()));
    }
    if !state.rights.modify_metadata {
        return Err(("INSUFFICIENT_ACCESS", NO_RIGHTS.to_owned()));
    }
    Ok(session.user)
}

fn operation(shared: &Shared, call: &Call<'_>, user: u64, version: u32) -> Result<Answer, Refused> {
    let arguments = call.operation;
    match call.name() {
        "listMetadata" => read::list(shared, arguments, version),
        "readMetadata" => read::read(shared, arguments, version),
        "retrieve" => retrieve::retrieve(shared, arguments),
        "checkRetrieveStatus" => retrieve::check(shared, arguments),
        "deploy" => deploy(shared, arguments, user),
        "checkDeployStatus" => check_deploy(shared, arguments),
        other => {
            Ok(unreadable(&format!("No operation available for request {{{}}}{other}", crate::metadata::NAMESPACE)))
        }
    }
}

fn deploy(shared: &Shared, arguments: Node<'_, '_>, user: u64) -> Result<Answer, Refused> {
    let zip = STANDARD.decode(text(arguments, "ZipFile").unwrap_or(""));
    let zip = zip.map_err(|_| ("INVALID_FIELD", "ZipFile is not base64".to_owned()))?;
    let options = child(arguments, "DeployOptions").map(options).unwrap_or_default();
    let asked = asked(shared, user, Json::Object(options), &zip)?;
    let mut metadata = shared.metadata_moved_on(false);
    let job = metadata.deploys.add(asked, shared.now());
    let mut answer = results("deploy", &[json!({"done": false, "id": job.deploy.id, "state": "Queued"})]);
    answer.lost = shared.faults.loses_deploy();
    Ok(answer)
}

/// The options of a deploy as the REST resource has them.
fn options(node: Node<'_, '_>) -> Map<String, Json> {
    let value = |text: &str| match text {
        "true" | "false" => Json::from(text == "true"),
        other => Json::from(other),
    };
    let options = node.children().filter(Node::is_element);
    options.map(|node| (node.tag_name().name().to_owned(), value(node.text().unwrap_or("").trim()))).collect()
}

fn check_deploy(shared: &Shared, arguments: Node<'_, '_>) -> Result<Answer, Refused> {
    let id = text(arguments, "asyncProcessId").unwrap_or("");
    let details = text(arguments, "includeDetails") == Some("true");
    let metadata = shared.metadata_moved_on(true);
    let job = metadata.deploys.find(id);
    let job = job.ok_or_else(|| ("INVALID_CROSS_REFERENCE_KEY", format!("invalid cross reference id: {id}")))?;
    Ok(results("checkDeployStatus", &[deploy_result(job, details, "runTestResult")]))
}
