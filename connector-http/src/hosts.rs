//! Where credentials may go.

use crate::reach::Reach;
use connector_core::{Error, ErrorKind, Result, Token, is_loopback};
use url::Url;

/// The rule for one source.
#[derive(Clone)]
pub(crate) struct Hosts {
    reach: Reach,
    /// The base URL where the connector gave one, else the token URL.
    home: Url,
    token_url: Option<Url>,
    insecure_loopback: bool,
}

impl Hosts {
    /// Fails with kind `definition` when credentials can't go to the token URL or the base URL itself.
    pub(crate) fn new(token_url: Option<&Url>, reach: Reach, insecure_loopback: bool) -> Result<Self> {
        let home = reach.fixed().or(token_url).cloned().ok_or_else(|| {
            Error::new(ErrorKind::Definition, "nothing says where requests go: this sign-in has no `token_url`")
                .with_help("use a connector that has a base URL in its `settings:`, or another `grant_type`")
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
            return Err(Error::new(ErrorKind::Definition, format!("{name} is not the address of a web server"))
                .with_help("write the whole URL, for example `https://acme.example/oauth2/token`"));
        }
        if has_user_info(url) {
            return Err(Error::new(ErrorKind::Definition, format!("{name} holds a user name or password"))
                .with_help("take out what stands before the `@`"));
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

    /// Whether the whole source is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        is_loopback(&self.home) && self.token_url.as_ref().is_none_or(is_loopback)
    }

    /// Checks that credentials may go to `url`. Fails with kind `auth`.
    pub(crate) fn permit(&self, url: &Url) -> Result<()> {
        if !self.is_secure(url) {
            return Err(refused_plain(ErrorKind::Auth, url));
        }
        let known = url.host() == self.home.host()
            || (self.is_local() && is_loopback(url))
            || self.reach.covers(&self.home, url);
        if known && !has_user_info(url) {
            return Ok(());
        }
        let named = if self.reach.fixed().is_some() { "the base URL" } else { "`token_url`" };
        Err(Error::new(
            ErrorKind::Auth,
            format!("the source points at the host `{}`, which must not get its credentials", host_and_port(url)),
        )
        .with_help(format!(
            "credentials go only to the host of {named} (`{}`) and to hosts of the same service; \
             check {named}, and whether somebody answers in its place",
            host_and_port(&self.home)
        )))
    }

    /// The address that requests start from, where it is known without a token.
    pub(crate) fn fixed_base(&self) -> Option<&Url> {
        self.reach.fixed()
    }

    /// The address that requests start from: the connector's base URL; else the token's `instance_url`; else the origin of
    /// the token URL.
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
            Error::new(ErrorKind::Protocol, "the `instance_url` that came with the token is not a URL")
                .with_help("check that `token_url` belongs to the service")
        })?;
        self.permit(&url)?;
        Ok(url)
    }

    /// Plain http needs the switch, a source that is wholly on this machine, and a loopback address.
    fn is_secure(&self, url: &Url) -> bool {
        match url.scheme() {
            "https" => true,
            "http" => self.insecure_loopback && self.is_local() && is_loopback(url),
            _ => false,
        }
    }
}

/// Host, and port where it is not the usual one; all of a URL that an error may show.
pub(crate) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

fn has_user_info(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn refused_plain(kind: ErrorKind, url: &Url) -> Error {
    let message = format!("credentials must not go to `{}` without TLS", host_and_port(url));
    let help = if is_loopback(url) {
        "write `https://`, or allow plain http to this machine with `http: {allow_insecure_loopback: true}`"
    } else {
        "write `https://`; plain http is possible only to this machine"
    };
    Error::new(kind, message).with_help(help)
}
