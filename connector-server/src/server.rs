//! Listens, and serves until it is told to stop.

use crate::door::{Doors, Link};
use crate::live::Pulse;
use crate::state::State;
use crate::{api, assets, clock, door, failure, health, live, pages, scim};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum_server::Handle;
use connector_core::{Error, ErrorKind, Result};
use connector_engine::store::Place;
use connector_project::source::Project;
use hyper_util::rt::TokioTimer;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// No form of the console is longer.
const LONGEST_BODY: usize = 64 * 1024;

/// How long an answer may take. A condition on a million accounts is read in a fraction of it.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// How long a client may take to send the head of a request.
const LONGEST_HEAD: Duration = Duration::from_secs(5);

/// How long open requests may go on after the server was told to stop. Live streams end at once.
const GRACE: Duration = Duration::from_secs(10);

/// Where the server listens.
///
/// ```
/// use connector_server::Listen;
///
/// assert!("127.0.0.1:0".parse::<Listen>().is_ok());
/// let refused = "0.0.0.0:8080".parse::<Listen>().unwrap_err();
/// assert!(refused.message().contains("other machines"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(SocketAddr);

impl Default for Listen {
    /// A free port of this machine.
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

impl std::str::FromStr for Listen {
    type Err = Error;

    /// An address of this machine with a port: `127.0.0.1:8080`, `[::1]:0`. Fails with kind `definition` for any other.
    fn from_str(text: &str) -> Result<Self> {
        let address: SocketAddr = text.parse().map_err(|_| {
            Error::definition(format!("`{text}` is not an address with a port"))
                .with_help("write for example `127.0.0.1:8080`, or port 0 for a free one")
        })?;
        if address.ip().is_loopback() {
            return Ok(Self(address));
        }
        Err(Error::definition(format!("other machines could reach `{text}`, and the console has no TLS and no sign-in for them"))
            .with_help("listen on 127.0.0.1 or [::1], and reach it from elsewhere through an SSH tunnel: `ssh -L 8080:127.0.0.1:8080 HOST`"))
    }
}

/// A server that listens and does not serve yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    link: Link,
    state: State,
    has_clock: bool,
}

impl Server {
    /// Listens for the project and its store, which need not exist yet. Who may use the server is kept in a file beside `beside`. Everything ends when `stop` is canceled.
    ///
    /// Fails with kind `unavailable` if the port is taken.
    pub fn bind(
        project: &Project,
        store: Place,
        beside: &Path,
        listen: Listen,
        stop: CancellationToken,
    ) -> Result<Self> {
        let taken = |cause: std::io::Error| {
            Error::new(ErrorKind::Unavailable, format!("can't listen on {}: {cause}", listen.0))
                .with_help("choose another port with `--listen`, or port 0 for a free one")
                .with_cause(cause)
        };
        let listener = TcpListener::bind(listen.0).map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let link = Link::new(address)?;
        Ok(Self { listener, address, link, state: State::new(project, store, beside, stop), has_clock: true })
    }

    /// Without a clock: something else reads the sources when their schedules say so.
    #[must_use]
    pub fn without_clock(self) -> Self {
        Self { has_clock: false, ..self }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link with which somebody signs in. It works once.
    pub fn sign_in_link(&self) -> String {
        self.link.current()
    }

    /// Serves until the token that it was bound with is canceled. `next_link` gets a new link each time that one was used.
    pub async fn serve(self, next_link: impl Fn(&str) + Send + Sync + 'static) -> Result<()> {
        let Self { listener, address, link, state, has_clock } = self;
        let (stop, handle) = (state.stop().clone(), Handle::new());
        let pulse = Pulse::start(&state);
        let clock = has_clock.then(|| clock::watch(&state));
        let jobs = state.jobs().clone();
        let router = router(state, &Doors::new(address, link, next_link), pulse);
        let ending = tokio::spawn({
            let handle = handle.clone();
            async move {
                stop.cancelled().await;
                handle.graceful_shutdown(Some(GRACE));
            }
        });
        let unusable = |cause: std::io::Error| Error::internal(format!("the server ended: {cause}")).with_cause(cause);
        let mut server = axum_server::from_tcp(listener).map_err(unusable)?.handle(handle);
        server.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(LONGEST_HEAD);
        let result = server.serve(router.into_make_service()).await.map_err(unusable);
        ending.abort();
        // A read that was stopped writes how far it came.
        jobs.end().await;
        if let (Some(clock), true) = (clock, result.is_ok()) {
            clock.await.map_err(|cause| Error::internal("the clock ended before its time").with_cause(cause))?;
        }
        result
    }
}

/// What somebody sends with a plan in it may be longer. In a form, every character may take three.
const LONGEST_PLAN: usize = 3 * crate::written::LONGEST;

/// What a SCIM client sends: all members of a large group.
const LONGEST_SCIM: usize = 4 * 1024 * 1024;

fn router(state: State, doors: &Doors, pulse: Pulse) -> Router {
    let uploads = Router::new()
        .route("/sources/{source}/plans", get(pages::plans::of_source).post(pages::plans::write))
        .merge(api::uploads())
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(LONGEST_PLAN));
    let inside = Router::new()
        .route("/", get(pages::home::page))
        .route("/sources/{source}", get(pages::source::page))
        .route("/sources/{source}/aggregate", post(pages::actions::aggregate))
        .route("/sources/{source}/stop", post(pages::actions::stop))
        .route("/sources/{source}/test", get(pages::test::page).post(pages::actions::test))
        .route("/search", get(pages::search::page))
        .route("/certificates", get(pages::certificates::page))
        .route("/audit", get(pages::audit::page))
        .route("/sources/{source}/accounts", get(pages::accounts::page))
        .route("/sources/{source}/accounts/{id}", get(pages::account::page))
        .route("/sources/{source}/entitlements", get(pages::entitlements::page))
        .route("/sources/{source}/entitlements/{type}/{id}", get(pages::entitlement::page))
        .route("/sources/{source}/diff", get(pages::diff::page))
        .route("/sources/{source}/findings", get(pages::findings::of_source))
        .route("/findings", get(pages::findings::all))
        .route("/identities", get(pages::identities::page))
        .route("/identities/{id}", get(pages::person::page))
        .route("/runs", get(pages::runs::page))
        .route("/runs/{id}", get(pages::run::page))
        .route("/live", get(live::stream).with_state((state.clone(), pulse)))
        .route("/sign-out", post(door::sign_out))
        .route("/schedule", get(pages::schedule::page))
        .route("/plans", get(pages::plans::all))
        .route("/sources/{source}/plans/{id}", get(pages::plan::page))
        .route("/sources/{source}/plans/{id}/preview", post(pages::plan_actions::preview))
        .route("/sources/{source}/plans/{id}/approve", post(pages::plan_actions::approve))
        .route("/sources/{source}/plans/{id}/apply", post(pages::plan_actions::apply))
        .route("/sources/{source}/plans/{id}/abandon", post(pages::plan_actions::abandon))
        .route("/sources/{source}/plans/{id}/discard", post(pages::plan_actions::discard))
        .route("/sources/{source}/plans/{id}/stop", post(pages::plan_actions::stop))
        .merge(api::router())
        .layer(RequestBodyLimitLayer::new(LONGEST_BODY))
        .merge(uploads)
        .merge(scim::router().layer(DefaultBodyLimit::disable()).layer(RequestBodyLimitLayer::new(LONGEST_SCIM)))
        .fallback(failure::no_page)
        .layer(axum::middleware::from_fn_with_state(state.clone(), door::require_session));
    let outside = Router::new()
        .route("/sign-in", get(door::sign_in).post(door::sign_in_with_token).with_state((state.clone(), doors.clone())))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready).with_state(state.clone()))
        .route("/assets/{hash}/{name}", get(assets::serve));
    outside
        .layer(RequestBodyLimitLayer::new(LONGEST_BODY))
        .merge(inside)
        .layer(doors.sessions())
        .layer(door::csrf())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST_ANSWER))
        .layer(CatchPanicLayer::new())
        .layer(axum::middleware::from_fn_with_state(doors.clone(), door::require_host))
        .layer(axum::middleware::from_fn_with_state(state.clone(), failure::render))
        .layer(axum::middleware::map_response(door::guard_answer))
        .with_state(state)
}
