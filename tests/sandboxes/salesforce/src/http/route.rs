//! Finds the resource of a request, after the checks that apply to all: faults, versions, sessions, rights.

use hyper::Method;

use super::answer::{Answer, Ask};
use super::dpop::{self, Asker, Unproved};
use super::session::Session;
use super::shared::{Host, Shared};
use super::write::{self, Caller};
use super::{describe, jobs, metadata, query, resources, token};
use crate::org::INTEGRATION;
use crate::org::object::Object;
use crate::org::value::Value;

/// The longest request target, and the longest target with headers.
const LONGEST: usize = 16_384;
/// API versions up to this one are retired.
const RETIRED: u32 = 30;

/// Answers a request; `None` closes the connection without a response.
pub(crate) fn answer(shared: &Shared, host: Host, ask: &Ask) -> Option<Answer> {
    let headers: usize = ask.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if ask.target_length > LONGEST {
        return Some(Answer::error(414, "URI_TOO_LONG", "URI Too Long").kind("refused"));
    }
    if ask.target_length + headers > LONGEST {
        let message = "Request Header Fields Too Large";
        return Some(Answer::error(431, "REQUEST_HEADER_FIELDS_TOO_LARGE", message).kind("refused"));
    }
    let segments: Vec<&str> = ask.path.split('/').filter(|segment| !segment.is_empty()).collect();
    match segments[..] {
        ["services", "oauth2", "token"] => Some(token::token(shared, ask).kind("token")),
        ["services", "oauth2", "revoke"] => Some(resources::revoke(shared, ask).kind("revoke")),
        ["services", "oauth2", "userinfo"] => Some(resources::userinfo(shared, ask).kind("userinfo")),
        ["id", organization, user] => Some(resources::identity(shared, ask, organization, user).kind("identity")),
        ["services", "Soap", "m", version] => metadata::soap(shared, host, ask, version),
        ["services", "data"] => versions(shared, ask),
        ["services", "data", version, ref rest @ ..] => data(shared, host, ask, version, rest),
        _ => Some(Answer::not_found().kind("unknown")),
    }
}

fn reads(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

fn versions(shared: &Shared, ask: &Ask) -> Option<Answer> {
    // Needs no session and does not count against the limit, but faults affect it like any other request.
    let request = shared.faults.count();
    if shared.faults.resets(request) {
        return None;
    }
    if let Some(answer) = shared.left(ask).or_else(|| shared.faults.answer(request)) {
        return Some(answer.kind("versions"));
    }
    if !reads(&ask.method) {
        return Some(Answer::not_allowed(&ask.method, "HEAD,GET").kind("versions"));
    }
    Some(resources::versions(shared).kind("versions"))
}

fn data(shared: &Shared, host: Host, ask: &Ask, version: &str, rest: &[&str]) -> Option<Answer> {
    let request = shared.faults.count();
    if shared.faults.resets(request) {
        return None;
    }
    let usage = shared.usage();
    let mut answer = match shared.left(ask).or_else(|| shared.faults.answer(request)) {
        Some(answer) => answer.kind("fault"),
        None => checked(shared, host, ask, version, rest),
    };
    if answer.wrote {
        shared.faults.spoil(&mut answer);
    }
    Some(answer.with("Sforce-Limit-Info", usage).with("X-Request-Id", format!("{request:032x}")))
}

fn checked(shared: &Shared, host: Host, ask: &Ask, version: &str, rest: &[&str]) -> Answer {
    if host == Host::Login {
        let message = "Destination URL not reset. The URL returned from login must be set";
        return Answer::error(400, "URL_NOT_RESET", message).kind("wrong_host");
    }
    match number(version) {
        Some(number) if number <= RETIRED && number > 0 => {
            let message = format!("API version {version} is retired and no longer supported");
            return Answer::error(410, "UNSUPPORTED_API_VERSION", &message).kind("retired");
        }
        Some(number) if shared.versions().contains(&number) => {}
        _ => return Answer::not_found().kind("unknown"),
    }
    let session = match session(shared, ask) {
        Ok(session) => session,
        Err(answer) => return answer.kind("unauthorized"),
    };
    if session.user == INTEGRATION && !shared.org.read().rights.api_enabled {
        return Answer::error(403, "API_CURRENTLY_DISABLED", "API is disabled for this User").kind("forbidden");
    }
    resource(shared, ask, Caller { user: session.user, version }, rest)
}

/// The number of `vNN.0`.
pub(super) fn number(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.strip_suffix(".0")?.parse().ok()
}

/// The session of a request's token. A token that is bound to a key needs the scheme `DPoP` and a proof by that key.
pub(crate) fn session(shared: &Shared, ask: &Ask) -> Result<Session, Answer> {
    let odd = || Answer::error(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE");
    let (scheme, token) = ask.header("authorization").and_then(|header| header.split_once(' ')).ok_or_else(odd)?;
    let proof = match scheme {
        "Bearer" | "OAuth" => None,
        "DPoP" => Some(ask.header("dpop").unwrap_or("")),
        _ => return Err(odd()),
    };
    session_of(shared, ask, token, proof).map_err(|unproved| {
        let expired = Answer::error(401, "INVALID_SESSION_ID", "Session expired or invalid");
        match unproved {
            None => expired,
            Some(Unproved::Invalid(_)) => expired.with("WWW-Authenticate", "DPoP error=\"invalid_dpop_proof\""),
            Some(Unproved::Nonce(nonce)) => {
                expired.with("WWW-Authenticate", "DPoP error=\"use_dpop_nonce\"").with("DPoP-Nonce", nonce)
            }
        }
    })
}

/// The session of a token, as long as its user is active and the proof is good: by the key that the token is bound to.
pub(super) fn session_of(
    shared: &Shared,
    ask: &Ask,
    token: &str,
    proof: Option<&str>,
) -> Result<Session, Option<Unproved>> {
    let key = match proof {
        Some(proof) => Some(dpop::verify(shared, ask, proof, (Asker::Api, Some(token))).map_err(Some)?),
        None => None,
    };
    let session = shared.sessions().take(token).ok_or(None)?;
    if session.key != key {
        return Err(Some(Unproved::Invalid("the token is bound to another key, or to none")));
    }
    let is_active = shared.org.read().named(Object::User, session.user, "IsActive") == Value::Bool(true);
    if is_active { Ok(session) } else { Err(None) }
}

/// Answers a request for a resource of the data.
pub(super) fn resource(shared: &Shared, ask: &Ask, caller: Caller<'_>, rest: &[&str]) -> Answer {
    let version = caller.version;
    match rest {
        ["composite", rest @ ..] => composite(shared, ask, caller, rest),
        ["jobs", "query", rest @ ..] => jobs::query_jobs(shared, ask, caller, rest),
        ["metadata", "deployRequest", rest @ ..] => metadata::deploy_request(shared, ask, caller, rest),
        ["sobjects", object, rest @ ..] => {
            let Some(object) = Object::named(object).filter(|object| shared.org.read().sees(*object)) else {
                return Answer::not_found().kind("unknown");
            };
            sobject(shared, ask, caller, object, rest)
        }
        _ if !reads(&ask.method) => Answer::not_allowed(&ask.method, "HEAD,GET").kind("refused"),
        [] => resources::list(shared, version).kind("resources"),
        ["query" | "queryAll"] => query::query(shared, &shared.org.read(), ask, version),
        ["query" | "queryAll", locator] => query::more(shared, locator, version),
        ["limits"] => resources::limits(shared).kind("limits"),
        ["limits", "recordCount"] => resources::record_count(shared, ask).kind("record_count"),
        ["sobjects"] => describe::objects(shared, version).kind("sobjects"),
        _ => Answer::not_found().kind("unknown"),
    }
}

fn sobject(shared: &Shared, ask: &Ask, caller: Caller<'_>, object: Object, rest: &[&str]) -> Answer {
    let version = caller.version;
    let is_read = reads(&ask.method);
    match rest {
        [] if is_read => describe::object(shared, object, version).kind(format!("sobject:{}", object.name())),
        [] if ask.method == Method::POST => write::create(shared, ask, caller, object),
        [] => Answer::not_allowed(&ask.method, "HEAD,GET,POST").kind("refused"),
        ["describe"] if is_read => {
            describe::describe(shared, object, version).kind(format!("describe:{}", object.name()))
        }
        ["describe"] => Answer::not_allowed(&ask.method, "HEAD,GET").kind("refused"),
        [id] if is_read => {
            let kind = format!("record:{}", object.name());
            resources::record(shared, &shared.org.read(), ask, object, id, version).kind(kind)
        }
        [id] => write::record(shared, ask, caller, object, id),
        [id, "password"] if object == Object::User => write::password(shared, ask, caller, id),
        [field, _] => {
            let message = format!("Provided external ID field does not exist or is not accessible: {field}");
            Answer::error(404, "NOT_FOUND", &message).kind("unknown")
        }
        _ => Answer::not_found().kind("unknown"),
    }
}

fn composite(shared: &Shared, ask: &Ask, caller: Caller<'_>, rest: &[&str]) -> Answer {
    let posts = ask.method == Method::POST;
    match rest {
        [] if posts => write::composite(shared, ask, caller),
        ["batch"] if posts => write::batch(shared, ask, caller),
        ["sobjects"] => write::collections(shared, ask, caller),
        ["sobjects", object] if posts || reads(&ask.method) => {
            let state = shared.org.read();
            match Object::named(object).filter(|object| state.sees(*object)) {
                Some(object) => write::retrieve(shared, &state, ask, object, caller.version)
                    .kind(format!("collections:read:{}", object.name())),
                None => Answer::not_found().kind("unknown"),
            }
        }
        [] | ["batch"] => Answer::not_allowed(&ask.method, "POST").kind("refused"),
        _ => Answer::not_found().kind("unknown"),
    }
}
