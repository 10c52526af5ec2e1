//! Which hosts may receive a token from Salesforce.

use connector_core::{Error, ErrorKind, Result, is_loopback};
use url::Url;

/// The domains in which only Salesforce assigns names.
const PLATFORM: [&str; 3] = [".salesforce.com", ".salesforce.mil", ".sfcrmproducts.cn"];

/// The general hosts of production and of test orgs, which send each login to its org.
pub(crate) const LOGIN: &str = "login.salesforce.com";
pub(crate) const TEST: &str = "test.salesforce.com";

/// The ends of hosts that only show pages, and what those are.
const PAGES: [(&str, &str); 9] = [
    (".lightning.force.com", "Lightning pages"),
    (".lightning.crmforce.mil", "Lightning pages"),
    (".my.salesforce-setup.com", "Setup pages"),
    (".vf.force.com", "Visualforce pages"),
    (".visualforce.com", "Visualforce pages"),
    (".file.force.com", "files"),
    (".content.force.com", "files"),
    (".documentforce.com", "files"),
    (".my.salesforce-scrt.com", "chats"),
];

/// The My Domain in the host of pages, and what pages these are; `None` for any other host.
pub(crate) fn page_domain(url: &Url) -> Option<(&str, &'static str)> {
    let host = url.host_str()?;
    let (domain, what) = PAGES.iter().find_map(|(end, what)| Some((host.strip_suffix(end)?, *what)))?;
    // Visualforce puts a namespace behind the domain.
    let domain = if what == "Visualforce pages" { domain.split("--").next().unwrap_or(domain) } else { domain };
    Some((domain, what))
}

/// The host, if only Salesforce assigns names in its domain.
pub(crate) fn platform_host(url: &Url) -> Option<&str> {
    let host = url.host_str()?;
    PLATFORM.iter().any(|domain| host.ends_with(domain) || host == &domain[1..]).then_some(host)
}

/// A Salesforce host may point to another host in the same domain, as `login.salesforce.com` points to the org's own host.
pub(crate) fn allowed(token_url: &Url, candidate: &Url) -> bool {
    let domain =
        |url: &Url| PLATFORM.iter().position(|domain| url.host_str().is_some_and(|host| host.ends_with(domain)));
    domain(token_url).is_some_and(|known| domain(candidate) == Some(known))
}

/// A URL of the user interface is a common mistake. It never issues tokens.
pub(crate) fn refuse_pages(token_url: &Url) -> Result<()> {
    let Some((domain, what)) = page_domain(token_url) else { return Ok(()) };
    let message = format!("`token_url` is an address of {what}, which does not issue tokens");
    Err(Error::new(ErrorKind::Definition, message)
        .with_help(format!("use `https://{domain}.my.salesforce.com/services/oauth2/token`")))
}

/// An assertion for Salesforce must not go to a host that is not Salesforce's: whoever runs that host could sign in with it.
pub(crate) fn refuse_foreign(token_url: &Url, audience: Option<&str>) -> Result<()> {
    let Some(audience) = audience else { return Ok(()) };
    let is_platform = PLATFORM.iter().any(|domain| token_url.host_str().is_some_and(|host| host.ends_with(domain)));
    let same_host =
        Url::parse(audience).is_ok_and(|audience| audience.host().is_some() && audience.host() == token_url.host());
    if is_platform || same_host || is_loopback(token_url) {
        return Ok(());
    }
    let host = token_url.host_str().unwrap_or("?");
    let message = format!("`token_url` names `{host}`, which is not a host of Salesforce and not the `audience`");
    Err(Error::new(ErrorKind::Definition, message).with_help(
        "write the org's My Domain, such as `https://acme.my.salesforce.com/services/oauth2/token`; for a site with a domain of its own, write the same host in `audience`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assertion_goes_only_to_hosts_that_fit_its_audience() {
        let check = |token_url: &str, audience: &str| refuse_foreign(&token_url.parse().unwrap(), Some(audience));
        let login = "https://login.salesforce.com";
        for (token_url, audience) in [
            ("https://acme.my.salesforce.com/services/oauth2/token", login),
            ("https://acme--dev.sandbox.my.salesforce.com/services/oauth2/token", "https://test.salesforce.com"),
            ("http://127.0.0.1:8443/services/oauth2/token", login),
            ("https://login.acme.example/services/oauth2/token", "https://login.acme.example"),
        ] {
            check(token_url, audience).unwrap();
        }
        for host in [
            "evil.example",
            "login.salesforce.com.evil.example",
            "login-salesforce.com",
            "salesforce.com",
            "127.0.0.1.evil.example",
        ] {
            for audience in [login, "https://acme.my.salesforce.com", "not a url"] {
                let error = check(&format!("https://{host}/services/oauth2/token"), audience).unwrap_err();
                assert!(error.message().contains(host) && error.help().is_some(), "{error}");
            }
        }
    }

    #[test]
    fn an_address_of_the_lightning_pages_is_refused_with_the_right_one() {
        let check = |token_url: &str| refuse_pages(&token_url.parse().unwrap());
        let error = check("https://acme.lightning.force.com/services/oauth2/token").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition);
        assert!(error.help().unwrap().contains("https://acme.my.salesforce.com/services/oauth2/token"));
        check("https://acme.my.salesforce.com/services/oauth2/token").unwrap();
    }

    fn may(token_url: &str, candidate: &str) -> bool {
        allowed(&token_url.parse().unwrap(), &candidate.parse().unwrap())
    }

    #[test]
    fn tokens_stay_on_the_platform() {
        assert!(may("https://login.salesforce.com/services/oauth2/token", "https://acme.my.salesforce.com"));
        assert!(may("https://test.salesforce.com/x", "https://acme--dev.sandbox.my.salesforce.com"));
        for elsewhere in
            ["https://salesforce.com.evil.example", "https://evilsalesforce.com", "https://acme.my.salesforce.mil"]
        {
            assert!(!may("https://login.salesforce.com/x", elsewhere), "{elsewhere}");
        }
        assert!(!may("https://proxy.acme.example/x", "https://acme.my.salesforce.com"));
    }
}
