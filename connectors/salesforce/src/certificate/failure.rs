//! What became of a deploy, in our terms.

use super::apps::NamedApp;
use super::rights;
use crate::error::shown;
use connector_core::{Error, ErrorKind, Result};
use serde::Deserialize;

/// How far a deploy is, and what went wrong in it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeployResult {
    pub(super) done: bool,
    #[serde(default)]
    success: bool,
    #[serde(default)]
    status: String,
    error_status_code: Option<String>,
    error_message: Option<String>,
    canceled_by_name: Option<String>,
    details: Option<Details>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(default)]
    component_failures: Vec<Failure>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    full_name: Option<String>,
    problem: Option<String>,
}

/// Whether a deploy that is over did what it should. One that failed changed nothing.
pub(super) fn outcome(result: &DeployResult, app: &NamedApp, id: &str) -> Result<()> {
    if result.success && result.status == "Succeeded" {
        return Ok(());
    }
    let what = format!("the deploy `{id}` of the {} `{}`", app.kind.title(), app.name);
    if result.status == "Canceled" {
        let by = result.canceled_by_name.as_deref().map_or_else(String::new, |name| format!(" by {}", shown(name)));
        return Err(Error::new(ErrorKind::Conflict, format!("{what} was canceled{by}"))
            .with_help("ask why in Setup › Deployment Status, then run this again"));
    }
    let problems = problems(result);
    let text = if problems.is_empty() { "Salesforce does not say why".to_owned() } else { problems.join("; ") };
    let (kind, cure) = meaning(&text, app);
    Err(Error::new(kind, format!("{what} failed: {}", shown(&text)))
        .with_help(cure)
        .with_context("deploy", id.to_owned()))
}

/// Each problem of a component, then that of the deploy as a whole.
fn problems(result: &DeployResult) -> Vec<String> {
    let failures = result.details.iter().flat_map(|details| &details.component_failures);
    let mut problems: Vec<_> = failures
        .map(|failure| {
            let problem = failure.problem.as_deref().unwrap_or("no reason given");
            format!("`{}`: {problem}", failure.full_name.as_deref().unwrap_or("?"))
        })
        .collect();
    if let Some(message) = &result.error_message {
        let code = result.error_status_code.as_deref().map_or_else(String::new, |code| format!("{code}: "));
        problems.push(format!("{code}{message}"));
    }
    problems
}

/// What a problem means and what to do about it. The texts are not documented: what is not known is shown as it is.
fn meaning(text: &str, app: &NamedApp) -> (ErrorKind, String) {
    let lower = text.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["insufficient_access", "insufficient access", "permission", "not have access"]) {
        return (ErrorKind::Permission, rights::cure(app.kind));
    }
    let (kind, cure) = if says(&["invalid_cross_reference_key", "no app named", "entity_is_deleted"]) {
        (ErrorKind::NotFound, "the app is gone or has another name: compare the API name in the settings with Setup")
    } else if says(&["duplicate_value", "already in use"]) {
        (ErrorKind::Conflict, "the app's component was renamed meanwhile: run this again, so that it is read anew")
    } else if says(&["unknown_exception", "unable_to_lock_row", "server_unavailable", "org_locked"]) {
        (ErrorKind::Unavailable, "run this again in some minutes; see status.salesforce.com if it stays so")
    } else if says(&["certificate"]) {
        (
            ErrorKind::Invalid,
            "Salesforce takes one certificate of an RSA key with 2048 or 4096 bits, signed with SHA-256, of at most 4 KB",
        )
    } else {
        (ErrorKind::Invalid, "Setup › Deployment Status shows the deploy with all its problems")
    };
    (kind, cure.to_owned())
}
