//! From where users were signed in when they changed something.

use super::entries::Entry;
use super::{literal, moment};
use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::{self, Select};
use connector_core::Result;
use connector_core::jiff::{Timestamp, ToSpan};
use std::collections::{BTreeMap, BTreeSet};

/// No session is longer.
const LONGEST_SESSION_HOURS: i64 = 24;
/// The most users in one query.
const MAX_USERS_PER_QUERY: usize = 200;

/// The sign-ins of users, oldest first.
#[derive(Debug, Default)]
pub(super) struct Logins(BTreeMap<RecordId, Vec<(Timestamp, String)>>);

impl Logins {
    /// Where the user of an entry had signed in from last.
    pub(super) fn of(&self, entry: &Entry) -> Option<String> {
        let logins = self.0.get(&entry.user?)?;
        logins.iter().rev().find(|(at, _)| *at <= entry.event.at).map(|(_, from)| from.clone())
    }
}

/// The sign-ins of those who made the entries, from a day before the first one on.
pub(super) async fn before(rest: &Rest, entries: &[Entry]) -> Result<Logins> {
    let users: BTreeSet<RecordId> = entries.iter().filter_map(|entry| entry.user).collect();
    let times = entries.iter().map(|entry| entry.event.at);
    let (Some(first), Some(last)) = (times.clone().min(), times.max()) else { return Ok(Logins::default()) };
    let first = first.checked_sub(LONGEST_SESSION_HOURS.hours()).unwrap_or(first);
    let mut logins: BTreeMap<RecordId, Vec<(Timestamp, String)>> = BTreeMap::new();
    let users: Vec<_> = users.into_iter().collect();
    for users in users.chunks(MAX_USERS_PER_QUERY) {
        let of_users = soql::one_of("UserId", users.iter().map(RecordId::as_str));
        let filter = format!("LoginTime >= {} AND LoginTime <= {} AND {of_users}", literal(first), literal(last));
        let fields = vec!["Id", "UserId", "LoginTime", "SourceIp", "Application", "Status"];
        let select = Select { object: "LoginHistory", fields, filter: Some(filter.into()) };
        let found = keyset::all_shown(rest, &select, |row| {
            // The status can't stand in the condition.
            if row.text("Status")?.as_deref() != Some("Success") {
                return Ok(None);
            }
            let (_, user) = row.id("UserId")?;
            let at = moment(&row.some_text("LoginTime")?, || row.odd("has a `LoginTime` that is not a time"))?;
            let address = row.text("SourceIp")?.unwrap_or_default().into_owned();
            let app = if row.has("Application") { row.text("Application")? } else { None };
            let from = match app.filter(|app| !app.is_empty()) {
                Some(app) => format!("{address} ({app})"),
                None => address,
            };
            Ok(Some((user, at, from)))
        });
        for (user, at, from) in found.await? {
            logins.entry(user).or_default().push((at, from));
        }
    }
    for logins in logins.values_mut() {
        logins.sort_by_key(|(at, _)| *at);
    }
    Ok(Logins(logins))
}
