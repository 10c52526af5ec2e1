//! Where a token of Salesforce may go.

use connector_core::{Error, ErrorKind, Result};
use url::Url;

/// The domains that only Salesforce itself hands out names of.
const PLATFORM: [&str; 3] = [".salesforce.com", ".salesforce.mil", ".sfcrmproducts.cn"];

/// A host of the platform may point at another one of the same domain: `login.salesforce.com` at the org's own host.
pub(crate) fn allowed(token_url: &Url, candidate: &Url) -> bool {
    let domain =
        |url: &Url| PLATFORM.iter().position(|domain| url.host_str().is_some_and(|host| host.ends_with(domain)));
    domain(token_url).is_some_and(|known| domain(candidate) == Some(known))
}

/// A URL of the user interface is a common mistake; it never gives tokens.
pub(crate) fn refuse_lightning(token_url: &Url) -> Result<()> {
    let domain = token_url.host_str().and_then(|host| host.strip_suffix(".lightning.force.com"));
    let Some(domain) = domain else { return Ok(()) };
    Err(Error::new(ErrorKind::Definition, "`token_url` is an address of the Lightning pages, which gives no tokens")
        .with_help(format!("write `https://{domain}.my.salesforce.com/services/oauth2/token`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_the_lightning_pages_is_refused_with_the_right_one() {
        let check = |token_url: &str| refuse_lightning(&token_url.parse().unwrap());
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
