//! Names of schemas, resources and attributes.

use crate::address::encoded;

pub(super) const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const CORE_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The schema of what a source has beyond the core schema.
pub(super) fn extension(source: &str, kind: &str) -> String {
    format!("urn:connector:params:scim:schemas:{}:2.0:{kind}", encoded(source))
}

pub(super) fn location(source: &str, endpoint: &str, id: &str) -> String {
    format!("/scim/v2/{}/{endpoint}/{}", encoded(source), encoded(id))
}

/// The name of an attribute of the source in SCIM, which allows fewer characters.
pub(super) fn attribute_name(name: &str) -> String {
    let fine = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$') { c } else { '_' };
    let plain: String = name.chars().map(fine).collect();
    if plain.starts_with(|c: char| c.is_ascii_alphabetic()) { plain } else { format!("a_{plain}") }
}
