//! One request to one server, without retries.

use crate::client_certificate::ClientCertificate;
use crate::faults::{self, Limits};
use crate::hosts::{Hosts, host_and_port};
use crate::pace::{self, Limiter};
use crate::parts::Parts;
use crate::proxies::ProxyVariables;
use crate::response::Response;
use crate::tape::{Deck, asked};
use bytes::Bytes;
use connector_core::{
    Clock, Context, Error, ErrorKind, Happened, HttpOptions, LOOPBACK, Meter, Redactor, Result, Retry,
};
use connector_files::{Reason, Role};
use reqwest::header::HeaderMap;
use reqwest::{Certificate, Method, Proxy};
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use url::Url;

/// The time limit for connecting; half of the limit for a whole request where that is less, so that a host which can't be
/// reached is named as such.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Idle connections are closed before most servers close them: a request into a closing connection is lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// The step in which the buffer for a body grows. Doubling it could waste half of the memory of each page in flight.
const BODY_STEP: usize = 512 * 1024;

/// How much data all streams of an HTTP/2 connection may have on the way. Streams that nobody reads at the moment must not hold
/// up the others.
const CONNECTION_WINDOW: u32 = 64 * 1024 * 1024;

/// How much data one stream of an HTTP/2 connection may have on the way.
const STREAM_WINDOW: u32 = 1024 * 1024;

/// The library's limit for a response that is read in parts. [`Parts`] has limits that leave out the time between them.
const LONGEST_STREAM: Duration = Duration::from_hours(7 * 24);

/// The largest body to read.
pub(crate) const LARGEST_BODY: usize = 256 * 1024 * 1024;

/// The largest body of an error to read. A larger one says no more than its status.
const LARGEST_ERROR: usize = 1024 * 1024;

/// A request as sent over the network. It can be sent again.
#[derive(Clone)]
pub(crate) struct Parcel {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Bytes>,
    /// The largest body of a response.
    pub(crate) most: usize,
    /// Whether a successful response is data of its own, which stays as it is. Any other response may repeat what was sent, so
    /// secrets in it are blanked out.
    pub(crate) keeps_success: bool,
    /// The proof of this one request. Answers must not be quoted with it either.
    pub(crate) proof: Option<SecretString>,
}

/// A response whose head arrived.
struct Arriving {
    answer: reqwest::Response,
    url: Url,
    most: usize,
    keeps_success: bool,
    proof: Option<SecretString>,
}

/// Sends the requests of one source and counts them.
pub(crate) struct Transport {
    plan: Plan,
    pub(crate) certificate: Option<ClientCertificate>,
    client: OnceCell<reqwest::Client>,
    limiter: Limiter,
    meter: Arc<Meter>,
    pub(crate) redactor: Redactor,
    pub(crate) clock: Clock,
    pub(crate) hosts: Hosts,
    tape: Option<Deck>,
    proxied: bool,
}

impl Transport {
    /// Fails with kind `definition` if the `http:` options are invalid.
    pub(crate) fn open(context: &Context, hosts: Hosts) -> Result<Self> {
        let options = context.http();
        Ok(Self {
            plan: Plan::of(options, context.project(), hosts.is_local())?,
            certificate: ClientCertificate::of(context)?,
            client: OnceCell::new(),
            limiter: pace::rate_limiter(options.requests_per_second),
            meter: context.meter().clone(),
            redactor: context.redactor().clone(),
            clock: context.clock().clone(),
            proxied: options.proxy.is_some() && !hosts.is_local(),
            tape: Deck::of(&options.tape)?,
            hosts,
        })
    }

    pub(crate) fn count_retry(&self) {
        self.meter.count_retry();
    }

    /// Sends a request. Reads the complete response, or with `streamed`, leaves the body of a successful one to [`Parts`].
    pub(crate) async fn exchange(&self, parcel: Parcel, streamed: bool) -> Result<(Response, Option<Parts>)> {
        match &self.tape {
            Some(Deck::Player(player)) => {
                let asked = asked(&parcel.method, &parcel.url, parcel.body.as_deref());
                return player.answer(asked).map(|found| (found, None));
            }
            Some(Deck::Recorder(recorder)) if self.hosts.token_url() != Some(&parcel.url) => {
                let (method, url, sent) = (parcel.method.clone(), parcel.url.clone(), parcel.body.clone());
                let arriving = self.begin(parcel, None).await?;
                let response = self.whole(arriving).await?;
                recorder.keep(asked(&method, &url, sent.as_deref()), &response, &self.redactor)?;
                // The parts of a stream would be on the tape only when somebody has read them.
                return Ok((response, None));
            }
            _ => {}
        }
        if !streamed {
            let arriving = self.begin(parcel, None).await?;
            return self.whole(arriving).await.map(|response| (response, None));
        }
        let url = parcel.url.clone();
        let patience = self.plan.timeout;
        let late = |_| faults::too_late(&url, patience);
        let begun = tokio::time::timeout(patience, self.begin(parcel, Some(LONGEST_STREAM))).await;
        let mut arriving = begun.map_err(late)??;
        if !arriving.answer.status().is_success() {
            let whole = tokio::time::timeout(patience, self.whole(arriving)).await.map_err(late)??;
            return Ok((whole, None));
        }
        let status = arriving.answer.status().as_u16();
        let headers = std::mem::take(arriving.answer.headers_mut());
        let parts = Parts::new(arriving.answer, arriving.url, patience, self.meter.clone(), self.proxied);
        Ok((Response { status, headers, body: Bytes::new() }, Some(parts)))
    }

    /// Sends a request, until the head of its response arrives.
    async fn begin(&self, parcel: Parcel, timeout: Option<Duration>) -> Result<Arriving> {
        self.limiter.until_ready().await;
        let client = self.client.get_or_try_init(|| self.plan.build(self.certificate.as_ref())).await?;
        self.meter.count_call();
        let Parcel { method, url, headers, body, most, keeps_success, proof } = parcel;
        let mut request = client.request(method, url.clone()).headers(headers);
        if let Some(body) = body {
            request = request.body(body);
        }
        if let Some(timeout) = timeout {
            request = request.timeout(timeout);
        }
        let limits = self.plan.limits();
        let answer =
            request.send().await.map_err(|fault| faults::error_of(fault, &url, limits, false, self.proxied))?;
        Ok(Arriving { answer, url, most, keeps_success, proof })
    }

    /// Reads the rest of a response.
    async fn whole(&self, arriving: Arriving) -> Result<Response> {
        let Arriving { mut answer, url, most, keeps_success, proof } = arriving;
        let limits = self.plan.limits();
        let status = answer.status().as_u16();
        let succeeded = answer.status().is_success();
        let mut body = Vec::new();
        while let Some(part) =
            answer.chunk().await.map_err(|fault| faults::error_of(fault, &url, limits, true, self.proxied))?
        {
            self.meter.count_bytes(part.len() as u64);
            if !succeeded && body.len() + part.len() > LARGEST_ERROR {
                body.clear();
                break;
            }
            if body.len() + part.len() > most {
                return Err(too_large(&url, most));
            }
            if body.capacity() - body.len() < part.len() {
                body.reserve_exact(part.len().max(BODY_STEP));
            }
            body.extend_from_slice(&part);
        }
        let headers = std::mem::take(answer.headers_mut());
        let body = if succeeded && keeps_success { body } else { without(proof.as_ref(), self.blanked(body)) };
        Ok(Response { status, headers, body: Bytes::from(body) })
    }
}

impl Transport {
    /// A body without the secrets that were sent.
    pub(crate) fn blanked(&self, body: Vec<u8>) -> Vec<u8> {
        let text = String::from_utf8_lossy(&body);
        let blank = match self.redactor.blank(&text) {
            Cow::Owned(blank) => Some(blank.into_bytes()),
            Cow::Borrowed(_) => None,
        };
        drop(text);
        blank.unwrap_or(body)
    }
}

/// A body without the proof of its request. Each proof is new, so nothing remembers it.
fn without(proof: Option<&SecretString>, body: Vec<u8>) -> Vec<u8> {
    match proof {
        Some(proof) if !body.is_empty() => {
            String::from_utf8_lossy(&body).replace(proof.expose_secret(), "…").into_bytes()
        }
        _ => body,
    }
}

/// The checked options of the HTTP client. The client is created at the first request, because loading the trusted
/// authorities of this machine takes longer than checking a source file.
struct Plan {
    timeout: Duration,
    authorities: Vec<Certificate>,
    proxy: Option<Proxy>,
    local: bool,
    gives_up_if_refused: bool,
}

impl Plan {
    fn limits(&self) -> Limits {
        let refusal = if self.gives_up_if_refused { Retry::No } else { faults::PASSING };
        Limits { whole: self.timeout, connecting: CONNECT_TIMEOUT.min(self.timeout / 2), refusal }
    }

    fn of(options: &HttpOptions, project: &Path, local: bool) -> Result<Self> {
        let authorities = match &options.ca_file {
            Some(file) => authorities(&project.join(file), file)?,
            None => Vec::new(),
        };
        let proxy = options.proxy.as_ref().map(|proxy| Proxy::all(proxy.as_str())).transpose().map_err(|_| {
            Error::new(ErrorKind::Definition, "`http.proxy` is not a valid proxy URL")
                .with_help("write it as `http://HOST:PORT`")
        })?;
        if let (None, false, [name, ..]) = (&proxy, local, &*ProxyVariables::of_environment().invalid) {
            let message = format!("the environment variable {name} does not hold the URL of a proxy");
            return Err(Error::new(ErrorKind::Definition, message)
                .with_help("set it to a URL such as http://proxy.acme.example:3128, or remove it"));
        }
        let (timeout, gives_up_if_refused) = (options.timeout.duration(), options.gives_up_if_refused);
        Ok(Self { timeout, authorities, proxy, local, gives_up_if_refused })
    }

    async fn build(&self, certificate: Option<&ClientCertificate>) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("connector/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .connect_timeout(self.limits().connecting)
            .timeout(self.timeout);
        for authority in &self.authorities {
            builder = builder.add_root_certificate(authority.clone());
        }
        if let Some(certificate) = certificate {
            builder = builder.identity(certificate.identity().await?);
        }
        // Requests to this machine must not go through a proxy, especially not in plain http.
        if self.local {
            // A hosts file or resolver could send the name elsewhere.
            builder = builder.no_proxy().resolve_to_addrs("localhost", &LOOPBACK);
        } else if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        builder.build().map_err(|fault| {
            Error::new(ErrorKind::Internal, "can't create the HTTP client").with_cause(fault.without_url())
        })
    }
}

fn authorities(path: &Path, shown: &Path) -> Result<Vec<Certificate>> {
    let shown = shown.display();
    let fault = |message: String| Error::new(ErrorKind::Definition, message);
    let pem =
        connector_files::read(path, Role::Instructions, LARGEST_ERROR as u64).map_err(|why| match why.reason {
            Reason::Missing | Reason::Io(_) => {
                fault(format!("can't read the file `{shown}` from `http.ca_file`: {why}"))
                    .with_help("check the path; it is relative to the project folder")
            }
            _ => why.into_error(ErrorKind::Definition),
        })?;
    let useless = || {
        fault(format!("the file `{shown}` from `http.ca_file` contains no valid certificate"))
            .with_help("use a PEM file with one or more `-----BEGIN CERTIFICATE-----` blocks")
    };
    let found = Certificate::from_pem_bundle(&pem).map_err(|_| useless())?;
    if found.is_empty() { Err(useless()) } else { Ok(found) }
}

fn too_large(url: &Url, most: usize) -> Error {
    const MIB: usize = 1024 * 1024;
    let limit = if most >= MIB { format!("{} MiB", most / MIB) } else { format!("{most} bytes") };
    Error::new(ErrorKind::Protocol, format!("the response of `{}` is larger than {limit}", host_and_port(url)))
        .with_happened(Happened::Unknown)
}
