//! The attributes of accounts: the standard fields of User, and custom ones.

use crate::api::description::FieldDescription;
use connector_core::{AttributeMeaning, AttributeSchema, AttributeType, Writable};

/// The object of users.
pub(crate) const USER: &str = "User";

/// A standard field of User.
pub(crate) struct Standard {
    /// The API name.
    pub(crate) name: &'static str,
    kind: AttributeType,
    required: bool,
    writable: Writable,
    description: &'static str,
}

const fn writable(name: &'static str, kind: AttributeType, description: &'static str) -> Standard {
    Standard { name, kind, required: false, writable: Writable::Always, description }
}

const fn required(name: &'static str, kind: AttributeType, description: &'static str) -> Standard {
    Standard { name, kind, required: true, writable: Writable::Always, description }
}

const fn read_only(name: &'static str, kind: AttributeType, description: &'static str) -> Standard {
    Standard { name, kind, required: false, writable: Writable::Never, description }
}

/// The standard fields to read, without `Id`, which is the account's id.
pub(crate) static STANDARD: [Standard; 37] = {
    use AttributeType::{Boolean, DateTime, Reference, String};
    [
        required("Username", String, "The login name, in the form of an email address; unique across all orgs."),
        read_only("Name", String, "First and last name together."),
        writable("FirstName", String, "The first name."),
        required("LastName", String, "The last name."),
        writable("Email", String, "The email address; it does not have to be unique."),
        writable("Alias", String, "A short name of up to 8 characters."),
        writable("CommunityNickname", String, "The name shown in sites; unique in the org."),
        writable("FederationIdentifier", String, "The user's id for single sign-on; unique in the org."),
        writable("EmployeeNumber", String, "The employee number."),
        writable("Title", String, "The job title."),
        writable("Department", String, "The department."),
        writable("Division", String, "The division."),
        writable("CompanyName", String, "The company."),
        writable("Phone", String, "The phone number."),
        writable("MobilePhone", String, "The mobile phone number."),
        writable("Street", String, "The street of the address."),
        writable("City", String, "The city of the address."),
        writable("State", String, "The state of the address."),
        writable("PostalCode", String, "The postal code of the address."),
        writable("Country", String, "The country of the address."),
        writable("ManagerId", Reference, "The user who manages this one."),
        required("ProfileId", Reference, "The profile; it determines the user license."),
        writable("UserRoleId", Reference, "The role."),
        read_only("UserType", String, "The kind of user, for example `Standard`."),
        writable("IsActive", Boolean, "Whether the user may log in."),
        writable("TimeZoneSidKey", String, "The time zone, for example `Europe/Rome`."),
        writable("LocaleSidKey", String, "How dates and numbers are written, for example `it_IT`."),
        writable("LanguageLocaleKey", String, "The language, for example `it`."),
        writable("EmailEncodingKey", String, "The encoding of outgoing email, for example `UTF-8`."),
        read_only("LastLoginDate", DateTime, "The last login."),
        read_only("LastPasswordChangeDate", DateTime, "The last change of the password."),
        read_only("CreatedDate", DateTime, "When the user was created."),
        read_only("LastModifiedDate", DateTime, "When a person last changed the user."),
        read_only("SystemModstamp", DateTime, "When anything last changed the user."),
        Standard {
            name: "ContactId",
            kind: Reference,
            required: false,
            writable: Writable::OnCreate,
            description: "The contact that an external user belongs to.",
        },
        read_only("AccountId", Reference, "The company of the contact, which Salesforce calls an account."),
        writable("DelegatedApproverId", Reference, "The user or group that approves in place of this user."),
    ]
};

/// The standard fields that mean the same in every source.
const MEANINGS: [(&str, AttributeMeaning); 11] = [
    ("Username", AttributeMeaning::LoginName),
    ("Email", AttributeMeaning::Email),
    ("FirstName", AttributeMeaning::GivenName),
    ("LastName", AttributeMeaning::FamilyName),
    ("EmployeeNumber", AttributeMeaning::EmployeeNumber),
    ("Department", AttributeMeaning::Department),
    ("Title", AttributeMeaning::Title),
    ("ManagerId", AttributeMeaning::Manager),
    ("CreatedDate", AttributeMeaning::Created),
    ("LastLoginDate", AttributeMeaning::LastLogin),
    ("LastPasswordChangeDate", AttributeMeaning::PasswordChanged),
];

/// Fields that do not count as a change by themselves: a login updates the first, and any write updates the others.
const QUIET: [&str; 3] = ["LastLoginDate", "LastModifiedDate", "SystemModstamp"];

/// The standard field with this name.
pub(crate) fn standard(name: &str) -> Option<&'static Standard> {
    STANDARD.iter().find(|field| field.name == name)
}

impl Standard {
    /// As an attribute.
    pub(crate) fn attribute(&self) -> AttributeSchema {
        let mut attribute =
            AttributeSchema::new(self.name, self.kind).writable(self.writable).described(self.description);
        attribute.required = self.required;
        attribute.meaning = MEANINGS.iter().find(|(name, _)| *name == self.name).map(|(_, meaning)| *meaning);
        attribute.quiet = QUIET.contains(&self.name);
        // Programs never sign in with a username.
        if attribute.meaning == Some(AttributeMeaning::LastLogin) {
            attribute.only_with = Some("Username".to_owned());
        }
        attribute
    }
}

/// An additional field as an attribute. Its type is known after the org describes it.
pub(crate) fn further(name: &str, described: Option<&FieldDescription>) -> AttributeSchema {
    let (attribute_type, description) = match described {
        Some(field) => (attribute_type(&field.field_type), field.label.clone()),
        None => (AttributeType::Json, "A field of this org; its type appears after the first read.".to_owned()),
    };
    let writable = match described {
        Some(field) if field.updateable => Writable::Always,
        Some(field) if field.createable => Writable::OnCreate,
        Some(_) => Writable::Never,
        None => Writable::Always,
    };
    AttributeSchema::new(name, attribute_type).writable(writable).described(description)
}

fn attribute_type(field_type: &str) -> AttributeType {
    match field_type {
        "boolean" => AttributeType::Boolean,
        "int" | "long" => AttributeType::Integer,
        "double" | "currency" | "percent" => AttributeType::Number,
        "date" => AttributeType::Date,
        "datetime" => AttributeType::DateTime,
        "reference" | "id" => AttributeType::Reference,
        "anyType" | "complexvalue" => AttributeType::Json,
        _ => AttributeType::String,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standard_field_stands_once() {
        let mut names: Vec<_> = STANDARD.iter().map(|field| field.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STANDARD.len());
        for name in MEANINGS.iter().map(|(name, _)| name).chain(&QUIET) {
            assert!(standard(name).is_some(), "{name}");
        }
    }
}
