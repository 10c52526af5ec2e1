//! `connector identities`.

mod by_hand;
mod correlate;
mod show;

pub(super) use correlate::follow;

use crate::arguments::{IdentitiesArguments, IdentitiesCommand, OutputFormat};
use crate::exit::{Exit, Stop};
use crate::invocation::{Invocation, source_name};
use crate::output::{Datum, List, ListColumn, Tone, columns_help as columns_help_of, count, only_first, plural};
use connector_core::{Error, ErrorKind, PersonState, Result};
use connector_engine::identities::{
    self, AccountState, CorrelatedAccount, CorrelatedQuery, NamedPerson, PeopleQuery, Person, Selection,
};
use connector_engine::query;
use connector_engine::store::Store;
use connector_project::identities::IdentitySettings;
use connector_project::source::Project;

pub(crate) fn run(invocation: &Invocation, arguments: &IdentitiesArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let settings = settings(&project)?;
    if let Some(IdentitiesCommand::Correlate { preview, accept_changes }) = &arguments.command {
        return correlate::run(invocation, &project, &settings, *preview, *accept_changes);
    }
    let store = invocation.store_with(&project, &settings.authority)?;
    match &arguments.command {
        Some(IdentitiesCommand::Show { person, breadth }) => {
            show::run(invocation, &store, &settings, person, breadth)?;
        }
        Some(command) => by_hand::run(invocation, &store, &settings, command)?,
        None => {
            match selection(arguments) {
                Some(selection) => list_accounts(invocation, &store, &settings, arguments, selection)?,
                None => list_people(invocation, &project, &store, &settings, arguments)?,
            }
            if identities::is_outdated(&store, &settings, &project.sources()?)? {
                invocation.printer.warning(
                    "accounts or rules changed since the last correlation: run `connector identities correlate`",
                );
            }
        }
    }
    Ok(Exit::Success)
}

/// The rules of the project. Fails with kind `definition` if it has none.
fn settings(project: &Project) -> Result<IdentitySettings, Stop> {
    let missing = || {
        Error::new(ErrorKind::Definition, "connector.yaml has no `identities:`, so no accounts are correlated").with_help(
            "name the source whose accounts are the people, and a rule, for example `identities: {authority: hr, rules: [{name: mail, account: {from: Email}, person: {from: mail}}]}`",
        )
    };
    Ok(project.settings()?.identities.ok_or_else(missing)?)
}

fn selection(arguments: &IdentitiesArguments) -> Option<Selection<'static>> {
    let which = arguments.which;
    let selections = [
        (which.orphans, Selection::Orphans),
        (which.unmatched, Selection::Unmatched),
        (which.ambiguous, Selection::Ambiguous),
        (which.left_out, Selection::LeftOut),
    ];
    selections.into_iter().find_map(|(is_wanted, selection)| is_wanted.then_some(selection))
}

fn list_people(
    invocation: &Invocation,
    project: &Project,
    store: &Store,
    settings: &IdentitySettings,
    arguments: &IdentitiesArguments,
) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let authority = &settings.authority;
    let condition = arguments.condition.as_deref();
    let condition = condition.map(|text| query::condition(project, store, authority, authority, text)).transpose()?;
    let list = List::new(people_columns(arguments.which.duplicates), &arguments.list)?;
    let mut rows = list.long(printer, arguments.limit)?;
    let query = PeopleQuery {
        filter: condition.as_ref(),
        source: arguments.source.as_deref().map(source_name),
        left: arguments.which.left,
        duplicates: arguments.which.duplicates,
        after: None,
        limit: list.needed(rows.limit()),
    };
    identities::people(store, settings, &query, |person| Ok(rows.row(person).map(drop)?))?;
    rows.end()?;
    if printer.format() == OutputFormat::Human && rows.limit().is_some() {
        printer.remark(match (rows.found(), rows.cut_at()) {
            (0, _) => "no people".to_owned(),
            (_, Some(limit)) => {
                format!("\n{}; use --limit N, --where or --output json to see others", only_first_people(limit))
            }
            (1, None) => "\n1 person".to_owned(),
            (found, None) => format!("\n{} people", count(found)),
        });
    }
    Ok(())
}

fn only_first_people(limit: u64) -> String {
    if limit == 1 {
        "only the first person is shown".to_owned()
    } else {
        format!("only the first {limit} people are shown")
    }
}

fn list_accounts(
    invocation: &Invocation,
    store: &Store,
    settings: &IdentitySettings,
    arguments: &IdentitiesArguments,
    selection: Selection<'_>,
) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let list = List::new(account_columns(selection), &arguments.list)?;
    let mut rows = list.long(printer, arguments.limit)?;
    let source = arguments.source.as_deref().map(source_name);
    let query = CorrelatedQuery { selection, source, limit: list.needed(rows.limit()) };
    identities::correlated(store, settings, &query, |account| Ok(rows.row(account).map(drop)?))?;
    rows.end()?;
    if printer.format() == OutputFormat::Human && rows.limit().is_some() {
        printer.remark(match (rows.found(), rows.cut_at()) {
            (0, _) => "no accounts".to_owned(),
            (_, Some(limit)) => {
                format!("\n{}; use --limit N, --source or --output json to see others", only_first(limit, "account"))
            }
            (found, None) => format!("\n{}", plural(found, "account")),
        });
        if selection == Selection::Ambiguous && rows.found() > 0 {
            printer.next(&[
                ("connector identities confirm SOURCE ACCOUNT PERSON", "say which person it belongs to"),
                ("connector identities refuse SOURCE ACCOUNT PERSON", "say that it does not belong to one"),
            ]);
        }
    }
    Ok(())
}

pub(crate) fn columns_help() -> String {
    format!(
        "{}\nOf accounts: {}",
        columns_help_of(&people_columns(false)),
        columns_help_of(&account_columns(Selection::Orphans)).trim_start_matches("Columns, to show and to sort by: ")
    )
}

fn people_columns(duplicates: bool) -> Vec<ListColumn<Person>> {
    let same_as = ListColumn::new("same_as", |one: &Person| Datum::text(one.same_as.join(", ")))
        .looks(|look| look.titled("looks like").wrapping().rank(2));
    vec![
        ListColumn::new("id", |one: &Person| Datum::text(&one.id)).looks(|look| look.rank(4)),
        ListColumn::new("name", |one: &Person| Datum::text(&one.name)),
        ListColumn::new("display_name", |one: &Person| Datum::optional(one.display_name.as_deref()))
            .looks(|look| look.titled("display name").wrapping().rank(5)),
        ListColumn::new("state", |one: &Person| Datum::text(one.state.name()).toned(tone(one.state)))
            .looks(|look| look.rank(3)),
        ListColumn::new("accounts", |one: &Person| Datum::number(one.accounts.len() as u64))
            .looks(|look| look.on_the_right().rank(6)),
        ListColumn::new("where", |one: &Person| Datum::text(places(one))).looks(|look| look.wrapping().rank(1)),
        if duplicates { same_as } else { same_as.on_request() },
    ]
}

/// `crm jane@acme.example, vpn jroe, vpn jroe2`.
fn places(person: &Person) -> String {
    let places = person.accounts.iter().map(|account| format!("{} {}", account.source, account.name));
    places.collect::<Vec<_>>().join(", ")
}

fn account_columns(selection: Selection<'_>) -> Vec<ListColumn<CorrelatedAccount>> {
    let candidates = ListColumn::new("candidates", |one: &CorrelatedAccount| Datum::text(candidates(one)))
        .looks(|look| look.wrapping().rank(2));
    vec![
        ListColumn::new("source", |one: &CorrelatedAccount| Datum::text(&one.source)),
        ListColumn::new("id", |one: &CorrelatedAccount| Datum::text(&one.id)).looks(|look| look.rank(4)),
        ListColumn::new("name", |one: &CorrelatedAccount| Datum::text(&one.name)),
        ListColumn::new("enabled", |one: &CorrelatedAccount| Datum::truth(one.enabled)).looks(|look| look.rank(5)),
        ListColumn::new("state", |one: &CorrelatedAccount| Datum::text(state(one))).looks(|look| look.rank(1)),
        ListColumn::new("person", |one: &CorrelatedAccount| Datum::optional(one.person.as_ref().map(called)))
            .looks(|look| look.wrapping().rank(3)),
        ListColumn::new("rule", |one: &CorrelatedAccount| Datum::optional(one.rule.as_deref()))
            .looks(|look| look.rank(6)),
        if matches!(selection, Selection::Ambiguous | Selection::Orphans) {
            candidates
        } else {
            candidates.on_request()
        },
    ]
}

/// What is known of the person of an account, in a word or two.
fn state(account: &CorrelatedAccount) -> &'static str {
    match (account.state, account.person.as_ref().map(|person| person.state)) {
        (AccountState::Linked, Some(PersonState::Left)) => "its person left",
        (AccountState::Linked, Some(PersonState::Disabled)) => "its person is disabled",
        (AccountState::Ambiguous, _) if account.candidates.len() == 1 => "to confirm",
        (AccountState::LeftOut, _) => "left out",
        (state, _) => state.name(),
    }
}

/// `jane@acme.example (1042)`.
fn called(person: &NamedPerson) -> String {
    match &person.name {
        Some(name) if *name != person.id => format!("{name} ({})", person.id),
        _ => person.id.clone(),
    }
}

fn candidates(account: &CorrelatedAccount) -> String {
    let mut all: Vec<_> = account.candidates.iter().map(called).collect();
    all.extend(account.more_candidates.then(|| "…".to_owned()));
    all.join(", ")
}

fn tone(state: PersonState) -> Option<Tone> {
    match state {
        PersonState::Active => None,
        PersonState::Disabled => Some(Tone::Warn),
        PersonState::Left => Some(Tone::Bad),
    }
}
