//! Programs as accounts.

use super::apps::Apps;
use super::kinds::{CONTACT, CREATOR, ENDPOINT, Kind};
use super::owners::{Clues, Owners};
use super::settings::Read;
use super::uses::{FIRST, LAST, TOKENS, Use, Uses};
use crate::api::Rest;
use crate::api::keyset;
use crate::api::record::Row;
use crate::api::rights;
use crate::api::soql::Select;
use crate::error;
use connector_core::{Account, AttributeSchema, AttributeType, AttributesBuilder, Page, Result};
use std::borrow::Cow;
use url::Url;

/// The attribute that says which object an account of a program comes from.
const OBJECT: &str = "SobjectType";
/// The host that a named credential is for.
const HOST: &str = "EndpointHost";

/// What is known of the tokens of apps.
pub(super) enum TokenUse<'a> {
    /// The settings don't name them.
    NotRead,
    /// The org does not show or does not count them.
    Unseen,
    /// How much those of each app are used.
    Of(&'a Apps, &'a Uses),
}

impl TokenUse<'_> {
    /// That of all tokens of an app, whichever of its names they call it by; `None` if it has none.
    fn of(&self, app: &str) -> Option<Use> {
        let Self::Of(apps, uses) = self else { return None };
        apps.names(app)
            .into_iter()
            .filter_map(|name| uses.get(name))
            .fold(None, |sum: Option<Use>, used| Some(sum.unwrap_or_default().and(used)))
    }
}

/// All programs of a kind, on one page.
pub(super) async fn page(rest: &Rest, kind: &'static Kind, tokens: TokenUse<'_>) -> Result<Page<Account>> {
    let select = Select { object: kind.object, fields: kind.fields.to_vec(), filter: None };
    let found = match keyset::all_shown(rest, &select, |row| program(row, kind).map(Some)).await {
        Err(refused) if error::is_missing_object(&refused) => {
            return Ok(Page::last(Vec::new()).with_incomplete(kind.unseen()));
        }
        found => found?,
    };
    let owners = Owners::read(rest, &found.iter().map(|(_, clues, _)| clues).collect::<Vec<_>>()).await?;
    let tokens = if kind.read == Read::Apps { tokens } else { TokenUse::NotRead };
    let accounts = found.into_iter().map(|(mut account, clues, mut attributes)| {
        account.owner = owners.of(&clues).map(|owner| owner.as_str().to_owned());
        if let Some(used) = tokens.of(&account.id) {
            used.add_to(&mut attributes)?;
        }
        account.attributes = attributes.build();
        Ok(account)
    });
    let page = Page::last(accounts.collect::<Result<Vec<_>>>()?);
    let page = if matches!(tokens, TokenUse::Unseen) { page.with_not_shown([TOKENS, FIRST, LAST]) } else { page };
    let hidden = rest.hidden(kind.object);
    if hidden.is_empty() {
        return Ok(page);
    }
    // Of a URL, only the host is an attribute.
    let page = page.with_not_shown(hidden.iter().map(|field| if *field == ENDPOINT { HOST } else { *field }));
    Ok(page.with_warning(rights::hidden(kind.object, &hidden)))
}

/// A row as an account, what says who owns it, and its attributes so far.
fn program(row: &Row<'_>, kind: &'static Kind) -> Result<(Account, Clues, AttributesBuilder)> {
    let (id, _) = row.id("Id")?;
    let mut attributes = AttributesBuilder::default();
    attributes.push(OBJECT, kind.object)?;
    for (field, value) in row.cells().filter(|(field, _)| !["Id", ENDPOINT].contains(field)) {
        if !value.is_plain() {
            return Err(row.odd(&format!("has a `{field}` that is not a plain value")));
        }
        value.add_to(&mut attributes, field)?;
    }
    let text = |field: &str| -> Result<Option<Cow<'_, str>>> {
        Ok(if row.has(field) { row.text(field)?.filter(|text| !text.is_empty()) } else { None })
    };
    // The path and the user information of a URL can hold secrets.
    if let Some(host) = text(ENDPOINT)?.and_then(|url| Url::parse(&url).ok()?.host_str().map(str::to_owned)) {
        attributes.push(HOST, &host)?;
    }
    let (name, label) = kind.names;
    let mut account = Account::new(id, row.some_text(name)?);
    account.display_name = label.map(text).transpose()?.flatten().map(Cow::into_owned);
    account.kind = kind.used_by;
    let creator = if row.has(CREATOR) { row.some_id(CREATOR)?.map(|(_, creator)| creator) } else { None };
    Ok((account, Clues { creator, contact: text(CONTACT)?.map(Cow::into_owned) }, attributes))
}

/// The attributes of the accounts of these kinds.
pub(super) fn attributes(kinds: impl Iterator<Item = &'static Kind>) -> Vec<AttributeSchema> {
    let mut all: Vec<AttributeSchema> = Vec::new();
    for kind in kinds {
        if all.is_empty() {
            all.push(AttributeSchema::text(OBJECT).described("The object of an app, a bot or a named credential."));
        }
        let of_apps = (kind.read == Read::Apps).then(usage).into_iter().flatten();
        let fields = kind.fields.iter().filter(|field| **field != "Id").map(|field| field_schema(field));
        for one in fields.chain(of_apps).collect::<Vec<_>>() {
            if all.iter().all(|known| known.name != one.name) {
                all.push(one);
            }
        }
    }
    all
}

fn usage() -> [AttributeSchema; 3] {
    [
        AttributeSchema::new(TOKENS, AttributeType::Integer).described("How many OAuth tokens an app has.").quiet(),
        AttributeSchema::new(FIRST, AttributeType::DateTime).described("When the oldest of its tokens was made."),
        AttributeSchema::new(LAST, AttributeType::DateTime).described("When a token of the app was last used.").quiet(),
    ]
}

fn field_schema(field: &str) -> AttributeSchema {
    use AttributeType::{Boolean, DateTime, Reference, String};
    let (name, kind, description) = match field {
        "Name" => (field, String, "The name of an app."),
        "DeveloperName" => (field, String, "The API name."),
        "MasterLabel" => (field, String, "The label."),
        "Description" => (field, String, "What it is for."),
        CONTACT => (field, String, "The email address of whoever answers for an app."),
        ENDPOINT => (HOST, String, "The host that a named credential is for; the rest of its URL is not read."),
        "PrincipalType" => (field, String, "Whose login a named credential uses."),
        "BotUserId" => (field, Reference, "The user that a bot or an agent acts as."),
        "Type" => (field, String, "The kind of bot, for example `Bot` or `ExternalCopilot`."),
        CREATOR => (field, Reference, "The user who made it."),
        "StartUrl" => (field, String, "Where an app starts."),
        "OptionsAllowAdminApprovedUsersOnly" => (field, Boolean, "Whether an administrator has to let users in."),
        "RefreshTokenValidityPeriod" => (field, AttributeType::Json, "How long refresh tokens of an app are valid."),
        "DistributionState" => (field, String, "Whether an app is local or part of a package."),
        "NamespacePrefix" => (field, String, "The package it comes from."),
        "CreatedDate" => (field, DateTime, "When it was made."),
        _ => (field, DateTime, "When a person last changed it."),
    };
    AttributeSchema::new(name, kind).described(description)
}
