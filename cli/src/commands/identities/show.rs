//! `connector identities show PERSON`.

use super::tone;
use crate::arguments::{BreadthArguments, ListArguments};
use crate::commands::account::section;
use crate::commands::holding::{Columns, Manner, breadth};
use crate::exit::Stop;
use crate::invocation::Invocation;
use crate::output::{Column, Datum, List, ListColumn, Table, fields, text_cell, time};
use connector_core::Result;
use connector_engine::identities::{self, Belonging, LinkEvent, PersonDetail};
use connector_engine::query::{Holding, Names, StoredAccount};
use connector_engine::store::Store;
use connector_project::identities::IdentitySettings;
use serde::Serialize;
use std::collections::BTreeMap;

pub(super) fn run(
    invocation: &Invocation,
    store: &Store,
    settings: &IdentitySettings,
    person: &str,
    arguments: &BreadthArguments,
) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let detail = identities::person(store, settings, person, breadth(arguments))?;
    if printer.is_json() {
        return printer.json(&detail);
    }
    let head = [
        ("id", detail.person.id.clone()),
        ("name", detail.person.name.clone()),
        ("display name", detail.person.display_name.clone().unwrap_or_default()),
        ("state", detail.state.name().to_owned()),
        ("authority", settings.authority.clone()),
    ];
    printer.result(fields(&head, printer.prose_width()))?;
    printer.result(section("Accounts"))?;
    printer.result(accounts(settings, &detail, printer.now()).render(printer.table_width()))?;
    let entitlements = held(store, settings, &detail)?;
    if !entitlements.is_empty() {
        printer.result(section("Entitlements"))?;
        List::new(columns(&entitlements), &ListArguments::default())?.print(printer, entitlements)?;
    }
    if !detail.history.is_empty() {
        printer.result(section("History"))?;
        printer.result(history(&detail.history, printer.now()).render(printer.table_width()))?;
    }
    Ok(())
}

fn accounts(settings: &IdentitySettings, detail: &PersonDetail, now: Option<jiff::Timestamp>) -> Table {
    let mut table = Table::new([
        Column::new("source"),
        Column::new("name"),
        Column::new("id").rank(2),
        Column::new("state").rank(1),
        Column::new("found by").wrapping().rank(3),
        Column::new("since").rank(4),
    ]);
    let own = &detail.person;
    let state = text_cell(detail.state.name()).toned(tone(detail.state));
    table.row([
        text_cell(&settings.authority),
        text_cell(&own.name),
        text_cell(&own.id),
        state,
        text_cell("it is the person"),
        text_cell(""),
    ]);
    for Belonging { source, rule, confirmed_by, note, since, account } in &detail.accounts {
        let how = match (rule, confirmed_by) {
            (Some(rule), _) => format!("rule {rule}"),
            (None, author) => {
                let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
                format!("confirmed by {}{note}", author.as_deref().unwrap_or("hand"))
            }
        };
        table.row([
            text_cell(source),
            text_cell(&account.name),
            text_cell(&account.id),
            text_cell(if account.enabled { "enabled" } else { "disabled" }),
            text_cell(how),
            text_cell(since.map(|since| time(since, now)).unwrap_or_default()),
        ]);
    }
    table
}

/// Something that one of the accounts holds.
#[derive(Clone, Serialize)]
struct Held {
    source: String,
    account: String,
    name: Option<String>,
    #[serde(flatten)]
    holding: Holding,
}

/// What all of the accounts hold.
fn held(store: &Store, settings: &IdentitySettings, detail: &PersonDetail) -> Result<Vec<Held>> {
    let own: (&str, &StoredAccount) = (&settings.authority, &detail.person);
    let others = detail.accounts.iter().map(|one| (one.source.as_str(), &one.account));
    let (mut names, mut held) = (BTreeMap::new(), Vec::new());
    for (source, account) in std::iter::once(own).chain(others) {
        if !names.contains_key(source) {
            names.insert(source, Names::of(store, source)?);
        }
        for holding in &account.holdings {
            let name = names.get(source).map(|names| names.entitlement(&holding.entitlement)).transpose()?.flatten();
            let (source, account) = (source.to_owned(), account.name.clone());
            held.push(Held { source, account, name, holding: holding.clone() });
        }
    }
    Ok(held)
}

fn columns(held: &[Held]) -> Vec<ListColumn<Held>> {
    let columns = [
        ListColumn::new("source", |one: &Held| Datum::text(&one.source)),
        ListColumn::new("account", |one: &Held| Datum::text(&one.account)).looks(|look| look.rank(2)),
        ListColumn::new("type", |one: &Held| Datum::text(one.holding.entitlement.entitlement_type.as_ref())),
        ListColumn::new("name", |one: &Held| Datum::optional(one.name.as_deref())).looks(Column::wrapping),
        ListColumn::new("id", |one: &Held| Datum::text(&one.holding.entitlement.id)).looks(|look| look.rank(1)),
    ];
    let more = Columns::of(held.iter().map(|one| Manner::of(&one.holding)));
    columns.into_iter().chain(more.of_rows(|one: &Held| Manner::of(&one.holding), None)).collect()
}

/// Every link that began or ended, in the order of time.
fn history(events: &[LinkEvent], now: Option<jiff::Timestamp>) -> Table {
    let mut lines = Vec::new();
    for event in events {
        let account = format!("{} {}", event.source, event.name.as_deref().unwrap_or(&event.id));
        let how = match (&event.rule, &event.confirmed_by) {
            (Some(rule), _) => format!("by the rule {rule}"),
            (None, author) => format!("confirmed by {}", author.as_deref().unwrap_or("hand")),
        };
        lines.extend(event.began_at.map(|at| (at, "linked", account.clone(), how)));
        lines.extend(event.ended_at.map(|at| (at, "ended", account, event.reason().unwrap_or_default())));
    }
    lines.sort_by_key(|line| line.0);
    let mut table = Table::new([
        Column::new("when"),
        Column::new("event"),
        Column::new("account").wrapping(),
        Column::new("why").wrapping(),
    ]);
    for (at, event, account, why) in lines {
        table.row([text_cell(time(at, now)), text_cell(event), text_cell(account), text_cell(why)]);
    }
    table
}
