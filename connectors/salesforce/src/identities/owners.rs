//! Who answers for programs.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::{self, Select};
use connector_core::Result;
use std::collections::{BTreeMap, BTreeSet};

/// How many users a query names.
const MOST_NAMED: usize = 100;

/// What says who answers for a program.
#[derive(Debug, Default)]
pub(super) struct Clues {
    pub(super) creator: Option<RecordId>,
    pub(super) contact: Option<String>,
}

/// The active users among those that are named.
#[derive(Debug, Default)]
pub(super) struct Owners {
    active: BTreeSet<RecordId>,
    /// By email address in lowercase; `None` for one that several users have.
    by_email: BTreeMap<String, Option<RecordId>>,
}

impl Owners {
    /// Asks the org for the users that the clues name.
    pub(super) async fn read(rest: &Rest, clues: &[&Clues]) -> Result<Self> {
        let ids: BTreeSet<RecordId> = clues.iter().filter_map(|one| one.creator).collect();
        let emails: BTreeSet<String> =
            clues.iter().filter_map(|one| one.contact.as_ref()).map(|one| one.to_lowercase()).collect();
        let mut owners = Self::default();
        let ids: Vec<_> = ids.iter().map(RecordId::as_str).collect();
        for ids in ids.chunks(MOST_NAMED) {
            let found = active(rest, &soql::one_of("Id", ids)).await?;
            owners.active.extend(found.into_iter().map(|(id, _)| id));
        }
        let emails: Vec<_> = emails.into_iter().collect();
        for emails in emails.chunks(MOST_NAMED) {
            for (id, email) in active(rest, &soql::one_of("Email", emails)).await? {
                let known = owners.by_email.entry(email.to_lowercase()).or_insert(Some(id));
                *known = known.filter(|known| *known == id);
            }
        }
        Ok(owners)
    }

    /// The only active user with the contact's email address, or else the active user who made it.
    pub(super) fn of(&self, clues: &Clues) -> Option<RecordId> {
        let contact =
            clues.contact.as_ref().and_then(|email| self.by_email.get(&email.to_lowercase()).copied().flatten());
        contact.or(clues.creator.filter(|creator| self.active.contains(creator)))
    }
}

async fn active(rest: &Rest, named: &str) -> Result<Vec<(RecordId, String)>> {
    let filter = format!("IsActive = true AND {named}");
    let select = Select { object: "User", fields: vec!["Id", "Email"], filter: Some(filter.into()) };
    keyset::all_shown(rest, &select, |row| {
        let email = if row.has("Email") { row.text("Email")?.unwrap_or_default().into_owned() } else { String::new() };
        Ok(Some((row.id("Id")?.1, email)))
    })
    .await
}
