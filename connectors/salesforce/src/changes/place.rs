//! Positions in a read of changes.

use crate::api::ranges::RecordId;
use crate::api::soql;
use crate::identities;
use connector_core::{Cursor, Error, ErrorKind, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A change can become visible so much later than its time stamp says: Salesforce stamps a row when a transaction saves it, and
/// ends a transaction after ten minutes at most.
const OVERLAP_MS: i64 = 10 * 60 * 1_000;

/// Where a read of changes starts, or continues.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "changes", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Place {
    /// The start.
    Since(Watermark),
    /// In one of the lists that are read side by side.
    In { window: Window, list: List, at: String },
    /// All holders of an entitlement within a range of users.
    Holders(Holders),
    /// The same, which are counted in parts first.
    Parts(Holders),
    /// The number of holders within a range.
    Count(Holders),
    /// The users of a range who hold an app.
    App(identities::Place),
}

/// What the next read of changes needs to know of this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Watermark {
    /// The org's own time in milliseconds; `None` if the org does not say it.
    pub(super) clock: Option<i64>,
    /// A hash of what an account is made of: the fields that are read, and which profiles are for programs.
    pub(super) shape: String,
}

/// What is read: rows with a time stamp from `from` on. `now` is the org's time when the read started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    pub(super) from: i64,
    pub(super) now: i64,
}

/// A list of a read of changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum List {
    /// Users that changed.
    Users,
    /// Which users are locked, and how many users there are.
    Locks,
    /// All entitlements.
    Entitlements,
    /// New and changed assignments of an object.
    Assignments(String),
    /// All assignments of an object whose holders are entitlements.
    Nested(String),
    /// How many users hold each entitlement of a type.
    Counts(String),
    /// Programs, and what they are for.
    Programs,
}

/// Holders of an entitlement, within a range of users.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Holders {
    #[serde(rename = "type")]
    pub(super) entitlement_type: String,
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<RecordId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) up_to: Option<RecordId>,
}

impl Window {
    /// Everything since a watermark. An error if the org's clock does not allow that.
    pub(super) fn since(watermark: &Watermark, now: Option<i64>) -> Result<Self> {
        let (Some(clock), Some(now)) = (watermark.clock, now) else {
            return Err(expired("the org does not say what time it is"));
        };
        // A small step back is within the overlap.
        if now + OVERLAP_MS / 2 < clock {
            return Err(expired("the clock of the org is behind the time of the last run"));
        }
        Ok(Self { from: clock.min(now) - OVERLAP_MS, now })
    }

    /// The condition of rows that changed.
    pub(super) fn changed(&self) -> Result<String> {
        Ok(format!("SystemModstamp >= {}", literal(self.from)?))
    }

    /// The condition of rows that changed or, without a change, came to their end.
    pub(super) fn changed_or_ended(&self, end: &str) -> Result<String> {
        let (from, now) = (literal(self.from)?, literal(self.now)?);
        Ok(format!("({} OR ({end} >= {from} AND {end} <= {now}))", self.changed()?))
    }
}

impl Holders {
    /// The condition on the user of a row.
    pub(super) fn condition(&self, user: &str) -> String {
        let after = self.after.map(|after| format!(" AND {user} > {}", soql::quoted(after.as_str())));
        let up_to = self.up_to.map(|up_to| format!(" AND {user} <= {}", soql::quoted(up_to.as_str())));
        [after, up_to].into_iter().flatten().collect()
    }
}

impl Place {
    pub(super) fn read(cursor: &Cursor) -> Result<Self> {
        cursor.position()?.ok_or_else(|| expired("the store has no position to read changes from"))
    }

    pub(super) fn cursor(&self) -> Result<Cursor> {
        Cursor::of(self)
    }
}

/// The error for changes that can't be read: a full run is needed.
pub(super) fn expired(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Expired, why)
}

fn literal(ms: i64) -> Result<String> {
    let time = Timestamp::from_millisecond(ms).map_err(|_| expired("the org's time is out of range"))?;
    Ok(time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_435_200_000;

    fn at(clock: i64) -> Watermark {
        Watermark { clock: Some(clock), shape: "same".to_owned() }
    }

    #[test]
    fn a_window_begins_ten_minutes_before_the_watermark() {
        let window = Window::since(&at(NOON), Some(NOON + 3_600_000)).unwrap();
        assert_eq!(window.changed().unwrap(), "SystemModstamp >= 2026-11-23T11:50:00.000Z");
        assert_eq!(
            window.changed_or_ended("ExpirationDate").unwrap(),
            "(SystemModstamp >= 2026-11-23T11:50:00.000Z OR (ExpirationDate >= 2026-11-23T11:50:00.000Z AND \
             ExpirationDate <= 2026-11-23T13:00:00.000Z))"
        );
    }

    #[test]
    fn a_clock_that_went_back_or_is_unknown_needs_a_full_run() {
        for (watermark, now) in
            [(at(NOON), Some(NOON - 3_600_000)), (at(NOON), None), (Watermark { clock: None, ..at(NOON) }, Some(NOON))]
        {
            assert_eq!(Window::since(&watermark, now).unwrap_err().kind(), ErrorKind::Expired, "{watermark:?} {now:?}");
        }
        let window = Window::since(&at(NOON), Some(NOON - 60_000)).unwrap();
        assert_eq!(window.from, NOON - 60_000 - OVERLAP_MS);
    }

    #[test]
    fn a_place_survives_being_kept_as_text() {
        let holders = Holders {
            entitlement_type: "group".to_owned(),
            id: "00G1".to_owned(),
            after: RecordId::read("005000000000001"),
            up_to: None,
        };
        assert_eq!(holders.condition("UserOrGroupId"), " AND UserOrGroupId > '005000000000001AAA'");
        let list = List::Assignments("GroupMember".to_owned());
        let window = Window { from: 1, now: 2 };
        for place in [
            Place::Since(at(NOON)),
            Place::In { window, list, at: "x".to_owned() },
            Place::In { window, list: List::Users, at: String::new() },
            Place::Holders(holders.clone()),
            Place::Parts(holders.clone()),
            Place::Count(holders),
        ] {
            let kept = Cursor::from_text(place.cursor().unwrap().as_str());
            assert_eq!(format!("{:?}", Place::read(&kept).unwrap()), format!("{place:?}"));
        }
        assert!(Place::read(&Cursor::from_text("{}")).is_err());
        assert_eq!(Place::read(&Cursor::start()).unwrap_err().kind(), ErrorKind::Expired);
    }
}
