//! Which addresses are this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use url::{Host, Url};

/// The addresses of `localhost`. A client must connect to these, whatever a resolver says; port 0 stands for the port of
/// the URL.
pub const LOOPBACK: [SocketAddr; 2] =
    [SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0), SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0)];

/// Whether a URL names this machine: an address in 127.0.0.0/8, `::1`, or exactly `localhost`.
///
/// This is the only rule for where plain http is possible. Names below `localhost`, such as `api.localhost`, don't
/// count: a resolver may send them elsewhere.
///
/// ```
/// use connector_core::is_loopback;
///
/// assert!(is_loopback(&"http://127.0.0.1:8080/".parse().unwrap()));
/// assert!(!is_loopback(&"http://api.localhost/".parse().unwrap()));
/// ```
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_loopback_addresses_and_exactly_localhost_are_this_machine() {
        let is = |url: &str| is_loopback(&url.parse().unwrap());
        for here in
            ["http://127.0.0.1/", "http://127.9.9.9:1/", "https://[::1]/", "http://localhost/", "http://LOCALHOST:9/"]
        {
            assert!(is(here), "{here}");
        }
        for elsewhere in [
            "http://api.localhost/",
            "http://localhost./",
            "http://localhost.acme.example/",
            "http://0.0.0.0/",
            "http://10.0.0.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::]/",
            "http://notlocalhost/",
            "data:localhost",
        ] {
            assert!(!is(elsewhere), "{elsewhere}");
        }
    }
}
