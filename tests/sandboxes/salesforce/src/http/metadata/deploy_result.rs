//! The status of a deploy, as both protocols write it.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::metadata::{DeployStatus, Job, Problem};

/// A moment as the Metadata API writes it.
pub(super) fn moment(ms: i64) -> String {
    let moment = Timestamp::from_millisecond(ms).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// The `deployResult` of a deploy; `tests` is what the protocol calls the results of tests.
pub(super) fn deploy_result(job: &Job, details: bool, tests: &str) -> Json {
    let status = job.deploy.status;
    let mut result = started(job);
    let (errors, total) = (job.failures().count(), job.asked.parcel.components.len().max(job.problems.len()));
    let deployed = if status == DeployStatus::Succeeded { total } else { 0 };
    let canceled = status == DeployStatus::Canceled;
    let (by_id, _, by_name) = &job.asked.by;
    for (name, value) in [
        ("numberComponentsDeployed", json!(deployed)),
        ("numberComponentsTotal", json!(if job.started.is_some() { total } else { 0 })),
        ("numberComponentErrors", json!(errors)),
        ("numberTestsCompleted", json!(0)),
        ("numberTestsTotal", json!(0)),
        ("numberTestErrors", json!(0)),
        ("createdBy", json!(by_id)),
        ("createdByName", json!(by_name)),
        ("createdDate", json!(moment(job.created))),
        ("startDate", json!(job.started.map(moment))),
        ("lastModifiedDate", json!(moment(job.completed.or(job.started).unwrap_or(job.created)))),
        ("completedDate", json!(job.completed.map(moment))),
        ("errorStatusCode", Json::Null),
        ("errorMessage", Json::Null),
        ("stateDetail", Json::Null),
        ("canceledBy", json!(canceled.then_some(by_id))),
        ("canceledByName", json!(canceled.then_some(by_name))),
    ] {
        result.insert(name.to_owned(), value);
    }
    if details {
        result.insert("details".to_owned(), self::details(job, tests));
    }
    Json::Object(result)
}

/// The response to the deploy request itself.
pub(super) fn started(job: &Job) -> Map<String, Json> {
    let status = job.deploy.status;
    let mut result = Map::new();
    for (name, value) in [
        ("id", json!(job.deploy.id)),
        ("success", json!(status == DeployStatus::Succeeded)),
        ("checkOnly", json!(job.asked.check_only)),
        ("ignoreWarnings", json!(job.asked.ignore_warnings)),
        ("rollbackOnError", json!(true)),
        ("status", json!(status.name())),
        ("runTestsEnabled", json!(false)),
        ("done", json!(status.is_done())),
    ] {
        result.insert(name.to_owned(), value);
    }
    result
}

fn details(job: &Job, tests: &str) -> Json {
    let failures: Vec<Json> = job.failures().map(|problem| failure(job, problem)).collect();
    let mut successes = Vec::new();
    if job.deploy.status == DeployStatus::Succeeded {
        successes.push(success(job, "", "package.xml", "package.xml"));
        for component in &job.asked.parcel.components {
            successes.push(success(
                job,
                component.kind.name(),
                &component.full_name,
                &component.kind.file(&component.full_name),
            ));
        }
    }
    json!({
        "componentFailures": failures,
        "componentSuccesses": successes,
        "retrieveResult": null,
        tests: {"numFailures": 0, "numTestsRun": 0, "totalTime": 0.0},
    })
}

fn success(job: &Job, component_type: &str, full_name: &str, file_name: &str) -> Json {
    let warning = job.problems.iter().find(|problem| problem.is_warning && problem.file_name == file_name);
    json!({
        "componentType": component_type,
        "fullName": full_name,
        "fileName": file_name,
        "success": true,
        "changed": !component_type.is_empty(),
        "created": false,
        "deleted": false,
        "createdDate": job.completed.map(moment),
        "problem": warning.map(|problem| &problem.text),
        "problemType": warning.map(|_| "Warning"),
    })
}

fn failure(job: &Job, problem: &Problem) -> Json {
    json!({
        "componentType": problem.component_type,
        "fullName": problem.full_name,
        "fileName": problem.file_name,
        "success": false,
        "changed": false,
        "created": false,
        "deleted": false,
        "createdDate": job.completed.map(moment),
        "problem": problem.text,
        "problemType": if problem.is_warning { "Warning" } else { "Error" },
        "lineNumber": problem.place.map(|(line, _)| line),
        "columnNumber": problem.place.map(|(_, column)| column),
    })
}
