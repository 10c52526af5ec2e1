//! Attributes that name another record by its name: what they are, and which record it is.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::soql::Select;
use crate::entitlements::types::kind;
use crate::users::Accounts;
use crate::{entitlements, users};
use connector_core::nearest;
use connector_core::{Change, Concern, EntitlementRef, Error, ErrorKind, Operation, Proposed, Result, SecretRef};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An attribute that stands for a field that holds an id.
#[derive(Debug)]
pub(super) struct Alias {
    /// The names that people write, whatever their letter case.
    names: &'static [&'static str],
    /// The field.
    pub(super) field: &'static str,
    /// The entitlement type; none for users.
    entitlement_type: Option<&'static str>,
    /// What it names, for people.
    noun: &'static str,
}

const ALIASES: [Alias; 3] = [
    Alias { names: &["Profile"], field: "ProfileId", entitlement_type: Some("profile"), noun: "profile" },
    Alias { names: &["Role", "UserRole"], field: "UserRoleId", entitlement_type: Some("role"), noun: "role" },
    Alias { names: &["Manager"], field: "ManagerId", entitlement_type: None, noun: "user" },
];

/// The attribute of that name, if it is one of them.
pub(super) fn alias(name: &str) -> Option<&'static Alias> {
    ALIASES.iter().find(|alias| alias.names.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

/// The names of aliases, for suggestions.
pub(super) fn names<'a>() -> impl Iterator<Item = &'a str> {
    ALIASES.iter().flat_map(|alias| alias.names.iter().copied())
}

/// What the texts of a list of operations mean, by field and text.
#[derive(Debug, Default)]
pub(super) struct References {
    found: BTreeMap<(&'static str, String), Vec<String>>,
    /// The names that there are, of fields of which one was not found.
    names: BTreeMap<&'static str, Vec<String>>,
    /// The usernames that the plan gives to new users.
    to_be_made: BTreeSet<String>,
}

/// The profiles and roles that were found by name: a long plan names few, but again and again.
#[derive(Debug, Default)]
pub(super) struct Named(Mutex<BTreeMap<(&'static str, String), String>>);

impl Named {
    fn get(&self, alias: &Alias, text: &str) -> Option<String> {
        self.lock().get(&(alias.field, text.to_owned())).cloned()
    }

    fn keep(&self, alias: &Alias, text: &str, found: &[String]) {
        if let ([one], Some(_)) = (found, alias.entitlement_type) {
            self.lock().insert((alias.field, text.to_owned()), one.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(&'static str, String), String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl References {
    /// Asks at once for everything that is not known yet.
    pub(super) async fn look_up(
        rest: &Rest,
        accounts: &Accounts,
        named: &Named,
        proposed: &[Proposed],
    ) -> Result<Self> {
        let mut texts: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
        for (name, value) in proposed.iter().filter_map(|one| values(&one.operation)).flatten() {
            if let (Some(alias), Some(text)) = (alias(name), text(value)) {
                texts.entry(alias.field).or_default().insert(text);
            }
        }
        let to_be_made = proposed.iter().flat_map(|one| one.to_be_made.iter().cloned()).collect();
        let mut references = Self { to_be_made, ..Self::default() };
        for alias in &ALIASES {
            let Some(texts) = texts.remove(alias.field) else { continue };
            let (known, texts): (Vec<_>, Vec<_>) =
                texts.into_iter().map(|text| (named.get(alias, &text), text)).partition(|(known, _)| known.is_some());
            let known = known.into_iter().map(|(id, text)| ((alias.field, text), id.into_iter().collect()));
            references.found.extend(known);
            let texts: Vec<String> = texts.into_iter().map(|(_, text)| text).collect();
            if texts.is_empty() {
                continue;
            }
            let found = match alias.entitlement_type {
                Some(entitlement_type) => entitlements(rest, entitlement_type, &texts).await?,
                None => users(rest, accounts, &texts).await?,
            };
            if let (Some(entitlement_type), true) = (alias.entitlement_type, found.iter().any(Vec::is_empty)) {
                references.names.insert(alias.field, all_names(rest, entitlement_type).await?);
            }
            for (text, found) in texts.iter().zip(&found) {
                named.keep(alias, text, found);
            }
            references.found.extend(texts.into_iter().map(|text| (alias.field, text)).zip(found));
        }
        Ok(references)
    }

    /// The id that a value of such an attribute means; null stays null.
    pub(super) fn id(&self, alias: &Alias, value: &Value) -> Result<Value> {
        let invalid = |message: String| Error::new(ErrorKind::Invalid, message);
        let Some(text) = text(value) else {
            return match value {
                Value::Null | Value::String(_) => Ok(Value::Null),
                _ => Err(invalid(format!("`{}` must be text", alias.names[0])).with_help("write the name in quotes")),
            };
        };
        // The user of that name may still be there, until the plan deletes it.
        if alias.entitlement_type.is_none() && self.to_be_made.contains(&text) {
            return Ok(Value::from(text));
        }
        let noun = alias.noun;
        match self.found.get(&(alias.field, text.clone())).map_or(&[][..], Vec::as_slice) {
            [one] => Ok(Value::from(one.as_str())),
            [] => {
                let names = self.names.get(alias.field).into_iter().flatten().map(String::as_str);
                let help = match (nearest(&text, names), alias.entitlement_type) {
                    (Some(near), _) => format!("did you mean `{near}`?"),
                    (None, Some(kind)) => format!("`connector entitlements --type {kind}` lists them"),
                    (None, None) => "name a user by username or id; the plan can also create the user".to_owned(),
                };
                Err(invalid(format!("the org has no {noun} `{text}`")).with_help(help))
            }
            several => Err(invalid(format!("the org has several {noun}s with the name `{text}`"))
                .with_help(format!("use the id instead: {}", several.join(", ")))),
        }
    }
}

/// The values of an operation that sets some.
pub(super) fn values(operation: &Operation<SecretRef>) -> Option<&Map<String, Value>> {
    match &operation.change {
        Change::Create { attributes: values, .. } | Change::Update { set: values, .. } => Some(values),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

async fn entitlements(rest: &Rest, entitlement_type: &'static str, texts: &[String]) -> Result<Vec<Vec<String>>> {
    let wanted: Vec<_> = texts.iter().map(|text| EntitlementRef::new(entitlement_type, text.as_str())).collect();
    let found = entitlements::find::entitlements(rest, &wanted).await?;
    Ok(found.into_iter().map(|some| some.into_iter().map(|one| one.key.id).collect()).collect())
}

async fn users(rest: &Rest, accounts: &Accounts, texts: &[String]) -> Result<Vec<Vec<String>>> {
    let mut all = Vec::with_capacity(texts.len());
    for texts in texts.chunks(users::find::MAX_USERS_PER_QUERY) {
        let found = users::find::accounts(rest, accounts, texts, &Concern::default()).await?;
        all.extend(found.into_iter().map(|some| some.into_iter().map(|one| one.id).collect()));
    }
    Ok(all)
}

/// The existing names, to suggest the one that was probably meant.
async fn all_names(rest: &Rest, entitlement_type: &str) -> Result<Vec<String>> {
    let Some(kind) = kind(entitlement_type) else { return Ok(Vec::new()) };
    let select = Select { object: kind.object, fields: vec!["Id", "Name"], filter: None };
    keyset::all(rest, &select, |row| Ok(row.text("Name")?.map(std::borrow::Cow::into_owned))).await
}
