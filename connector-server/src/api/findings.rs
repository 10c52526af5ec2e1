//! `/api/v1/sources/{source}/findings`.

use super::model::{Finding, FindingPage, NotChecked, Problem};
use super::{Limit, position};
use crate::asked::Asked;
use crate::failure::Failure;
use crate::finds::{Answer, Question};
use crate::state::State as ServerState;
use axum::Json;
use axum::extract::{Path, State};
use connector_core::{Result, Severity};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// How severe a finding is.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum AtLeast {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl From<AtLeast> for Severity {
    fn from(least: AtLeast) -> Self {
        match least {
            AtLeast::Info => Self::Info,
            AtLeast::Low => Self::Low,
            AtLeast::Medium => Self::Medium,
            AtLeast::High => Self::High,
            AtLeast::Critical => Self::Critical,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Fields {
    /// Only findings at least this severe; `low` if it is not given.
    #[param(inline)]
    severity: Option<AtLeast>,
    /// Only findings of this rule.
    rule: Option<String>,
    /// Only findings about the account with this id or name.
    account: Option<String>,
    /// Also findings that `findings.yaml` accepts.
    #[serde(default)]
    accepted: bool,
    /// Begin behind this position: `next` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
    after: Option<String>,
    /// How many items a page has: 1 to 1,000, usually 100.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 1, maximum = 1000)]
    limit: Limit,
}

/// What the rules find in a source, the worst first.
#[utoipa::path(
    get,
    path = "/sources/{source}/findings",
    operation_id = "list_findings",
    tag = "findings",
    params(("source" = String, Path, description = "The source's name"), Fields),
    responses((status = 200, body = FindingPage), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn list(
    State(state): State<ServerState>,
    Path(source): Path<String>,
    Asked(fields): Asked<Fields>,
) -> Result<Json<FindingPage>, Failure> {
    let page = state.ask(move |reach| {
        let skip = match &fields.after {
            Some(after) => position(after)?,
            None => 0,
        };
        let question = Question {
            source: Some(source),
            least: Some(fields.severity.map_or(Severity::Low, Severity::from)),
            rule: fields.rule,
            account: fields.account,
            accepted: fields.accepted,
            skip,
            most: fields.limit.number(),
        };
        let answer = Answer::to(reach, &question)?;
        let not_checked = answer.summaries.iter().flat_map(|summary| &summary.not_checked);
        Ok(FindingPage {
            as_of: answer.as_of(),
            not_checked: not_checked.map(NotChecked::from).collect(),
            next: answer.has_more.then(|| (skip + question.most).to_string()),
            items: answer.findings.into_iter().map(Finding::from).collect(),
        })
    });
    Ok(Json(page.await?))
}
