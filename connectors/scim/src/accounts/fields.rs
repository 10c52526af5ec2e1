//! The attributes of users, as the schemas of the server describe them, by flat names.

use crate::protocol::{Attribute, Discovery};
use std::collections::HashMap;

/// Attributes that are not attributes of an account, but parts of it.
const OWN: [&str; 6] = ["id", "schemas", "meta", "active", "groups", "password"];

/// The attributes of users.
pub(crate) struct Fields {
    all: Vec<Field>,
    /// The places of the fields by their names in lower case.
    by_name: HashMap<String, usize>,
    /// The extensions that the server has.
    extensions: Vec<String>,
}

/// One attribute by its flat name: `title`, `name.givenName`, or `urn:…:User:department`.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// The extension; empty for attributes of the user itself.
    pub(crate) extension: String,
    /// The attribute.
    pub(crate) attribute: String,
    /// The part of the attribute.
    pub(crate) part: Option<String>,
    pub(crate) described: Attribute,
}

impl Fields {
    /// The attributes that the server describes, without those that are excluded.
    pub(crate) fn of(known: &Discovery, is_excluded: impl Fn(&str) -> bool) -> Self {
        let mut fields = Self { all: Vec::new(), by_name: HashMap::new(), extensions: Vec::new() };
        let Ok(user) = known.resource_type("User") else { return fields };
        fields.extensions.clone_from(&user.extensions);
        let mut all = Vec::new();
        for (extension, schema) in known.schemas_of(user) {
            if is_excluded(extension) {
                continue;
            }
            for attribute in &schema.attributes {
                if extension.is_empty() && OWN.iter().any(|own| attribute.name.eq_ignore_ascii_case(own)) {
                    continue;
                }
                all.extend(of_attribute(extension, attribute));
            }
        }
        if !all.iter().any(|field| field.name.eq_ignore_ascii_case("externalId")) {
            let external = Attribute { name: "externalId".into(), kind: Some("string".into()), ..Attribute::default() };
            all.extend(of_attribute("", &external));
        }
        for field in all {
            let parent = prefixed(&field.extension, &field.attribute);
            if field.described.is_hidden() || is_excluded(&field.name) || is_excluded(&parent) {
                continue;
            }
            fields.by_name.insert(field.name.to_ascii_lowercase(), fields.all.len());
            fields.all.push(field);
        }
        fields
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Field> {
        self.all.iter()
    }

    /// An attribute by its flat name.
    pub(crate) fn get(&self, name: &str) -> Option<&Field> {
        self.by_name.get(&name.to_ascii_lowercase()).map(|place| &self.all[*place])
    }

    /// An attribute by its flat name, also one that no schema describes.
    pub(crate) fn named(&self, name: &str) -> Field {
        if let Some(field) = self.get(name) {
            return field.clone();
        }
        let of = self.extensions.iter().find(|id| {
            name.get(..id.len()).is_some_and(|start| start.eq_ignore_ascii_case(id))
                && name[id.len()..].starts_with(':')
        });
        let (extension, rest) = match of {
            Some(id) => (id.clone(), &name[id.len() + 1..]),
            // An extension that the server did not name.
            None if name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) => {
                name.rsplit_once(':').map_or((String::new(), name), |(urn, rest)| (urn.to_owned(), rest))
            }
            None => (String::new(), name),
        };
        let (attribute, part) = match rest.split_once('.') {
            Some((attribute, part)) => (attribute.to_owned(), Some(part.to_owned())),
            None => (rest.to_owned(), None),
        };
        Field { name: name.to_owned(), extension, attribute, part, described: Attribute::default() }
    }
}

/// A name with the extension before it.
pub(crate) fn prefixed(extension: &str, name: &str) -> String {
    if extension.is_empty() { name.to_owned() } else { format!("{extension}:{name}") }
}

fn of_attribute(extension: &str, attribute: &Attribute) -> Vec<Field> {
    let field = |part: Option<&str>, described: Attribute| Field {
        name: match part {
            Some(part) => format!("{}.{part}", prefixed(extension, &attribute.name)),
            None => prefixed(extension, &attribute.name),
        },
        extension: extension.to_owned(),
        attribute: attribute.name.clone(),
        part: part.map(str::to_owned),
        described,
    };
    if !attribute.is("complex") || attribute.multi_valued || attribute.sub_attributes.is_empty() {
        return vec![field(None, attribute.clone())];
    }
    let parts = attribute.sub_attributes.iter().filter(|part| part.name != "$ref");
    parts
        .map(|part| {
            let mut described = part.clone();
            described.required &= attribute.required;
            if attribute.mutability() == "readOnly" {
                described.mutability.clone_from(&attribute.mutability);
            }
            field(Some(&part.name), described)
        })
        .collect()
}
