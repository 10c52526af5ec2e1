//! The hosts of a connector.

use std::fmt;
use std::sync::Arc;
use url::Url;

/// Decides whether a URL may get the credential. The first argument is the source's own URL.
type Rule = Arc<dyn Fn(&Url, &Url) -> bool + Send + Sync>;

/// The base URL of a [`Client`](crate::Client), and the other hosts that may get the credential.
///
/// The host of the base URL needs no permission. Any other host in a response, such as in the link to the next page, gets a
/// request only if the connector allows that host here.
///
/// ```
/// use connector_http::Reach;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let base = "https://api.acme.example/v2".parse()?;
/// let reach = Reach::base(&base).and_hosts(["files.acme.example"]);
///
/// // OAuth services whose token responses name the host of the API:
/// let named = Reach::named_by_token().and_where(|token_url, url| {
///     let platform = |url: &url::Url| url.host_str().is_some_and(|host| host.ends_with(".acme.example"));
///     platform(token_url) && platform(url)
/// });
/// # drop((reach, named)); Ok(()) }
/// ```
#[derive(Clone)]
#[must_use]
pub struct Reach {
    base: Option<Url>,
    hosts: Vec<String>,
    rule: Option<Rule>,
}

impl Reach {
    /// Paths are relative to `url`: with `https://api.acme.example/v2`, `/people` is
    /// `https://api.acme.example/v2/people`.
    pub fn base(url: &Url) -> Self {
        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        Self { base: Some(base), hosts: Vec::new(), rule: None }
    }

    /// Paths are relative to the `instance_url` of the token. Without one, they are relative to the origin of the token URL.
    pub fn named_by_token() -> Self {
        Self { base: None, hosts: Vec::new(), rule: None }
    }

    /// Allows these hosts, each by its full name.
    pub fn and_hosts<H: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.hosts.extend(hosts.into_iter().map(|host| host.as_ref().to_ascii_lowercase()));
        self
    }

    /// Allows each URL for which `rule` returns true. The first argument is the base URL, or the token URL if there is no base
    /// URL. The second argument is the candidate.
    pub fn and_where(mut self, rule: impl Fn(&Url, &Url) -> bool + Send + Sync + 'static) -> Self {
        self.rule = Some(Arc::new(rule));
        self
    }

    pub(crate) fn fixed(&self) -> Option<&Url> {
        self.base.as_ref()
    }

    /// Whether the connector allows the host of `url`.
    pub(crate) fn covers(&self, home: &Url, url: &Url) -> bool {
        url.host_str().is_some_and(|host| self.hosts.iter().any(|allowed| allowed == host))
            || self.rule.as_ref().is_some_and(|rule| rule(home, url))
    }
}

impl fmt::Debug for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach")
            .field("base", &self.base.as_ref().and_then(Url::host_str))
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}
