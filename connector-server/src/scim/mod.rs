//! SCIM 2.0 out (RFC 7643, RFC 7644, RFC 9865): other systems read and change a source here as they do any SCIM server.
//!
//! Accounts are Users, entitlements are Groups. What a source has beyond the standard schemas stands in an extension of its own.
//! Reads come from the store; each write becomes a plan.

mod discovery;
pub(crate) mod fault;
mod filter;
mod list;
mod names;
mod places;
mod rank;
mod resource;
mod write;

use crate::state::State as ServerState;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};

/// The routes, below `/scim/v2/{source}`.
pub(crate) fn router() -> Router<ServerState> {
    let routes = Router::new()
        .route("/ServiceProviderConfig", get(discovery::configuration))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{name}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas))
        .route("/Schemas/{id}", get(discovery::schema))
        .route("/Users", get(list::users).post(write::create_user))
        .route("/Users/{id}", get(list::user).put(write::put_user).patch(write::patch_user).delete(write::delete_user))
        .route("/Groups", get(list::groups).post(write::create_group))
        .route(
            "/Groups/{id}",
            get(list::group).put(write::put_group).patch(write::patch_group).delete(write::delete_group),
        )
        // What is asked for in a body is asked for in the address, too.
        .route("/.search", post(not_implemented))
        .route("/Bulk", post(not_implemented));
    Router::new().nest("/scim/v2/{source}", routes)
}

async fn not_implemented() -> StatusCode {
    StatusCode::NOT_IMPLEMENTED
}
