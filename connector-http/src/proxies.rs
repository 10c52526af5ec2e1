//! The proxies that the environment names.

use std::env;
use url::Url;

/// The variables that a client without an own proxy obeys.
const NAMES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// The environment variables that name a proxy. The values may hold passwords, so only the names are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyVariables {
    /// Those that hold the URL of a proxy.
    pub valid: Vec<&'static str>,
    /// Those that hold something else. The HTTP library ignores them, so requests would bypass the proxy.
    pub invalid: Vec<&'static str>,
}

impl ProxyVariables {
    /// Those of this process.
    pub fn of_environment() -> Self {
        Self::of(|name| env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Those that `value` knows.
    pub fn of(value: impl Fn(&str) -> Option<String>) -> Self {
        let mut variables = Self::default();
        for name in NAMES {
            match value(name) {
                Some(value) if value.is_empty() => {}
                Some(value) if is_proxy(&value) => variables.valid.push(name),
                Some(_) => variables.invalid.push(name),
                None => {}
            }
        }
        variables
    }
}

fn is_proxy(value: &str) -> bool {
    // Without a scheme, as in `proxy.acme.example:3128`, http is meant.
    let with_scheme = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    Url::parse(&with_scheme).is_ok_and(|url| {
        let is_name = url.host_str().is_some_and(|host| host.contains(['.', ':']) || host == "localhost");
        is_name || url.port().is_some()
    })
}
