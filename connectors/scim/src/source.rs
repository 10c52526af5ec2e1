//! What all parts of the connector share: the server, the settings, and what was learned while reading.

use crate::lists::{List, Reading};
use crate::protocol::{Discovery, ResourceType, Service, Spooled};
use crate::settings::{Memberships, Settings};
use connector_core::{Assignment, Context, Cursor, Error, Result, Sessions};
use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::AtomicU8;
use std::sync::{Mutex, PoisonError};
use tokio::sync::OnceCell;

/// How many cursors of lists are kept.
const MOST_CURSORS: usize = 64;

/// How many responses with large groups are kept: one for each branch of a list.
const MOST_RESTS: usize = 16;

/// One source.
pub(crate) struct Source {
    pub(crate) service: Service,
    pub(crate) settings: Settings,
    cursors: Sessions<Reading>,
    /// Members of large groups for the next pages.
    pub(crate) rests: Sessions<Rest>,
    /// Attributes of users that no schema describes.
    undescribed: Mutex<BTreeSet<String>>,
    /// Whether the server obeys `filter`, for sources with a filter.
    obeys: OnceCell<()>,
    /// The ids of all groups, where members don't say what they are.
    pub(crate) groups: OnceCell<HashSet<String>>,
    /// How users are found, see [`crate::accounts`].
    pub(crate) finding: AtomicU8,
    /// Whether lists of groups show members, see [`crate::groups`].
    pub(crate) showing: AtomicU8,
    /// Held while something is replaced whole, so that this process doesn't overwrite its own changes.
    pub(crate) replacing: tokio::sync::Mutex<()>,
    /// What is known before the server was asked.
    assumed: Discovery,
}

/// The assignments of a response that no page has shown yet.
pub(crate) struct Rest {
    pub(crate) left: Left,
    /// Where to read the response again.
    pub(crate) anchor: Cursor,
}

/// Assignments that no page has shown yet.
pub(crate) enum Left {
    /// Of a small response.
    Held(Vec<Assignment>),
    /// Members of a large one, and the ids of its groups.
    Spooled(Spooled, Vec<String>),
}

impl Source {
    pub(crate) fn open(settings: Settings, context: &Context) -> Result<Self> {
        Ok(Self {
            service: Service::open(context, &settings.base_url)?,
            settings,
            cursors: Sessions::new(MOST_CURSORS),
            rests: Sessions::new(MOST_RESTS),
            undescribed: Mutex::default(),
            obeys: OnceCell::new(),
            groups: OnceCell::new(),
            finding: AtomicU8::default(),
            showing: AtomicU8::default(),
            replacing: tokio::sync::Mutex::default(),
            assumed: Discovery::assumed(),
        })
    }

    /// What the server said about itself, or what RFC 7643 says before the server was asked.
    pub(crate) fn known(&self) -> &Discovery {
        self.service.known().unwrap_or(&self.assumed)
    }

    /// The type of users.
    pub(crate) async fn user_type(&self) -> Result<&ResourceType> {
        self.service.discovery().await?.resource_type("User")
    }

    /// The list of users.
    pub(crate) async fn users(&self) -> Result<List<'_>> {
        if let Some(filter) = &self.settings.filter {
            self.obeys.get_or_try_init(|| self.try_filter(filter)).await?;
        }
        let mut list = self.list(self.user_type().await?, "users");
        list.filter.clone_from(&self.settings.filter);
        list.query = self.user_query();
        Ok(list)
    }

    /// The parameters of every request for users.
    pub(crate) fn user_query(&self) -> Vec<(&'static str, String)> {
        let excluded = &self.settings.attributes.exclude;
        if excluded.is_empty() { Vec::new() } else { vec![("excludedAttributes", excluded.join(","))] }
    }

    /// A list of all resources of a type.
    pub(crate) fn list<'a>(&'a self, of: &'a ResourceType, what: &'a str) -> List<'a> {
        List {
            service: &self.service,
            cursors: &self.cursors,
            endpoint: &of.endpoint,
            what,
            paging: self.settings.paging,
            size: self.settings.page_size,
            filter: None,
            reader: None,
            query: Vec::new(),
        }
    }

    /// Asks for users that can't exist. A server that gives some ignores filters, and would give all users.
    async fn try_filter(&self, filter: &str) -> Result<()> {
        let nobody = format!("({filter}) and userName eq \"nobody-{:x}\"", std::process::id());
        let endpoint = &self.user_type().await?.endpoint;
        let query = [("filter", nobody.as_str()), ("startIndex", "1"), ("count", "1")];
        let listed = self.service.list(endpoint, &query, "trying the filter").await?;
        if listed.rows()?.resources.is_empty() {
            return Ok(());
        }
        Err(Error::unsupported("the server ignores filters, and would give users that `filter` excludes")
            .with_help("remove `filter` from the settings"))
    }

    /// Whether an attribute of users is not read, or read as entitlements.
    pub(crate) fn is_excluded(&self, name: &str) -> bool {
        let named = [&self.settings.attributes.exclude, &self.settings.entitlements];
        !name.is_empty() && named.into_iter().flatten().any(|one| one.eq_ignore_ascii_case(name))
    }

    /// Whether the account's own record names its groups.
    pub(crate) fn users_list_groups(&self) -> bool {
        self.settings.memberships == Memberships::User
    }

    /// Remembers an attribute that no schema describes.
    pub(crate) fn note_undescribed(&self, name: &str) {
        let mut known = self.undescribed.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains(name) {
            known.insert(name.to_owned());
        }
    }

    pub(crate) fn undescribed(&self) -> Vec<String> {
        self.undescribed.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
