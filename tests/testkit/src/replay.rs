//! A server on loopback that answers from a recording.

use bytes::Bytes;
use connector_core::{RecordedAnswer, Recording};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A server on loopback that answers from a recording: a folder that `connector test NAME --record DIR` or
/// `HttpOptions::tape` has written.
///
/// A request that was not recorded gets status 501 and an error that names it, and [`Replay::finish`] fails. For a request that was
/// recorded several times, the answers come in their order, and the last one stays. In answers, the URL of the recorded source is
/// replaced by that of this server, so links lead here.
///
/// ```no_run
/// # async fn accounts(base_url: &str) -> usize { base_url.len() }
/// # async fn read() -> std::io::Result<()> {
/// let replay = connector_testkit::Replay::start("tests/recordings/acme")?;
/// // Open the connector with `replay.url()` as its base URL, and read.
/// assert_eq!(accounts(replay.url()).await, 3);
/// replay.finish().expect("each request was recorded, and each answer is used");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Replay {
    url: String,
    state: Arc<State>,
    /// The thread of the server ends with this.
    _stop: oneshot::Sender<()>,
}

#[derive(Debug)]
struct State {
    folder: PathBuf,
    url: String,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    recording: Recording,
    unknown: Vec<String>,
}

impl Replay {
    /// Starts a server for the recording in a folder. Fails if the folder has no answers, or a file that is none.
    pub fn start(folder: impl AsRef<Path>) -> io::Result<Self> {
        let folder = folder.as_ref().to_owned();
        let recording = read(&folder)
            .map_err(|cause| io::Error::new(cause.kind(), format!("can't replay `{}`: {cause}", folder.display())))?;
        let socket = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        socket.set_nonblocking(true)?;
        let url = format!("http://{}", socket.local_addr()?);
        let seen = Mutex::new(Seen { recording, unknown: Vec::new() });
        let state = Arc::new(State { folder, url: url.clone(), seen });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let answering = state.clone();
        std::thread::Builder::new().name("replay".to_owned()).spawn(move || {
            runtime.spawn(listen(socket, answering));
            runtime.block_on(stopped)
        })?;
        Ok(Self { url, state, _stop: stop })
    }

    /// The URL of the server, without a path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The requests so far that were not recorded.
    pub fn unknown(&self) -> Vec<String> {
        self.state.seen().unknown.clone()
    }

    /// Fails if a request came that was not recorded, or if nobody asked for an answer of the recording. The error names them.
    pub fn finish(self) -> Result<(), String> {
        let seen = self.state.seen();
        let list = |what: &str, requests: &[String]| match requests {
            [] => String::new(),
            some => format!("\n{what}:\n  {}", some.join("\n  ")),
        };
        let faults =
            list("not recorded", &seen.unknown) + &list("recorded, but nobody asked", &seen.recording.unasked());
        if faults.is_empty() { Ok(()) } else { Err(format!("`{}`:{faults}", self.state.folder.display())) }
    }
}

impl State {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, asked: RecordedAnswer) -> Response<Full<Bytes>> {
        let what = format!("{} {}", asked.method, asked.target);
        let mut seen = self.seen();
        let Some(answer) = seen.recording.answer(asked) else {
            let message = format!("`{}` has no answer to `{what}`", self.folder.display());
            seen.unknown.push(what);
            let body = serde_json::json!({"error": "not_recorded", "message": message}).to_string();
            let mut answer = Response::new(Full::from(body));
            *answer.status_mut() = StatusCode::NOT_IMPLEMENTED;
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            return answer;
        };
        let here = |text: &str| {
            seen.recording.origins().iter().fold(text.to_owned(), |text, from| text.replace(from, &self.url))
        };
        let mut response = Response::new(Full::from(here(&answer.body_text())));
        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in &answer.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&here(value))) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

fn read(folder: &Path) -> io::Result<Recording> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "json") {
            files.push((path.display().to_string(), std::fs::read(&path)?));
        }
    }
    Recording::read(files).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

async fn listen(socket: std::net::TcpListener, state: Arc<State>) {
    let Ok(listener) = TcpListener::from_std(socket) else { return };
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let state = state.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| respond(request, state.clone()));
            // An error here is a client that went away.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(request: Request<Incoming>, state: Arc<State>) -> hyper::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let sent = body.collect().await?.to_bytes();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    Ok(state.answer(RecordedAnswer::new(head.method.as_str(), "", target, 0).with_sent(&sent)))
}
