//! The subject of the trials: how to open the connector, and what the trials may write.

use crate::proxy::Proxy;
use connector_core::{Connector, EntitlementRef};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// The subject of the trials.
pub struct Subject<'a> {
    open: Box<dyn Fn() -> connector_core::Result<Box<dyn Connector>> + Send + Sync + 'a>,
    fixture: Option<Fixture>,
    secrets: Vec<String>,
    proxy: Option<Proxy>,
    most_requests: Option<usize>,
    removal: Option<Removal<'a>>,
    /// The accounts that a trial created.
    created: Mutex<Vec<String>>,
}

/// Removes an account without the connector.
type Removal<'a> = Box<dyn Fn(String) -> BoxFuture<'static, Result<(), String>> + Send + Sync + 'a>;

/// What the provisioning trials may write. They create their own accounts and change no others.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// The name of the account that a trial creates. Each trial passes its own word, such as `kit-update`.
    pub name: fn(&str) -> String,
    /// The attributes of a new account. In a text, `{name}` stands for the account's name: where the caller chooses the id, each
    /// account needs its own.
    pub attributes: Map<String, Value>,
    /// Attributes to set that differ from those of a new account.
    pub update: Map<String, Value>,
    /// An entitlement that a new account does not have.
    pub entitlement: EntitlementRef,
    /// An id in the form of the source that no account has. Only for a source whose accounts can't be deleted and whose ids have a
    /// form.
    pub unknown_id: Option<String>,
}

impl Fixture {
    /// The attributes of the new account with this name.
    pub(crate) fn attributes_of(&self, name: &str) -> Map<String, Value> {
        let mut attributes = self.attributes.clone();
        for value in attributes.values_mut() {
            if let Value::String(text) = value {
                *text = text.replace("{name}", name);
            }
        }
        attributes
    }
}

impl<'a> Subject<'a> {
    /// A subject whose connectors `open` creates. The source must have at least one account, and nothing else may change it.
    pub fn new(open: impl Fn() -> connector_core::Result<Box<dyn Connector>> + Send + Sync + 'a) -> Self {
        Self {
            open: Box::new(open),
            fixture: None,
            secrets: Vec::new(),
            proxy: None,
            most_requests: None,
            removal: None,
            created: Mutex::default(),
        }
    }

    /// Allows the trials to change the source. Never do this on a source that people use.
    #[must_use]
    pub fn with_fixture(mut self, fixture: Fixture) -> Self {
        self.fixture = Some(fixture);
        self
    }

    /// Adds a secret of the source that was created for the test and must not appear in any output.
    #[must_use]
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.secrets.push(secret.into());
        self
    }

    /// Adds the proxy between the connectors and their source, for the trials of faults. The connectors must use its URL.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Says how many requests a whole read of the source may take, with signing in: the pages of each list, and a few more. It needs a
    /// [proxy](Self::with_proxy), which counts them. A connector that asks for each account alone takes more.
    #[must_use]
    pub fn with_most_requests(mut self, requests: usize) -> Self {
        self.most_requests = Some(requests);
        self
    }

    /// Says how the test removes the account with an id from the source, without the connector, as an administrator of the source
    /// would. The kit then tries whether the changes say that it is gone, also where the connector itself can't delete. It removes
    /// only an account that it created.
    ///
    /// ```
    /// # use connector_testkit::Subject;
    /// # async fn delete(url: String) -> connector_core::Result<()> { drop(url); Ok(()) }
    /// # fn with_removal<'a>(subject: Subject<'a>, server: &'a str) -> Subject<'a> {
    /// subject.with_removal(move |id| delete(format!("{server}/admin/people/{id}")))
    /// # }
    /// ```
    #[must_use]
    pub fn with_removal<F, E>(mut self, remove: impl Fn(String) -> F + Send + Sync + 'a) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display,
    {
        self.removal = Some(Box::new(move |id| {
            let removed = remove(id);
            Box::pin(async move { removed.await.map_err(|error| error.to_string()) })
        }));
        self
    }

    pub(crate) fn removal(&self) -> Option<&Removal<'a>> {
        self.removal.as_ref()
    }

    pub(crate) fn most_requests(&self) -> Option<usize> {
        self.most_requests
    }

    pub(crate) fn open(&self) -> Result<Box<dyn Connector>, String> {
        (self.open)().map_err(|error| format!("the connector did not open: {error}"))
    }

    pub(crate) fn fixture(&self) -> Option<&Fixture> {
        self.fixture.as_ref()
    }

    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// Keeps the id of an account that a trial created.
    pub(crate) fn note_created(&self, account: &str) {
        self.created.lock().unwrap_or_else(PoisonError::into_inner).push(account.to_owned());
    }

    /// The accounts that a trial created. Empties the list.
    pub(crate) fn take_created(&self) -> Vec<String> {
        std::mem::take(&mut self.created.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An id that no account has.
    pub(crate) fn unknown_id(&self) -> &str {
        self.fixture
            .as_ref()
            .and_then(|fixture| fixture.unknown_id.as_deref())
            .unwrap_or("an-account-that-is-not-there")
    }

    pub(crate) fn secrets(&self) -> &[String] {
        &self.secrets
    }
}

impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("fixture", &self.fixture).finish_non_exhaustive()
    }
}
