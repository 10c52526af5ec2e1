//! The types of entitlements.

use crate::settings::Settings;
use crate::source::Source;
use connector_core::{AttributeSchema, EntitlementType};

/// A type of entitlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// The name of the type of entitlement.
    pub(crate) name: String,
    /// What the settings call it.
    pub(crate) given: String,
    /// Whether it is a resource type, and not an attribute of users with several values.
    pub(crate) is_resource: bool,
}

/// The types that the settings name. Names of resource types begin with a capital letter.
pub(crate) fn kinds(settings: &Settings) -> Vec<Kind> {
    settings
        .entitlements
        .iter()
        .map(|given| {
            let is_resource = given.starts_with(|c: char| c.is_ascii_uppercase());
            let one = given.strip_suffix('s').filter(|_| !is_resource).unwrap_or(given);
            Kind { name: snake_case(one), given: given.clone(), is_resource }
        })
        .collect()
}

/// The type of that name.
pub(crate) fn named(source: &Source, name: &str) -> Option<Kind> {
    kinds(&source.settings).into_iter().find(|kind| kind.name == name)
}

pub(crate) fn entitlement_type(kind: &Kind) -> EntitlementType {
    let one = EntitlementType::new(kind.name.clone(), title(&kind.name));
    if kind.is_resource {
        let described = format!("The user is a member of the {}", kind.name.replace('_', " "));
        one.described(described)
            .with_attributes(vec![AttributeSchema::text("externalId").described("The id in another system")])
    } else {
        one.described(format!("The user has the value in `{}`", kind.given))
    }
}

fn title(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn snake_case(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() && !words.ends_with('_') {
            words.push('_');
        }
        words.push(if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' });
    }
    words
}
