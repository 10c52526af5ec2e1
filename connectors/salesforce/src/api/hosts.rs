//! Where a token of Salesforce may go.

use url::Url;

/// The domains that only Salesforce itself hands out names of.
const PLATFORM: [&str; 3] = [".salesforce.com", ".salesforce.mil", ".sfcrmproducts.cn"];

/// A host of the platform may point at another one of the same domain: `login.salesforce.com` at the org's own host.
pub(crate) fn allowed(token_url: &Url, candidate: &Url) -> bool {
    let domain =
        |url: &Url| PLATFORM.iter().position(|domain| url.host_str().is_some_and(|host| host.ends_with(domain)));
    domain(token_url).is_some_and(|known| domain(candidate) == Some(known))
}

#[cfg(test)]
mod tests {
    use super::*;

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
