//! People with their accounts, and the accounts without a person.

use super::window::Window;
use super::{Frame, Shell, render};
use crate::address;
use crate::asked::Asked;
use crate::failure::Failure;
use crate::state::{Reach, State as ServerState};
use crate::text::{Badge, Prose, Tone};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use connector_core::{ErrorKind, PersonState, Result};
use connector_engine::identities::{
    self, AccountState, CorrelatedAccount, CorrelatedQuery, PeopleQuery, Person, Selection,
};
use connector_engine::store::Store;
use connector_project::identities::IdentitySettings;
use serde::Deserialize;

/// How many people or accounts stand on a page.
const ON_A_PAGE: usize = 100;

/// What can be listed: its name in the address, and for people.
const LISTS: [(&str, &str); 5] = [
    ("", "People"),
    ("left", "People who left"),
    ("duplicates", "Duplicates"),
    ("orphans", "Orphans"),
    ("ambiguous", "Ambiguous"),
];

#[derive(Deserialize)]
pub(crate) struct Fields {
    #[serde(default)]
    show: String,
    /// The last row of the page before: the id, and the source of an account.
    #[serde(default)]
    after: String,
    #[serde(default)]
    after_source: String,
}

#[derive(Template)]
#[template(path = "identities.html")]
struct Page {
    shell: Shell,
    /// Why there is nothing to list yet.
    missing: Option<Prose>,
    lists: Vec<Choice>,
    people: Vec<PersonRow>,
    accounts: Vec<AccountRow>,
    next: Option<String>,
}

/// A list that can be chosen.
struct Choice {
    title: &'static str,
    address: String,
    is_current: bool,
}

struct PersonRow {
    id: String,
    address: String,
    name: String,
    display_name: Option<String>,
    badge: Badge,
    accounts: Vec<Place>,
    same_as: Vec<Place>,
}

/// Something with a page of its own.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) address: String,
}

struct AccountRow {
    id: String,
    source: String,
    address: String,
    name: String,
    enabled: bool,
    /// What is known of its person.
    state: &'static str,
    people: Vec<Place>,
    more: bool,
    rule: Option<String>,
}

pub(crate) async fn page(
    State(state): State<ServerState>,
    frame: Frame,
    Asked(fields): Asked<Fields>,
) -> Result<Response, Failure> {
    let shell = frame.shell("People").in_section("people");
    let page = state.ask(move |reach| told(reach, &fields, shell)).await?;
    Ok(render(&page, StatusCode::OK))
}

/// The rules and the store; otherwise why there are no people.
pub(super) fn correlated(reach: &Reach) -> Result<std::result::Result<(IdentitySettings, &Store), String>> {
    let Some(settings) = reach.project.settings()?.identities else {
        let message = "`identities:` in connector.yaml names the source whose accounts are the people, and how the accounts of other sources find theirs.";
        return Ok(Err(message.to_owned()));
    };
    match &reach.store {
        Some(store) => Ok(Ok((settings, store))),
        None => Ok(Err(format!("Read `{}` first: its accounts are the people.", settings.authority))),
    }
}

fn told(reach: &Reach, fields: &Fields, shell: Shell) -> Result<Page> {
    let lists = LISTS.iter().map(|(show, title)| Choice {
        title,
        address: address::with("/identities", &[("show", show)]),
        is_current: fields.show == *show,
    });
    let lists = lists.collect();
    let mut page = Page { shell, missing: None, lists, people: Vec::new(), accounts: Vec::new(), next: None };
    let (settings, store) = match correlated(reach)? {
        Ok(known) => known,
        Err(missing) => return Ok(Page { missing: Some(Prose(missing)), ..page }),
    };
    let listed = match fields.show.as_str() {
        "orphans" => list_accounts(&mut page, store, &settings, fields, Selection::Orphans),
        "ambiguous" => list_accounts(&mut page, store, &settings, fields, Selection::Ambiguous),
        _ => list_people(&mut page, store, &settings, fields),
    };
    match listed {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let help = error.help().map(|help| format!(": {help}")).unwrap_or_default();
            Ok(Page { missing: Some(Prose(format!("{}{help}.", error.message()))), ..page })
        }
        listed => listed.map(|()| page),
    }
}

fn list_people(page: &mut Page, store: &Store, settings: &IdentitySettings, fields: &Fields) -> Result<()> {
    let mut window = Window::of(ON_A_PAGE);
    let query = PeopleQuery {
        left: fields.show == "left",
        duplicates: fields.show == "duplicates",
        after: Some(fields.after.as_str()),
        ..PeopleQuery::default()
    };
    let read = identities::people(store, settings, &query, |person| window.take(|| person_row(person)));
    window.ended(read)?;
    page.next = window
        .rows
        .last()
        .filter(|_| window.has_more)
        .map(|last| address::with("/identities", &[("show", &fields.show), ("after", &last.id)]));
    page.people = window.rows;
    Ok(())
}

fn list_accounts(
    page: &mut Page,
    store: &Store,
    settings: &IdentitySettings,
    fields: &Fields,
    selection: Selection<'_>,
) -> Result<()> {
    let mut window = Window::of(ON_A_PAGE);
    let after = (fields.after_source.as_str(), fields.after.as_str());
    let query = CorrelatedQuery { selection, source: None, limit: None };
    let read = identities::correlated(store, settings, &query, |account| {
        if (account.source.as_str(), account.id.as_str()) <= after {
            return Ok(());
        }
        window.take(|| account_row(account))
    });
    window.ended(read)?;
    page.next = window.rows.last().filter(|_| window.has_more).map(|last| {
        let fields = [("show", fields.show.as_str()), ("after_source", &last.source), ("after", &last.id)];
        address::with("/identities", &fields)
    });
    page.accounts = window.rows;
    Ok(())
}

fn person_row(person: &Person) -> PersonRow {
    let accounts = person.accounts.iter().map(|one| Place {
        name: format!("{} {}", one.source, one.name),
        address: address::account(&one.source, &one.id),
    });
    let same_as = person.same_as.iter().map(|id| Place { name: id.clone(), address: address::person(id) });
    PersonRow {
        id: person.id.clone(),
        address: address::person(&person.id),
        name: person.name.clone(),
        display_name: person.display_name.clone(),
        badge: badge(person.state),
        accounts: accounts.collect(),
        same_as: same_as.collect(),
    }
}

fn account_row(account: &CorrelatedAccount) -> AccountRow {
    let people = account.person.iter().chain(&account.candidates);
    let people = people.map(|one| Place {
        name: one.name.clone().unwrap_or_else(|| one.id.clone()),
        address: address::person(&one.id),
    });
    AccountRow {
        id: account.id.clone(),
        source: account.source.clone(),
        address: address::account(&account.source, &account.id),
        name: account.name.clone(),
        enabled: account.enabled,
        state: match account.state {
            AccountState::Linked => "its person left",
            AccountState::Ambiguous if account.candidates.len() == 1 => "to confirm",
            state => state.name(),
        },
        people: people.collect(),
        more: account.more_candidates,
        rule: account.rule.clone(),
    }
}

/// Whether a person is there, in a word.
pub(super) fn badge(state: PersonState) -> Badge {
    let tone = match state {
        PersonState::Active => Tone::Good,
        PersonState::Disabled => Tone::Quiet,
        PersonState::Left => Tone::Bad,
    };
    Badge { word: state.name(), tone }
}
