//! The rules of `UserLogin`: freezing, and unlocking a password.

use super::draft::Draft;
use super::refusal::Refusal;
use super::transaction::Transaction;
use crate::org::object::Object;
use crate::org::value::Value;

/// Checks a change of a login.
pub(super) fn changed(transaction: &Transaction<'_>, index: u64, draft: Draft) -> Result<Draft, Vec<Refusal>> {
    let user = transaction.state.named(Object::UserLogin, index, "UserId");
    if draft.get("IsPasswordLocked") == Some(&Value::Bool(true)) {
        let message = "A password can only be unlocked; it is locked by wrong attempts";
        return Err(Refusal::new("CANNOT_PASSWORD_LOCKOUT", message).of(&["IsPasswordLocked"]).into());
    }
    if draft.get("IsFrozen") == Some(&Value::Bool(true)) && user == Value::Id(transaction.author.user) {
        return Err(Refusal::integrity("You can't freeze your own user", &["IsFrozen"]).into());
    }
    Ok(draft)
}
