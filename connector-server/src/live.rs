//! Tells open pages that something changed.

use crate::failure::Failure;
use crate::state::State as ServerState;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use connector_core::{Error, ErrorKind};
use connector_engine::query;
use futures_util::stream::{self, StreamExt};
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// How often the store is asked whether a run began, went on or ended, while somebody watches.
const BEAT: Duration = Duration::from_secs(1);

/// How many pages may be open at the same time.
const STREAMS: usize = 64;

/// How many of the newest runs are watched.
const WATCHED: u64 = 20;

/// Changes when a run began, went on or ended.
#[derive(Clone, Debug)]
pub(crate) struct Pulse {
    seen: watch::Receiver<u64>,
    streams: Arc<Semaphore>,
}

impl Pulse {
    /// Watches the store from now on, until the server stops.
    pub(crate) fn start(state: &ServerState) -> Self {
        let (tell, seen) = watch::channel(0);
        let state = state.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(BEAT) => {}
                    () = state.stop().cancelled() => return,
                }
                // The first one belongs to the router.
                if tell.receiver_count() > 1
                    && let Ok(now) = fingerprint(&state).await
                {
                    tell.send_if_modified(|before| std::mem::replace(before, now) != now);
                }
            }
        });
        Self { seen, streams: Arc::new(Semaphore::new(STREAMS)) }
    }
}

/// A number that differs when the newest runs do.
async fn fingerprint(state: &ServerState) -> connector_core::Result<u64> {
    let jobs = state.jobs().version();
    state
        .ask(move |reach| {
            let Some(store) = &reach.store else { return Ok(jobs) };
            let mut hasher = DefaultHasher::new();
            jobs.hash(&mut hasher);
            for run in query::runs(store, None, Some(WATCHED))? {
                (&run.report.run, run.report.status, run.report.api_calls).hash(&mut hasher);
                for (_, counts) in run.report.counts.named() {
                    (counts.seen, counts.added, counts.changed, counts.removed).hash(&mut hasher);
                }
            }
            Ok(hasher.finish())
        })
        .await
}

/// A stream of server-sent events. Each one says that the page should be read again. It ends with the server.
pub(crate) async fn stream(State((state, pulse)): State<(ServerState, Pulse)>, headers: HeaderMap) -> Response {
    let Ok(place) = pulse.streams.clone().try_acquire_owned() else {
        let error = Error::new(ErrorKind::Unavailable, "too many pages are open").with_help("close some of them");
        return Failure::from(error).into_response();
    };
    let before = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let Ok(now) = fingerprint(&state).await else {
        return Failure::from(Error::unavailable("the store can't be watched")).into_response();
    };
    let mut seen = pulse.seen.clone();
    seen.mark_unchanged();
    let first = if before.is_some_and(|before| before != now) {
        changed(now)
    } else {
        Event::default().event("ready").id(now.to_string()).data("")
    };
    let changes = stream::unfold((seen, place), |(mut seen, place)| async move {
        seen.changed().await.ok()?;
        let now = *seen.borrow_and_update();
        Some((changed(now), (seen, place)))
    });
    let stop = state.stop().clone().cancelled_owned();
    let events = stream::once(async { first }).chain(changes).map(Ok::<_, Infallible>).take_until(stop);
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response()
}

fn changed(now: u64) -> Event {
    Event::default().id(now.to_string()).data("changed")
}
