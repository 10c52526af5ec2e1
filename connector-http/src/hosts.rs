//! The rules for the hosts that may get credentials.

use crate::reach::Reach;
use connector_core::{Error, ErrorKind, Result, Token, is_loopback};
use url::Url;

/// The rules for one source.
#[derive(Clone)]
pub(crate) struct Hosts {
    reach: Reach,
    /// The base URL of the connector. Without one, the token URL.
    home: Url,
    token_url: Option<Url>,
    insecure_loopback: bool,
}

impl Hosts {
    /// Fails with kind `definition` if the token URL or the base URL must not get credentials.
    pub(crate) fn new(token_url: Option<&Url>, reach: Reach, insecure_loopback: bool) -> Result<Self> {
        let home = reach.fixed().or(token_url).cloned().ok_or_else(|| {
            Error::new(ErrorKind::Definition, "the source has no base URL, and its sign-in has no `token_url`")
                .with_help("use a connector with a base URL in its `settings:`, or another `grant_type`")
        })?;
        let hosts = Self { reach, home, token_url: token_url.cloned(), insecure_loopback };
        if let Some(url) = token_url {
            hosts.check("`token_url`", url)?;
        }
        if let Some(url) = hosts.reach.fixed() {
            hosts.check("the base URL", url)?;
        }
        Ok(hosts)
    }

    fn check(&self, name: &str, url: &Url) -> Result<()> {
        if url.host().is_none() || !["https", "http"].contains(&url.scheme()) {
            return Err(Error::new(ErrorKind::Definition, format!("{name} is not the URL of a web server"))
                .with_help("write the complete URL, for example `https://acme.example/oauth2/token`"));
        }
        if has_user_info(url) {
            return Err(Error::new(ErrorKind::Definition, format!("{name} contains a username or password"))
                .with_help("remove everything before the `@`"));
        }
        if !self.is_secure(url) {
            return Err(refused_plain(ErrorKind::Definition, url));
        }
        Ok(())
    }

    pub(crate) fn home(&self) -> &Url {
        &self.home
    }

    pub(crate) fn token_url(&self) -> Option<&Url> {
        self.token_url.as_ref()
    }

    /// Whether all URLs of the source are on this machine.
    pub(crate) fn is_local(&self) -> bool {
        is_loopback(&self.home) && self.token_url.as_ref().is_none_or(is_loopback)
    }

    /// Checks that `url` may get credentials. Fails with kind `auth`.
    pub(crate) fn permit(&self, url: &Url) -> Result<()> {
        if !self.is_secure(url) {
            return Err(refused_plain(ErrorKind::Auth, url));
        }
        // Another port is another service, which may belong to anybody who has an account on the host.
        let same_port = url.port_or_known_default() == self.home.port_or_known_default();
        let known = (url.host() == self.home.host() && same_port)
            || (self.is_local() && is_loopback(url))
            || (self.reach.covers(&self.home, url) && (same_port || url.port().is_none()));
        if known && !has_user_info(url) {
            return Ok(());
        }
        let named = if self.reach.fixed().is_some() { "the base URL" } else { "`token_url`" };
        Err(Error::new(
            ErrorKind::Auth,
            format!("the source refers to the host `{}`, which must not get its credentials", host_and_port(url)),
        )
        .with_help(format!(
            "credentials go only to the host of {named} (`{}`) and to hosts of the same service; \
             check {named}, and whether another server responds in its place",
            host_and_port(&self.home)
        )))
    }

    /// The base URL of requests, if it is known without a token.
    pub(crate) fn fixed_base(&self) -> Option<&Url> {
        self.reach.fixed()
    }

    /// The base URL of requests: the connector's base URL, or the token's `instance_url`, or the origin of the token URL, in
    /// this order.
    pub(crate) fn base(&self, token: Option<&Token>) -> Result<Url> {
        if let Some(base) = self.reach.fixed() {
            return Ok(base.clone());
        }
        let Some(instance) = token.and_then(|token| token.member("instance_url")) else {
            let mut origin = self.home.clone();
            origin.set_path("/");
            origin.set_query(None);
            origin.set_fragment(None);
            return Ok(origin);
        };
        let url = Url::parse(instance).ok().filter(Url::has_host).ok_or_else(|| {
            Error::new(ErrorKind::Protocol, "the `instance_url` in the token response is not a URL")
                .with_help("check that `token_url` belongs to the service")
        })?;
        self.permit(&url)?;
        Ok(url)
    }

    /// Plain http requires `allow_insecure_loopback`, a source that is completely on this machine, and a loopback host.
    fn is_secure(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => true,
            "http" => self.insecure_loopback && self.is_local() && is_loopback(url),
            _ => false,
        }
    }
}

/// The host, and the port if it is not the default. An error must not show more of a URL.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn has_user_info(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn refused_plain(kind: ErrorKind, url: &Url) -> Error {
    let message = format!("Connector does not send credentials to `{}` without TLS", host_and_port(url));
    let help = if is_loopback(url) {
        "write `https://`, or allow plain http on this machine with `http: {allow_insecure_loopback: true}`"
    } else {
        "write `https://`; plain http is allowed only on this machine"
    };
    Error::new(kind, message).with_help(help)
}
