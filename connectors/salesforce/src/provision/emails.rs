//! Email addresses that wait until the user confirms them.

use super::user;
use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::{self, Select};
use crate::users::schema::USER;
use connector_core::{Change, Operation, Outcome, Result};
use std::collections::BTreeMap;

pub(crate) const EMAIL: &str = "Email";

const WAITS: &str = "waits until the user opens the link that Salesforce has sent to the new email address";

/// The outcomes, with those that wait. Salesforce says that it has changed an address, and shows the old one until the user
/// confirms the new one.
pub(super) async fn with_unconfirmed(
    rest: &Rest,
    operations: &[Operation],
    mut outcomes: Vec<Result<Outcome>>,
) -> Vec<Result<Outcome>> {
    let mut asked: BTreeMap<RecordId, (usize, &str)> = BTreeMap::new();
    for (place, (operation, outcome)) in operations.iter().zip(&outcomes).enumerate() {
        if let (Change::Update { set, .. }, Ok(Outcome::Applied { .. }), Ok(user)) =
            (&operation.change, outcome, user(operation))
            && let Some(email) = set.get(EMAIL).and_then(|email| email.as_str())
        {
            asked.insert(user, (place, email));
        }
    }
    if asked.is_empty() {
        return outcomes;
    }
    let filter = soql::one_of("Id", asked.keys().map(RecordId::as_str));
    let select = Select { object: USER, fields: vec!["Id", EMAIL], filter: Some(filter.into()) };
    let shown = keyset::all(rest, &select, |row| {
        Ok(Some((row.id("Id")?.1, row.text(EMAIL)?.unwrap_or_default().to_lowercase())))
    });
    match shown.await {
        Ok(shown) => {
            for (user, shown) in shown {
                if let Some((place, email)) = asked.get(&user)
                    && email.to_lowercase() != shown
                {
                    outcomes[*place] = Ok(Outcome::queued(user.as_str(), WAITS));
                }
            }
        }
        // The changes were made, whatever this says.
        Err(error) => tracing::debug!(%error, "the changed email addresses can't be read back"),
    }
    outcomes
}
