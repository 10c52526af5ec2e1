//! One person: all accounts, what they hold, and how they were found.

use super::accounts::account_badge;
use super::holding::HoldingRow;
use super::identities::{badge, correlated};
use super::{Frame, Shell, render};
use crate::address;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, When};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::{Error, Result};
use connector_engine::identities::{self, LinkEvent};
use connector_engine::query::{Breadth, Names, StoredAccount};
use connector_engine::store::Store;
use jiff::Timestamp;

#[derive(Template)]
#[template(path = "person.html")]
struct Page {
    shell: Shell,
    name: String,
    display_name: Option<String>,
    badge: Badge,
    accounts: Vec<AccountPart>,
    events: Vec<EventRow>,
}

/// One account, with what it holds.
struct AccountPart {
    source: String,
    name: String,
    address: String,
    badge: Badge,
    /// How it was found; empty for the account that is the person.
    how: String,
    since: Option<When>,
    holds: Vec<HoldingRow>,
}

/// A link that began or ended.
struct EventRow {
    class: &'static str,
    verb: &'static str,
    account: String,
    address: String,
    why: String,
    when: When,
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let shell = frame.shell(&id).in_section("people");
    let page = state.ask(move |reach| told(reach, &id, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

fn told(reach: &Reach, id: &str, shell: Shell) -> Result<Page> {
    let (settings, store) =
        correlated(reach)?.map_err(|why| Error::not_found("there are no people yet").with_help(why))?;
    let detail = identities::person(store, &settings, id, Breadth::default())?;
    let own = part(store, &settings.authority, &detail.person, String::new(), None)?;
    let others = detail.accounts.iter().map(|one| {
        let note = one.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        let how = match (&one.rule, &one.confirmed_by) {
            (Some(rule), _) => format!("by the rule {rule}"),
            (None, author) => format!("confirmed by {}{note}", author.as_deref().unwrap_or("hand")),
        };
        part(store, &one.source, &one.account, how, one.since.map(|at| When::of(at, reach.now)))
    });
    let accounts = std::iter::once(Ok(own)).chain(others).collect::<Result<_>>()?;
    Ok(Page {
        shell,
        name: detail.person.name.clone(),
        display_name: detail.person.display_name.clone(),
        badge: badge(detail.state),
        accounts,
        events: events(&detail.history, reach.now),
    })
}

fn part(store: &Store, source: &str, account: &StoredAccount, how: String, since: Option<When>) -> Result<AccountPart> {
    let names = Names::of(store, source)?;
    let holds = account.holdings.iter().map(|holding| HoldingRow::of(source, &names, holding));
    Ok(AccountPart {
        source: source.to_owned(),
        name: account.name.clone(),
        address: address::account(source, &account.id),
        badge: account_badge(account.removed_at.is_some(), account.enabled, account.locked),
        how,
        since,
        holds: holds.collect::<Result<_>>()?,
    })
}

/// The newest first.
fn events(history: &[LinkEvent], now: Timestamp) -> Vec<EventRow> {
    let mut events = Vec::new();
    for link in history {
        let row = |class, verb, why: String, at| EventRow {
            class,
            verb,
            account: format!("{} {}", link.source, link.name.as_deref().unwrap_or(&link.id)),
            address: address::account(&link.source, &link.id),
            why,
            when: When::of(at, now),
        };
        let how = match (&link.rule, &link.confirmed_by) {
            (Some(rule), _) => format!("by the rule {rule}"),
            (None, author) => format!("confirmed by {}", author.as_deref().unwrap_or("hand")),
        };
        events.extend(link.began_at.map(|at| (at, row("add", "got", how, at))));
        let why = link.reason().unwrap_or_default();
        events.extend(link.ended_at.map(|at| (at, row("del", "lost", why, at))));
    }
    events.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    events.into_iter().map(|(_, row)| row).collect()
}
