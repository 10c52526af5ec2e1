//! The objects whose rows are accounts of programs.

use super::settings::Read;
use connector_core::AccountKind;

/// An object whose rows are accounts of programs.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) object: &'static str,
    /// The word in the settings.
    pub(super) read: Read,
    pub(super) used_by: AccountKind,
    /// What is read. No field with a secret is here.
    pub(super) fields: &'static [&'static str],
    /// The unique name, and the name for people.
    pub(super) names: (&'static str, Option<&'static str>),
    /// The permission that shows it.
    pub(super) right: &'static str,
}

/// The field with the user who made it.
pub(super) const CREATOR: &str = "CreatedById";
/// The field with the email address of whoever answers for it.
pub(super) const CONTACT: &str = "ContactEmail";
/// A URL, which can have a password in it.
pub(super) const ENDPOINT: &str = "Endpoint";

const APP_RIGHT: &str = "View Setup and Configuration\" and \"Customize Application";
const SETUP_RIGHT: &str = "View Setup and Configuration";

/// The objects. The first two are apps.
pub(super) const KINDS: [Kind; 4] = [
    Kind {
        object: "ConnectedApplication",
        read: Read::Apps,
        used_by: AccountKind::Service,
        fields: &[
            "Id",
            "Name",
            "CreatedDate",
            CREATOR,
            "LastModifiedDate",
            "OptionsAllowAdminApprovedUsersOnly",
            "StartUrl",
            "RefreshTokenValidityPeriod",
        ],
        names: ("Name", None),
        right: APP_RIGHT,
    },
    Kind {
        object: "ExternalClientApplication",
        read: Read::Apps,
        used_by: AccountKind::Service,
        fields: &[
            "Id",
            "DeveloperName",
            "MasterLabel",
            "Description",
            CONTACT,
            "DistributionState",
            "NamespacePrefix",
            "CreatedDate",
            CREATOR,
            "LastModifiedDate",
        ],
        names: ("DeveloperName", Some("MasterLabel")),
        right: APP_RIGHT,
    },
    Kind {
        object: "BotDefinition",
        read: Read::Agents,
        used_by: AccountKind::Agent,
        fields: &[
            "Id",
            "DeveloperName",
            "MasterLabel",
            "Description",
            "BotUserId",
            "Type",
            "CreatedDate",
            CREATOR,
            "LastModifiedDate",
        ],
        names: ("DeveloperName", Some("MasterLabel")),
        right: SETUP_RIGHT,
    },
    Kind {
        object: "NamedCredential",
        read: Read::NamedCredentials,
        used_by: AccountKind::Service,
        fields: &[
            "Id",
            "DeveloperName",
            "MasterLabel",
            ENDPOINT,
            "PrincipalType",
            "NamespacePrefix",
            "CreatedDate",
            CREATOR,
            "LastModifiedDate",
        ],
        names: ("DeveloperName", Some("MasterLabel")),
        right: SETUP_RIGHT,
    },
];

impl Kind {
    /// Why nothing of it can be read.
    pub(super) fn unseen(&self) -> String {
        let (object, right) = (self.object, self.right);
        format!(
            "the org has no `{object}`, or the service account does not have \"{right}\": give it the permission, or shorten `read` in the source's settings"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_named_by_its_own_fields_and_no_secret_is_read() {
        for kind in &KINDS {
            assert_eq!(kind.fields[0], "Id");
            assert!(kind.fields.contains(&kind.names.0) && kind.names.1.is_none_or(|name| kind.fields.contains(&name)));
            for field in kind.fields {
                let name = field.to_lowercase();
                assert!(!["secret", "token", "password", "key"].iter().any(|end| name.ends_with(end)), "{field}");
            }
        }
    }
}
