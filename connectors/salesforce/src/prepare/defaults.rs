//! What a new user gets where the plan does not say: as the org has it.

use super::own_user;
use crate::api::Rest;
use crate::api::record::{self, Asked};
use crate::api::soql::quoted;
use crate::error;
use connector_core::Result;
use serde_json::{Map, Value};

/// The longest alias.
const ALIAS: usize = 8;

/// The fields of a user that the org has a value for, each with the name it has in `Organization`.
const ORG: [(&str, &str); 3] = [
    ("TimeZoneSidKey", "TimeZoneSidKey"),
    ("LocaleSidKey", "DefaultLocaleSidKey"),
    ("LanguageLocaleKey", "LanguageLocaleKey"),
];

/// The values that the org, or else the service account itself, has for time zone, locale and language.
#[derive(Debug, Default)]
pub(super) struct Defaults(Vec<(&'static str, String)>);

impl Defaults {
    /// Asks the org.
    pub(super) async fn read(rest: &Rest) -> Result<Self> {
        let of_org = one(rest, "Organization", ORG.map(|(_, name)| name), "").await?;
        let values = match (of_org, own_user(rest).await?) {
            (Some(values), _) => Some(values),
            (None, Some(user)) => {
                let condition = format!(" WHERE Id = {}", quoted(user.as_str()));
                one(rest, "User", ORG.map(|(name, _)| name), &condition).await?
            }
            (None, None) => None,
        };
        let named = ORG.iter().map(|(name, _)| *name).zip(values.unwrap_or_default());
        Ok(Self(named.filter_map(|(name, value)| Some((name, value?))).collect()))
    }

    /// Fills in what a new user lacks.
    pub(super) fn fill(&self, username: &str, record: &mut Map<String, Value>) {
        let alias = alias_of(record, username);
        let others = [("Email", username.to_owned()), ("EmailEncodingKey", "UTF-8".to_owned()), ("Alias", alias)];
        let all =
            others.iter().map(|(name, value)| (*name, value)).chain(self.0.iter().map(|(name, value)| (*name, value)));
        for (name, value) in all {
            if !record.contains_key(name) {
                record.insert(name.to_owned(), Value::from(value.as_str()));
            }
        }
        if !record.contains_key("IsActive") {
            record.insert("IsActive".to_owned(), Value::Bool(true));
        }
    }
}

/// The only record of a query; nothing where the org does not show it.
async fn one(
    rest: &Rest,
    object: &str,
    fields: [&'static str; 3],
    condition: &str,
) -> Result<Option<Vec<Option<String>>>> {
    let mut columns = vec!["Id"];
    columns.extend(fields);
    let body =
        match rest.query(object, &format!("SELECT {} FROM {object}{condition} LIMIT 1", columns.join(", "))).await {
            Ok(body) => body,
            Err(refused) if error::is_missing_object(&refused) || error::is_refused_field(&refused) => {
                tracing::debug!(error = %refused, "the org does not tell its defaults for new users");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
    let asked = Asked { object, columns, span: None, limit: 1 };
    let answer = record::read(&body, &asked, |row| {
        let values = fields.iter().map(|name| Ok(row.text(name)?.map(std::borrow::Cow::into_owned)));
        values.collect::<Result<Vec<_>>>().map(Some)
    })?;
    Ok(answer.items.into_iter().next())
}

/// The first letter of the first name and the last name, as people make aliases; else the beginning of the username.
fn alias_of(record: &Map<String, Value>, username: &str) -> String {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let first: String = plain(text("FirstName")).chars().take(1).collect();
    let last = plain(text("LastName"));
    let whole = if last.is_empty() { plain(username.split('@').next().unwrap_or_default()) } else { first + &last };
    whole.to_lowercase().chars().take(ALIAS).collect()
}
