//! Deploys another certificate and waits for the result.

use super::apps::NamedApp;
use super::component::Component;
use super::failure::{self, DeployResult};
use super::{package, pem, rights};
use crate::api::Rest;
use connector_core::{Error, ErrorKind, Happened, Result, Retry};
use serde::Deserialize;
use std::iter::successors;
use std::time::Duration;

/// How often to send a deploy if the response is lost or the org postpones it.
const ATTEMPTS: u32 = 3;

/// The wait before checking a deploy whose response is lost, and between the first two checks of a running deploy.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// How long to wait for a deploy.
const MAX_DEPLOY_WAIT: Duration = Duration::from_mins(10);

/// Gives the app another certificate. If the response is lost, reads which certificate the app has, and deploys again if it
/// is not the new one. Salesforce queues a second deploy behind the first.
pub(crate) async fn deploy(rest: &Rest, app: &NamedApp, certificate: &str) -> Result<()> {
    pem::check(certificate)?;
    let mut attempts = 0;
    let mut lost = false;
    let id = loop {
        attempts += 1;
        let in_doubt = |error: Error| if lost { error.with_happened(Happened::Unknown) } else { error };
        let component = Component::find(rest, app).await.map_err(in_doubt)?;
        if lost && component.has(certificate) {
            return Ok(());
        }
        match send(rest, app, &component.with_certificate(certificate)?).await {
            Ok(id) => break id,
            Err(error) if attempts < ATTEMPTS && may_come_again(&error) => {
                lost |= error.happened() == Happened::Unknown;
                tracing::debug!(%error, attempts, "deploying again");
                tokio::time::sleep(FIRST_WAIT * attempts).await;
            }
            Err(error) => return Err(in_doubt(error)),
        }
    };
    follow(rest, app, &id).await
}

fn may_come_again(error: &Error) -> bool {
    error.happened() == Happened::Unknown || matches!(error.retry(), Retry::After(_))
}

/// Requests the deploy and returns its id.
async fn send(rest: &Rest, app: &NamedApp, component: &Component) -> Result<String> {
    #[derive(Deserialize)]
    struct DeployStarted {
        id: String,
    }
    let doing = format!("deploying the {} `{}`", app.kind.title(), app.name);
    let path = rest.path("metadata/deployRequest").await?;
    let (content_type, body) = package::body(component, rest.version().await?)?;
    let request = rest.client.post(&path, &content_type, body);
    let response = rest.write(request, &doing).await.map_err(|error| rights::explained(error, app.kind))?;
    // Salesforce accepted the deploy, even if the response is malformed.
    let answer: DeployStarted = response.json().map_err(|fault| fault.with_happened(Happened::Unknown))?;
    if answer.id.is_empty() || !answer.id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let message = format!("{doing}: the response has no deploy id");
        return Err(Error::new(ErrorKind::Protocol, message).with_happened(Happened::Unknown));
    }
    Ok(answer.id)
}

/// Waits until the deploy is finished.
async fn follow(rest: &Rest, app: &NamedApp, id: &str) -> Result<()> {
    #[derive(Deserialize)]
    struct DeployProgress {
        #[serde(rename = "deployResult")]
        result: DeployResult,
    }
    let doing = format!("checking the deploy `{id}`");
    let path = rest.path(&format!("metadata/deployRequest/{id}")).await?;
    for wait in waits() {
        tokio::time::sleep(wait).await;
        let request = rest.client.get(&path).query(&[("includeDetails", "true")]);
        let answer = rest.ask(request, &doing).await.and_then(|response| response.json::<DeployProgress>());
        match answer {
            Ok(DeployProgress { result }) if result.done => return failure::outcome(&result, app, id),
            Ok(_) => {}
            Err(error) if is_passing(error.kind()) => {
                tracing::debug!(%error, "the deploy continues, but its status is unavailable");
            }
            Err(error) => {
                return Err(rights::explained(error, app.kind).with_happened(Happened::Unknown));
            }
        }
    }
    let minutes = MAX_DEPLOY_WAIT.as_secs() / 60;
    Err(Error::new(ErrorKind::Timeout, format!("the deploy `{id}` did not finish within {minutes} minutes"))
        .with_help(
            "check Setup › Deployment Status: it may be waiting behind another deploy; when it is finished, run this again",
        )
        .with_happened(Happened::Unknown))
}

/// Whether the error may be gone at the next check. The HTTP client has already retried a few times.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::RateLimited)
}

/// Growing waits, up to a total of [`MAX_DEPLOY_WAIT`].
fn waits() -> impl Iterator<Item = Duration> {
    successors(Some(FIRST_WAIT), |wait| Some((*wait * 2).min(LONGEST_WAIT))).scan(Duration::ZERO, |waited, wait| {
        *waited += wait;
        (*waited <= MAX_DEPLOY_WAIT).then_some(wait)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deploy_is_looked_at_often_at_first_and_for_ten_minutes_at_most() {
        let waits: Vec<_> = waits().collect();
        assert!(waits.is_sorted() && waits[0] < Duration::from_secs(1));
        let whole: Duration = waits.iter().sum();
        assert!(whole <= MAX_DEPLOY_WAIT && whole + LONGEST_WAIT > MAX_DEPLOY_WAIT, "{whole:?}");
    }
}
