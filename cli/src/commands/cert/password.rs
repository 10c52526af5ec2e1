//! Passwords of keys: from a secret ref, or asked for.

use crate::arguments::KeyFileArguments;
use crate::exit::Stop;
use crate::invocation::Invocation;
use crate::terminal;
use connector_core::{Context, Error, ErrorKind, SecretRef};
use connector_keys::password_from;
use connector_project::source::Project;
use secrecy::{ExposeSecret, SecretString};

const BY_REF: &str = "say where it is kept with `--key-password-ref`, for example `env:SALESFORCE_KEY_PASSWORD`";

/// The password that a new key shall get, where one was asked for.
pub(super) fn of_new_key(
    invocation: &Invocation,
    project: &Project,
    arguments: &KeyFileArguments,
) -> Result<Option<SecretString>, Stop> {
    if let Some(reference) = &arguments.key_password_ref {
        return fetched(invocation, project, "--key-password-ref", reference).map(Some);
    }
    if !arguments.encrypt {
        return Ok(None);
    }
    let password = terminal::new_password("Password of the new key:", BY_REF)?;
    if password.expose_secret().is_empty() {
        return Err(empty().into());
    }
    Ok(Some(password))
}

/// What the secret ref of an option points at.
pub(super) fn fetched(
    invocation: &Invocation,
    project: &Project,
    option: &str,
    reference: &str,
) -> Result<SecretString, Stop> {
    let reference: SecretRef = reference
        .parse()
        .map_err(|fault: String| Error::new(ErrorKind::Definition, format!("`{option}` is {fault}")))?;
    let context = Context::new("cert", project.folder());
    let password = password_from(&invocation.block_on(context.secret(&reference))??);
    if password.expose_secret().is_empty() {
        return Err(empty().into());
    }
    Ok(password)
}

/// The password of something that is there: from the option's ref, else asked for.
pub(super) fn of_present(
    invocation: &Invocation,
    project: &Project,
    what: &str,
    (option, reference): (&str, Option<&str>),
) -> Result<SecretString, Stop> {
    match reference {
        Some(reference) => fetched(invocation, project, option, reference),
        None => Ok(terminal::password(
            &format!("Password of {what}:"),
            &format!("say where the password of {what} is kept with `{option}`, for example `env:KEY_PASSWORD`"),
        )?),
    }
}

fn empty() -> Error {
    Error::new(ErrorKind::Secret, "the password is empty").with_help("an unencrypted key needs no password option")
}
