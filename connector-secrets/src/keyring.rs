//! `keyring:SERVICE/USER`

use async_trait::async_trait;
use connector_core::{Error, ErrorKind, Result, SecretRef, SecretResolver, Sensitivity, register_secret_resolver};
use connector_keys::secret_text;
use keyring::{Entry, Error as Fault};
use secrecy::SecretString;
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// A locked keyring prompts on the screen, and perhaps nobody is there.
const TIME_LIMIT: Duration = Duration::from_mins(1);

/// Reads an entry from the keyring of the signed-in user.
struct Keyring;

static KEYRING: Keyring = Keyring;

register_secret_resolver! {
    scheme: "keyring",
    form: "keyring:SERVICE/USER",
    description: "An entry in the keyring of the signed-in user: Secret Service, macOS Keychain or Windows Credential Manager",
    resolver: KEYRING,
}

#[async_trait]
impl SecretResolver for Keyring {
    async fn resolve(&self, reference: &SecretRef, _: &Path, _: Sensitivity) -> Result<SecretString> {
        let (service, user) = parse(reference.rest()).map_err(fault)?;
        let name = format!("entry for `{user}` of `{service}`");
        let (service, user) = (service.to_owned(), user.to_owned());
        let read = tokio::task::spawn_blocking(move || Entry::new(&service, &user)?.get_secret());
        let bytes = timeout(TIME_LIMIT, read)
            .await
            .map_err(|_| {
                fault(format!("the keyring did not respond within {} s", TIME_LIMIT.as_secs()))
                    .with_help("unlock it: it may be prompting for its password on the screen")
            })?
            .map_err(|cause| Error::new(ErrorKind::Internal, "reading the keyring stopped").with_cause(cause))?
            .map_err(|fault| unreadable(&fault, &name))?;
        secret_text(bytes, &name)
    }

    fn check(&self, reference: &SecretRef) -> Result<(), String> {
        parse(reference.rest()).map(drop)
    }
}

fn parse(text: &str) -> Result<(&str, &str), String> {
    let parts = text.split_once('/').filter(|(service, user)| !service.is_empty() && !user.is_empty());
    parts.ok_or_else(|| "write the service and the user of the entry: `keyring:connector/acme`".to_owned())
}

fn unreadable(cause: &Fault, name: &str) -> Error {
    let (message, help) = match cause {
        Fault::NoEntry => (
            format!("the keyring has no {name}"),
            "create the entry; on Linux, run `secret-tool store --label=LABEL service SERVICE username USER`",
        ),
        Fault::Ambiguous(_) => (format!("the keyring has more than one {name}"), "delete all but one of them"),
        Fault::NoDefaultStore => (
            "can't reach a keyring".to_owned(),
            "a keyring needs a user session; on Linux, run a Secret Service such as GNOME Keyring or KWallet and set \
             `DBUS_SESSION_BUS_ADDRESS`; for a service without a user session, use `file:`, `env:` or `vault:`",
        ),
        _ => (
            format!("can't read the keyring {name}: {cause}"),
            "unlock the keyring, and check that its service is running",
        ),
    };
    // Other causes may hold the secret itself.
    fault(message).with_help(help)
}

fn fault(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Secret, message)
}
