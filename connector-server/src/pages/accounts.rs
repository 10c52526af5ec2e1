//! The accounts of a source, page by page, with the conditions of `connector accounts --where`.

use super::part::Tabs;
use super::{Frame, Shell, render};
use crate::address;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, Prose, Tone, When, plain};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::{ErrorKind, Result};
use connector_engine::query::{self, AccountQuery, Filter, StoredAccount};
use serde::Deserialize;

/// How many accounts stand on a page.
const ON_A_PAGE: usize = 100;

/// The words of a condition, and the members that every account has.
const CONDITION_WORDS: [&str; 15] = [
    "and",
    "or",
    "not",
    "is",
    "in",
    "like",
    "null",
    "id",
    "name",
    "display_name",
    "enabled",
    "locked",
    "kind",
    "owner",
    "state",
];

#[derive(Deserialize)]
pub(crate) struct Fields {
    #[serde(default, rename = "where")]
    condition: String,
    #[serde(default)]
    holding: String,
    #[serde(default)]
    columns: String,
    #[serde(default)]
    removed: bool,
    #[serde(default)]
    after: String,
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct Page {
    shell: Shell,
    tabs: Tabs,
    source: String,
    address: String,
    condition: String,
    /// The condition that plain words were turned into.
    meant: Option<String>,
    fault: Option<Fault>,
    holding: String,
    columns: String,
    removed: bool,
    titles: Vec<String>,
    rows: Vec<Row>,
    goes_on: bool,
    first: String,
    next: Option<String>,
    attributes: Vec<String>,
}

/// What is wrong with the condition.
struct Fault {
    message: Prose,
    help: Option<Prose>,
}

struct Row {
    address: String,
    name: String,
    display_name: Option<String>,
    id: String,
    badge: Badge,
    kind: Option<&'static str>,
    removed: Option<When>,
    holds: usize,
    values: Vec<String>,
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Path(source): Path<String>,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell(&format!("Accounts of {source}")).in_section("sources");
    let page = state.ask(move |reach| told(reach, source, fields, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, source: String, fields: Fields, shell: Shell) -> Result<Page> {
    let store = reach.store_of(&source)?;
    let attributes = query::declared_attributes(&reach.project, &source);
    let titles: Vec<String> =
        fields.columns.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let typed = fields.condition.trim().to_owned();
    let meant = as_condition(&typed, &attributes);
    let text = meant.as_deref().unwrap_or(&typed);
    let (mut rows, mut fault) = (Vec::new(), None);
    let read = || -> Result<Vec<Row>> {
        let filter: Option<Filter> = match text {
            "" => None,
            text => Some(query::condition(&reach.project, store, &source, &source, text)?),
        };
        let query = AccountQuery {
            filter: filter.as_ref(),
            holding: Some(fields.holding.as_str()).filter(|holding| !holding.is_empty()),
            removed: fields.removed,
            after: Some(fields.after.as_str()).filter(|after| !after.is_empty()),
            limit: Some(ON_A_PAGE as u64 + 1),
            ..AccountQuery::default()
        };
        let mut rows = Vec::new();
        query::accounts(store, &source, &query, |account| {
            rows.push(row(&source, account, &titles, reach));
            Ok(())
        })?;
        Ok(rows)
    };
    match read() {
        Ok(found) => rows = found,
        // What somebody typed is told beside the field.
        Err(error) if matches!(error.kind(), ErrorKind::Definition | ErrorKind::NotFound | ErrorKind::Conflict) => {
            fault = Some(Fault {
                message: Prose(error.message().to_owned()),
                help: error.help().map(|help| Prose(help.to_owned())),
            });
        }
        Err(error) => return Err(error),
    }
    let has_more = rows.len() > ON_A_PAGE;
    rows.truncate(ON_A_PAGE);
    let path = format!("{}/accounts", address::source(&source));
    let page_after = |after: &str| {
        let removed = if fields.removed { "true" } else { "" };
        let fields = [
            ("where", typed.as_str()),
            ("holding", &fields.holding),
            ("columns", &fields.columns),
            ("removed", removed),
            ("after", after),
        ];
        address::with(&path, &fields)
    };
    let next = rows.last().filter(|_| has_more).map(|last| page_after(&last.id));
    Ok(Page {
        shell,
        tabs: Tabs::of(&source, "accounts"),
        first: page_after(""),
        next,
        goes_on: !fields.after.is_empty(),
        address: path,
        source,
        condition: typed,
        meant,
        fault,
        holding: fields.holding,
        columns: fields.columns,
        removed: fields.removed,
        titles,
        rows,
        attributes,
    })
}

/// Plain words look for a name. A text with an operator, or with the name of an attribute, is a condition.
fn as_condition(typed: &str, attributes: &[String]) -> Option<String> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '@' | '\'' | '+');
    let is_known = |word: &str| {
        CONDITION_WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
            || attributes.iter().any(|known| known.eq_ignore_ascii_case(word))
    };
    let is_search = !typed.is_empty() && typed.chars().all(is_plain) && !typed.split_whitespace().any(is_known);
    is_search.then(|| format!("name like \"%{typed}%\" or display_name like \"%{typed}%\" or id = \"{typed}\""))
}

fn row(source: &str, account: &StoredAccount, titles: &[String], reach: &Reach) -> Row {
    let entries = account.attributes.entries();
    let value = |title: &String| {
        let found = entries.iter().find(|(name, _)| name.eq_ignore_ascii_case(title));
        found.map_or_else(String::new, |(_, value)| plain(value.get()))
    };
    Row {
        address: address::account(source, &account.id),
        name: account.name.clone(),
        display_name: account.display_name.clone(),
        id: account.id.clone(),
        badge: account_badge(account.removed_at.is_some(), account.enabled, account.locked),
        kind: Some(account.kind).filter(|kind| !kind.is_unspecified()).map(connector_core::AccountKind::name),
        removed: account.removed_at.map(|at| When::of(at, reach.now)),
        holds: account.entitlements.len(),
        values: titles.iter().map(value).collect(),
    }
}

/// The state of an account in a word.
pub(super) fn account_badge(removed: bool, enabled: bool, locked: bool) -> Badge {
    match (removed, enabled, locked) {
        (true, _, _) => Badge { word: "removed", tone: Tone::Bad },
        (false, _, true) => Badge { word: "locked", tone: Tone::Warn },
        (false, true, false) => Badge { word: "enabled", tone: Tone::Good },
        (false, false, false) => Badge { word: "disabled", tone: Tone::Quiet },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_look_for_a_name_and_a_condition_stays_one() {
        let attributes = ["Department".to_owned()];
        assert_eq!(
            as_condition("jane roe", &attributes).as_deref(),
            Some(r#"name like "%jane roe%" or display_name like "%jane roe%" or id = "jane roe""#)
        );
        for condition in ["", "not enabled", "department is null", "name = \"a\"", "locked", "a\"b", "100%"] {
            assert_eq!(as_condition(condition, &attributes), None, "{condition}");
        }
    }
}
