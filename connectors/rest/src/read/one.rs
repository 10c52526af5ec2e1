//! Reading one account.

use super::mapping;
use super::subject::Subject;
use crate::api::{Api, Asked, undone};
use crate::settings::Where;
use connector_core::{Account, Error, Result};
use serde_json::Value;

/// An account that was read by itself.
pub(crate) struct FoundAccount {
    pub(crate) account: Account,
    /// With its whole item.
    pub(crate) subject: Subject,
}

/// The item of the account with an id; `None` if the API says that there is none.
pub(super) async fn item_of(api: &Api, id: &str) -> Result<Option<Value>> {
    let Some(one) = &api.system.accounts.one else {
        return Err(
            Error::unsupported("the settings don't say how to read one account").with_help("add `accounts.one`")
        );
    };
    let asked = {
        let vars = api.system.vars().with_own("id", id.into());
        match Asked::new(&one.path, &one.query, &vars) {
            Ok(asked) => asked,
            // What can't stand in a path is no id.
            Err(_) if id.is_empty() || id == "." || id == ".." => return Ok(None),
            Err(fault) => return Err(undone("`accounts.one`", &fault)),
        }
    };
    let Some(mut answer) = api.get_if_there(&asked, &one.absent, Where::Accounts).await? else { return Ok(None) };
    match answer.body.pointer_mut(&one.at).map(Value::take) {
        Some(item @ Value::Object(_)) => Ok(Some(item)),
        _ => Err(Error::protocol(format!("{}: there is no account at `{}`", answer.what(), one.at))
            .with_help("compare `accounts.one.at` with what the API returns")),
    }
}

/// The account with an id. An API can show another one under it, such as the one with that name.
pub(crate) async fn one(api: &Api, id: &str) -> Result<Option<FoundAccount>> {
    let Some(item) = item_of(api, id).await? else { return Ok(None) };
    Ok(found(api, &item)?.filter(|found| found.account.id == id))
}

fn found(api: &Api, item: &Value) -> Result<Option<FoundAccount>> {
    let Some(mapped) = mapping::account(&api.system, item)? else { return Ok(None) };
    let subject = mapping::account_subject(&api.system, item)?.unwrap_or_default().with_item(item);
    Ok(Some(FoundAccount { account: mapped.account, subject }))
}

/// The accounts with a name.
pub(crate) async fn by_name(api: &Api, name: &str) -> Result<Vec<FoundAccount>> {
    let Some(find) = &api.system.accounts.find else { return Ok(Vec::new()) };
    let asked = {
        let vars = api.system.vars().with_own("name", name.into());
        let asked = Asked::of(&find.path, &find.query, find.body.as_ref(), &vars);
        asked.map_err(|fault| undone("`accounts.find`", &fault))?
    };
    let Some(mut answer) = api.get_if_there(&asked, &find.absent, Where::Accounts).await? else {
        return Ok(Vec::new());
    };
    let items = match answer.body.pointer_mut(&find.items).map(Value::take) {
        Some(Value::Array(items)) => items,
        // An API that shows the account itself.
        Some(item @ Value::Object(_)) => vec![item],
        _ => {
            return Err(Error::protocol(format!("{}: there is no list at `{}`", answer.what(), find.items))
                .with_help("compare `accounts.find.items` with what the API returns"));
        }
    };
    let mut accounts = Vec::new();
    for item in &items {
        accounts.extend(found(api, item)?.filter(|found| found.account.name == name));
    }
    Ok(accounts)
}
