//! What a recording leaves out beside the secrets that are known.

use crate::redactor::Redactor;
use serde_json::Value;
use std::borrow::Cow;

/// Stands for a value that was removed.
const REMOVED: &str = "(removed)";

/// A part of names of secrets, and of names of positions in lists.
const TOKEN: &str = "token";

/// Parts of names of secrets.
const SECRET: [&str; 16] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "jwt",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "credential",
    "authorization",
    "cookie",
    "sessionid",
    "assertion",
    "samlresponse",
    "clientsecret",
];

/// Words before `token` in names of positions in lists, which are no secrets.
const OF_PAGE: [&str; 14] = [
    "page",
    "next",
    "prev",
    "previous",
    "cursor",
    "continuation",
    "sync",
    "skip",
    "delta",
    "scroll",
    "start",
    "starting",
    "after",
    "offset",
];

/// Ends of names of times, such as that of the last change of a password.
const TIME: [&str; 5] = ["changed", "updated", "expires", "date", "at"];

/// What begins a credential in a header or in a text about one.
const SCHEMES: [&str; 5] = ["bearer", "basic", "dpop", "token", "apikey"];

/// The fewest characters of a credential after its scheme. Fewer are a word of a sentence.
const SHORTEST: usize = 16;

/// Whether a name says that its value is a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    let words = words_of(name);
    let joined = words.concat();
    let is_position = || words.windows(2).any(|pair| OF_PAGE.contains(&&*pair[0]) && pair[1].starts_with(TOKEN));
    let is_secret = SECRET.iter().any(|part| joined.contains(part)) || (joined.contains(TOKEN) && !is_position());
    is_secret && !TIME.iter().any(|end| joined.ends_with(end))
}

/// The words of a name in lowercase: `nextPageToken`, `next_page_token` and `next-pagetoken` have the same.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && was_lower) {
            words.push(String::new());
        }
        was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        if let (true, Some(word)) = (c.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(c.to_ascii_lowercase());
        }
    }
    let of_token = |word: String| match word.find(TOKEN) {
        Some(at) if OF_PAGE.contains(&&word[..at]) => vec![word[..at].to_owned(), word[at..].to_owned()],
        _ => vec![word],
    };
    words.into_iter().filter(|word| !word.is_empty()).flat_map(of_token).collect()
}

/// JSON without secrets. A text in it is looked at as it is read, so that no way to escape it in JSON hides one.
pub(super) fn scrub(value: Value, redactor: &Redactor) -> Value {
    let clean = |text: &str| scrub_text(&redactor.blank(text));
    match value {
        Value::String(text) => match lines(&text, redactor).or_else(|| form(&text)) {
            Some(known) => Value::String(clean(&known)),
            None => Value::String(clean(&text)),
        },
        Value::Array(items) => items.into_iter().map(|item| scrub(item, redactor)).collect(),
        Value::Object(object) => {
            let member = |(name, inner): (String, Value)| {
                let inner = if is_secret(&name) { removed(inner, redactor) } else { scrub(inner, redactor) };
                (clean(&name), inner)
            };
            Value::Object(object.into_iter().map(member).collect())
        }
        // A secret can be a number, too.
        Value::Number(number) => match redactor.blank(&number.to_string()) {
            Cow::Owned(_) => REMOVED.into(),
            Cow::Borrowed(_) => Value::Number(number),
        },
        other => other,
    }
}

/// What stays of a secret: its shape, and whether there is one. Names in it are text that the source wrote.
fn removed(value: Value, redactor: &Redactor) -> Value {
    match value {
        Value::String(_) | Value::Number(_) => REMOVED.into(),
        Value::Array(items) => items.into_iter().map(|item| removed(item, redactor)).collect(),
        Value::Object(object) => {
            let member =
                |(name, inner): (String, Value)| (scrub_text(&redactor.blank(&name)), removed(inner, redactor));
            Value::Object(object.into_iter().map(member).collect())
        }
        other => other,
    }
}

/// The lines of a text without the secrets of those that are JSON; `None` if no line is. A line without secrets keeps its bytes.
fn lines(text: &str, redactor: &Redactor) -> Option<String> {
    let read = |line: &str| match serde_json::from_str(line) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Some(value),
        _ => None,
    };
    if !text.lines().any(|line| read(line).is_some()) {
        return None;
    }
    let clean = |line: &str| match read(line) {
        Some(value) => {
            let clean = scrub(value.clone(), redactor);
            if clean == value { line.to_owned() } else { clean.to_string() }
        }
        None => line.to_owned(),
    };
    Some(text.split('\n').map(clean).collect::<Vec<_>>().join("\n"))
}

/// The fields of a form without the values of those that are secret; `None` if a text is no form. A field can have no value.
fn form(text: &str) -> Option<String> {
    if !text.contains('=') || text.contains(char::is_whitespace) {
        return None;
    }
    let clean = |field: &str| match field.split_once('=') {
        // A text with a URL is the same as a form up to its first parameter.
        Some((name, _)) if name.rsplit(['?', '#', '/']).next().is_some_and(is_secret) => format!("{name}={REMOVED}"),
        _ => field.to_owned(),
    };
    Some(text.split('&').map(clean).collect::<Vec<_>>().join("&"))
}

/// A text without private keys, tokens, credentials, and secret parameters of URLs.
pub(super) fn scrub_text(text: &str) -> String {
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY") {
        return REMOVED.to_owned();
    }
    without_credentials(&without_web_tokens(&without_parameters(&without_users(text))))
}

/// Removes the user and the password before the host of a URL.
fn without_users(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = after.find(|c: char| "/?#<>\"'`".contains(c) || c.is_whitespace()).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(host) => {
                clean.push_str(REMOVED);
                &after[host..]
            }
            None => after,
        };
    }
    clean.push_str(rest);
    clean
}

/// Removes the values of secret parameters of URLs, also of those after `#`.
fn without_parameters(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['?', '&', '#']) {
        let (before, parameter) = rest.split_at(at + 1);
        clean.push_str(before);
        let end = parameter.find(|c: char| "&#<>\"'`,; ".contains(c) || c.is_whitespace()).unwrap_or(parameter.len());
        match parameter[..end].split_once('=') {
            Some((name, value)) if is_secret(name) && !value.is_empty() => {
                clean.push_str(name);
                clean.push('=');
                clean.push_str(REMOVED);
            }
            _ => clean.push_str(&parameter[..end]),
        }
        rest = &parameter[end..];
    }
    clean.push_str(rest);
    clean
}

/// Removes JSON web tokens, wherever they stand.
fn without_web_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    words(text, is_part).map(|word| if is_web_token(word) { REMOVED } else { word }).collect()
}

/// Removes what follows the name of a scheme.
fn without_credentials(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.~+/=".contains(c);
    let mut follows_scheme = false;
    let clean = words(text, is_part).map(|word| {
        if word == " " {
            return word;
        }
        let is_removed = follows_scheme && is_credential(word);
        follows_scheme = SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        if is_removed { REMOVED } else { word }
    });
    clean.collect()
}

/// The words of a text, and what is between them.
fn words(text: &str, is_part: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_word = is_part(rest.chars().next()?);
        let (one, after) = rest.split_at(rest.find(|c| is_part(c) != is_word).unwrap_or(rest.len()));
        rest = after;
        Some(one)
    })
}

/// Whether a word is a JSON web token: three parts, of which the first is an object in base64.
fn is_web_token(word: &str) -> bool {
    word.starts_with("eyJ") && word.split('.').count() >= 3 && word.len() > 20
}

fn is_credential(word: &str) -> bool {
    word.len() >= SHORTEST && word.contains(|c: char| c.is_ascii_digit() || "=_".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_of_secrets_are_known_and_positions_in_lists_and_times_are_none() {
        for name in ["password", "X-Api-Key", "client_secret", "refreshToken", "SAMLResponse", "session-id", "id_token"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in
            ["next_page_token", "$skiptoken", "$deltatoken", "passwordChanged", "token_expires_at", "user", "author"]
        {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_secret_is_removed_whatever_its_shape_is() {
        let body =
            json!({"tokens": ["abc", {"value": "def", "used": true}], "pin": 1, "secret": 12, "credentials": null});
        let clean = scrub(body, &Redactor::default());
        assert_eq!(
            clean,
            json!({"tokens": [REMOVED, {"value": REMOVED, "used": true}], "pin": 1, "secret": REMOVED, "credentials": null})
        );
    }

    #[test]
    fn what_looks_like_a_secret_is_removed_from_texts_and_what_does_not_stays() {
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJqYW5lIn0.c2lnbmF0dXJl";
        for (text, clean) in [
            (format!("you sent Bearer {token}!"), format!("you sent Bearer {REMOVED}!")),
            (format!("<p>{token}</p>"), format!("<p>{REMOVED}</p>")),
            (format!("https://acme.example/in/{token}/x"), format!("https://acme.example/in/{REMOVED}/x")),
            ("Authorization: Basic dXNlcjpwYXNzd29yZA==".to_owned(), format!("Authorization: Basic {REMOVED}")),
            ("Basic authentication is off".to_owned(), "Basic authentication is off".to_owned()),
            ("-----BEGIN PRIVATE KEY-----\nMIIE".to_owned(), REMOVED.to_owned()),
            (
                "<https://acme.example/u?page=2&access_token=abc>; rel=\"next\"".to_owned(),
                format!("<https://acme.example/u?page=2&access_token={REMOVED}>; rel=\"next\""),
            ),
            ("/u?page_token=abc&limit=2".to_owned(), "/u?page_token=abc&limit=2".to_owned()),
            ("jane@acme.example & co".to_owned(), "jane@acme.example & co".to_owned()),
        ] {
            assert_eq!(scrub_text(&text), clean);
        }
        let form = scrub("grant_type=x&client_secret=abc".into(), &Redactor::default());
        assert_eq!(form, json!(format!("grant_type=x&client_secret={REMOVED}")));
    }

    #[test]
    fn a_known_secret_that_json_escapes_is_blanked() {
        let redactor = Redactor::default();
        redactor.learn("hunter22");
        redactor.learn("48151623");
        let body: Value =
            serde_json::from_str(r#"{"echo": "\u0068unter\u0032\u0032", "\u0068unter22": 48151623}"#).unwrap();
        let clean = scrub(body, &redactor).to_string();
        assert!(!clean.contains("hunter22") && !clean.contains("48151623"), "{clean}");
    }

    #[test]
    fn page_words_excuse_only_a_token_that_they_stand_before() {
        for (name, expected) in [
            ("next_page_token", false),
            ("nextSyncToken", false),
            ("previousToken", false),
            ("start-token", false),
            ("$skiptoken", false),
            ("page_access_token", true),
            ("syncedToken", true),
            ("homepagetoken", true),
            ("sync_secret", true),
            ("next_password", true),
            ("startApiKey", true),
            ("page_client_secret_token", true),
        ] {
            assert_eq!(is_secret(name), expected, "{name}");
        }
    }

    #[test]
    fn every_way_to_write_a_secret_is_cleaned() {
        let redactor = Redactor::default();
        redactor.learn("hunter22");
        for (body, clean) in [
            (json!({"credentials": {"hunter22": {"hunter22": 1}}}), None),
            (
                json!("https://acme.example/done#access_token=hunted&state=1"),
                Some(format!("https://acme.example/done#access_token={REMOVED}&state=1")),
            ),
            (json!("see https://jane:hunted@acme.example/x"), Some(format!("see https://{REMOVED}@acme.example/x"))),
            (
                json!("https://acme.example/jane@acme.example"),
                Some("https://acme.example/jane@acme.example".to_owned()),
            ),
            (
                json!("{\"id\": 1}\n{\"password\":\"hunted\"}\n"),
                Some(format!("{{\"id\": 1}}\n{{\"password\":\"{REMOVED}\"}}\n")),
            ),
            (json!("client_secret=hunted&offline"), Some(format!("client_secret={REMOVED}&offline"))),
            (json!("offline&client_secret=hunted&"), Some(format!("offline&client_secret={REMOVED}&"))),
            (json!("client_secret=hunted&back=/in?x"), Some(format!("client_secret={REMOVED}&back=/in?x"))),
            (json!("https://acme.example/password?id=7"), Some("https://acme.example/password?id=7".to_owned())),
        ] {
            let found = scrub(body, &redactor);
            let text = found.to_string();
            assert!(!text.contains("hunte"), "{text}");
            if let Some(clean) = clean {
                assert_eq!(found, json!(clean));
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_text_that_was_cleaned_stays_as_it_is(text in r"[ -~]{0,60}") {
            let once = scrub_text(&text);
            proptest::prop_assert_eq!(scrub_text(&once), once);
        }
    }
}
