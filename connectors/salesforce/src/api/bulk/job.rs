//! One query job: made, polled, deleted.

use crate::api::ranges::RecordId;
use crate::api::rest::Rest;
use crate::error;
use connector_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// The pause before the first question for the state. Each pause is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The prefix of job ids.
const PREFIX: &str = "750";

/// What the org says of a job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    id: String,
    object: String,
    state: String,
    #[serde(default)]
    number_records_processed: Option<u64>,
    #[serde(default)]
    error_message: Option<String>,
}

impl Described {
    fn check(&self, object: &str, job: Option<&str>) -> Result<RecordId> {
        let odd = |what: &str| {
            let message = format!("the response about the query job for `{object}` {what}");
            Err(Error::new(ErrorKind::Protocol, message).with_context("object", object))
        };
        match RecordId::read(&self.id) {
            Some(id) if id.has_prefix(PREFIX) && job.is_none_or(|job| RecordId::read(job) == Some(id)) => {
                if self.object == object { Ok(id) } else { odd("is about another object") }
            }
            _ => odd("is about another job"),
        }
    }
}

/// Makes a job. Returns its id.
pub(super) async fn make(rest: &Rest, object: &str, soql: &str) -> Result<String> {
    let path = rest.path("jobs/query").await?;
    let asked = json!({"operation": "query", "query": soql, "contentType": "CSV", "columnDelimiter": "COMMA",
        "lineEnding": "LF"});
    let doing = format!("creating a query job for `{object}`");
    // A job changes nothing. One whose id is lost is deleted by the org after a week.
    let response = rest.ask(rest.client.post_json(&path, &asked).repeatable(), &doing).await?;
    let described: Described = response.json().map_err(|fault| fault.with_context("step", doing))?;
    described.check(object, None).map(|id| id.as_str().to_owned())
}

/// Waits until the job is complete. Returns how many records it has, if the org says so. A job that ends otherwise is an
/// error of kind `expired`.
pub(super) async fn completed(rest: &Rest, object: &str, job: &str) -> Result<Option<u64>> {
    let path = rest.path(&format!("jobs/query/{job}")).await?;
    let doing = format!("waiting for the query job for `{object}`");
    let mut pause = FIRST_PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        let response = rest.ask(rest.client.get(&path), &doing).await?;
        let described: Described = response.json().map_err(|fault| fault.with_context("step", doing.as_str()))?;
        described.check(object, Some(job))?;
        let ended = match described.state.as_str() {
            "JobComplete" => return Ok(described.number_records_processed),
            "Failed" => "failed",
            "Aborted" => "was aborted by a user",
            _ => {
                pause = (pause * 2).min(LONGEST_PAUSE);
                continue;
            }
        };
        let reason = described.error_message.map(|reason| format!(": {}", error::shown(&reason))).unwrap_or_default();
        return Err(Error::new(ErrorKind::Expired, format!("the query job for `{object}` {ended}{reason}"))
            .with_help("try again later, or set `transport: rest`"));
    }
}

/// Deletes a job whose records are read. The org deletes it after a week, so that a failure does not matter.
pub(super) async fn delete(rest: &Rest, job: &str) -> Result<()> {
    let path = rest.path(&format!("jobs/query/{job}")).await?;
    if let Err(refused) = rest.ask(rest.client.delete(&path).repeatable(), "deleting a query job").await {
        tracing::debug!(error = %refused, "a query job could not be deleted");
    }
    Ok(())
}
