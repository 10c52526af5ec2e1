//! What in `auth:` can't work at Salesforce, known without asking it.

use crate::api::hosts::{LOGIN, TEST, page_domain, platform_host};
use connector_core::SettingsFault;
use serde_json::Value;
use url::Url;

/// Where Salesforce issues tokens, below every host.
const TOKEN_PATH: &str = "/services/oauth2/token";

/// The faults of the `auth:` block. A host outside of Salesforce's domains, such as a simulated org, can have any address.
pub(crate) fn check(auth: &Value) -> Vec<SettingsFault> {
    let text = |key: &str| auth[key].as_str().unwrap_or_default();
    let mut faults = Vec::new();
    let Ok(token_url) = Url::parse(text("token_url")) else { return faults };
    faults.extend(token_url_fault(&token_url));
    let Some(host) = platform_host(&token_url).filter(|_| faults.is_empty()) else { return faults };
    if auth["audience"].is_string() {
        faults.extend(audience_fault(text("audience"), host));
    }
    if auth["subject"].is_string() {
        faults.extend(subject_fault(text("subject")));
    }
    let issuer = text("issuer");
    if issuer.contains('@') || issuer.starts_with("https://") {
        faults.push(
            SettingsFault::new("/issuer", "this is not a consumer key")
                .with_help("copy the consumer key of the app; it usually begins with `3MVG9`"),
        );
    }
    faults
}

fn token_url_fault(token_url: &Url) -> Option<SettingsFault> {
    let fault = |message: &str| SettingsFault::new("/token_url", message);
    if let Some((domain, what)) = page_domain(token_url) {
        return Some(
            fault(&format!("this is the address of {what}, which does not issue tokens"))
                .with_help(format!("write `https://{domain}.my.salesforce.com{TOKEN_PATH}`")),
        );
    }
    let host = platform_host(token_url)?;
    if host.starts_with("www.") || host == "salesforce.com" {
        return Some(
            fault("this is the web site of Salesforce, not an org").with_help(format!(
                "write `https://MYDOMAIN.my.salesforce.com{TOKEN_PATH}`; Setup > My Domain shows it"
            )),
        );
    }
    let right = || format!("write `https://{host}{TOKEN_PATH}`");
    match token_url.path() {
        TOKEN_PATH => None,
        "" | "/" => Some(fault("the path of the token endpoint is missing").with_help(right())),
        _ => Some(fault("this is not the token endpoint").with_help(right())),
    }
}

fn audience_fault(audience: &str, host: &str) -> Option<SettingsFault> {
    let fault = |message: String| SettingsFault::new("/audience", message);
    let Ok(url) = Url::parse(audience) else {
        let message = "`audience` is not a URL".to_owned();
        return Some(fault(message).with_help(format!("write `https://{}`", audience.trim_matches('/'))));
    };
    let named = url.host_str().unwrap_or_default();
    if let Some((domain, what)) = page_domain(&url) {
        return Some(
            fault(format!("this is the address of {what}"))
                .with_help(format!("write `https://{domain}.my.salesforce.com`")),
        );
    }
    // Experience Cloud sites and other domains of a customer are audiences too.
    let named = platform_host(&url).unwrap_or(named);
    if url.scheme() != "https" || audience != format!("https://{named}") {
        return Some(
            fault("`audience` must be `https://` and the host, without a path or a slash at the end".to_owned())
                .with_help(format!("write `https://{named}`")),
        );
    }
    let wanted = if is_test(host) { TEST } else { LOGIN };
    if [LOGIN, TEST].contains(&named) && named != wanted {
        let (kind, other) = if wanted == TEST { ("a test org", "production") } else { ("production", "test orgs") };
        return Some(
            fault(format!("`token_url` names {kind}, but this is the audience of {other}"))
                .with_help(format!("write `https://{wanted}`, or the address of the org's My Domain")),
        );
    }
    // The general hosts send each login to its org.
    let is_general = |host: &str| host == LOGIN || host == TEST;
    if !is_general(named) && !is_general(host) && platform_host(&url).is_some() && named != host {
        return Some(
            fault("`audience` and `token_url` name different orgs".to_owned())
                .with_help(format!("write `https://{host}`")),
        );
    }
    None
}

/// Sandboxes, whose addresses have their name behind two hyphens, and scratch orgs.
fn is_test(host: &str) -> bool {
    let domain = host.split('.').next().unwrap_or_default();
    host == TEST || host.contains(".sandbox.my.") || host.contains(".scratch.my.") || domain.contains("--")
}

fn subject_fault(subject: &str) -> Option<SettingsFault> {
    let fault = |message: &str| SettingsFault::new("/subject", message);
    let has_form = subject.split_once('@').is_some_and(|(name, domain)| !name.is_empty() && domain.contains('.'));
    if has_form {
        return None;
    }
    let help = "write the username as the org shows it, in the form of an e-mail address";
    Some(fault("a Salesforce username has the form `NAME@DOMAIN`").with_help(help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PATH: &str = "/services/oauth2/token";
    const LOGIN_URL: &str = "https://login.salesforce.com";
    const TEST_URL: &str = "https://test.salesforce.com";

    fn faults(token_url: &str, audience: &str) -> Vec<(String, String)> {
        let auth =
            json!({"token_url": token_url, "issuer": "3MVG9x", "subject": "iga@acme.example", "audience": audience});
        check(&auth).into_iter().map(|fault| (fault.pointer, fault.help.unwrap())).collect()
    }

    #[test]
    fn what_signs_in_is_accepted() {
        for (host, audience) in [
            ("acme.my.salesforce.com", LOGIN_URL),
            ("acme.my.salesforce.com", "https://acme.my.salesforce.com"),
            ("acme.develop.my.salesforce.com", LOGIN_URL),
            ("acme.my.salesforce.mil", LOGIN_URL),
            ("acme--uat.sandbox.my.salesforce.com", TEST_URL),
            ("acme--uat.sandbox.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"),
            ("acme--uat.cs5.my.salesforce.com", TEST_URL),
            ("acme.scratch.my.salesforce.com", TEST_URL),
            ("login.salesforce.com", LOGIN_URL),
            ("login.salesforce.com", "https://acme.my.salesforce.com"),
            ("test.salesforce.com", TEST_URL),
            ("acme.my.salesforce.com", "https://acme.my.site.com"),
            ("127.0.0.1:8443", "anything"),
            ("proxy.acme.example", TEST_URL),
        ] {
            assert_eq!(faults(&format!("https://{host}{PATH}"), audience), [], "{host} {audience}");
        }
        assert_eq!(faults("https://127.0.0.1:1/any", "x"), []);
        assert_eq!(
            check(&json!({"token_url": format!("https://acme.my.salesforce.com{PATH}"), "client_id": "3MVG9x"})),
            []
        );
    }

    #[test]
    fn an_address_that_can_not_work_is_named_with_the_right_one() {
        let acme = format!("`https://acme.my.salesforce.com{PATH}`");
        let uat = format!("`https://acme--uat.sandbox.my.salesforce.com{PATH}`");
        for (token_url, cure) in [
            ("https://acme.lightning.force.com/services/oauth2/token", &acme),
            ("https://acme--uat.sandbox.lightning.force.com/", &uat),
            ("https://acme.my.salesforce-setup.com/services/oauth2/token", &acme),
            ("https://acme--uat.sandbox.my.salesforce-setup.com/x", &uat),
            ("https://acme.lightning.crmforce.mil/x", &acme),
            ("https://acme.file.force.com/services/oauth2/token", &acme),
            ("https://acme--c.vf.force.com/services/oauth2/token", &acme),
            ("https://acme.my.salesforce.com", &acme),
            ("https://acme.my.salesforce.com/", &acme),
            ("https://acme.my.salesforce.com/services/oauth2/authorize", &acme),
            ("https://acme.my.salesforce.com/services/oauth2/token/", &acme),
            ("https://acme.my.salesforce.com/services/Soap/u/67.0", &acme),
        ] {
            let found = faults(token_url, LOGIN_URL);
            assert_eq!(found.len(), 1, "{token_url}: {found:?}");
            assert!(found[0].0 == "/token_url" && found[0].1.contains(cure.as_str()), "{token_url}: {found:?}");
        }
        assert!(faults("https://www.salesforce.com/services/oauth2/token", LOGIN_URL)[0].1.contains("MYDOMAIN"));
    }

    #[test]
    fn an_audience_that_does_not_fit_is_named_with_the_right_one() {
        let (acme, uat) = ("acme.my.salesforce.com", "acme--uat.sandbox.my.salesforce.com");
        for (host, audience, cure) in [
            (uat, LOGIN_URL, TEST_URL),
            (acme, TEST_URL, LOGIN_URL),
            ("login.salesforce.com", TEST_URL, LOGIN_URL),
            ("test.salesforce.com", LOGIN_URL, TEST_URL),
            (acme, "login.salesforce.com", "`https://login.salesforce.com`"),
            (acme, "http://login.salesforce.com", "`https://login.salesforce.com`"),
            (acme, "https://login.salesforce.com/", "`https://login.salesforce.com`"),
            (acme, "https://login.salesforce.com/services/oauth2/token", "`https://login.salesforce.com`"),
            (acme, "https://acme.lightning.force.com", "`https://acme.my.salesforce.com`"),
            (acme, "https://other.my.salesforce.com", "`https://acme.my.salesforce.com`"),
            (uat, "https://acme.my.salesforce.com", "`https://acme--uat.sandbox.my.salesforce.com`"),
        ] {
            let found = faults(&format!("https://{host}{PATH}"), audience);
            assert_eq!(found.len(), 1, "{host} {audience}: {found:?}");
            assert!(found[0].0 == "/audience" && found[0].1.contains(cure), "{host} {audience}: {found:?}");
        }
    }

    #[test]
    fn a_swapped_or_incomplete_issuer_and_subject_are_named() {
        let auth = json!({
            "token_url": format!("https://acme.my.salesforce.com{PATH}"), "audience": LOGIN_URL,
            "issuer": "iga@acme.example", "subject": "3MVG9x",
        });
        let pointers: Vec<_> = check(&auth).into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(pointers, ["/subject", "/issuer"]);
    }
}
