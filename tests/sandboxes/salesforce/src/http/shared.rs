//! What all connections of a sandbox share.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::answer::{Answer, Ask};
use super::dpop::Proofs;
use super::jobs::Jobs;
use super::misbehave::Misbehavior;
use super::query::Cursors;
use super::session::Sessions;
use crate::gate::{Gate, Moment};
use crate::metadata::Metadata;
use crate::options::Options;
use crate::org::Org;
use crate::requests::Requests;

/// Which of the org's hosts received the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Login,
    Instance,
}

/// What all connections of a sandbox share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) org: Org,
    pub(crate) login_url: String,
    pub(crate) instance_url: String,
    pub(crate) faults: Misbehavior,
    pub(crate) gate: Gate,
    pub(crate) api_usage: AtomicU64,
    metadata: Mutex<Metadata>,
    sessions: Mutex<Sessions>,
    cursors: Mutex<Cursors>,
    jobs: Mutex<Jobs>,
    requests: Mutex<Requests>,
    /// The `jti` of every assertion that was accepted.
    seen: Mutex<HashSet<String>>,
    proofs: Mutex<Proofs>,
    /// Logins of each user since the start.
    logins: Mutex<HashMap<u64, u64>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(options: Options, login_url: String, instance_url: String) -> Self {
        Self {
            org: Org::new(&options),
            faults: Misbehavior::new(options.faults.clone()),
            gate: Gate::default(),
            metadata: Mutex::new(Metadata::new(&options)),
            options,
            login_url,
            instance_url,
            api_usage: AtomicU64::new(0),
            sessions: Mutex::default(),
            cursors: Mutex::default(),
            jobs: Mutex::default(),
            requests: Mutex::default(),
            seen: Mutex::default(),
            proofs: Mutex::default(),
            logins: Mutex::default(),
        }
    }

    /// The host of the data resources now. An org that moved has the same server under another name.
    pub(crate) fn current_instance(&self) -> String {
        let has_moved = self.faults.moved().is_some();
        if has_moved { self.instance_url.replace("127.0.0.1", "localhost") } else { self.instance_url.clone() }
    }

    /// The answer to a request for a host that the org has left.
    pub(crate) fn left(&self, ask: &Ask) -> Option<Answer> {
        let status = self.faults.moved()?;
        if !ask.header("host").is_some_and(|host| host.starts_with("127.0.0.1")) {
            return None;
        }
        Some(if status == 401 {
            Answer::error(401, "INVALID_SESSION_ID", "Session expired or invalid")
        } else {
            let target = format!("{}{}", self.current_instance(), ask.path);
            Answer::html(301, "Moved Permanently").with("Location", target)
        })
    }

    /// The metadata without advancing deploys. Never locked while the org is locked.
    pub(crate) fn metadata(&self) -> MutexGuard<'_, Metadata> {
        locked(&self.metadata)
    }

    /// The metadata for a client's request, which advances deploys; `is_poll` if the request asks for a status.
    pub(crate) fn metadata_moved_on(&self, is_poll: bool) -> MutexGuard<'_, Metadata> {
        let mut metadata = self.metadata();
        metadata.step(self.faults.deploys(), is_poll, self.now());
        metadata
    }

    pub(crate) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        locked(&self.sessions)
    }

    pub(crate) fn cursors(&self) -> MutexGuard<'_, Cursors> {
        locked(&self.cursors)
    }

    pub(crate) fn jobs(&self) -> MutexGuard<'_, Jobs> {
        locked(&self.jobs)
    }

    pub(crate) fn requests(&self) -> MutexGuard<'_, Requests> {
        locked(&self.requests)
    }

    pub(crate) fn proofs(&self) -> MutexGuard<'_, Proofs> {
        locked(&self.proofs)
    }

    /// Whether responses are being held back.
    pub(crate) fn has_come(&self, moment: Moment) -> bool {
        match moment {
            Moment::Requests(number) => self.requests().total >= number,
            Moment::Writes(number) => self.org.writes().len() >= number,
        }
    }

    /// Records the id of an assertion; false if it was used before.
    pub(crate) fn first_use(&self, jti: &str) -> bool {
        locked(&self.seen).insert(jti.to_owned())
    }

    /// Counts a login of a user and returns the total.
    pub(crate) fn count_login(&self, user: u64) -> u64 {
        let mut logins = locked(&self.logins);
        let count = logins.entry(user).or_default();
        *count += 1;
        *count
    }

    /// The org's time in milliseconds.
    pub(crate) fn now(&self) -> i64 {
        self.sign_in_time() + self.org.passed()
    }

    /// The time that assertions are compared with: clients make them by the clock of this machine.
    pub(crate) fn sign_in_time(&self) -> i64 {
        Timestamp::now().as_millisecond() + self.faults.skew() * 1_000
    }

    /// Counts one API request and returns the value of the `Sforce-Limit-Info` header.
    pub(crate) fn usage(&self) -> String {
        let used = self.api_usage.fetch_add(1, Ordering::Relaxed) + 1;
        self.requests().api += 1;
        format!("api-usage={used}/{}", self.options.daily_requests)
    }

    /// The API versions listed, oldest first.
    pub(crate) fn versions(&self) -> std::ops::RangeInclusive<u32> {
        self.options.oldest_version..=self.options.newest_version
    }
}
