//! `/api/v1/sources/{source}/entitlements`.

use super::Limit;
use super::model::{Entitlement, Holder, Page, Problem};
use crate::asked::Asked;
use crate::failure::Failure;
use crate::pages::Window;
use crate::state::State as ServerState;
use axum::Json;
use axum::extract::{Path, State};
use connector_core::{EntitlementRef, Result};
use connector_engine::query::{self, Breadth};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListFields {
    /// Only entitlements of this type.
    #[serde(rename = "type")]
    entitlement_type: Option<String>,
    /// Begin behind this position: `next` of the page before.
    after: Option<String>,
    /// How many items a page has: 1 to 1,000, usually 100.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 1, maximum = 1000)]
    limit: Limit,
}

/// The entitlements of a source, in the order of type and id.
#[utoipa::path(
    get,
    path = "/sources/{source}/entitlements",
    operation_id = "list_entitlements",
    tag = "entitlements",
    params(("source" = String, Path, description = "The source's name"), ListFields),
    responses((status = 200, body = Page<Entitlement>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn list(
    State(state): State<ServerState>,
    Path(source): Path<String>,
    Asked(fields): Asked<ListFields>,
) -> Result<Json<Page<Entitlement>>, Failure> {
    let page = state.ask(move |reach| {
        let store = reach.store_of(&source)?;
        // A type has no slash; an id may have one.
        let after = fields.after.as_deref().map(|after| after.split_once('/').unwrap_or((after, "")));
        let mut window = Window::of(fields.limit.number());
        let read = query::entitlements(store, &source, fields.entitlement_type.as_deref(), |stored| {
            let key = &stored.entitlement.key;
            if after.is_some_and(|after| (&*key.entitlement_type, key.id.as_str()) <= after) {
                return Ok(());
            }
            window.take(|| (key.to_string(), Entitlement::from(stored)))
        });
        window.ended(read)?;
        let next = window.rows.last().filter(|_| window.has_more).map(|(position, _)| position.clone());
        Ok(Page { items: window.rows.into_iter().map(|(_, item)| item).collect(), next })
    });
    Ok(Json(page.await?))
}

/// One entitlement.
#[utoipa::path(
    get,
    path = "/sources/{source}/entitlements/{type}/{id}",
    operation_id = "get_entitlement",
    tag = "entitlements",
    params(
        ("source" = String, Path, description = "The source's name"),
        ("type" = String, Path, description = "The type"),
        ("id" = String, Path, description = "The id or the name"),
    ),
    responses((status = 200, body = Entitlement), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn get(
    State(state): State<ServerState>,
    Path((source, entitlement_type, id)): Path<(String, String, String)>,
) -> Result<Json<Entitlement>, Failure> {
    let found = state.ask(move |reach| {
        let store = reach.store_of(&source)?;
        let key = EntitlementRef::new(entitlement_type, id);
        Ok(Entitlement::from(&query::entitlement(store, &source, &key.to_string())?))
    });
    Ok(Json(found.await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HolderFields {
    /// Also accounts that hold it through other entitlements, each with the shortest path.
    #[serde(default)]
    effective: bool,
    /// Also assignments that are expired, inactive or scheduled.
    #[serde(default)]
    all_states: bool,
    /// Begin behind this position: `next` of the page before.
    after: Option<String>,
    /// How many items a page has: 1 to 1,000, usually 100. An account that holds it in several ways is on one page, which may be
    /// longer then.
    #[serde(default)]
    #[param(value_type = Option<u64>, minimum = 1, maximum = 1000)]
    limit: Limit,
}

/// The accounts that hold an entitlement, in the order of their ids.
#[utoipa::path(
    get,
    path = "/sources/{source}/entitlements/{type}/{id}/holders",
    operation_id = "list_holders",
    tag = "entitlements",
    params(
        ("source" = String, Path, description = "The source's name"),
        ("type" = String, Path, description = "The type"),
        ("id" = String, Path, description = "The id or the name"),
        HolderFields,
    ),
    responses((status = 200, body = Page<Holder>), (status = "default", body = Problem, content_type = "application/problem+json")),
)]
pub(super) async fn holders(
    State(state): State<ServerState>,
    Path((source, entitlement_type, id)): Path<(String, String, String)>,
    Asked(fields): Asked<HolderFields>,
) -> Result<Json<Page<Holder>>, Failure> {
    let page = state.ask(move |reach| {
        let store = reach.store_of(&source)?;
        let key = EntitlementRef::new(entitlement_type, id);
        let breadth = Breadth { effective: fields.effective, all_states: fields.all_states };
        let mut window = Window::of(fields.limit.number());
        let read = query::holders(store, &source, &key, breadth, |holder| {
            if fields.after.as_ref().is_some_and(|after| holder.id <= *after) {
                return Ok(());
            }
            // Positions are accounts: all ways of one account stay together.
            window.take_with(|last: &Holder| last.id == holder.id, || Holder::from(holder))
        });
        window.ended(read)?;
        let next = window.rows.last().filter(|_| window.has_more).map(|last| last.id.clone());
        Ok(Page { items: window.rows, next })
    });
    Ok(Json(page.await?))
}
