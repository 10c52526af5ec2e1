//! How sources sign in, as far as the description shows.

use super::document::Document;
use connector_core::SourceDraft;
use serde_json::Value;

/// Adds the sign-in that the description names first, of those that need no person.
pub(super) fn add(document: &Document<'_>, draft: SourceDraft) -> SourceDraft {
    let root = document.root();
    let schemes = root["components"]["securitySchemes"].as_object();
    let wanted = root["security"].as_array().into_iter().flatten().filter_map(Value::as_object);
    let mut names: Vec<&str> = wanted.flat_map(|one| one.keys().map(String::as_str)).collect();
    names.extend(schemes.into_iter().flatten().map(|(name, _)| name.as_str()));
    for name in names.into_iter().take(50) {
        let Some(scheme) = schemes.and_then(|all| all.get(name)).and_then(|one| document.follow(one)) else { continue };
        if let Some(values) = values(scheme) {
            let first = values[0].1.clone();
            let draft = draft.with_found(format!("the sign-in: {first}"));
            return values.into_iter().fold(draft, |draft, (key, value)| draft.with_auth(key, value));
        }
    }
    draft.with_open("auth", "the description names no sign-in that needs no person; choose a `grant_type`")
}

/// The values of an `auth:` block.
fn values(scheme: &Value) -> Option<Vec<(&'static str, String)>> {
    let grant = |name: &str| vec![("grant_type", name.to_owned())];
    let is_header =
        |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match (scheme["type"].as_str()?, scheme["scheme"].as_str().map(str::to_ascii_lowercase).as_deref()) {
        ("http", Some("bearer")) => Some(grant("bearer")),
        ("http", Some("basic")) => Some(grant("basic")),
        ("apiKey", _) if scheme["in"] == "header" => {
            let header = scheme["name"].as_str().filter(is_header)?;
            let mut values = grant("api_key");
            values.push(("header", header.to_owned()));
            Some(values)
        }
        ("oauth2", _) => {
            let url = scheme["flows"]["clientCredentials"]["tokenUrl"].as_str()?;
            let mut values = grant("client_credentials");
            // Credentials go only where plain text can't be read on the way.
            if url.starts_with("https://") && url.parse::<url::Url>().is_ok() && !url.contains(char::is_control) {
                values.push(("token_url", url.to_owned()));
            }
            Some(values)
        }
        _ => None,
    }
}
