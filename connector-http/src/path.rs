//! Paths of requests.

use connector_core::{Error, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path of these parts, each encoded, so that no id changes what is asked: `path(&["groups", id, "members"])` is
/// `/groups/A%2FB/members` for the id `A/B`.
///
/// Fails with kind `not_found` if a part is empty, `.` or `..`: no server would take it for a part of a path, so nothing has such
/// an id.
///
/// ```
/// use connector_http::path;
///
/// assert_eq!(path(&["groups", "A/B?c=d#e %", "members"])?, "/groups/A%2FB%3Fc%3Dd%23e%20%25/members");
/// assert!(path(&["users", ".."]).is_err());
/// # Ok::<(), connector_core::Error>(())
/// ```
pub fn path(parts: &[&str]) -> Result<String> {
    let encoded: Vec<String> = parts.iter().map(|part| encoded(part)).collect::<Result<_>>()?;
    Ok(format!("/{}", encoded.join("/")))
}

fn encoded(part: &str) -> Result<String> {
    path_segment(part).ok_or_else(|| {
        Error::not_found(format!("`{part}` is no id that can be part of a path"))
            .with_help("check the id in the plan or command")
    })
}

/// One part of a path, encoded; `None` if it is empty, `.` or `..`, which name something else however they are written.
pub fn path_segment(text: &str) -> Option<String> {
    (!matches!(text, "" | "." | "..")).then(|| utf8_percent_encode(text, RESERVED).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use url::Url;

    proptest::proptest! {
        #[test]
        fn any_text_is_one_part_of_the_path_and_comes_back(text in ".{1,12}") {
            let found = path(&["users", &text, "roles"]);
            if matches!(text.as_str(), "." | "..") {
                proptest::prop_assert!(found.is_err());
                return Ok(());
            }
            let found = found.unwrap();
            let url = Url::parse(&format!("https://acme.example{found}")).unwrap();
            let parts: Vec<_> = url.path_segments().unwrap().collect();
            proptest::prop_assert_eq!(parts.len(), 3, "{}", found);
            proptest::prop_assert!(url.query().is_none() && url.fragment().is_none(), "{}", found);
            let back = percent_encoding::percent_decode_str(parts[1]).decode_utf8().unwrap();
            proptest::prop_assert_eq!(back, text);
        }
    }
}
