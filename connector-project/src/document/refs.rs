//! Says what is wrong with a text that should tell where a secret is kept.

use super::findings::Fault;
use connector_core::{SecretRef, nearest, registry};
use connector_keys::{key_store, key_stores};

/// Endings of files that people write without saying `file:`.
const KEY_FILE_ENDINGS: &[&str] = &[".key", ".pem", ".crt", ".cer", ".der", ".p12", ".pfx", ".txt"];

/// What is wrong with the ref under `key`, as far as its text can tell.
pub(crate) fn ref_fault(key: &str, text: &str) -> Option<Fault> {
    let forms = forms(key).join(", ");
    let Ok(reference) = text.parse::<SecretRef>() else {
        let lower = text.to_lowercase();
        if !lower.contains(char::is_whitespace) && KEY_FILE_ENDINGS.iter().any(|ending| lower.ends_with(ending)) {
            return Some(Fault {
                rule: "bad_ref",
                title: format!("`{key}` does not say what kind of place this is"),
                detail: format!("expected one of {forms}"),
                help: Some(format!("write `{key}: file:{text}`")),
                secret: false,
            });
        }
        return Some(Fault {
            rule: "secret_in_file",
            title: format!("`{key}` does not say where the secret is kept, or holds the secret itself"),
            detail: format!("not shown; expected one of {forms}"),
            help: Some(
                "move the secret to a file with mode 600 or an environment variable, and write that place here".into(),
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
        title: format!("`{key}` is not a well-formed `{}:` ref", reference.scheme()),
        detail: wrong,
        help: Some(format!("the form is `{form}`")),
        secret: false,
    })
}

/// Whether a key of this name points at a key to sign with, which need not be taken out of its place.
fn names_key(key: &str) -> bool {
    key == "key_ref" || key.ends_with("_key_ref")
}

/// What may stand in a ref of this name.
fn forms(key: &str) -> Vec<&'static str> {
    let stores = key_stores().into_iter().filter(|_| names_key(key)).map(|one| one.form);
    registry::secret_resolvers().iter().map(|one| one.form).chain(stores).collect()
}

fn key_for_secret(key: &str, scheme: &str, forms: &str) -> Fault {
    Fault {
        rule: "bad_ref",
        title: format!("`{key}` needs a secret that can be read, but what `{scheme}:` names never leaves its place"),
        detail: format!("expected one of {forms}"),
        help: Some(format!("only a `key_ref` can be a `{scheme}:` ref: the key signs there")),
        secret: false,
    }
}

fn unknown_kind(key: &str, scheme: &str, forms: &str) -> Fault {
    if let Some(left_out) = registry::scheme_left_out(scheme) {
        return Fault {
            rule: "unknown_ref_kind",
            title: format!("`{key}` needs the feature `{}`, which this program was built without", left_out.feature),
            detail: format!("expected one of {forms}"),
            help: Some(left_out.cure()),
            secret: false,
        };
    }
    let schemes = registry::secret_resolvers().into_iter().map(|one| one.scheme);
    let guess = nearest(scheme, schemes.chain(key_stores().into_iter().map(|one| one.scheme)));
    Fault {
        rule: "unknown_ref_kind",
        title: format!("`{key}` names a kind of place that is not known"),
        detail: format!("expected one of {forms}"),
        help: Some(match guess {
            Some(guess) => format!("did you mean `{guess}:`?"),
            None => "write where the secret is kept, never the secret itself".into(),
        }),
        // A literal secret may have a colon in it.
        secret: guess.is_none(),
    }
}

/// Whether refs of this scheme are known here, or would be had this binary been built with more.
pub(super) fn is_scheme(scheme: &str) -> bool {
    registry::secret_resolver(scheme).is_ok()
        || key_store(scheme).is_some()
        || registry::scheme_left_out(scheme).is_some()
}
