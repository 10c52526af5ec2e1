//! Names of schemas, resources and attributes.

use crate::address::encoded;

pub(super) const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const CORE_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub(super) const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The schema of what a source has beyond the core schema.
pub(super) fn extension(source: &str, kind: &str) -> String {
    format!("urn:connector:params:scim:schemas:{}:2.0:{kind}", encoded(source))
}

pub(super) fn location(source: &str, endpoint: &str, id: &str) -> String {
    format!("/scim/v2/{}/{endpoint}/{}", encoded(source), encoded(id))
}

/// The name of an attribute of the source in SCIM, which allows fewer characters.
fn allowed(name: &str) -> String {
    let fine = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$') { c } else { '_' };
    let plain: String = name.chars().map(fine).collect();
    if plain.starts_with(|c: char| c.is_ascii_alphabetic()) { plain } else { format!("a_{plain}") }
}

/// The names of the attributes of one schema, each once: SCIM does not distinguish letter case.
#[derive(Clone, Debug, Default)]
pub(super) struct AttributeNames {
    taken: Vec<String>,
}

impl AttributeNames {
    /// No name but these, which no attribute of the source gets.
    pub(super) fn beside(reserved: &[&str]) -> Self {
        Self { taken: reserved.iter().map(|name| name.to_lowercase()).collect() }
    }

    /// A name for the next attribute of the source. If another one has it already, a number makes the difference.
    pub(super) fn give(&mut self, name: &str) -> String {
        let plain = allowed(name);
        let numbered = std::iter::once(plain.clone()).chain((2_u64..).map(|number| format!("{plain}_{number}")));
        let free = numbered.into_iter().find(|name| !self.taken.contains(&name.to_lowercase()));
        let free = free.unwrap_or(plain);
        self.taken.push(free.to_lowercase());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_attributes_never_get_the_same_name() {
        let mut names = AttributeNames::beside(&["locked"]);
        let given = ["cost center", "cost.center", "COST_CENTER", "Locked", "7up", "é"].map(|name| names.give(name));
        assert_eq!(given, ["cost_center", "cost_center_2", "COST_CENTER_3", "Locked_2", "a_7up", "a__"]);
    }
}
