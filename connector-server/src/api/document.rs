//! The document that describes the API, and the routes that it describes.

use super::etag::answer_once;
use super::{accounts, differences, entitlements, findings, jobs, plans, runs, sources};
use crate::state::State as ServerState;
use axum::{Json, Router};
use serde_json::Value;
use utoipa::openapi::SecurityRequirement;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, ServerBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Where the API begins.
const BASE: &str = "/api/v1";

/// The routes of the API and their description, from the same place.
fn parts() -> (Router<ServerState>, OpenApi) {
    let schemes = ComponentsBuilder::new()
        .security_scheme(
            "token",
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some("A token of `connector token new`"))
                    .build(),
            ),
        )
        .security_scheme(
            "session",
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
                "connector_PORT",
                "The session of the console; PORT is the port of the server",
            ))),
        );
    let document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Connector")
                .version("1")
                .description(Some("Who has access to what, as the last aggregations saw it, and jobs that read sources again. Lists are read page by page: pass `next` as `after`."))
                .license(Some(LicenseBuilder::new().name("Apache-2.0 OR MIT").identifier(Some("Apache-2.0 OR MIT")).build())),
        )
        .servers(Some([ServerBuilder::new().url(BASE).build()]))
        .components(Some(schemes.build()))
        .security(Some([
            SecurityRequirement::new::<_, _, &str>("token", []),
            SecurityRequirement::new::<_, _, &str>("session", []),
        ]))
        .build();
    OpenApiRouter::with_openapi(document)
        .routes(routes!(sources::list))
        .routes(routes!(sources::get))
        .routes(routes!(accounts::list))
        .routes(routes!(accounts::get))
        .routes(routes!(entitlements::list))
        .routes(routes!(entitlements::get))
        .routes(routes!(entitlements::holders))
        .routes(routes!(differences::list))
        .routes(routes!(findings::list))
        .routes(routes!(runs::list))
        .routes(routes!(runs::get))
        .routes(routes!(plans::get, plans::discard))
        .routes(routes!(plans::operations))
        .routes(routes!(plans::preview))
        .routes(routes!(plans::approve))
        .routes(routes!(plans::apply))
        .routes(routes!(plans::abandon))
        .routes(routes!(jobs::aggregate))
        .routes(routes!(jobs::test))
        .routes(routes!(jobs::get))
        .routes(routes!(jobs::stop))
        .split_for_parts()
}

/// What takes a whole plan, and may be longer.
fn of_plans() -> (Router<ServerState>, OpenApi) {
    OpenApiRouter::new().routes(routes!(plans::list, plans::write)).split_for_parts()
}

/// The routes that take whole plans, below `/api/v1`.
pub(crate) fn uploads() -> Router<ServerState> {
    let (routes, _) = of_plans();
    Router::new().nest(BASE, routes.layer(axum::middleware::from_fn(answer_once)))
}

/// The routes, below `/api/v1`.
pub(crate) fn router() -> Router<ServerState> {
    let (routes, _) = parts();
    let document = openapi();
    let routes = routes.route("/openapi.json", axum::routing::get(async move || Json(document)));
    Router::new().nest(BASE, routes.layer(axum::middleware::from_fn(answer_once)))
}

/// The `OpenAPI` 3.1 document of the API.
///
/// ```
/// let document = connector_server::openapi();
/// assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
/// assert!(document["paths"]["/sources"]["get"].is_object());
/// ```
pub fn openapi() -> Value {
    let ((_, mut document), (_, plans)) = (parts(), of_plans());
    document.merge(plans);
    serde_json::to_value(document).unwrap_or_default()
}
