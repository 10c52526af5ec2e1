//! Says what is wrong with a text that should tell where a secret is kept.

use super::findings::Fault;
use super::nearest::nearest;
use connector_core::{SecretRef, registry};

/// Endings of files that people write without saying `file:`.
const KEY_FILE_ENDINGS: &[&str] = &[".key", ".pem", ".crt", ".cer", ".der", ".p12", ".pfx", ".txt"];

/// What is wrong with the ref under `key`, as far as its text can tell.
pub(crate) fn ref_fault(key: &str, text: &str) -> Option<Fault> {
    let forms: Vec<_> = registry::secret_resolvers().iter().map(|one| one.form).collect();
    let forms = forms.join(", ");
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
    let Ok(registration) = registry::secret_resolver(reference.scheme()) else {
        let guess = nearest(reference.scheme(), registry::secret_resolvers().iter().map(|one| one.scheme));
        return Some(Fault {
            rule: "unknown_ref_kind",
            title: format!("`{key}` names a kind of place that is not known"),
            detail: format!("expected one of {forms}"),
            help: Some(match guess {
                Some(guess) => format!("did you mean `{guess}:`?"),
                None => "write where the secret is kept, never the secret itself".into(),
            }),
            // A literal secret may have a colon in it.
            secret: guess.is_none(),
        });
    };
    let wrong = (registration.resolver)().check(&reference).err()?;
    Some(Fault {
        rule: "bad_ref",
        title: format!("`{key}` is not a well-formed `{}:` ref", reference.scheme()),
        detail: wrong,
        help: Some(format!("the form is `{}`", registration.form)),
        secret: false,
    })
}
