//! Why the org refuses to write a row.

use crate::id::Id;

/// One reason: the org's code, its message, and the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) fields: Vec<&'static str>,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Vec::new() }
    }

    pub(crate) fn of(self, fields: &[&'static str]) -> Self {
        Self { fields: fields.to_vec(), ..self }
    }

    /// A rule of the org forbids it, and no other code is more specific.
    pub(crate) fn integrity(message: impl Into<String>, fields: &[&'static str]) -> Self {
        Self::new("FIELD_INTEGRITY_EXCEPTION", message).of(fields)
    }

    pub(crate) fn missing(fields: &[&'static str]) -> Self {
        let message = format!("Required fields are missing: [{}]", fields.join(", "));
        Self::new("REQUIRED_FIELD_MISSING", message).of(fields)
    }

    /// An id without a record.
    pub(crate) fn no_such_record() -> Self {
        Self::new("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    }

    pub(crate) fn deleted() -> Self {
        Self::new("ENTITY_IS_DELETED", "entity is deleted")
    }

    /// The user does not have the permission.
    pub(crate) fn no_right() -> Self {
        Self::new("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
    }

    pub(crate) fn no_seat(fields: &[&'static str]) -> Self {
        Self::new("LICENSE_LIMIT_EXCEEDED", "License Limit Exceeded").of(fields)
    }

    /// A unique value that another record already has.
    pub(crate) fn duplicate(field: &str, holder: Id) -> Self {
        let message = format!("duplicate value found: {field} duplicates value on record with id: {}", holder.short());
        Self::new("DUPLICATE_VALUE", message)
    }

    pub(crate) fn inactive(user: Id) -> Self {
        Self::new("INACTIVE_OWNER_OR_USER", format!("operation performed with inactive user [{}]", user.short()))
    }
}

impl From<Refusal> for Vec<Refusal> {
    fn from(refusal: Refusal) -> Self {
        vec![refusal]
    }
}

/// The HTTP status of the refused request.
pub(crate) fn status(refusals: &[Refusal]) -> u16 {
    match refusals.first().map(|refusal| refusal.code) {
        Some("INSUFFICIENT_ACCESS_OR_READONLY") => 403,
        Some("ENTITY_IS_DELETED" | "NOT_FOUND") => 404,
        _ => 400,
    }
}
