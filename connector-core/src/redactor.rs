//! Blanks secrets out of what others say.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::sync::{Arc, PoisonError, RwLock};

/// Shorter texts occur by chance: blanking them would make messages unreadable.
const SHORTEST: usize = 4;

/// Older secrets are forgotten, so that a plan with many passwords needs little memory.
const MOST: usize = 16 * 1024;

/// The first forms are never forgotten: a source signs in with these secrets before it gets others.
const KEPT: usize = 1024;

/// Stands for a secret.
const BLANK: &str = "…";

/// Knows the secrets that were given out for one source, and blanks them out of texts from servers and programs: raw, or
/// encoded for a URL, a form, JSON, XML or a header. Clones share what they know. `Debug` shows nothing.
///
/// ```
/// use connector_core::Redactor;
///
/// let redactor = Redactor::default();
/// redactor.learn("pl@in/secret");
/// assert_eq!(redactor.blank("refused: pl%40in%2Fsecret"), "refused: …");
/// assert_eq!(redactor.blank("refused"), "refused");
/// ```
#[derive(Clone, Default)]
pub struct Redactor {
    forms: Arc<RwLock<VecDeque<SecretString>>>,
}

impl Redactor {
    /// Adds a secret. One of fewer than four characters is not blanked.
    pub fn learn(&self, secret: &str) {
        if secret.chars().count() < SHORTEST {
            return;
        }
        let mut known = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        if known.iter().any(|form| form.expose_secret() == secret) {
            return;
        }
        known.extend(forms(secret).into_iter().map(SecretString::from));
        let spare = known.len().saturating_sub(MOST);
        if spare > 0 {
            known.drain(KEPT..KEPT + spare);
        }
    }

    /// The text without the secrets.
    pub fn blank<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<&str> =
            known.iter().map(ExposeSecret::expose_secret).filter(|form| text.contains(form)).collect();
        // A longer form can contain a shorter one, whose rest would stay.
        found.sort_by_key(|form| std::cmp::Reverse(form.len()));
        found.into_iter().fold(Cow::Borrowed(text), |text, form| Cow::Owned(text.replace(form, BLANK)))
    }
}

/// The spellings of a secret in what a server may send back.
fn forms(secret: &str) -> Vec<String> {
    let json = escaped(secret);
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let strict = form.replace('+', "%20");
    let xml = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut forms = vec![
        secret.to_owned(),
        json.replace('/', "\\/"),
        ascii_json(&json),
        // JSON in a text of JSON.
        escaped(&json),
        strict.to_lowercase(),
        form.to_lowercase(),
        // What few encoders escape.
        strict.replace('*', "%2A").replace("%7E", "~"),
        strict,
        form,
        xml.replace('"', "&quot;").replace('\'', "&#39;"),
        xml.replace('"', "&quot;").replace('\'', "&apos;"),
        xml.replace('"', "&#34;").replace('\'', "&#x27;"),
        xml,
        json,
    ];
    forms.extend([STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].iter().map(|base64| base64.encode(secret)));
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// The text inside of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// JSON in which every other character than ASCII is escaped.
fn ascii_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string can't fail.
                _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_blanked_in_every_spelling_that_a_server_may_use() {
        let secret = "pl@in/sé cret+1\"23*&<'";
        let redactor = Redactor::default();
        redactor.learn(secret);
        for form in forms(secret) {
            assert_eq!(redactor.blank(&format!("<a>{form}</a>")), "<a>…</a>", "{form}");
        }
        for text in [
            "pl%40in%2Fs%C3%A9+cret%2B1%2223*%26%3C%27",
            "pl%40in%2fs%c3%a9%20cret%2b1%2223*%26%3c%27",
            r#"pl@in/s\u00e9 cret+1\"23*&<'"#,
            r#"pl@in\/sé cret+1\"23*&<'"#,
            "pl@in/sé cret+1&quot;23*&amp;&lt;&#39;",
        ] {
            assert_eq!(redactor.blank(text), "…", "{text}");
        }
        assert!(matches!(redactor.blank("nothing of it"), Cow::Borrowed(_)));
        assert!(!format!("{redactor:?}").contains("cret"));
    }

    #[test]
    fn clones_share_what_they_know_and_short_texts_are_no_secrets() {
        let redactor = Redactor::default();
        redactor.clone().learn("Tr0ub4dor-horse");
        redactor.learn("a");
        assert_eq!(redactor.blank("Your password Tr0ub4dor-horse is a joke"), "Your password … is a joke");
    }

    #[test]
    fn many_passwords_do_not_make_the_secret_of_the_sign_in_forgotten() {
        let redactor = Redactor::default();
        redactor.learn("client-secret");
        for number in 0..3_000 {
            redactor.learn(&format!("password-{number}"));
        }
        assert_eq!(redactor.blank("client-secret and password-2999"), "… and …");
        assert!(redactor.forms.read().unwrap().len() <= MOST);
    }

    #[test]
    fn a_secret_within_another_leaves_no_rest() {
        let redactor = Redactor::default();
        redactor.learn("horse");
        redactor.learn("Tr0ub4dor-horse");
        assert_eq!(redactor.blank("Tr0ub4dor-horse"), "…");
    }
}
