//! What the actions of the audit trail are about. Salesforce has hundreds, and adds more.

use connector_core::TrailSubject;

/// An action whose meaning is known.
struct Action {
    name: &'static str,
    subject: TrailSubject,
    /// The attributes of the account that it changes.
    explains: &'static [&'static str],
}

const fn of_user(name: &'static str, explains: &'static [&'static str]) -> Action {
    Action { name, subject: TrailSubject::Account, explains }
}

const fn of(subject: TrailSubject, name: &'static str) -> Action {
    Action { name, subject, explains: &[] }
}

const ACTIONS: [Action; 19] = [
    of(TrailSubject::NewAccount, "createduser"),
    of_user("activateduser", &["enabled", "IsActive"]),
    of_user("deactivateduser", &["enabled", "IsActive"]),
    of_user("frozeuser", &["locked"]),
    of_user("unfrozeuser", &["locked"]),
    of_user("unlockeduser", &["locked"]),
    of_user("changedemail", &["Email"]),
    of_user("changedusername", &["name", "Username"]),
    of_user("changedprofileforuser", &["ProfileId"]),
    of_user("changedprofileforusercusttostd", &["ProfileId"]),
    of_user("changedprofileforuserstdtocust", &["ProfileId"]),
    of_user("changedroleforuser", &["UserRoleId"]),
    of_user("changedroleforusertonone", &["UserRoleId"]),
    of_user("changedroleforuserfromnone", &["UserRoleId"]),
    of_user("changedfederationid", &["FederationIdentifier"]),
    of(TrailSubject::Assignment, "PermSetAssign"),
    of(TrailSubject::Assignment, "PermSetUnassign"),
    of(TrailSubject::Assignment, "PermSetLicenseAssign"),
    of(TrailSubject::Assignment, "PermSetLicenseUnassign"),
];

/// What an action is about, and which attributes it changes.
pub(super) fn meaning(action: &str) -> (TrailSubject, &'static [&'static str]) {
    match ACTIONS.iter().find(|known| known.name.eq_ignore_ascii_case(action)) {
        Some(known) => (known.subject, known.explains),
        None if action.starts_with("PermSet") => (TrailSubject::Entitlement, &[]),
        None => (TrailSubject::Unknown, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_actions_say_what_they_are_about_and_others_say_nothing() {
        assert_eq!(meaning("frozeUser"), (TrailSubject::Account, &["locked"][..]));
        assert_eq!(meaning("PermSetAssign").0, TrailSubject::Assignment);
        assert_eq!(meaning("PermSetEnableUserPerm").0, TrailSubject::Entitlement);
        assert_eq!(meaning("orgWideDefaults").0, TrailSubject::Unknown);
    }
}
