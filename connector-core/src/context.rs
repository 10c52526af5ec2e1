//! What the engine gives to an opened connector.

use crate::auth::AuthStrategy;
use crate::error::{Error, ErrorKind, Result};
use crate::http_options::HttpOptions;
use crate::meter::Meter;
use crate::redactor::Redactor;
use crate::secret::{SecretRef, Sensitivity};
use crate::secret_resolvers::secret_resolver;
use crate::token_errors::TokenErrorRow;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The byte order mark.
const MARK: char = '\u{feff}';

/// What a connector or an auth strategy gets when it is opened: the name of the source, a clock, the `http:` options,
/// the opened auth strategy, a meter, and a way to fetch secrets.
#[derive(Clone, Debug)]
pub struct Context {
    source: String,
    project: PathBuf,
    clock: Clock,
    http: HttpOptions,
    auth: Option<Arc<dyn AuthStrategy>>,
    meter: Arc<Meter>,
    token_errors: &'static [TokenErrorRow],
    redactor: Redactor,
}

impl Context {
    /// A context for the source `name` of the project in `folder`, with the system's clock and default options.
    pub fn new(name: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        Self {
            source: name.into(),
            project: folder.into(),
            clock: Clock::system(),
            http: HttpOptions::default(),
            auth: None,
            meter: Arc::default(),
            token_errors: &[],
            redactor: Redactor::default(),
        }
    }

    /// Sets the `http:` options.
    #[must_use]
    pub fn with_http(mut self, http: HttpOptions) -> Self {
        self.http = http;
        self
    }

    /// Sets the opened auth strategy.
    #[must_use]
    pub fn with_auth(mut self, auth: Arc<dyn AuthStrategy>) -> Self {
        self.auth = Some(auth);
        self
    }

    /// Sets what the errors of the token endpoint mean at this provider.
    #[must_use]
    pub fn with_token_errors(mut self, rows: &'static [TokenErrorRow]) -> Self {
        self.token_errors = rows;
        self
    }

    /// Sets another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The source's name.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The project folder, from which relative paths start.
    pub fn project(&self) -> &Path {
        &self.project
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The `http:` options.
    pub fn http(&self) -> &HttpOptions {
        &self.http
    }

    /// The opened auth strategy. Fails with kind `definition` if the source has no `auth:` block.
    pub fn auth(&self) -> Result<Arc<dyn AuthStrategy>> {
        self.auth.clone().ok_or_else(|| {
            Error::new(ErrorKind::Definition, format!("source `{}` has no `auth:` block", self.source))
                .with_help("add `auth:` with a `grant_type`; `connector connectors` lists the grant types")
        })
    }

    /// The opened auth strategy; `None` when the source has no `auth:` block.
    pub fn strategy(&self) -> Option<&Arc<dyn AuthStrategy>> {
        self.auth.as_ref()
    }

    /// What the errors of the token endpoint mean at this provider, as its connector registered it.
    pub fn token_errors(&self) -> &'static [TokenErrorRow] {
        self.token_errors
    }

    /// The meter that counts this job's requests.
    pub fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Knows every secret that this context gave out, and blanks them out of texts from outside. Whoever makes another secret
    /// from one, such as a token, [adds](Redactor::learn) it.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Checks as well as possible that a key or password is there, without fetching it: nothing runs and nothing is asked.
    /// Fails with kind `secret`.
    pub fn check_secret(&self, reference: &SecretRef) -> Result<()> {
        let resolver = (secret_resolver(reference.scheme())?.resolver)();
        resolver.check(reference).map_err(|why| Error::new(ErrorKind::Secret, why))?;
        resolver.available(reference, &self.project)
    }

    /// Fetches a key or password, without the line breaks that editors and programs add at its end and without the byte order
    /// mark that some write at its beginning. Fails with kind `secret`,
    /// also if nothing is left.
    pub async fn secret(&self, reference: &SecretRef) -> Result<SecretString> {
        let text = self.resolve(reference, Sensitivity::Secret).await?;
        let secret = text.expose_secret().trim_start_matches(MARK).trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            // Only the scheme: the arguments of a program can contain a secret.
            return Err(Error::new(
                ErrorKind::Secret,
                format!("the `{}:` ref gives an empty secret", reference.scheme()),
            )
            .with_help("write the secret there, or use another secret ref"));
        }
        self.redactor.learn(secret);
        Ok(SecretString::from(secret))
    }

    /// Fetches public material such as a certificate. Fails with kind `secret`.
    pub async fn public_text(&self, reference: &SecretRef) -> Result<String> {
        let text = self.resolve(reference, Sensitivity::Public).await?;
        Ok(text.expose_secret().trim_start_matches(MARK).to_owned())
    }

    /// Puts a secret in place of the one that `reference` names, when the service replaced it, such as a refresh token
    /// that changes at each use.
    ///
    /// Fails with kind `unsupported` when that place can't be written, and with kind `secret` when writing failed.
    pub async fn keep(&self, reference: &SecretRef, secret: SecretString) -> Result<()> {
        self.redactor.learn(secret.expose_secret());
        let registration = secret_resolver(reference.scheme())?;
        (registration.resolver)().keep(reference, &self.project, &secret).await
    }

    async fn resolve(&self, reference: &SecretRef, sensitivity: Sensitivity) -> Result<SecretString> {
        let registration = secret_resolver(reference.scheme())?;
        (registration.resolver)().resolve(reference, &self.project, sensitivity).await
    }
}

/// Says what time it is. Tests can set it.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// A clock that calls `now`.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretResolver;
    use async_trait::async_trait;

    /// Gives back what follows the scheme, with line breaks.
    struct Echo;

    static ECHO: Echo = Echo;

    crate::register_secret_resolver! {
        scheme: "echo",
        form: "echo:TEXT",
        description: "Gives back the ref",
        resolver: ECHO,
    }

    #[async_trait]
    impl SecretResolver for Echo {
        async fn resolve(&self, reference: &SecretRef, _: &Path, _: Sensitivity) -> Result<SecretString> {
            let text = reference.rest().strip_prefix("nothing").map_or(reference.rest(), |_| "");
            Ok(SecretString::from(format!("\u{feff}{text}\r\n\n")))
        }

        fn check(&self, _: &SecretRef) -> Result<(), String> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn line_breaks_and_a_byte_order_mark_are_not_part_of_a_secret() {
        let context = Context::new("acme", ".");
        let secret = context.secret(&"echo:s3cret".parse().unwrap()).await.unwrap();
        assert_eq!(secret.expose_secret(), "s3cret");
    }

    #[tokio::test]
    async fn the_error_for_an_empty_secret_shows_no_argument_of_the_ref() {
        let context = Context::new("acme", ".");
        let error = context.secret(&"echo:nothing --token hunter2".parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Secret);
        assert!(error.message().contains("`echo:`") && error.help().is_some(), "{error}");
        assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
    }
}
