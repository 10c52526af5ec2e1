//! SCIM 2.0 out (RFC 7643, RFC 7644, RFC 9865): other systems read a source here as they read any SCIM server.
//!
//! Accounts are Users, entitlements are Groups. What a source has beyond the core schemas stands in an extension of its own. It only
//! reads: changes go through plans.

mod discovery;
pub(crate) mod fault;
mod filter;
mod list;
mod names;
mod resource;

use crate::state::State as ServerState;
use axum::Router;
use axum::routing::get;

/// The routes, below `/scim/v2/{source}`.
pub(crate) fn router() -> Router<ServerState> {
    let routes = Router::new()
        .route("/ServiceProviderConfig", get(discovery::configuration))
        .route("/ResourceTypes", get(discovery::resource_types))
        .route("/ResourceTypes/{name}", get(discovery::resource_type))
        .route("/Schemas", get(discovery::schemas))
        .route("/Schemas/{id}", get(discovery::schema))
        .route("/Users", get(list::users))
        .route("/Users/{id}", get(list::user))
        .route("/Groups", get(list::groups))
        .route("/Groups/{id}", get(list::group));
    Router::new().nest("/scim/v2/{source}", routes)
}
