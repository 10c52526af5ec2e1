//! The addresses of the pages.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// An id or a name may hold anything, so all but the plainest characters are encoded.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'@');

pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, KEPT).to_string()
}

pub(crate) fn source(name: &str) -> String {
    format!("/sources/{}", encoded(name))
}

pub(crate) fn account(source_name: &str, id: &str) -> String {
    format!("{}/accounts/{}", source(source_name), encoded(id))
}

pub(crate) fn entitlement(source_name: &str, entitlement_type: &str, id: &str) -> String {
    format!("{}/entitlements/{}/{}", source(source_name), encoded(entitlement_type), encoded(id))
}

pub(crate) fn findings(source_name: &str) -> String {
    format!("{}/findings", source(source_name))
}

pub(crate) fn plans(source_name: &str) -> String {
    format!("{}/plans", source(source_name))
}

pub(crate) fn plan(source_name: &str, id: &str) -> String {
    format!("{}/{}", plans(source_name), encoded(id))
}

pub(crate) fn person(id: &str) -> String {
    format!("/identities/{}", encoded(id))
}

pub(crate) fn run(id: &str) -> String {
    format!("/runs/{}", encoded(id))
}

/// An address with these fields behind `?`; empty ones are left out.
pub(crate) fn with(path: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> = fields
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    if fields.is_empty() { path.to_owned() } else { format!("{path}?{}", fields.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_changes_the_address() {
        assert_eq!(account("a/b", "x?y#z%2f../é"), "/sources/a%2Fb/accounts/x%3Fy%23z%252f..%2F%C3%A9");
        assert_eq!(with("/x", &[("where", "a = \"b&c\""), ("after", "")]), "/x?where=a%20%3D%20%22b%26c%22");
    }
}
