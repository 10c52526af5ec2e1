//! Listening, TLS, and the way of a request to the resources and back.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use openssl::ssl::{Ssl, SslAcceptor};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_openssl::SslStream;
use tokio_util::sync::CancellationToken;

use super::answer::{Answer, Ask, Broken, Noted, Payload, gzip};
use super::route;
use super::shared::{Host, Shared};
use crate::requests::LoggedRequest;

/// The largest request body.
const LARGEST_BODY: usize = 50 * 1024 * 1024;
/// Answers shorter than this are sent plain.
const WORTH_GZIP: usize = 1024;

/// Listens on loopback; `None` lets the system choose the port.
pub(crate) async fn bind(port: Option<u16>) -> io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", port.unwrap_or(0))).await
}

/// One listening host.
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) host: Host,
    pub(crate) tls: Option<SslAcceptor>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) stop: CancellationToken,
}

impl Listener {
    /// Accepts connections until the sandbox stops.
    pub(crate) async fn run(self) {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = self.socket.accept() => accepted,
            };
            // A connection that was gone before it was accepted is no reason to stop.
            let Ok((stream, _)) = accepted else { continue };
            let (shared, host, stop) = (self.shared.clone(), self.host, self.stop.clone());
            let tls = self.tls.clone();
            tokio::spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = connection(stream, tls, shared, host) => {}
                }
            });
        }
    }
}

async fn connection(stream: TcpStream, tls: Option<SslAcceptor>, shared: Arc<Shared>, host: Host) {
    // Small answers should not wait for more.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = tls else { return serve(stream, shared, host).await };
    let Ok(mut stream) = Ssl::new(acceptor.context()).and_then(|ssl| SslStream::new(ssl, stream)) else { return };
    if Pin::new(&mut stream).accept().await.is_ok() {
        serve(stream, shared, host).await;
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>, host: Host) {
    let service = service_fn(move |request| answered(shared.clone(), host, request));
    // An error here is a client that went away, or a fault that closed the connection on purpose.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answered(shared: Arc<Shared>, host: Host, request: Request<Incoming>) -> Result<Response<Payload>, Broken> {
    let zipped = wants_gzip(&request);
    let ask = read(request).await?;
    let (method, path) = (ask.method.to_string(), ask.path.clone());
    let wait = shared.options.latency + Duration::from_millis(shared.faults.delay());
    if !wait.is_zero() {
        tokio::time::sleep(wait).await;
    }
    let worker = shared.clone();
    // Statements are evaluated on a thread of their own: a scan of a large object takes a while.
    let answer = tokio::task::spawn_blocking(move || route::answer(&worker, host, &ask)).await.map_err(|_| Broken)?;
    note(&shared, method, path, answer.as_ref());
    shared.gate.pass(|moment| shared.has_come(moment)).await;
    response(&shared, answer.filter(|answer| !answer.lost).ok_or(Broken)?, zipped)
}

/// Writes a request and its answer into the log.
fn note(shared: &Shared, method: String, path: String, answer: Option<&Answer>) {
    let kind = answer.map_or_else(|| "reset".to_owned(), |answer| answer.kind.clone());
    let status = answer.filter(|answer| !answer.lost).map_or(0, |answer| answer.status);
    let mut requests = shared.requests();
    let mut soql = None;
    match answer.map(|answer| &answer.noted) {
        Some(Noted::Soql(statement)) => soql = Some(statement.to_string()),
        Some(Noted::Parts(kinds)) => requests.add_parts(kinds),
        Some(Noted::Nothing) | None => {}
    }
    requests.add(LoggedRequest { method, path, soql, kind, status });
}

fn wants_gzip(request: &Request<Incoming>) -> bool {
    let accepted = request.headers().get("accept-encoding").and_then(|value| value.to_str().ok());
    accepted.is_some_and(|value| value.contains("gzip"))
}

async fn read(request: Request<Incoming>) -> Result<Ask, Broken> {
    let (head, mut incoming) = request.into_parts();
    let mut body = BytesMut::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut incoming).poll_frame(context)).await {
        if let Ok(data) = frame.map_err(|_| Broken)?.into_data() {
            body.extend_from_slice(&data);
        }
        if body.len() > LARGEST_BODY {
            return Err(Broken);
        }
    }
    let query = head.uri.query().unwrap_or("");
    Ok(Ask {
        path: head.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        target_length: head.uri.path().len() + query.len() + 1,
        method: head.method,
        headers: head.headers,
        body: Bytes::from(body),
    })
}

fn response(shared: &Shared, answer: Answer, zipped: bool) -> Result<Response<Payload>, Broken> {
    let zipped = zipped && answer.body.len() >= WORTH_GZIP;
    let body = if zipped { gzip(&answer.body) } else { answer.body };
    let mut response = Response::new(Payload::new(body, answer.cut));
    *response.status_mut() = StatusCode::from_u16(answer.status).map_err(|_| Broken)?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    if zipped {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    let date = Timestamp::from_millisecond(shared.now()).map_err(|_| Broken)?;
    let own = [
        ("date", date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()),
        ("server", "sfdcedge".to_owned()),
        ("vary", "Accept-Encoding".to_owned()),
        ("cache-control", "no-cache,must-revalidate,max-age=0,no-store,private".to_owned()),
    ];
    for (name, value) in own.into_iter().chain(answer.headers) {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Broken)?;
        headers.insert(name, HeaderValue::from_str(&value).map_err(|_| Broken)?);
    }
    Ok(response)
}
