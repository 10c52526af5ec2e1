//! A proxy on loopback between a connector and its source.

use crate::fault::{Fault, SLOW};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Whether a request changes the source, by its method and its path.
type IsWrite = fn(method: &str, path: &str) -> bool;

/// A proxy on loopback between a connector and its source. The trials of faults disturb what passes through it.
///
/// The source must speak plain HTTP on loopback: a simulated system, or a real server that a test starts.
#[derive(Debug)]
pub struct Proxy {
    state: Arc<State>,
    runtime: Handle,
    /// The thread of the proxy ends with this.
    _stop: oneshot::Sender<()>,
}

#[derive(Debug)]
struct State {
    is_write: IsWrite,
    traffic: Mutex<Traffic>,
}

#[derive(Debug, Default)]
struct Traffic {
    /// The URL of each source without a path, and the URL of the proxy before it.
    routes: Vec<(String, String)>,
    fault: Option<(Fault, std::ops::Range<usize>)>,
    requests: usize,
    writes: usize,
}

type Chunk = Result<Frame<Bytes>, io::Error>;
type Body = StreamBody<stream::Iter<std::vec::IntoIter<Chunk>>>;

impl Proxy {
    /// Starts a proxy. Add each host of the source with [`Proxy::before`].
    pub fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        std::thread::Builder::new().name("proxy".to_owned()).spawn(move || runtime.block_on(stopped))?;
        let is_write: IsWrite = |method, _| !matches!(method, "GET" | "HEAD" | "OPTIONS");
        let state = Arc::new(State { is_write, traffic: Mutex::default() });
        Ok(Self { state, runtime: handle, _stop: stop })
    }

    /// Says which requests change the source, by their method and path. Without it, each but `GET`, `HEAD` and `OPTIONS` does. Call it
    /// before [`Proxy::before`].
    #[must_use]
    pub fn with_writes(mut self, is_write: fn(method: &str, path: &str) -> bool) -> Self {
        self.state = Arc::new(State { is_write, traffic: Mutex::default() });
        self
    }

    /// Stands before a host of the source, such as `http://127.0.0.1:8080`. Returns the URL that the connector must use instead. In
    /// answers, the proxy replaces the one by the other.
    pub fn before(&self, source: &str) -> io::Result<String> {
        let source = source.trim_end_matches('/').to_owned();
        let Some(authority) = source.strip_prefix("http://").map(str::to_owned) else {
            let message = format!("the proxy needs the URL of a source with plain HTTP, not `{source}`");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        };
        let socket = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        socket.set_nonblocking(true)?;
        let url = format!("http://{}", socket.local_addr()?);
        self.state.traffic().routes.push((source, url.clone()));
        let state = self.state.clone();
        self.runtime.spawn(async move {
            if let Ok(listener) = TcpListener::from_std(socket) {
                listen(&listener, &authority, &state).await;
            }
        });
        Ok(url)
    }

    /// From now on, disturbs the requests of this range. Counting starts at 0.
    pub(crate) fn disturb(&self, fault: Fault, which: std::ops::Range<usize>) {
        let mut traffic = self.state.traffic();
        (traffic.fault, traffic.requests, traffic.writes) = (Some((fault, which)), 0, 0);
    }

    /// From now on, disturbs nothing. Counting starts at 0.
    pub(crate) fn calm(&self) {
        let mut traffic = self.state.traffic();
        (traffic.fault, traffic.requests, traffic.writes) = (None, 0, 0);
    }

    /// How many requests came.
    pub(crate) fn requests(&self) -> usize {
        self.state.traffic().requests
    }

    /// How many of them change the source.
    pub(crate) fn writes(&self) -> usize {
        self.state.traffic().writes
    }
}

impl State {
    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request; returns what is to happen to it.
    fn count(&self, method: &Method, path: &str) -> Option<Fault> {
        let mut traffic = self.traffic();
        let number = traffic.requests;
        traffic.requests += 1;
        traffic.writes += usize::from((self.is_write)(method.as_str(), path));
        let fault = traffic.fault.as_ref();
        fault.filter(|(_, which)| which.contains(&number)).map(|(fault, _)| *fault)
    }

    /// The text with the URLs of the proxy instead of those of the source.
    fn rewritten(&self, text: &str) -> String {
        let traffic = self.traffic();
        traffic.routes.iter().fold(text.to_owned(), |text, (source, proxy)| text.replace(source.as_str(), proxy))
    }
}

async fn listen(listener: &TcpListener, authority: &str, state: &Arc<State>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (authority, state) = (authority.to_owned(), state.clone());
        tokio::spawn(async move {
            let service = service_fn(move |request| pass(request, authority.clone(), state.clone()));
            // An error here is a client that went away, or a fault that closed the connection on purpose.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Passes one request on, unless a fault changes that. An error closes the connection.
async fn pass(request: Request<Incoming>, authority: String, state: Arc<State>) -> io::Result<Response<Body>> {
    let fault = state.count(request.method(), request.uri().path());
    match fault {
        Some(Fault::Reset) => return Err(io::ErrorKind::ConnectionReset.into()),
        Some(Fault::Status(status)) => return instead(request, status).await,
        Some(Fault::Html) => {
            return Ok(answer(StatusCode::OK, "text/html", b"<html><body>Be right back</body></html>"));
        }
        Some(Fault::Slow) => tokio::time::sleep(SLOW).await,
        _ => {}
    }
    let (status, mut headers, body) = forwarded(request, &authority).await.map_err(io::Error::other)?;
    if fault == Some(Fault::LostAnswer) {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    for value in headers.values_mut() {
        if let Some(rewritten) = value.to_str().ok().and_then(|text| HeaderValue::from_str(&state.rewritten(text)).ok())
        {
            *value = rewritten;
        }
    }
    let body = match std::str::from_utf8(&body) {
        Ok(text) => Bytes::from(state.rewritten(text)),
        Err(_) => body,
    };
    let half = body.slice(..body.len() / 2);
    let (length, chunks) = match fault {
        Some(Fault::EmptyAnswer) => (0, Vec::new()),
        Some(Fault::HalfAnswer) => (half.len(), vec![Ok(Frame::data(half))]),
        Some(Fault::CutAnswer) => {
            (body.len(), vec![Ok(Frame::data(half)), Err(io::ErrorKind::ConnectionAborted.into())])
        }
        _ => (body.len(), vec![Ok(Frame::data(body))]),
    };
    let mut answer = Response::new(StreamBody::new(stream::iter(chunks)));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    *answer.headers_mut() = headers;
    *answer.status_mut() = status;
    Ok(answer)
}

/// An answer that the source did not give. It repeats what was sent, secrets included, as some gateways do.
async fn instead(request: Request<Incoming>, status: u16) -> io::Result<Response<Body>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let echo = format!("{} {} {:?} {}", head.method, head.uri, head.headers, String::from_utf8_lossy(&body));
    let text = serde_json::json!({ "error": "out of service", "message": echo }).to_string();
    let status = StatusCode::from_u16(status).map_err(io::Error::other)?;
    let mut answer = answer(status, "application/json", text.as_bytes());
    answer.headers_mut().insert("retry-after", HeaderValue::from_static("0"));
    Ok(answer)
}

fn answer(status: StatusCode, kind: &'static str, body: &[u8]) -> Response<Body> {
    let mut answer = Response::new(StreamBody::new(stream::iter(vec![Ok(Frame::data(Bytes::copy_from_slice(body)))])));
    answer.headers_mut().insert("content-type", HeaderValue::from_static(kind));
    answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    *answer.status_mut() = status;
    answer
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The source's answer to a request.
async fn forwarded(request: Request<Incoming>, authority: &str) -> Result<(StatusCode, HeaderMap, Bytes), Failed> {
    let (mut head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    // A compressed answer could not be rewritten or halved.
    for name in [ACCEPT_ENCODING, CONNECTION, TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    head.headers.insert(HOST, HeaderValue::from_str(authority)?);
    let stream = TokioIo::new(TcpStream::connect(authority).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    let answer = sender.send_request(Request::from_parts(head, Full::new(body))).await?;
    let (mut head, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    for name in [CONNECTION, TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    Ok((head.status, head.headers, body))
}
