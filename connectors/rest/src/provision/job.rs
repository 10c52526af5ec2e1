//! Waiting for a job of the system that makes a change.

use super::accepted::Accepted;
use crate::api::{Answer, Api, Asked, undone};
use crate::expression::{Expression, Vars};
use crate::settings::Where;
use crate::system::Job;
use connector_core::{Error, ErrorKind, Result};
use connector_http::Response;
use serde_json::Value;
use std::time::Instant;

/// What the API says at last about the job that an answer began. If it takes too long or can't be asked, the system may still make
/// the change: it is queued, because sent again it would begin a second job. Fails only if the API says that the job failed.
pub(super) async fn finished(api: &Api, job: &Job, begun: &Answer, on: Where) -> Result<Accepted> {
    let asked = match place(api, job, begun) {
        Ok(asked) => asked,
        Err(error) => return Ok(waits(Some(&error))),
    };
    let started = Instant::now();
    let mut fault = None;
    while started.elapsed() + job.every <= job.at_most {
        tokio::time::sleep(job.every).await;
        match look(api, job, &asked, on).await {
            Ok(Look::Done(response)) => return Ok(Accepted::Done(response)),
            Ok(Look::Failed(error)) => return Err(error),
            Ok(Look::Running) => fault = None,
            Err(error) => fault = Some(error),
        }
    }
    Ok(waits(fault.as_ref()))
}

/// What the API says about a job.
enum Look {
    Running,
    Done(Response),
    Failed(Error),
}

async fn look(api: &Api, job: &Job, asked: &Asked, on: Where) -> Result<Look> {
    let answer = api.get(asked, on).await?;
    let says = |when: &Expression, name: &str| {
        let status = Value::from(answer.response.status);
        let vars = Vars::default().with("status", &status).with("body", &answer.body);
        when.truth(&vars).map_err(|fault| undone(name, &fault))
    };
    if let Some(failed) = &job.failed
        && says(failed, "`job.failed`")?
    {
        let error = Error::new(ErrorKind::Invalid, format!("{}: the job of the system failed", answer.what()))
            .with_help("look at the job in the system, and at the account; then run the plan again");
        return Ok(Look::Failed(error));
    }
    Ok(if says(&job.done, "`job.done`")? { Look::Done(answer.response) } else { Look::Running })
}

/// The system has begun: only the account shows later what came of it.
fn waits(fault: Option<&Error>) -> Accepted {
    let detail = "the job of the system is not done yet";
    Accepted::Queued(
        fault.map_or_else(|| detail.to_owned(), |fault| format!("{detail}, as far as is known: {}", fault.message())),
    )
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
