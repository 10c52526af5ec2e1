//! Starting and stopping a simulated org.

use std::fmt;
use std::sync::Arc;

use connector_core::{Error, ErrorKind, Result};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Fault;
use crate::app::App;
use crate::certificate::Tls;
use crate::gate::Moment;
use crate::http::{Host, Listener, Shared, bind};
use crate::metadata::Deploy;
use crate::options::Options;
use crate::org::Org;
use crate::requests::Requests;

/// A running simulated org. It stops when it is dropped.
pub struct Sandbox {
    shared: Arc<Shared>,
    ca_pem: Option<String>,
    stop: CancellationToken,
}

impl Sandbox {
    /// Starts an org on loopback. Has to be called within a tokio runtime, on which the org then runs.
    pub async fn start(options: Options) -> Result<Self> {
        let tls = if options.tls { Some(Tls::generate()?) } else { None };
        let login = listening(options.port).await?;
        let instance = listening(options.port.map(|port| port.wrapping_add(1))).await?;
        let scheme = if options.tls { "https" } else { "http" };
        let login_url = format!("{scheme}://localhost:{}", port(&login)?);
        let instance_url = format!("{scheme}://127.0.0.1:{}", port(&instance)?);
        let shared = Arc::new(Shared::new(options, login_url, instance_url));
        let stop = CancellationToken::new();
        for (socket, host) in [(login, Host::Login), (instance, Host::Instance)] {
            let tls = tls.as_ref().map(|tls| tls.acceptor.clone());
            let listener = Listener { socket, host, tls, shared: shared.clone(), stop: stop.clone() };
            tokio::spawn(listener.run());
        }
        Ok(Self { shared, ca_pem: tls.map(|tls| tls.ca_pem), stop })
    }

    /// The token endpoint.
    pub fn token_url(&self) -> String {
        format!("{}/services/oauth2/token", self.shared.login_url)
    }

    /// The host of the data resources, as the token answer names it.
    pub fn instance_url(&self) -> &str {
        &self.shared.instance_url
    }

    /// The audience that an assertion must name: the login host, with no slash at the end.
    pub fn audience(&self) -> &str {
        &self.shared.login_url
    }

    /// The OAuth client id of the app, of the first one where there are several.
    pub fn consumer_key(&self) -> String {
        self.shared.metadata().apps.first().consumer_key.clone()
    }

    /// The app of this developer name as Setup shows it: with the certificate that was deployed last, be it accepted
    /// already or not.
    pub fn app(&self, name: &str) -> Option<App> {
        self.shared.metadata().apps.named(name).cloned()
    }

    /// The user the app works for.
    pub fn username(&self) -> &str {
        &self.shared.options.username
    }

    /// The certificate of the private authority, to be trusted by clients; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The org, to inspect and to change.
    pub fn org(&self) -> &Org {
        &self.shared.org
    }

    /// What was asked so far.
    pub fn requests(&self) -> Requests {
        self.shared.requests().clone()
    }

    /// Clears the request log.
    pub fn clear_requests(&self) {
        *self.shared.requests() = Requests::default();
    }

    /// Replaces the faults; counters such as "every Nth" start again.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.shared.faults.set(faults);
    }

    /// Holds every response back from this moment on, until [`Self::release`]. The org still processes requests.
    pub fn hold_from(&self, moment: Moment) {
        self.shared.gate.set(Some(moment));
    }

    /// Whether the sandbox is holding a response back.
    pub fn is_holding(&self) -> bool {
        self.shared.gate.is_holding()
    }

    /// Sends the responses that were held back, and stops holding responses back.
    pub fn release(&self) {
        self.shared.gate.set(None);
    }

    /// Replaces the app with the same developer name, or adds it. A new certificate takes effect at once.
    pub fn set_app(&self, app: App) {
        self.shared.metadata().apps.set(app);
    }

    /// Every deploy since the start, oldest first, with what it changed and what it lost.
    pub fn deploys(&self) -> Vec<Deploy> {
        self.shared.metadata().deploys.history()
    }

    /// Puts deployed certificates into effect now, without waiting for [`Options::propagation`].
    pub fn finish_propagation(&self) {
        self.shared.metadata().apps.finish_propagation();
    }

    /// Ends every session: the next request with an old token answers 401.
    pub fn expire_sessions(&self) {
        self.shared.sessions().close_all();
    }

    /// Ends every query cursor: the next `nextRecordsUrl` answers `INVALID_QUERY_LOCATOR`.
    pub fn expire_cursors(&self) {
        self.shared.cursors().clear();
    }

    /// How many query jobs the org keeps.
    pub fn query_jobs(&self) -> usize {
        self.shared.jobs().len()
    }

    /// Deletes every query job, as the org does with those that are older than a week.
    pub fn expire_query_jobs(&self) {
        self.shared.jobs().clear();
    }

    /// Stops the org: it accepts no new connection and closes open ones.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("login_url", &self.shared.login_url)
            .field("instance_url", &self.shared.instance_url)
            .finish_non_exhaustive()
    }
}

async fn listening(port: Option<u16>) -> Result<TcpListener> {
    bind(port).await.map_err(|cause| {
        let wanted = port.map_or_else(|| "a free port".to_owned(), |port| format!("port {port}"));
        // Nothing is out of reach: the port that was asked for is somebody else's.
        Error::new(ErrorKind::Definition, format!("the sandbox can't listen on {wanted} of 127.0.0.1: {cause}"))
            .with_help("choose another port, or none to let the system choose")
            .with_cause(cause)
    })
}

fn port(socket: &TcpListener) -> Result<u16> {
    let address = socket
        .local_addr()
        .map_err(|cause| Error::new(ErrorKind::Internal, "The sandbox's socket has no address").with_cause(cause))?;
    Ok(address.port())
}
