//! `connector accounts NAME`.

use super::holding::{breadth, note_left_out};
use crate::arguments::{AccountsArguments, OutputFormat};
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Column, Datum, List, ListColumn, asked, columns_help as columns_help_of, only_first, plural};
use connector_core::{AccountKind, Result};
use connector_engine::query::{self, AccountQuery, StoredAccount, WithoutEffect};
use connector_engine::store::Store;
use connector_project::source::Project;
use serde_json::Value;
use std::collections::BTreeSet;

pub(crate) fn run(invocation: &Invocation, arguments: &AccountsArguments) -> Result<Exit, Stop> {
    let printer = &invocation.printer;
    let project = invocation.project()?;
    let store = invocation.store_with(&project, &arguments.name)?;
    let source = source_name(&arguments.name);
    let list = List::new(columns_for(arguments, &project, &store, &arguments.name)?, &arguments.list)?;
    let filter = match &arguments.condition {
        Some(condition) => Some(query::condition(&project, &store, &arguments.name, source, condition)?),
        None => None,
    };
    let mut rows = list.long(printer, arguments.limit)?;
    let query = AccountQuery {
        filter: filter.as_ref(),
        holding: arguments.holding.as_deref(),
        breadth: breadth(&arguments.breadth),
        removed: arguments.removed,
        after: None,
        limit: list.needed(rows.limit()),
    };
    let mut without_effect = WithoutEffect::default();
    query::accounts(&store, source, &query, |account| {
        if rows.row(account)? {
            without_effect.add(account.without_effect);
        }
        Ok(())
    })?;
    rows.end()?;
    if printer.format() != OutputFormat::Human {
        return Ok(Exit::Success);
    }
    if rows.limit().is_some() {
        printer.remark(match (rows.found(), rows.cut_at()) {
            (0, _) => "no accounts".to_owned(),
            (_, Some(limit)) => {
                format!("\n{}; use --limit N, --where or --output json to see others", only_first(limit, "account"))
            }
            (found, None) => format!("\n{}", plural(found, "account")),
        });
    }
    note_left_out(printer, without_effect);
    Ok(Exit::Success)
}

pub(crate) fn columns_help() -> String {
    format!("{}, removed_at, and the attributes of the source", columns_help_of(&columns()))
}

/// The members of every account. `name` identifies the account and is always shown. On a narrow terminal the other columns
/// are hidden, the last one first.
fn columns() -> Vec<ListColumn<StoredAccount>> {
    let kind = |kind: AccountKind| if kind.is_unspecified() { "" } else { kind.name() };
    vec![
        ListColumn::new("id", |one: &StoredAccount| Datum::text(&one.id)).looks(|look| look.rank(1)),
        ListColumn::new("name", |one: &StoredAccount| Datum::text(&one.name)),
        ListColumn::new("display_name", |one: &StoredAccount| Datum::optional(one.display_name.as_deref()))
            .looks(|look| look.titled("display_name").wrapping().rank(3)),
        ListColumn::new("enabled", |one: &StoredAccount| Datum::truth(one.enabled)).looks(|look| look.rank(4)),
        ListColumn::new("locked", |one: &StoredAccount| Datum::truth(one.locked)).looks(|look| look.rank(5)),
        ListColumn::new("entitlements", |one: &StoredAccount| {
            let held = one.entitlements.len();
            Datum::number(held as u64).shown_as(held.to_string())
        })
        .looks(|look| look.on_the_right().rank(6)),
        ListColumn::new("kind", move |one: &StoredAccount| Datum::text(kind(one.kind)))
            .looks(|look| look.wrapping().rank(7))
            .on_request(),
        ListColumn::new("owner", |one: &StoredAccount| Datum::optional(one.owner.as_deref()))
            .looks(|look| look.wrapping().rank(8))
            .on_request(),
        ListColumn::new("alias", |one: &StoredAccount| Datum::optional(one.alias.as_deref()))
            .looks(|look| look.wrapping().rank(9))
            .on_request(),
    ]
}

/// Those columns, and the attributes if the user asks for one: those that the connector declares and, if that is not enough,
/// those in the store.
fn columns_for(
    arguments: &AccountsArguments,
    project: &Project,
    store: &Store,
    name: &str,
) -> Result<Vec<ListColumn<StoredAccount>>> {
    let mut columns = columns();
    let removed_at = ListColumn::new("removed_at", |one: &StoredAccount| Datum::moment(one.removed_at))
        .looks(|look| look.titled("removed").rank(2));
    columns.push(if arguments.removed { removed_at } else { removed_at.on_request() });
    let arguments = &arguments.list;
    let sort = arguments.sort.as_deref().map(|typed| typed.trim_start_matches('-'));
    let mut names: BTreeSet<String> = BTreeSet::new();
    let missing = |names: &BTreeSet<String>, columns: &[ListColumn<StoredAccount>]| {
        asked(arguments).chain(sort).any(|asked| {
            !columns.iter().any(|column| column.is_called(asked))
                && !names.iter().any(|known| known.eq_ignore_ascii_case(asked))
        })
    };
    if missing(&names, &columns) {
        names.extend(query::declared_attributes(project, name));
    }
    if missing(&names, &columns) {
        names.extend(query::attribute_names(store, source_name(name))?);
    }
    // A member hides an attribute of the same name.
    names.retain(|name| !columns.iter().any(|column| column.is_called(name)));
    columns.extend(names.into_iter().map(attribute));
    Ok(columns)
}

fn attribute(name: String) -> ListColumn<StoredAccount> {
    let title = name.clone();
    let value = move |account: &StoredAccount| {
        let entries = account.attributes.entries();
        let found = entries.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
        found.map_or_else(|| Datum::text(""), |(_, value)| Datum::json(value.get()))
    };
    ListColumn::new(title.as_str(), value).looks(|look: Column| look.titled(title).wrapping().rank(10)).on_request()
}

/// A JSON value for people: text without quotes, the rest as it is.
pub(super) fn plain(json: &str) -> String {
    match serde_json::from_str(json) {
        Ok(Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => json.to_owned(),
    }
}
