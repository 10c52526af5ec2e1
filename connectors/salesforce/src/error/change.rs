//! What the codes about a change mean: a pure table, and in words what bars a user from being deactivated.

use super::code::{Meaning, RIGHTS, lasting, passing};
use connector_core::ErrorKind;

/// Codes about a change. Where a cure says `{fields|…}`, the fields that Salesforce names stand, or else the words there.
pub(super) fn meaning(code: &str, message: &str) -> Option<Meaning> {
    exists(code).or_else(|| held_up(code)).or_else(|| refused(code, message)).or_else(|| value(code))
}

/// Codes about something that is there already.
fn exists(code: &str) -> Option<Meaning> {
    use ErrorKind::AlreadyExists;
    Some(match code {
        "DUPLICATE_USERNAME" => {
            lasting(AlreadyExists, "choose another username: it must be unique among all orgs of Salesforce")
        }
        "DUPLICATE_COMM_NICKNAME" => {
            lasting(AlreadyExists, "choose another `CommunityNickname`, or leave it out, so that Salesforce makes one")
        }
        "DUPLICATE_VALUE" | "DUPLICATES_DETECTED" => lasting(
            AlreadyExists,
            "another record has the same {fields|value}: choose another, or use the one that is there",
        ),
        "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT" => {
            lasting(AlreadyExists, "the contact has a user already: change or enable that one")
        }
        _ => return None,
    })
}

/// Codes about what holds a change up.
fn held_up(code: &str) -> Option<Meaning> {
    use ErrorKind::Conflict;
    Some(match code {
        "UNABLE_TO_LOCK_ROW" => passing(Conflict, "somebody else changes the same record; try again"),
        "ENTITY_IS_LOCKED" | "ALREADY_IN_PROCESS" => lasting(Conflict, "wait until the approval of the record ends"),
        "ALL_OR_NONE_OPERATION_ROLLED_BACK" | "PROCESSING_HALTED" | "BATCH_PROCESSING_HALTED" => {
            lasting(Conflict, "correct the other operation that failed")
        }
        _ => return None,
    })
}

/// Codes about what the org, its licenses or its automation does not let happen.
fn refused(code: &str, message: &str) -> Option<Meaning> {
    use ErrorKind::{Invalid, Permission, Quota};
    const AUTOMATION: &str = "a trigger or flow of the org on this object fails: its administrator must correct it \
                              (Setup › Flows, Apex Triggers)";
    Some(match code {
        "INVALID_FIELD_FOR_INSERT_UPDATE" => lasting(
            Permission,
            "let the service account edit {fields|the fields that it names} (field-level security in a permission \
             set), or leave it out: some fields can only be set when a record is made, or never",
        ),
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" if message.contains("entity type cannot be") => {
            lasting(Permission, RIGHTS)
        }
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" => lasting(Invalid, AUTOMATION),
        // One request never mixes kinds of objects, so it is the org's own automation that does.
        "MIXED_DML_OPERATION" => lasting(
            Invalid,
            "a trigger or flow of the org changes ordinary records in the same step as this one: its administrator \
             must let it do so afterwards (asynchronously)",
        ),
        "FIELD_CUSTOM_VALIDATION_EXCEPTION" => {
            lasting(Invalid, "a validation rule of the org forbids this; correct {fields|what its text names}")
        }
        "PACKAGE_LICENSE_REQUIRED" | "INVALID_PACKAGE_LICENSE" => lasting(
            Quota,
            "grant the user a license of the package first; Setup › Installed Packages shows the free ones",
        ),
        "INACTIVE_OWNER_OR_USER" => lasting(Invalid, "enable the user first"),
        "CANNOT_PASSWORD_LOCKOUT"
        | "MANAGER_NOT_DEFINED"
        | "INVALID_SETUP_OWNER"
        | "INVALID_READ_ONLY_USER_DML"
        | "USER_OWNS_PORTAL_ACCOUNT_EXCEPTION" => lasting(Invalid, "Salesforce does not allow this for this user"),
        _ => return None,
    })
}

/// Codes about a value.
fn value(code: &str) -> Option<Meaning> {
    use ErrorKind::Invalid;
    Some(match code {
        "REQUIRED_FIELD_MISSING" => lasting(Invalid, "give {fields|the fields that it names}"),
        "FIELD_INTEGRITY_EXCEPTION" => lasting(
            Invalid,
            "{fields|what is asked} does not fit the rest of the record: give the user the license or profile that it \
             needs, or correct the value",
        ),
        "FIELD_FILTER_VALIDATION_EXCEPTION" => {
            lasting(Invalid, "the org allows only some records there (lookup filter): correct {fields|the value}")
        }
        "INVALID_CROSS_REFERENCE_KEY" | "MALFORMED_ID" | "INVALID_ID_FIELD" => {
            lasting(Invalid, "correct {fields|the ids}: one names nothing, or a thing of another kind")
        }
        "STRING_TOO_LONG" => lasting(Invalid, "shorten {fields|the value}"),
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" => {
            lasting(Invalid, "give {fields|the attribute} one of the values that the org offers for it")
        }
        "INVALID_EMAIL_ADDRESS" | "NUMBER_OUTSIDE_VALID_RANGE" => lasting(Invalid, "correct {fields|the value}"),
        "INVALID_NEW_PASSWORD" => lasting(
            Invalid,
            "choose a password that keeps the org's rules (Setup › Password Policies) and that the user has not had",
        ),
        _ => return None,
    })
}

/// What bars a user from being deactivated: how Salesforce's text tells it, and where it is changed.
const BLOCKERS: [(&str, &str); 12] = [
    ("web to lead", "choose another default lead creator in Setup › Web-to-Lead"),
    ("web-to-lead", "choose another default lead creator in Setup › Web-to-Lead"),
    ("lead owner", "choose another default lead owner in Setup › Lead Settings"),
    ("owner of cases", "choose another default case owner in Setup › Support Settings"),
    ("case owner", "choose another default case owner in Setup › Support Settings"),
    ("automated case user", "choose another automated case user in Setup › Support Settings"),
    ("workflow user", "choose another default workflow user in Setup › Process Automation Settings"),
    ("hierarchy field", "clear the hierarchy field that it names in the users who have this user there"),
    ("approv", "take the user out of the approval processes in Setup › Approval Processes, and as delegated approver"),
    ("workflow", "take the user out of the workflow rules, tasks and e-mail alerts in Setup › Workflow Rules"),
    ("rule", "take the user out of the assignment, escalation and auto-response rules of leads and cases in Setup"),
    ("territor", "take the user out of the territories in Setup › Territory Models"),
];

/// Where to change what bars a user from being deactivated; `None` for a message about something else.
pub(super) fn blocker(message: &str) -> Option<&'static str> {
    let message = message.to_lowercase();
    let about = ["deactivate", "inactivate", "cannot disable", "can't disable"];
    if !about.iter().any(|word| message.contains(word)) {
        return None;
    }
    let known = BLOCKERS.iter().find(|(text, _)| message.contains(text)).map(|(_, cure)| *cure);
    Some(known.unwrap_or("Setup › Users › the user › Deactivate shows what bars it, and where to change that"))
}
