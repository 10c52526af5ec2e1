//! `/api/v1/sources/{source}/accounts`.

use super::Limit;
use super::model::{Account, AccountWithHistory, Page, Problem};
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::State as ServerState;
use axum::Json;
use axum::extract::{Path, State};
use connector_core::Result;
use connector_engine::query::{self, AccountQuery, Breadth};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListFields {
    /// Only accounts that match this condition, in the language of `connector accounts --where`: `not enabled and name like
    /// "%@acme.example"`.
    #[serde(rename = "where")]
    condition: Option<String>,
    /// Only accounts that hold this entitlement: `TYPE/ID` or `TYPE/NAME`.
    holding: Option<String>,
    /// Only accounts that were removed from the source.
    #[serde(default)]
    removed: bool,
    /// Also entitlements that are held through others, each with its path.
    #[serde(default)]
    effective: bool,
    /// Also assignments that are expired, inactive or scheduled.
    #[serde(default)]
    all_states: bool,
    /// Begin behind this position: `next` of the page before.
    after: Option<String>,
    /// How many items a page has: 1 to 1,000, usually 100.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 1, maximum = 1000)]
    limit: Limit,
}

/// The accounts of a source, in the order of their ids.
#[utoipa::path(
    get,
    path = "/sources/{source}/accounts",
    operation_id = "list_accounts",
    tag = "accounts",
    params(("source" = String, Path, description = "The source's name"), ListFields),
    responses((status = 200, body = Page<Account>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn list(
    State(state): State<ServerState>,
    Path(source): Path<String>,
    Asked(fields): Asked<ListFields>,
) -> Result<Json<Page<Account>>, Failure> {
    let page = state.ask(move |reach| {
        let store = reach.store_of(&source)?;
        let condition = fields.condition.as_deref().filter(|text| !text.trim().is_empty());
        let filter =
            condition.map(|text| query::condition(&reach.project, store, &source, &source, text)).transpose()?;
        let query = AccountQuery {
            filter: filter.as_ref(),
            holding: fields.holding.as_deref(),
            breadth: Breadth { effective: fields.effective, all_states: fields.all_states },
            removed: fields.removed,
            after: fields.after.as_deref(),
            limit: Some(fields.limit.number() as u64 + 1),
        };
        let mut items = Vec::new();
        let mut last = None;
        query::accounts(store, &source, &query, |account| {
            if items.len() < fields.limit.number() {
                last = Some(account.id.clone());
            }
            items.push(Account::from(account));
            Ok(())
        })?;
        let next = last.filter(|_| items.len() > fields.limit.number());
        items.truncate(fields.limit.number());
        Ok(Page { items, next })
    });
    Ok(Json(page.await?))
}

/// One account, with everything that it holds and its history.
#[utoipa::path(
    get,
    path = "/sources/{source}/accounts/{account}",
    operation_id = "get_account",
    tag = "accounts",
    params(
        ("source" = String, Path, description = "The source's name"),
        ("account" = String, Path, description = "The account's id or name; the beginning of an id is enough"),
    ),
    responses((status = 200, body = AccountWithHistory), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn get(
    State(state): State<ServerState>,
    Path((source, id)): Path<(String, String)>,
) -> Result<Json<AccountWithHistory>, Failure> {
    let found = state.ask(move |reach| {
        let store = reach.store_of(&source)?;
        let detail = query::account(store, &source, &id, Breadth { effective: true, all_states: true })?;
        Ok(AccountWithHistory::from(&detail))
    });
    Ok(Json(found.await?))
}
