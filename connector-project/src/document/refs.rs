//! Checks secret refs: texts that say where a secret is kept.

use super::findings::Fault;
use connector_core::{SecretRef, nearest, registry};
use connector_keys::{key_store, key_stores};

/// Endings of file names that people write without the `file:` prefix.
const KEY_FILE_ENDINGS: &[&str] = &[".key", ".pem", ".crt", ".cer", ".der", ".p12", ".pfx", ".txt"];

/// What is wrong with the ref under `key`, judged by its text alone.
pub(crate) fn ref_fault(key: &str, text: &str) -> Option<Fault> {
    let forms = forms(key).join(", ");
    let Ok(reference) = text.parse::<SecretRef>() else {
        if let Some(fault) = capital_prefix(key, text, &forms).or_else(|| bare_path(key, text, &forms)) {
            return Some(fault);
        }
        let lower = text.to_lowercase();
        if !lower.contains(char::is_whitespace) && KEY_FILE_ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
            return Some(Fault {
                rule: "bad_ref",
                title: format!("the ref in `{key}` has no prefix such as `file:`"),
                detail: format!("expected one of {forms}"),
                help: Some(format!("write `{key}: file:{text}`")),
                secret: false,
            });
        }
        return Some(Fault {
            rule: "secret_in_file",
            title: format!("`{key}` must be a ref such as `file:PATH`; this value may be the secret itself"),
            detail: format!("not shown; expected one of {forms}"),
            help: Some(
                "move the secret to a file with mode 600 or to an environment variable, and reference it here".into(),
            ),
            secret: true,
        });
    };
    let (checked, form) = match (registry::secret_resolver(reference.scheme()), key_store(reference.scheme())) {
        (_, Some(_)) if !names_key(key) => return Some(key_for_secret(key, reference.scheme(), &forms)),
        (_, Some(registration)) => ((registration.store)().check(&reference), registration.form),
        (Ok(registration), None) => ((registration.resolver)().check(&reference), registration.form),
        (Err(_), None) => return Some(unknown_kind(key, reference.scheme(), &forms)),
    };
    let wrong = checked.err()?;
    Some(Fault {
        rule: "bad_ref",
        title: format!("`{key}` is not a valid `{}:` ref", reference.scheme()),
        detail: wrong,
        help: Some(format!("the format is `{form}`")),
        secret: false,
    })
}

/// A prefix such as `FILE:`. Prefixes are lowercase.
fn capital_prefix(key: &str, text: &str, forms: &str) -> Option<Fault> {
    let (scheme, rest) = text.split_once(':')?;
    let lower = scheme.to_lowercase();
    (lower != scheme && is_scheme(&lower)).then(|| Fault {
        rule: "bad_ref",
        title: format!("the prefix of the ref in `{key}` must be lowercase"),
        detail: format!("expected one of {forms}"),
        help: Some(format!("write `{key}: {lower}:{rest}`")),
        secret: false,
    })
}

/// A path without `file:`. A secret in Base64 can begin like one, so the value stays hidden.
fn bare_path(key: &str, text: &str, forms: &str) -> Option<Fault> {
    let is_path = ["/", "./", "../", "~/"].iter().any(|start| text.starts_with(start));
    (is_path && !text.contains(char::is_whitespace)).then(|| Fault {
        rule: "bad_ref",
        title: format!("the ref in `{key}` has no prefix such as `file:`"),
        detail: format!("not shown; expected one of {forms}"),
        help: Some(format!(
            "if this is the path of a file, write `file:` in front of it: `{key}: file:PATH`; if it is the secret itself, move it to a file with mode 600"
        )),
        secret: true,
    })
}

/// Whether a key of this name refers to a signing key, which can stay in its key store. TLS needs the key itself.
fn names_key(key: &str) -> bool {
    key == "key_ref" || key.ends_with("_key_ref") && key != "client_key_ref"
}

/// The kinds of refs that a key of this name accepts.
fn forms(key: &str) -> Vec<&'static str> {
    let stores = key_stores().into_iter().filter(|_| names_key(key)).map(|one| one.form);
    registry::secret_resolvers().iter().map(|one| one.form).chain(stores).collect()
}

fn key_for_secret(key: &str, scheme: &str, forms: &str) -> Fault {
    Fault {
        rule: "bad_ref",
        title: format!(
            "`{key}` needs a secret that Connector can read, but a `{scheme}:` key never leaves its key store"
        ),
        detail: format!("expected one of {forms}"),
        help: Some(format!("use a `{scheme}:` ref only in `key_ref`: such a key signs inside its key store")),
        secret: false,
    }
}

fn unknown_kind(key: &str, scheme: &str, forms: &str) -> Fault {
    if let Some(left_out) = registry::scheme_left_out(scheme) {
        return Fault {
            rule: "unknown_ref_kind",
            title: format!("`{key}` needs the feature `{}`, which this build does not include", left_out.feature),
            detail: format!("expected one of {forms}"),
            help: Some(left_out.cure()),
            secret: false,
        };
    }
    let schemes = registry::secret_resolvers().into_iter().map(|one| one.scheme);
    let guess = nearest(scheme, schemes.chain(key_stores().into_iter().map(|one| one.scheme)));
    Fault {
        rule: "unknown_ref_kind",
        title: format!("the ref in `{key}` has an unknown prefix"),
        detail: format!("expected one of {forms}"),
        help: Some(match guess {
            Some(guess) => format!("did you mean `{guess}:`?"),
            None => "reference the place that keeps the secret; never write the secret itself".into(),
        }),
        // A literal secret can contain a colon.
        secret: guess.is_none(),
    }
}

/// Whether this build, or a build with more features, supports refs of this scheme.
pub(super) fn is_scheme(scheme: &str) -> bool {
    registry::secret_resolver(scheme).is_ok()
        || key_store(scheme).is_some()
        || registry::scheme_left_out(scheme).is_some()
}
