//! The rules of the password resource.

use super::refusal::Refusal;
use super::transaction::Transaction;
use crate::org::object::Object;
use crate::org::value::Value;
use crate::writes::WriteAction;

/// The shortest password that the org accepts.
const SHORTEST: usize = 8;
/// The characters of a generated password: letters and digits that are not easily confused.
const CHARACTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const MADE_UP: usize = 12;

/// Sets the password of a user.
pub(crate) fn set_password(transaction: &mut Transaction<'_>, user: u64, password: &str) -> Result<(), Refusal> {
    if let Some(message) = weakness(password) {
        return Err(Refusal::new("INVALID_NEW_PASSWORD", message));
    }
    if transaction.state.passwords.is_repeated(user, password) {
        return Err(Refusal::new("INVALID_NEW_PASSWORD", "invalid repeated password"));
    }
    transaction.state.passwords.set(user, password, false);
    moved(transaction, user, WriteAction::SetPassword);
    Ok(())
}

/// Replaces a user's password with a generated one that the user must change at the next login.
pub(crate) fn reset_password(transaction: &mut Transaction<'_>, user: u64) -> String {
    let password = made_up();
    transaction.state.passwords.set(user, &password, true);
    moved(transaction, user, WriteAction::ResetPassword);
    password
}

fn moved(transaction: &mut Transaction<'_>, user: u64, action: WriteAction) {
    let now = Value::DateTime(transaction.author.now);
    for field in ["LastPasswordChangeDate", "SystemModstamp"] {
        transaction.state.set_named(Object::User, user, field, now.clone());
    }
    transaction.note(action, (Object::User, user), Vec::new(), true);
}

fn weakness(password: &str) -> Option<&'static str> {
    if password.chars().count() < SHORTEST {
        return Some("Your password must be at least 8 characters long.");
    }
    let mixed = password.chars().any(char::is_alphabetic) && password.chars().any(|digit| digit.is_ascii_digit());
    (!mixed).then_some("Your password must have a mix of letters and numbers.")
}

fn made_up() -> String {
    let mut random = [0; MADE_UP];
    // The system's generator does not fail; were it to, the password would only be easier to guess on loopback.
    openssl::rand::rand_bytes(&mut random).unwrap_or_default();
    random.iter().map(|byte| char::from(CHARACTERS[usize::from(*byte) % CHARACTERS.len()])).collect()
}
