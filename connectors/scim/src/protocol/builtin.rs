//! The schemas of RFC 7643, for servers that don't describe their own.

use super::schema::{Attribute, Schema};
use super::{ENTERPRISE, GROUP, USER};

/// Attributes with one text.
const USER_TEXTS: [&str; 9] = [
    "userName",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
];

const NAME: [&str; 6] = ["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"];

/// Attributes with several values that are objects.
const USER_LISTS: [&str; 8] =
    ["emails", "phoneNumbers", "ims", "photos", "addresses", "entitlements", "roles", "x509Certificates"];

const ENTERPRISE_TEXTS: [&str; 5] = ["employeeNumber", "costCenter", "organization", "division", "department"];

/// The schemas of users, groups and employees.
pub(crate) fn schemas() -> Vec<Schema> {
    let mut user: Vec<_> = USER_TEXTS.into_iter().map(text).collect();
    user[0].required = true;
    user.insert(1, complex("name", NAME.into_iter().map(text).collect()));
    user.push(Attribute { name: "active".to_owned(), kind: Some("boolean".to_owned()), ..Attribute::default() });
    user.extend(USER_LISTS.into_iter().map(|name| Attribute { multi_valued: true, ..complex(name, Vec::new()) }));
    let mut display = text("displayName");
    display.required = true;
    let members = Attribute { multi_valued: true, ..complex("members", Vec::new()) };
    let mut enterprise: Vec<_> = ENTERPRISE_TEXTS.into_iter().map(text).collect();
    let shown = Attribute { mutability: Some("readOnly".to_owned()), ..text("displayName") };
    enterprise.push(complex("manager", vec![text("value"), text("$ref"), shown]));
    vec![
        Schema { id: USER.to_owned(), attributes: user },
        Schema { id: GROUP.to_owned(), attributes: vec![display, members] },
        Schema { id: ENTERPRISE.to_owned(), attributes: enterprise },
    ]
}

fn text(name: &str) -> Attribute {
    Attribute { name: name.to_owned(), kind: Some("string".to_owned()), ..Attribute::default() }
}

fn complex(name: &str, sub_attributes: Vec<Attribute>) -> Attribute {
    Attribute { name: name.to_owned(), kind: Some("complex".to_owned()), sub_attributes, ..Attribute::default() }
}
