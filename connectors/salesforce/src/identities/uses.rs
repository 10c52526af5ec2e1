//! How much the OAuth tokens of each app are used, as the org counts it.

use crate::api::Rest;
use crate::api::groups::{self, Group, MOST_GROUPS};
use crate::error;
use connector_core::Result;
use std::collections::BTreeMap;

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

/// How much the tokens of each app are used, by its name.
pub(super) type Uses = BTreeMap<String, Use>;

/// How much the tokens of each app are used, by the app's name; `None` if the org does not count them.
pub(super) async fn uses(rest: &Rest) -> Result<Option<Uses>> {
    let soql = format!(
        "SELECT AppName, COUNT(Id) tokens, COUNT_DISTINCT(UserId) users, MIN(CreatedDate) first, MAX(LastUsedDate) last FROM {OBJECT} GROUP BY AppName ORDER BY AppName LIMIT {MOST_GROUPS}"
    );
    let groups = match rest.query(OBJECT, &soql).await {
        Ok(body) => groups::read(OBJECT, &body, "AppName", "tokens")?,
        Err(refused) if error::is_missing_object(&refused) || error::is_refused_query(&refused) => return Ok(None),
        Err(error) => return Err(error),
    };
    let used = |group: Group| {
        let (first, last) = (group.text("first"), group.text("last"));
        let (tokens, users) = (group.count, group.number("users").unwrap_or_default());
        (group.key.unwrap_or_else(|| UNNAMED.to_owned()), Use { tokens, users, first, last })
    };
    Ok(Some(groups.into_iter().map(used).collect()))
}
