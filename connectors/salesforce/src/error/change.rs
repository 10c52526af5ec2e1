//! What the error codes about a change mean, and what prevents a user from being deactivated.

use super::code::{Meaning, RIGHTS, lasting, passing};
use connector_core::ErrorKind;

/// Codes about a change. In a cure, `{fields|words}` becomes the fields that Salesforce names, or `words` if it names none.
pub(super) fn meaning(code: &str, message: &str) -> Option<Meaning> {
    exists(code).or_else(|| held_up(code, message)).or_else(|| refused(code, message)).or_else(|| value(code, message))
}

/// Codes about something that already exists.
fn exists(code: &str) -> Option<Meaning> {
    use ErrorKind::AlreadyExists;
    Some(match code {
        "DUPLICATE_USERNAME" => {
            lasting(AlreadyExists, "choose another username: it must be unique across all Salesforce orgs")
        }
        "DUPLICATE_COMM_NICKNAME" => {
            lasting(AlreadyExists, "choose another `CommunityNickname`, or omit it and let Salesforce create one")
        }
        "DUPLICATE_VALUE" | "DUPLICATES_DETECTED" => lasting(
            AlreadyExists,
            "another record already has this {fields|value}: choose another value, or use the existing record",
        ),
        "PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT" => {
            lasting(AlreadyExists, "the contact already has a user: change or enable that user")
        }
        _ => return None,
    })
}

/// Part of the message about a permission set group that can't be assigned for now.
const RECALCULATING: &str = "permission set groups that have the \"Updated\" status";

/// Part of the message about the lock on all group memberships of the org.
const MEMBERSHIP: &str = "Group membership operation already in progress";

/// Whether what delays a change takes the org seconds or minutes, not moments.
pub(super) fn takes_long(message: &str) -> bool {
    message.contains(RECALCULATING) || message.contains(MEMBERSHIP)
}

/// What Apex says when triggers or flows did more than one request may do.
const LIMITS: [&str; 5] =
    ["System.LimitException", "Too many ", "CPU time limit", "heap size too large", "Maximum stack depth"];

/// Whether the org's automation did more than one request may do.
pub(super) fn is_too_much(message: &str) -> bool {
    LIMITS.iter().any(|limit| message.contains(limit))
}

/// Codes about what delays a change.
fn held_up(code: &str, message: &str) -> Option<Meaning> {
    use ErrorKind::Conflict;
    Some(match code {
        _ if message.contains(RECALCULATING) => passing(
            Conflict,
            "Salesforce is recalculating the permission set group: wait a few minutes; if its status is `Failed`, open the \
             group in Setup › Permission Set Groups and recalculate it",
        ),
        _ if message.contains(MEMBERSHIP) => passing(
            Conflict,
            "somebody else is changing roles or group members in the org: run the plan again when that has ended",
        ),
        "UNABLE_TO_LOCK_ROW" => passing(Conflict, "another process is changing the same record; try again"),
        "ENTITY_IS_LOCKED" | "ALREADY_IN_PROCESS" => {
            lasting(Conflict, "wait until the record is no longer in an approval process")
        }
        "ALL_OR_NONE_OPERATION_ROLLED_BACK" | "PROCESSING_HALTED" | "BATCH_PROCESSING_HALTED" => {
            lasting(Conflict, "fix the other operation that failed")
        }
        _ => return None,
    })
}

/// Codes about changes that the org, its licenses or its automation does not allow.
fn refused(code: &str, message: &str) -> Option<Meaning> {
    use ErrorKind::{Invalid, Permission, Quota};
    const AUTOMATION: &str = "a trigger, process or flow on this object fails: a Salesforce administrator must \
                              fix it, or the data that it stumbles over (Setup › Flows, Apex Triggers)";
    Some(match code {
        "INVALID_FIELD_FOR_INSERT_UPDATE" => lasting(
            Permission,
            "give the service account edit access to {fields|the fields in the message} (field-level security in a \
             permission set), or omit the value: some fields can only be set at creation, or never",
        ),
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" if message.contains("entity type cannot be") => {
            lasting(Permission, RIGHTS)
        }
        _ if is_too_much(message) => lasting(
            Invalid,
            "a trigger or flow on this object does too much even for a single record: a Salesforce administrator must fix it \
             (Setup › Flows, Apex Triggers)",
        ),
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" | "CANNOT_EXECUTE_FLOW_TRIGGER" | "FLOW_EXCEPTION" | "APEX_ERROR" => {
            lasting(Invalid, AUTOMATION)
        }
        // One request never mixes kinds of objects, so the org's own automation does.
        "MIXED_DML_OPERATION" => lasting(
            Invalid,
            "a trigger or flow in the org changes ordinary records in the same transaction as this one: a Salesforce \
             administrator must make it asynchronous",
        ),
        "FIELD_CUSTOM_VALIDATION_EXCEPTION" => {
            lasting(Invalid, "a validation rule in the org forbids this; correct {fields|what the message names}")
        }
        "PACKAGE_LICENSE_REQUIRED" | "INVALID_PACKAGE_LICENSE" => lasting(
            Quota,
            "grant the user a license for the package first; Setup › Installed Packages shows which are free",
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
fn value(code: &str, message: &str) -> Option<Meaning> {
    use ErrorKind::Invalid;
    Some(match code {
        "FIELD_INTEGRITY_EXCEPTION" if is_about_place(message) => lasting(
            Invalid,
            "the org has lists of countries and states: give `Country` and `State` as Setup › State and Country/Territory \
             Picklists has their integration values, or `CountryCode` and `StateCode`, and a state only with its country",
        ),
        "REQUIRED_FIELD_MISSING" => lasting(Invalid, "set {fields|the fields in the message}"),
        "FIELD_INTEGRITY_EXCEPTION" => lasting(
            Invalid,
            "{fields|the value} does not match the rest of the record: give the user the license or profile that it \
             needs, or correct the value",
        ),
        "FIELD_FILTER_VALIDATION_EXCEPTION" => {
            lasting(Invalid, "a lookup filter in the org allows only some records here: correct {fields|the value}")
        }
        "INVALID_CROSS_REFERENCE_KEY" | "MALFORMED_ID" | "INVALID_ID_FIELD" => {
            lasting(Invalid, "correct {fields|the ids}: one does not exist, or is the id of another kind of record")
        }
        "STRING_TOO_LONG" => lasting(Invalid, "shorten {fields|the value}"),
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST" => {
            lasting(Invalid, "set {fields|the attribute} to one of the values that the org offers")
        }
        "INVALID_EMAIL_ADDRESS" | "NUMBER_OUTSIDE_VALID_RANGE" => lasting(Invalid, "correct {fields|the value}"),
        "INVALID_NEW_PASSWORD" => lasting(
            Invalid,
            "choose a password that meets the org's rules (Setup › Password Policies) and that the user has not used before",
        ),
        _ => return None,
    })
}

/// Whether a message is about the lists of countries and states.
fn is_about_place(message: &str) -> bool {
    let message = message.to_lowercase();
    ["country", "state/province", "state value"].iter().any(|word| message.contains(word))
}

/// What prevents a user from being deactivated: a part of Salesforce's message, and where to change it.
const BLOCKERS: [(&str, &str); 12] = [
    ("web to lead", "choose another default lead creator in Setup › Web-to-Lead"),
    ("web-to-lead", "choose another default lead creator in Setup › Web-to-Lead"),
    ("lead owner", "choose another default lead owner in Setup › Lead Settings"),
    ("owner of cases", "choose another default case owner in Setup › Support Settings"),
    ("case owner", "choose another default case owner in Setup › Support Settings"),
    ("automated case user", "choose another automated case user in Setup › Support Settings"),
    ("workflow user", "choose another default workflow user in Setup › Process Automation Settings"),
    ("hierarchy field", "clear the hierarchy field in the message for the users who have this user there"),
    ("approv", "remove the user from the approval processes in Setup › Approval Processes, and as delegated approver"),
    ("workflow", "remove the user from the workflow rules, tasks and email alerts in Setup › Workflow Rules"),
    ("rule", "remove the user from the assignment, escalation and auto-response rules for leads and cases in Setup"),
    ("territor", "remove the user from the territories in Setup › Territory Models"),
];

/// Where to change what prevents a user from being deactivated; `None` for a message about something else.
pub(super) fn blocker(message: &str) -> Option<&'static str> {
    let message = message.to_lowercase();
    let about = ["deactivate", "inactivate", "cannot disable", "can't disable"];
    if !about.iter().any(|word| message.contains(word)) {
        return None;
    }
    let known = BLOCKERS.iter().find(|(text, _)| message.contains(text)).map(|(_, cure)| *cure);
    Some(known.unwrap_or("Setup › Users › the user › Deactivate shows what prevents it, and where to change that"))
}
