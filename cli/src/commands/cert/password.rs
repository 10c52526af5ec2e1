//! Passwords of keys: from a secret ref, or asked for.

use crate::arguments::KeyFileArguments;
use crate::exit::Stop;
use crate::invocation::Invocation;
use crate::terminal;
use connector_core::{Context, Error, ErrorKind, SecretRef};
use connector_project::source::Project;
use secrecy::{ExposeSecret, SecretString};

const BY_REF: &str = "pass a secret ref with `--key-password-ref`, for example `env:SALESFORCE_KEY_PASSWORD`";

/// The password for a new key, if the user wants one.
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

/// The secret that the secret ref of an option names.
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
    Ok(invocation.block_on(context.secret(&reference))??)
}

/// The password of an existing file: from the ref of the option, otherwise typed by the user.
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
            &format!("pass the password of {what} as a secret ref with `{option}`, for example `env:KEY_PASSWORD`"),
        )?),
    }
}

fn empty() -> Error {
    Error::new(ErrorKind::Secret, "the password is empty")
        .with_help("leave out the password option for an unencrypted key")
}
