//! An error, as RFC 9457 describes it.

use axum::http::StatusCode;
use connector_core::Error;
use connector_project::source::Problems;
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was not answered (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The kind of error, as an address: `urn:connector:problem:not_found`.
    #[serde(rename = "type")]
    kind_urn: String,
    /// What the status means.
    title: &'static str,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong.
    detail: String,
    /// The kind of error, as in the machine output of the commands.
    kind: &'static str,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    help: Option<String>,
    /// Everything that is wrong in a plan, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    problems: Vec<ProblemAt>,
}

/// Something that is wrong in a plan.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemAt {
    /// The line, counted from 1.
    line: usize,
    /// The column in characters, counted from 1.
    column: usize,
    /// The broken rule, as a stable short name.
    rule: &'static str,
    /// What is wrong.
    title: String,
    /// What was expected.
    detail: String,
    /// What to write instead.
    #[schema(required)]
    help: Option<String>,
}

fn problems(error: &Error) -> Option<&Problems> {
    std::error::Error::source(error)?.downcast_ref()
}

impl ProblemAt {
    fn of(problem: &connector_core::Problem) -> Self {
        Self {
            line: problem.place.line,
            column: problem.place.column,
            rule: problem.rule,
            title: problem.title.clone(),
            detail: problem.detail.clone(),
            help: problem.help.clone(),
        }
    }
}

impl Problem {
    pub(crate) fn of(error: &Error, status: StatusCode) -> Self {
        Self {
            kind_urn: format!("urn:connector:problem:{}", error.kind().name()),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: error.message().to_owned(),
            kind: error.kind().name(),
            help: error.help().map(str::to_owned),
            problems: problems(error).into_iter().flat_map(|found| &found.0).map(ProblemAt::of).collect(),
        }
    }
}
