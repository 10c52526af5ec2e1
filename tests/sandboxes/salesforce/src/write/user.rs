//! The rules of User: unique names, licenses, managers, and users that can't be deactivated.

use super::check;
use super::draft::Draft;
use super::refusal::Refusal;
use super::transaction::{Made, Transaction};
use crate::id::Id;
use crate::org::object::Object;
use crate::org::schema;
use crate::org::state::State;
use crate::org::user_fields::DEFAULTS;
use crate::org::value::Value;

/// How many managers are followed to find a cycle.
const LONGEST_CHAIN: usize = 500;

pub(super) fn create(transaction: &mut Transaction<'_>, mut draft: Draft) -> Result<Made, Vec<Refusal>> {
    let state = &*transaction.state;
    check_names(state, &mut draft, None)?;
    let profile = draft.get("ProfileId").and_then(Value::id).ok_or_else(Refusal::no_such_record)?;
    let profile = state.find(Object::Profile, profile).ok_or_else(Refusal::no_such_record)?;
    let user_type = state.named(Object::Profile, profile, "UserType");
    let is_external = matches!(user_type.text(), Some("PowerPartner" | "CspLitePortal"));
    let has_contact = draft.get("ContactId").is_some_and(|contact| *contact != Value::Null);
    if is_external != has_contact {
        let message = if is_external {
            "A user with a profile for external users needs a contact"
        } else {
            "A contact can only be given to a user with a profile for external users"
        };
        return Err(Refusal::integrity(message, &["ContactId"]).into());
    }
    if draft.get("IsActive") == Some(&Value::Bool(true)) {
        check_seat(state, state.license_of_profile(profile))?;
    }
    let index = state.table(Object::User).end();
    if draft.get("CommunityNickname").is_none_or(|name| *name == Value::Null) {
        draft.put("CommunityNickname", nickname(state, index));
    }
    for (field, default) in DEFAULTS {
        if draft.get(field).is_none_or(|value| *value == Value::Null) {
            draft.put(field, default);
        }
    }
    draft.put("UserType", user_type);
    draft.put("IsPortalEnabled", is_external);
    draft.put("NumberOfFailedLogins", Value::Int(0));
    let made = transaction.insert(draft);
    transaction.state.settle(index, transaction.author);
    Ok(made)
}

/// An unused nickname.
fn nickname(state: &State, index: u64) -> String {
    let number = state.world.first_counter(Object::User) + index;
    format!("User16{number:018}")
}

/// Checks a change of a user and completes it.
pub(super) fn changed(transaction: &mut Transaction<'_>, index: u64, mut draft: Draft) -> Result<Draft, Vec<Refusal>> {
    let state = &*transaction.state;
    check_names(state, &mut draft, Some(index))?;
    if state.confirms_emails && draft.get("Email").is_some() {
        draft.put("Email", state.named(Object::User, index, "Email"));
    }
    check_manager(state, index, &draft)?;
    let after = check_profile(state, index, &mut draft)?;
    let was_active = state.named(Object::User, index, "IsActive") == Value::Bool(true);
    let is_active = draft.get("IsActive").map_or(was_active, |value| *value == Value::Bool(true));
    if is_active && state.seat_of(index) != after {
        check_seat(state, after)?;
    }
    if was_active && !is_active {
        check_deactivation(transaction, index)?;
        transaction.end_sessions(index);
    }
    Ok(draft)
}

/// Makes the username and the email address lowercase, and checks that the names are unique.
fn check_names(state: &State, draft: &mut Draft, own: Option<u64>) -> Result<(), Vec<Refusal>> {
    if let Some(email) = draft.get("Email").and_then(Value::text).map(str::to_lowercase) {
        draft.put("Email", email);
    }
    if let Some(username) = draft.get("Username").and_then(Value::text).map(str::to_lowercase) {
        if !check::is_email(&username) {
            let message = "Username must be in the form of an email address (for example: john@acme.com)";
            return Err(Refusal::new("INVALID_EMAIL_ADDRESS", message).of(&["Username"]).into());
        }
        if state.elsewhere.contains(&username) || taken(state, "Username", &username, own).is_some() {
            return Err(Refusal::new("DUPLICATE_USERNAME", DUPLICATE_USERNAME).of(&["Username"]).into());
        }
        draft.put("Username", username);
    }
    if let Some(nickname) = draft.get("CommunityNickname").and_then(Value::text)
        && taken(state, "CommunityNickname", nickname, own).is_some()
    {
        return Err(Refusal::new("DUPLICATE_COMM_NICKNAME", DUPLICATE_NICKNAME).of(&["CommunityNickname"]).into());
    }
    if let Some(federation) = draft.get("FederationIdentifier").and_then(Value::text)
        && let Some(holder) = taken(state, "FederationIdentifier", federation, own)
        // Case matters here.
        && state.named(Object::User, holder, "FederationIdentifier").text() == Some(federation)
    {
        return Err(Refusal::duplicate("FederationIdentifier", state.world.id(Object::User, holder)).into());
    }
    Ok(())
}

const DUPLICATE_USERNAME: &str = "Duplicate Username.<br>The username already exists in this or another Salesforce \
    organization. Usernames must be unique across all Salesforce organizations. To resolve, use a different username \
    (it doesn't need to match the user's email address).";
const DUPLICATE_NICKNAME: &str =
    "Duplicate Nickname.<br>Another user has already selected this nickname.<br>Please select another.";

/// Another user that has this value.
fn taken(state: &State, field: &str, text: &str, own: Option<u64>) -> Option<u64> {
    let users = state.with_unique(schema::place(Object::User, field)?, text)?;
    users.into_iter().find(|user| Some(*user) != own)
}

fn check_seat(state: &State, license: Option<u64>) -> Result<(), Refusal> {
    match license {
        Some(license) if state.free_seats((Object::UserLicense, license)) == Some(0) => {
            Err(Refusal::no_seat(&["ProfileId"]))
        }
        _ => Ok(()),
    }
}

/// The license after the change; refuses a profile for another kind of user.
fn check_profile(state: &State, index: u64, draft: &mut Draft) -> Result<Option<u64>, Refusal> {
    let Some(profile) = draft.get("ProfileId").and_then(Value::id) else { return Ok(state.license_of(index)) };
    let profile = state.find(Object::Profile, profile).ok_or_else(Refusal::no_such_record)?;
    if state.named(Object::Profile, profile, "UserType") != state.named(Object::User, index, "UserType") {
        return Err(Refusal::integrity("The profile is for another type of user", &["ProfileId"]));
    }
    Ok(state.license_of_profile(profile))
}

/// A manager may be neither the user nor anybody whom the user manages.
fn check_manager(state: &State, index: u64, draft: &Draft) -> Result<(), Refusal> {
    let user = state.world.id(Object::User, index);
    let mut next = draft.get("ManagerId").and_then(Value::id);
    for _ in 0..LONGEST_CHAIN {
        let Some(manager) = next else { return Ok(()) };
        if manager == user {
            let message = "A user can't be their own manager, directly or through other managers";
            return Err(Refusal::integrity(message, &["ManagerId"]));
        }
        next = manager_of(state, manager);
    }
    Ok(())
}

fn manager_of(state: &State, user: Id) -> Option<Id> {
    state.named(Object::User, state.find(Object::User, user)?, "ManagerId").id()
}

fn check_deactivation(transaction: &Transaction<'_>, index: u64) -> Result<(), Refusal> {
    let state = &*transaction.state;
    if state.world.id(Object::User, index) == transaction.author.user {
        return Err(Refusal::integrity("You can't deactivate your own user", &["IsActive"]));
    }
    match state.blockers.get(&index) {
        Some(blocker) => Err(Refusal::integrity(blocker.message(), &[])),
        None => Ok(()),
    }
}
