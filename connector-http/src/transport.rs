//! One request to one server, with no second try.

use crate::faults;
use crate::hosts::{Hosts, host_and_port};
use crate::pace::{self, Limiter};
use crate::response::Response;
use bytes::Bytes;
use connector_core::{Clock, Context, Error, ErrorKind, Happened, HttpOptions, Meter, Result};
use reqwest::header::HeaderMap;
use reqwest::{Certificate, Method, Proxy};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use url::Url;

/// The longest time for making a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// An idle connection is given up before most servers close it: what is sent into a closing one is lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// By how much the room for a body grows: doubling it would keep up to as much again unused in each page that is in flight.
const BODY_STEP: usize = 512 * 1024;

/// The largest body that is read.
pub(crate) const LARGEST_BODY: usize = 256 * 1024 * 1024;

/// What goes over the wire; kept so that it can go a second time.
#[derive(Clone)]
pub(crate) struct Parcel {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    /// The largest body of an answer.
    pub(crate) most: usize,
}

/// Sends requests of one source and counts them.
pub(crate) struct Transport {
    plan: Plan,
    client: OnceCell<reqwest::Client>,
    limiter: Limiter,
    meter: Arc<Meter>,
    pub(crate) clock: Clock,
    pub(crate) hosts: Hosts,
    proxied: bool,
}

impl Transport {
    /// Fails with kind `definition` when the `http:` options can't be used.
    pub(crate) fn open(context: &Context, hosts: Hosts) -> Result<Self> {
        let options = context.http();
        Ok(Self {
            plan: Plan::of(options, context.project(), hosts.is_local())?,
            client: OnceCell::new(),
            limiter: pace::rate_limiter(options.requests_per_second),
            meter: context.meter().clone(),
            clock: context.clock().clone(),
            proxied: options.proxy.is_some() && !hosts.is_local(),
            hosts,
        })
    }

    pub(crate) fn count_retry(&self) {
        self.meter.count_retry();
    }

    /// Sends a request and reads the answer to its end.
    pub(crate) async fn send(&self, parcel: Parcel) -> Result<Response> {
        self.limiter.until_ready().await;
        let client = self.client.get_or_try_init(|| async { self.plan.build() }).await?;
        self.meter.count_call();
        let url = parcel.url;
        let mut request = client.request(parcel.method, url.clone()).headers(parcel.headers);
        if let Some(body) = parcel.body {
            request = request.body(body);
        }
        let mut answer = request.send().await.map_err(|fault| faults::error_of(fault, &url, false, self.proxied))?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(part) =
            answer.chunk().await.map_err(|fault| faults::error_of(fault, &url, true, self.proxied))?
        {
            self.meter.count_bytes(part.len() as u64);
            if body.len() + part.len() > parcel.most {
                return Err(too_large(&url, parcel.most));
            }
            if body.capacity() - body.len() < part.len() {
                body.reserve_exact(part.len().max(BODY_STEP));
            }
            body.extend_from_slice(&part);
        }
        let headers = std::mem::take(answer.headers_mut());
        let response = Response { status, headers, body: Bytes::from(body) };
        refuse_redirect(response, &url)
    }
}

/// What the HTTP client is made of, checked. It is made at the first request: reading all the authorities that this
/// machine trusts takes longer than checking a source file.
struct Plan {
    timeout: Duration,
    authorities: Vec<Certificate>,
    proxy: Option<Proxy>,
    local: bool,
}

impl Plan {
    fn of(options: &HttpOptions, project: &Path, local: bool) -> Result<Self> {
        let authorities = match &options.ca_file {
            Some(file) => authorities(&project.join(file), file)?,
            None => Vec::new(),
        };
        let proxy = options.proxy.as_ref().map(|proxy| Proxy::all(proxy.as_str())).transpose().map_err(|_| {
            Error::new(ErrorKind::Definition, "the proxy in `http.proxy` can't be used")
                .with_help("write it as `http://HOST:PORT`")
        })?;
        Ok(Self { timeout: options.timeout.duration(), authorities, proxy, local })
    }

    fn build(&self) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("connector/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT.min(self.timeout))
            .timeout(self.timeout);
        for authority in &self.authorities {
            builder = builder.add_root_certificate(authority.clone());
        }
        // What is meant for this machine must not travel to a proxy, least of all in plain http.
        if self.local {
            builder = builder.no_proxy();
        } else if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        builder.build().map_err(|fault| {
            Error::new(ErrorKind::Internal, "the HTTP client could not be made").with_cause(fault.without_url())
        })
    }
}

fn authorities(path: &Path, shown: &Path) -> Result<Vec<Certificate>> {
    let shown = shown.display();
    let fault = |message: String| Error::new(ErrorKind::Definition, message);
    let pem = std::fs::read(path).map_err(|cause| {
        fault(format!("`http.ca_file` can't be read: `{shown}`: {}", cause.kind()))
            .with_help("the path is relative to the project folder")
    })?;
    let useless = || {
        fault(format!("`http.ca_file` holds no certificate that can be read: `{shown}`"))
            .with_help("give PEM text with one or more `-----BEGIN CERTIFICATE-----` blocks")
    };
    let found = Certificate::from_pem_bundle(&pem).map_err(|_| useless())?;
    if found.is_empty() { Err(useless()) } else { Ok(found) }
}

/// A redirect is not followed: the place it names is one that the source does not name.
fn refuse_redirect(response: Response, url: &Url) -> Result<Response> {
    if ![301, 302, 303, 307, 308].contains(&response.status) {
        return Ok(response);
    }
    let target = response.header("location").and_then(|place| url.join(place).ok());
    let target = target.map_or_else(|| "an unknown place".to_owned(), |place| format!("`{}`", host_and_port(&place)));
    Err(Error::new(
        ErrorKind::Protocol,
        format!("`{}` redirects to {target}; this is not followed", host_and_port(url)),
    )
    .with_help("write the final host into the source file; a login page in between shows like this too"))
}

fn too_large(url: &Url, most: usize) -> Error {
    const MIB: usize = 1024 * 1024;
    let limit = if most >= MIB { format!("{} MiB", most / MIB) } else { format!("{most} bytes") };
    Error::new(ErrorKind::Protocol, format!("the answer of `{}` is larger than {limit}", host_and_port(url)))
        .with_happened(Happened::Unknown)
}
