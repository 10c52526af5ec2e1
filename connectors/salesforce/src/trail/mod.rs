//! Who changed the org: its setup audit trail, and from where these users were signed in.

mod actions;
mod entries;
mod logins;

use crate::api::Rest;
use connector_core::jiff::{Timestamp, ToSpan};
use connector_core::{Error, Result, Trail};
use entries::Entry;

/// How long Salesforce keeps an entry.
const KEPT_DAYS: i64 = 180;

/// Everything that the org recorded in a window.
pub(crate) async fn read(rest: &Rest, since: Timestamp, until: Timestamp) -> Result<Trail> {
    let entries = entries::read(rest, since, until).await?;
    let mut trail = Trail::default();
    let logins = match logins::before(rest, &entries).await {
        Ok(logins) => Some(logins),
        Err(refused) if crate::error::is_missing_object(&refused) => {
            let warning = "the service account can't see `LoginHistory`, so it is not known from where changes were made: give it \"Manage Users\"";
            trail.warnings.push(warning.to_owned());
            None
        }
        Err(error) => return Err(error),
    };
    trail.events = entries
        .into_iter()
        .map(|entry| {
            let from = logins.as_ref().and_then(|logins| logins.of(&entry));
            let Entry { mut event, .. } = entry;
            event.from = from;
            event
        })
        .collect();
    trail.events.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let now = rest.clock().and_then(|clock| Timestamp::from_millisecond(clock).ok()).unwrap_or_else(Timestamp::now);
    trail.begins = now.checked_sub((KEPT_DAYS * 24).hours()).ok();
    Ok(trail)
}

/// A moment as a query writes it.
fn literal(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A moment as Salesforce writes it.
fn moment(text: &str, odd: impl FnOnce() -> Error) -> Result<Timestamp> {
    Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text).map_err(|_| odd())
}
