//! The requests of clients, for tests that count calls.

use std::collections::{BTreeMap, VecDeque};

/// How many of the latest requests are kept in the log.
const LOG_LENGTH: usize = 10_000;

/// What was asked so far.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// All requests, including failed ones.
    pub total: u64,
    /// Those that count against the org's daily API limit.
    pub api: u64,
    /// Requests by kind: `token`, `versions`, `query:User`, `more:User`, `describe:User`, `limits`, …; writes as
    /// `create:User`, `update:User`, `delete:GroupMember`, `password:User`, `collections:create:User`, `composite`,
    /// `batch`; query jobs as `job:create:User`, `job:status`, `job:pages`, `job:results:User`, `job:abort`,
    /// `job:delete`; metadata as `metadata:deploy`, `metadata:status`, `metadata:cancel`, `soap:readMetadata`. What a
    /// composite or a batch holds is counted by its kind, too, but in no total.
    pub by_kind: BTreeMap<String, u64>,
    /// The latest 10,000 requests, oldest first.
    pub log: VecDeque<LoggedRequest>,
}

/// One request; holds no header and no token.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    /// The HTTP method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// The SOQL statement of a query.
    pub soql: Option<String>,
    /// The kind, as in [`Requests::by_kind`].
    pub kind: String,
    /// The status of the response; 0 if the connection was closed without one.
    pub status: u16,
}

impl Requests {
    /// The number of requests of this kind.
    pub fn of(&self, kind: &str) -> u64 {
        self.by_kind.get(kind).copied().unwrap_or(0)
    }

    /// Counts the requests within a request.
    pub(crate) fn add_parts(&mut self, kinds: &[String]) {
        for kind in kinds {
            *self.by_kind.entry(kind.clone()).or_default() += 1;
        }
    }

    pub(crate) fn add(&mut self, request: LoggedRequest) {
        self.total += 1;
        *self.by_kind.entry(request.kind.clone()).or_default() += 1;
        if self.log.len() == LOG_LENGTH {
            self.log.pop_front();
        }
        self.log.push_back(request);
    }
}
