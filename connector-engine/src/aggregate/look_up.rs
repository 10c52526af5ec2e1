//! Looks at a few accounts without storing anything.

use crate::patience::ask_each;
use connector_core::{Account, Concern, Error, Result};
use connector_project::source::Opened;

/// For each text, the accounts that the source shows for it as id or name, with the attributes that the connector reads. Nothing
/// is stored.
///
/// Fails with kind `unsupported` if the connector can't look up single accounts.
pub async fn look_up(opened: &Opened, accounts: &[String]) -> Result<Vec<Vec<Account>>> {
    let ability = opened.connector.capabilities().accounts().ok_or_else(|| {
        Error::unsupported(format!("connector `{}` can't look up single accounts", opened.registration.name)).with_help(
            format!("aggregate the source, and look at its accounts: `connector accounts {}`", opened.source),
        )
    })?;
    let concern = Concern::default();
    let mut found = Vec::with_capacity(accounts.len());
    for part in accounts.chunks(ability.most_accounts().max(1)) {
        let look = || ability.find_accounts(part, &concern);
        found.extend(ask_each(opened, "looking up accounts", part.len(), look).await?);
    }
    Ok(found)
}
