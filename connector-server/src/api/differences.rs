//! `/api/v1/sources/{source}/diff`.

use super::model::{Difference, DifferencePage, Problem};
use super::{Limit, position};
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::State as ServerState;
use axum::Json;
use axum::extract::{Path, State};
use connector_core::Result;
use connector_engine::query;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Fields {
    /// Changes after this run; the run that succeeded before `to`, if it is not given.
    from: Option<String>,
    /// Changes up to this run; the last run that succeeded, if it is not given.
    to: Option<String>,
    /// Begin behind this position: `next` of the page before.
    #[param(pattern = "^[0-9]{1,18}$")]
    after: Option<String>,
    /// How many items a page has: 1 to 1,000, usually 100.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 1, maximum = 1000)]
    limit: Limit,
}

/// What changed between two runs: accounts, entitlements, then assignments.
#[utoipa::path(
    get,
    path = "/sources/{source}/diff",
    operation_id = "list_differences",
    tag = "runs",
    params(("source" = String, Path, description = "The source's name"), Fields),
    responses((status = 200, body = DifferencePage), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn list(
    State(state): State<ServerState>,
    Path(source): Path<String>,
    Asked(fields): Asked<Fields>,
) -> Result<Json<DifferencePage>, Failure> {
    let page = state.ask(move |reach| {
        let store = reach.store_of(&source)?;
        let begin = match &fields.after {
            Some(after) => position::<usize>(after)?,
            None => 0,
        };
        let end = begin.saturating_add(fields.limit.number());
        let (mut position, mut items) = (0, Vec::new());
        let (from, to) = (fields.from.as_deref(), fields.to.as_deref());
        let summary = query::diff(store, &source, from, to, |difference| {
            if (begin..end).contains(&position) {
                items.push(Difference::from(difference));
            }
            position += 1;
            Ok(())
        })?;
        Ok(DifferencePage {
            from: summary.from,
            to: summary.to,
            accounts: summary.counts.accounts.into(),
            entitlements: summary.counts.entitlements.into(),
            assignments: summary.counts.assignments.into(),
            nestings: summary.nestings.into(),
            items,
            next: (position > end).then(|| end.to_string()),
        })
    });
    Ok(Json(page.await?))
}
