//! Waiting for a job of the system that makes a change.

use super::accepted::Accepted;
use crate::api::{Answer, Api, Asked, undone};
use crate::expression::{Expression, Vars};
use crate::settings::Where;
use crate::system::Job;
use connector_core::{Error, ErrorKind, Happened, Result, Retry};
use serde_json::Value;
use std::time::Instant;

/// What the API says at last about the job that an answer began. If it takes too long, the change is made later.
pub(super) async fn finished(api: &Api, job: &Job, begun: &Answer, on: Where) -> Result<Accepted> {
    let asked = place(api, job, begun).map_err(uncertain)?;
    let started = Instant::now();
    while started.elapsed() + job.every <= job.at_most {
        tokio::time::sleep(job.every).await;
        let answer = api.get(&asked, on).await.map_err(uncertain)?;
        let says = |when: &Expression, name: &str| {
            let status = Value::from(answer.response.status);
            let vars = Vars::default().with("status", &status).with("body", &answer.body);
            when.truth(&vars).map_err(|fault| uncertain(undone(name, &fault)))
        };
        if let Some(failed) = &job.failed
            && says(failed, "`job.failed`")?
        {
            return Err(uncertain(
                Error::new(ErrorKind::Invalid, format!("{}: the job of the system failed", answer.what()))
                    .with_help("look at the job in the system, and at the account; then run the plan again"),
            ));
        }
        if says(&job.done, "`job.done`")? {
            return Ok(Accepted::Done(answer.response));
        }
    }
    Ok(Accepted::Queued("the job of the system is not done yet".to_owned()))
}

fn place(api: &Api, job: &Job, begun: &Answer) -> Result<Asked> {
    let missing = || {
        Error::protocol(format!("{}: a job began, but the answer does not say where to ask for it", begun.what()))
            .with_help("compare `job.from` in the settings with what the API returns")
    };
    let found = match begun.at(&job.from).ok_or_else(missing)? {
        Value::String(text) if !text.is_empty() => text,
        Value::Number(number) => number.to_string(),
        _ => return Err(missing()),
    };
    match &job.path {
        None => begun.link(&found).map(Asked::link),
        Some(path) => {
            let vars = api.system.vars().with_own("job", found.into());
            path.path(&vars).map(Asked::link).map_err(|fault| undone("`job.get`", &fault))
        }
    }
}

/// The system has begun: only the account shows what came of it.
fn uncertain(error: Error) -> Error {
    error.with_happened(Happened::Unknown).with_retry(Retry::No)
}
