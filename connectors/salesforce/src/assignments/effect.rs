//! Whether a row has effect: some rows end, are revoked, or wait for a session.

use crate::api::record::Row;
use connector_core::{AssignmentState, Result};
use jiff::Timestamp;

/// The field that says when a row ends.
pub(crate) const END: &str = "ExpirationDate";
/// The field that says that a row was revoked without being deleted.
pub(crate) const REVOKED: &str = "IsRevoked";
pub(super) const ACTIVE: &str = "IsActive";
const MOMENT: &str = "%Y-%m-%dT%H:%M:%S%.f%z";

/// The fields of an object that say whether a row has effect. Not every org has all of them.
pub(crate) fn fields(object: &str) -> &'static [&'static str] {
    match object {
        "PermissionSetAssignment" => &[ACTIVE, REVOKED, END],
        "UserTerritory2Association" => &[ACTIVE],
        _ => &[],
    }
}

/// Whether a row has effect, as far as the org shows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effect {
    is_active: bool,
    pub(crate) is_revoked: bool,
    /// When the row ends.
    pub(crate) until: Option<Timestamp>,
}

impl Effect {
    pub(crate) fn read(row: &Row<'_>) -> Result<Self> {
        let is_active = !row.has(ACTIVE) || row.flag(ACTIVE)?;
        let is_revoked = row.has(REVOKED) && row.flag(REVOKED)?;
        let end = if row.has(END) { row.text(END)?.filter(|end| !end.is_empty()) } else { None };
        let until = end.map(|end| {
            Timestamp::strptime(MOMENT, end.as_ref())
                .map_err(|_| row.odd(&format!("has an `{END}` that is not a time")))
        });
        Ok(Self { is_active, is_revoked, until: until.transpose()? })
    }

    pub(crate) fn state(&self) -> AssignmentState {
        if self.is_active && !self.is_revoked { AssignmentState::Active } else { AssignmentState::Inactive }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.until.is_some_and(|until| until <= Timestamp::now())
    }

    /// Whether the user holds the entitlement now.
    pub(crate) fn is_held(&self) -> bool {
        self.state() == AssignmentState::Active && !self.has_ended()
    }
}
