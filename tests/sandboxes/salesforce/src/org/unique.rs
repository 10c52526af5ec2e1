//! Fields that are unique in the org, looked up without a scan.
//!
//! Generated values end in the number of their row, so a value says which row can hold it; values that were written are
//! remembered. Both only name candidates, and the row itself is looked at.

use std::collections::HashMap;

use super::object::Object;
use super::schema;
use super::state::State;
use super::value::Value;

/// The fields of User that are unique.
const UNIQUE: [&str; 3] = ["Username", "CommunityNickname", "FederationIdentifier"];

/// The users that were given a value, by field and lowercase value.
#[derive(Debug, Default)]
pub(crate) struct Unique {
    written: HashMap<(usize, String), Vec<u64>>,
}

/// A text as it is compared: without case.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// The place of a unique field of User.
fn is_unique(field: usize) -> bool {
    UNIQUE.contains(&schema::fields(Object::User)[field].name)
}

impl Unique {
    /// Records that a user was given a value.
    pub(crate) fn note(&mut self, field: usize, value: &Value, user: u64) {
        if let Some(text) = value.text().filter(|_| is_unique(field)) {
            let users = self.written.entry((field, folded(text))).or_default();
            if !users.contains(&user) {
                users.push(user);
            }
        }
    }
}

impl State {
    /// The users whose unique field has this value, ignoring case; `None` if the field is not unique.
    pub(crate) fn with_unique(&self, field: usize, text: &str) -> Option<Vec<u64>> {
        if !is_unique(field) {
            return None;
        }
        let mut users = self.unique.written.get(&(field, folded(text))).cloned().unwrap_or_default();
        users.extend(numbered(text));
        // The first users have names of their own.
        users.extend(0..self.world.users.min(4));
        users.sort_unstable();
        users.dedup();
        let wanted = Value::from(text.to_owned());
        users.retain(|user| {
            self.table(Object::User).has(*user) && self.value(Object::User, *user, field).order(&wanted).is_eq()
        });
        Some(users)
    }

    /// The user with this username, ignoring case.
    pub(crate) fn user_named(&self, username: &str) -> Option<u64> {
        let place = schema::place(Object::User, "Username")?;
        self.with_unique(place, username)?.first().copied()
    }
}

/// The row number at the end of a generated value, before any `@`.
fn numbered(text: &str) -> Option<u64> {
    let local = text.split('@').next()?;
    let digits = local.trim_end_matches(|character: char| character.is_ascii_digit()).len();
    local[digits..].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;

    #[test]
    fn every_generated_value_is_found_again() {
        let state = State::new(&Options { users: 500, ..Options::default() });
        for name in UNIQUE {
            let field = schema::place(Object::User, name).unwrap();
            for user in 0..500 {
                if let Some(text) = state.value(Object::User, user, field).text() {
                    assert_eq!(state.with_unique(field, &text.to_uppercase()), Some(vec![user]), "{name} {user}");
                }
            }
        }
        assert_eq!(state.with_unique(schema::place(Object::User, "LastName").unwrap(), "Roe"), None);
    }
}
