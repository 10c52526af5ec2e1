//! The Vault server and the token for it.

use super::fault;
use super::place::Place;
use connector_core::{Error, ErrorKind, LOOPBACK, Result, is_loopback};
use connector_files::{Reason, Role};
use connector_keys::secret_text;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};
use secrecy::{ExposeSecret, SecretString};
use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;
use url::Url;

/// The time limit for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The time limit for the whole request.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The largest response to read. No secret needs more.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// No token is longer.
const LARGEST_TOKEN: u64 = 64 * 1024;

/// The settings from the variables that Vault's own command line reads, too.
pub(super) struct Server {
    address: Url,
    token: SecretString,
    namespace: Option<String>,
    authorities: Vec<Certificate>,
}

/// A response with any status.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Server {
    /// Fails with kind `secret` if a variable is missing or invalid.
    pub(super) fn from_environment() -> Result<Self> {
        let address = variable("VAULT_ADDR").ok_or_else(|| {
            fault("the environment variable `VAULT_ADDR` is not set")
                .with_help("set it to the URL of the Vault server, for example `https://vault.example.com:8200`")
        })?;
        Ok(Self {
            address: checked(&address)?,
            token: token()?,
            namespace: variable("VAULT_NAMESPACE"),
            authorities: variable("VAULT_CACERT").map_or_else(|| Ok(Vec::new()), |path| authorities(&path))?,
        })
    }

    /// Its address, for messages.
    pub(super) fn name(&self) -> &Url {
        &self.address
    }

    /// Reads a secret.
    pub(super) async fn read(&self, place: &Place) -> Result<Reply> {
        let mut url = self.address.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(place.segments());
        }
        let mut token = HeaderValue::from_str(self.token.expose_secret())
            .map_err(|_| fault("the Vault token contains invalid characters").with_help(TOKEN_CURE))?;
        token.set_sensitive(true);
        let mut request = self.client()?.get(url).header("X-Vault-Token", token).header("X-Vault-Request", "true");
        if let Some(namespace) = &self.namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        let mut answer = request.send().await.map_err(|cause| self.unreachable(cause))?;
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|cause| self.unreachable(cause))? {
            if body.len() + part.len() > LARGEST_ANSWER {
                return Err(fault(format!("the response of {} is too large for a secret", self.address)));
            }
            body.extend_from_slice(&part);
        }
        Ok(Reply { status, body })
    }

    fn client(&self) -> Result<Client> {
        // A redirect would send the token to another host.
        let mut builder = Client::builder().redirect(Policy::none()).connect_timeout(CONNECT_TIMEOUT).timeout(TIMEOUT);
        if is_loopback(&self.address) {
            // A hosts file or resolver could send the name elsewhere.
            builder = builder.no_proxy().resolve_to_addrs("localhost", &LOOPBACK);
        }
        for authority in &self.authorities {
            builder = builder.add_root_certificate(authority.clone());
        }
        builder.build().map_err(|cause| fault("can't create the HTTP client for Vault").with_cause(cause))
    }

    fn unreachable(&self, cause: reqwest::Error) -> Error {
        let mut reasons = Vec::new();
        let mut reason = std::error::Error::source(&cause);
        while let Some(one) = reason {
            reasons.push(one.to_string());
            reason = one.source();
        }
        let why = if cause.is_timeout() { "it did not respond in time".to_owned() } else { reasons.join(": ") };
        fault(format!("can't reach Vault at {}: {why}", self.address))
            .with_help("check `VAULT_ADDR` and the network; for a private certificate authority set `VAULT_CACERT`")
            .with_cause(cause.without_url())
    }
}

/// The value of a variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn checked(text: &str) -> Result<Url> {
    let url = Url::parse(text)
        .ok()
        .filter(Url::has_host)
        .ok_or_else(|| fault("`VAULT_ADDR` is not a URL").with_help("write it as `https://HOST:PORT`"))?;
    match url.scheme() {
        _ if !url.username().is_empty() || url.password().is_some() => Err(fault("`VAULT_ADDR` contains a password")
            .with_help("remove the user and password: Vault identifies you by the token")),
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => {
            Err(fault(format!("`VAULT_ADDR` uses plain {}, which would expose the token on the network", url.scheme()))
                .with_help("write `https://`; plain http is allowed only for a server on this machine"))
        }
    }
}

const TOKEN_CURE: &str = "set `VAULT_TOKEN`, set `VAULT_TOKEN_FILE` to a file with the token, or run `vault login`, which writes `~/.vault-token`";

/// The token. The places are tried in order.
fn token() -> Result<SecretString> {
    if let Some(token) = variable("VAULT_TOKEN") {
        return Ok(SecretString::from(token));
    }
    let named = variable("VAULT_TOKEN_FILE").map(PathBuf::from);
    let Some(file) = named.clone().or_else(|| Some(env::home_dir()?.join(".vault-token"))) else {
        return Err(fault("the Vault token is missing").with_help(TOKEN_CURE));
    };
    let bytes =
        connector_files::read(&file, Role::Secret, LARGEST_TOKEN).map_err(|why| match (why.reason, &named) {
            (Reason::Missing, None) => fault("the Vault token is missing").with_help(TOKEN_CURE),
            (Reason::Missing | Reason::Io(_), Some(file)) => {
                let message = format!("can't read the file `{}` from `VAULT_TOKEN_FILE`: {why}", file.display());
                fault(message).with_help(TOKEN_CURE).with_cause(why.into_io())
            }
            _ => why.into_error(ErrorKind::Secret),
        })?;
    let text = secret_text(bytes, &format!("the file `{}`", file.display()))?;
    match text.expose_secret().trim() {
        "" => Err(fault(format!("the file `{}` with the Vault token is empty", file.display())).with_help(TOKEN_CURE)),
        token => Ok(SecretString::from(token)),
    }
}

fn authorities(path: &str) -> Result<Vec<Certificate>> {
    let help = "set it to a PEM file with the certificate of the authority that issued Vault's certificate";
    let pem =
        connector_files::read(Path::new(path), Role::Instructions, LARGEST_ANSWER as u64).map_err(|why| {
            match why.reason {
                Reason::Owner | Reason::Shared | Reason::Link => why.into_error(ErrorKind::Secret),
                _ => fault(format!("can't read the file `{path}` from `VAULT_CACERT`: {why}"))
                    .with_help(help)
                    .with_cause(why.into_io()),
            }
        })?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|cause| {
        fault(format!("the file `{path}` from `VAULT_CACERT` is not valid PEM")).with_help(help).with_cause(cause)
    })?;
    if certificates.is_empty() {
        return Err(fault(format!("the file `{path}` from `VAULT_CACERT` contains no certificate")).with_help(help));
    }
    Ok(certificates)
}
