//! Which fields of User to read.

use super::custom_fields::CustomFields;
use super::schema::{STANDARD, further};
use crate::api::Rest;
use crate::api::description::{Description, FieldDescription};
use crate::api::rights;
use crate::error;
use connector_core::{AttributeSchema, Error, ErrorKind, Result};
use std::collections::HashSet;

/// Values of these types are not plain values, or can't be shown.
pub(crate) const NOT_READ: [&str; 5] = ["address", "location", "base64", "encryptedstring", "complexvalue"];

/// The fields that an account needs.
const NEEDED: [&str; 5] = ["Id", "Username", "Name", "IsActive", "ProfileId"];

/// The fields of User to read in this org as this service account.
#[derive(Debug)]
pub(crate) struct UserFields {
    /// All of them, `Id` first.
    pub(crate) names: Vec<String>,
    /// Standard fields that the service account can't see.
    pub(crate) hidden: Vec<&'static str>,
    /// Those that the org calculates.
    pub(crate) calculated: Vec<String>,
    further: Vec<AttributeSchema>,
}

impl UserFields {
    /// Asks the org.
    pub(crate) async fn read(rest: &Rest, custom: &CustomFields) -> Result<Self> {
        let description = rest.describe("User").await.map_err(|refused| {
            if error::is_missing_object(&refused) { rights::missing("User", refused) } else { refused }
        })?;
        Self::choose(&description, custom)
    }

    /// The attributes beyond the standard ones.
    pub(crate) fn further(&self) -> &[AttributeSchema] {
        &self.further
    }

    /// A warning that names the hidden standard fields.
    pub(crate) fn warning(&self) -> Option<String> {
        (!self.hidden.is_empty()).then(|| {
            format!(
                "field-level security hides fields of User from the service account; they are left out: {}",
                self.hidden.join(", ")
            )
        })
    }

    fn choose(description: &Description, custom: &CustomFields) -> Result<Self> {
        let known = |name: &str| description.field(name);
        if let Some(name) = NEEDED.into_iter().find(|name| known(name).is_none()) {
            return Err(Error::new(
                ErrorKind::Permission,
                format!("the service account can't see the field `User.{name}`"),
            )
            .with_help("make it visible to the service account (field-level security)"));
        }
        let (seen, hidden): (Vec<_>, Vec<_>) =
            STANDARD.iter().map(|field| field.name).partition(|name| known(name).is_some());
        let mut names = vec!["Id".to_owned()];
        names.extend(seen.into_iter().map(str::to_owned));
        let (mut attributes, mut calculated) = (Vec::new(), Vec::new());
        let mut known: HashSet<String> = names.iter().cloned().collect();
        for field in chosen(description, custom)? {
            if known.insert(field.name.clone()) {
                names.push(field.name.clone());
                attributes.push(further(&field.name, Some(field)));
                calculated.extend(field.calculated.then(|| field.name.clone()));
            }
        }
        Ok(Self { names, hidden, calculated, further: attributes })
    }
}

fn chosen<'a>(description: &'a Description, custom: &CustomFields) -> Result<Vec<&'a FieldDescription>> {
    let is_read = |field: &FieldDescription| !NOT_READ.contains(&field.field_type.as_str());
    match custom {
        CustomFields::None => Ok(Vec::new()),
        CustomFields::All => {
            Ok(description.fields.iter().filter(|field| field.name.ends_with("__c") && is_read(field)).collect())
        }
        CustomFields::Named(names) => names.iter().map(|name| named(description, name, &is_read)).collect(),
    }
}

fn named<'a>(
    description: &'a Description,
    name: &str,
    is_read: &dyn Fn(&FieldDescription) -> bool,
) -> Result<&'a FieldDescription> {
    match description.field(name) {
        Some(field) if is_read(field) => Ok(field),
        Some(field) => Err(Error::new(
            ErrorKind::Definition,
            format!("the field `User.{name}` in `custom_fields` can't be read: its type is `{}`", field.field_type),
        )
        .with_help("remove it from `custom_fields`")),
        None => Err(Error::new(
            ErrorKind::Definition,
            format!("`custom_fields` contains `{name}`, but User has no such field"),
        )
        .with_help("check the spelling (custom fields end in `__c`) and the field-level security")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(more: &[(&str, &str)], without: &[&str]) -> Description {
        let standard = STANDARD.iter().map(|field| (field.name, "string"));
        let all = [("Id", "id")].into_iter().chain(standard).chain(more.iter().copied());
        let fields: Vec<_> = all
            .filter(|(name, _)| !without.contains(name))
            .map(|(name, kind)| serde_json::json!({"name": name, "type": kind, "label": name}))
            .collect();
        serde_json::from_value(serde_json::json!({"name": "User", "fields": fields})).unwrap()
    }

    const CUSTOM: [(&str, &str); 4] = [
        ("Cost__c", "double"),
        ("Secret__c", "encryptedstring"),
        ("Where__c", "location"),
        ("UserPreferencesX", "boolean"),
    ];

    fn further_names(custom: &CustomFields) -> Result<Vec<String>> {
        let fields = UserFields::choose(&described(&CUSTOM, &[]), custom)?;
        Ok(fields.further().iter().map(|attribute| attribute.name.clone()).collect())
    }

    /// With a search for each field, this would take a hundred billion comparisons, and not end before the runner stops it.
    #[test]
    fn an_org_with_hundreds_of_thousands_of_fields_is_described_in_one_pass() {
        let names: Vec<String> = (0..300_000).map(|number| format!("Field_{number}__c")).collect();
        let more: Vec<_> = names.iter().map(|name| (name.as_str(), "string")).collect();
        let description = described(&more, &[]);
        for custom in [CustomFields::All, CustomFields::Named(names.clone())] {
            let fields = UserFields::choose(&description, &custom).unwrap();
            assert_eq!(fields.further().len(), names.len());
        }
        let wanted = names.iter().map(|name| name.to_uppercase()).collect();
        let own = UserFields::choose(&description, &CustomFields::None).unwrap();
        let read = crate::users::find::chosen(&own, &description, &wanted);
        assert_eq!(read.len(), read.iter().collect::<HashSet<_>>().len());
        assert!(read.len() > names.len());
    }

    #[test]
    fn all_means_every_custom_field_that_has_plain_values() {
        assert_eq!(further_names(&CustomFields::All).unwrap(), ["Cost__c"]);
        assert_eq!(further_names(&CustomFields::None).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_named_field_is_read_in_the_spelling_of_the_org() {
        let named = |name: &str| further_names(&CustomFields::Named(vec![name.to_owned()]));
        assert_eq!(named("cost__C").unwrap(), ["Cost__c"]);
        assert_eq!(named("username").unwrap(), Vec::<String>::new());
        for wrong in ["Costs__c", "Secret__c"] {
            assert_eq!(named(wrong).unwrap_err().kind(), ErrorKind::Definition, "{wrong}");
        }
    }

    #[test]
    fn hidden_fields_are_left_out_by_name_but_not_those_that_make_an_account() {
        let fields = UserFields::choose(&described(&[], &["Phone", "Title"]), &CustomFields::None).unwrap();
        assert_eq!(fields.hidden, ["Title", "Phone"]);
        assert!(fields.warning().unwrap_or_default().contains("Title, Phone"));
        let error = UserFields::choose(&described(&[], &["Username"]), &CustomFields::None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission);
    }
}
