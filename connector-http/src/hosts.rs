//! Where credentials may go.

use connector_core::{Error, ErrorKind, Result, Token, is_loopback};
use url::Url;

/// Says whether a URL that the source named (`instance_url`, the link to a next page) may get the token.
///
/// The first argument is the token URL, the second the candidate. The token URL's own host needs no permission.
pub type AllowedHosts = fn(&Url, &Url) -> bool;

/// The rule for one source.
#[derive(Clone)]
pub(crate) struct Hosts {
    token_url: Url,
    allowed: AllowedHosts,
    insecure_loopback: bool,
}

impl Hosts {
    /// Fails with kind `definition` when credentials can't go to the token URL itself.
    pub(crate) fn new(token_url: &Url, allowed: AllowedHosts, insecure_loopback: bool) -> Result<Self> {
        let hosts = Self { token_url: token_url.clone(), allowed, insecure_loopback };
        if token_url.host().is_none() || !["https", "http"].contains(&token_url.scheme()) {
            return Err(Error::new(ErrorKind::Definition, "`token_url` is not the address of a web server")
                .with_help("write the whole URL, for example `https://acme.example/oauth2/token`"));
        }
        if has_user_info(token_url) {
            return Err(Error::new(ErrorKind::Definition, "`token_url` holds a user name or password")
                .with_help("take out what stands before the `@`"));
        }
        if !hosts.is_secure(token_url) {
            return Err(refused_plain(ErrorKind::Definition, token_url));
        }
        Ok(hosts)
    }

    pub(crate) fn token_url(&self) -> &Url {
        &self.token_url
    }

    /// Whether the whole source is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        is_loopback(&self.token_url)
    }

    /// Checks that credentials may go to `url`. Fails with kind `auth`.
    pub(crate) fn permit(&self, url: &Url) -> Result<()> {
        if !self.is_secure(url) {
            return Err(refused_plain(ErrorKind::Auth, url));
        }
        let known = url.host() == self.token_url.host()
            || (self.is_local() && is_loopback(url))
            || (self.allowed)(&self.token_url, url);
        if known && !has_user_info(url) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Auth,
            format!("the source points at the host `{}`, which must not get its credentials", host_and_port(url)),
        )
        .with_help(format!(
            "credentials go only to the host of `token_url` (`{}`) and to hosts of the same service; \
             check `token_url`, and whether somebody answers in its place",
            host_and_port(&self.token_url)
        )))
    }

    /// The address that requests start from: the token's `instance_url` where there is one, else the token URL's origin.
    pub(crate) fn base(&self, token: &Token) -> Result<Url> {
        let Some(instance) = token.member("instance_url") else {
            let mut origin = self.token_url.clone();
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
