//! How much the OAuth tokens of each app are used, as the org counts it.

use crate::api::Rest;
use crate::api::groups::{self, Group, MOST_GROUPS};
use crate::api::{record, soql};
use crate::error;
use connector_core::{AttributesBuilder, Result};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const OBJECT: &str = "OauthToken";
/// A token without the name of an app.
pub(super) const UNNAMED: &str = "(app without a name)";
/// Why nothing says which apps have tokens.
pub(super) const UNCOUNTED: &str = "the org does not count its OAuth tokens by app";
/// The attributes that the tokens of an app give it.
pub(super) const TOKENS: &str = "TokenCount";
pub(super) const FIRST: &str = "FirstTokenDate";
pub(super) const LAST: &str = "LastUsedDate";

/// How much the tokens of an app are used.
#[derive(Clone, Debug, Default)]
pub(super) struct Use {
    pub(super) tokens: u64,
    /// How many users have one.
    pub(super) users: u64,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

impl Use {
    /// The same with that of other tokens. A user who has tokens of both counts twice.
    pub(super) fn and(self, other: &Self) -> Self {
        Self {
            tokens: self.tokens + other.tokens,
            users: self.users + other.users,
            // The org writes all times in the same way, so their order is that of texts.
            first: [self.first, other.first.clone()].into_iter().flatten().min(),
            last: self.last.max(other.last.clone()),
        }
    }

    /// Adds it to the attributes of what the tokens are for.
    pub(super) fn add_to(&self, attributes: &mut AttributesBuilder) -> Result<()> {
        attributes.push(TOKENS, &self.tokens)?;
        for (name, moment) in [(FIRST, &self.first), (LAST, &self.last)] {
            if let Some(moment) = moment {
                attributes.push(name, moment)?;
            }
        }
        Ok(())
    }
}

/// How much the tokens of each app are used, by its name.
pub(super) type Uses = BTreeMap<String, Use>;

/// How much the tokens of each app are used, by the app's name; `None` if the org does not count them.
pub(super) async fn uses(rest: &Rest) -> Result<Option<Uses>> {
    let columns = "COUNT(Id) tokens, COUNT_DISTINCT(UserId) users, MIN(CreatedDate) first, MAX(LastUsedDate) last";
    let groups = match by_app(rest, columns, None).await {
        Err(refused) if error::is_missing_object(&refused) || error::is_refused_query(&refused) => return Ok(None),
        groups => groups?,
    };
    let used = |group: Group| {
        let (first, last) = (group.text("first"), group.text("last"));
        let (tokens, users) = (group.count, group.number("users").unwrap_or_default());
        (group.key.unwrap_or_else(|| UNNAMED.to_owned()), Use { tokens, users, first, last })
    };
    Ok(Some(groups.into_iter().map(used).collect()))
}

/// The groups of the tokens that meet a condition, by the name of their app. `columns` has the number of rows as `tokens`.
pub(super) async fn by_app(rest: &Rest, columns: &str, condition: Option<&str>) -> Result<Vec<Group>> {
    let mut all: Vec<Group> = Vec::new();
    let mut known: BTreeSet<Option<String>> = BTreeSet::new();
    loop {
        // Tokens without a name are the first group, and no comparison is true for them.
        let after = match all.last().map(|group| group.key.as_deref()) {
            None => None,
            Some(Some(last)) => Some(format!("AppName > {}", soql::quoted(last))),
            Some(None) => return Err(record::odd(OBJECT, "has groups out of order")),
        };
        let conditions: Vec<_> = condition.into_iter().chain(after.as_deref()).collect();
        let filter = if conditions.is_empty() { String::new() } else { format!("WHERE {} ", conditions.join(" AND ")) };
        let soql = format!(
            "SELECT AppName, {columns} FROM {OBJECT} {filter}GROUP BY AppName ORDER BY AppName LIMIT {MOST_GROUPS}"
        );
        let groups = groups::read(OBJECT, &rest.query(OBJECT, &soql).await?, "AppName", "tokens")?;
        let is_last = groups.len() < MOST_GROUPS;
        for group in groups {
            if !known.insert(group.key.clone()) {
                return Err(record::odd(OBJECT, "has the same group twice"));
            }
            all.push(group);
        }
        if is_last {
            return Ok(all);
        }
    }
}
