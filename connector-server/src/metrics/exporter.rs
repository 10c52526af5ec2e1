//! Serves the metrics, and says whether a program lives and can work.

use super::{METRICS_TYPE, metrics};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use connector_core::{Error, ErrorKind, Result};
use connector_engine::store::{Place, Store};
use connector_project::source::Project;
use jiff::Timestamp;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tower_http::timeout::TimeoutLayer;

/// How long an answer may take.
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// A listener for programs that watch a worker: `/metrics`, `/healthz` and `/readyz`.
///
/// It shows names of sources and counts, and takes nothing, so it has no sign-in. Keep it inside of a network that you trust.
#[derive(Debug)]
pub struct Exporter {
    listener: TcpListener,
    address: SocketAddr,
    watched: Watched,
}

/// What is watched.
#[derive(Clone, Debug)]
struct Watched {
    folder: Arc<Path>,
    store: Place,
}

impl Exporter {
    /// Listens for the project and its store, which need not exist yet. Fails with kind `unavailable` if the address is taken
    /// or not one of this machine.
    pub fn bind(project: &Project, store: Place, address: SocketAddr) -> Result<Self> {
        let unusable = |cause: std::io::Error| {
            Error::new(ErrorKind::Unavailable, format!("can't listen on {address}: {cause}"))
                .with_help("choose another address with `--listen`, for example 127.0.0.1:9464")
                .with_cause(cause)
        };
        let listener = TcpListener::bind(address).map_err(unusable)?;
        listener.set_nonblocking(true).map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        let watched = Watched { folder: project.folder().into(), store };
        Ok(Self { listener, address, watched })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the token is canceled.
    pub async fn serve(self, stop: CancellationToken) -> Result<()> {
        let router = Router::new()
            .route("/metrics", get(scrape))
            .route("/healthz", get(async || "ok\n"))
            .route("/readyz", get(ready))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, LONGEST_ANSWER))
            .with_state(self.watched);
        let ended = |cause: std::io::Error| Error::internal(format!("the metrics end: {cause}")).with_cause(cause);
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(ended)?;
        let serving = axum::serve(listener, router).into_future();
        // A client that keeps its connection open is no reason to stay.
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            result = serving => result.map_err(ended),
        }
    }
}

impl Watched {
    /// Asks the project and the store something, on a thread that may wait for the disk.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Project, Option<&Store>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let watched = self.clone();
        let answered = tokio::task::spawn_blocking(move || {
            let project = Project::at(&*watched.folder);
            let store = Store::open_existing(watched.store)?;
            question(&project, store.as_ref())
        });
        answered.await.map_err(|cause| Error::internal("the question could not be answered").with_cause(cause))?
    }
}

async fn scrape(State(watched): State<Watched>) -> Response {
    match watched.ask(|project, store| metrics(project, store, Timestamp::now())).await {
        Ok(text) => ([(CONTENT_TYPE, METRICS_TYPE)], text).into_response(),
        Err(error) => unavailable(&error),
    }
}

/// A worker can work if it can read its settings, its list of sources and its store.
async fn ready(State(watched): State<Watched>) -> Response {
    let readable = |project: &Project, _: Option<&Store>| {
        project.settings()?;
        project.sources()
    };
    match watched.ask(readable).await {
        Ok(_) => "ok\n".into_response(),
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &Error) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", error.message())).into_response()
}
