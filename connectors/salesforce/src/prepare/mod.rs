//! Determines in advance what operations change, without changing anything.

mod attributes;
mod changes;
mod create;
mod defaults;
mod grants;
mod heirs;
mod leaver;
mod recalculating;
mod references;
mod seats;
mod several;
mod values;

use crate::api::Rest;
use crate::api::description::Description;
use crate::api::ranges::RecordId;
use crate::api::rights;
use crate::api::rights::{Act, PASSWORDS, lacking};
use crate::assignments::holdings::holding;
use crate::error;
use crate::org::Org;
use crate::provision::refused;
use crate::provision::{SESSIONS, TOKENS};
use connector_core::{Change, Error, ErrorKind, Operation, OperationKind, Prepared, Proposed, Result, SecretRef};
use defaults::Defaults;
use heirs::Heirs;
use leaver::Leavers;
pub(crate) use leaver::Leaving;
use recalculating::Recalculating;
use references::{Named, References};
use seats::Licenses;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// What is asked of an org once, and only when an operation needs it.
#[derive(Debug, Default)]
pub(crate) struct Preparation {
    defaults: OnceCell<Defaults>,
    licenses: Licenses,
    named: Named,
    own: OnceCell<Option<RecordId>>,
    recalculating: OnceCell<Recalculating>,
    passwords: OnceCell<bool>,
}

/// All that is known for a list of operations.
struct Known<'a> {
    user: Arc<Description>,
    /// The objects to change; `None` for an object that the login can't see.
    objects: BTreeMap<&'static str, Option<Arc<Description>>>,
    references: References,
    defaults: Option<&'a Defaults>,
    licenses: &'a Licenses,
    recalculating: Recalculating,
    /// The service account's own user.
    own: Option<RecordId>,
    may_set_passwords: bool,
    leavers: Leavers,
    heirs: Heirs,
}

/// What each operation changes, in order. `leaving` is what a leaver loses.
pub(crate) async fn operations(
    org: Org<'_>,
    preparation: &Preparation,
    leaving: &[Leaving],
    proposed: &[Proposed],
) -> Result<Vec<Result<Prepared>>> {
    let known = Known::look_up(org, preparation, leaving, proposed).await?;
    Ok(proposed.iter().map(|one| prepare(&known, one)).collect())
}

fn prepare(known: &Known<'_>, proposed: &Proposed) -> Result<Prepared> {
    let change = &proposed.operation.change;
    if let Change::Create { name, attributes, entitlements, password, .. } = change {
        return create::prepare(known, name, attributes, entitlements, &proposed.unresolved, password.as_ref());
    }
    let Some(account) = &proposed.account else {
        return Err(Error::new(ErrorKind::Internal, "an operation came without the account that it is about"));
    };
    if !RecordId::read(&account.id).is_some_and(|id| id.has_prefix("005")) {
        return Err(Error::unsupported("it is an app, a bot or a named credential, and no user")
            .with_help("change it in Salesforce Setup; `revoke_tokens` takes a user's OAuth tokens away"));
    }
    match change {
        Change::Update { .. } => changes::update(known, account, change),
        Change::Enable => changes::enable(known, account, true),
        Change::Disable => changes::enable(known, account, false),
        Change::Lock => changes::lock(known, account, true),
        Change::Unlock => changes::lock(known, account, false),
        Change::SetPassword { .. } => {
            known.may_set_passwords()?;
            Ok(Prepared::step(Operation::new(&account.id, change.clone())))
        }
        Change::Grant { .. } | Change::Revoke { .. } => grants::prepare(known, account, change),
        Change::EndSessions | Change::RevokeTokens => leaver::access(known, account, change),
        Change::Deprovision { transfer_to, .. } => leaver::prepare(known, account, transfer_to.as_deref()),
        Change::Transfer { to, what, .. } => heirs::prepare(known, account, to, what.as_deref()),
        _ => Err(refused(change)),
    }
}

impl<'a> Known<'a> {
    async fn look_up(
        org: Org<'_>,
        preparation: &'a Preparation,
        leaving: &[Leaving],
        proposed: &[Proposed],
    ) -> Result<Self> {
        let Org { rest, accounts, .. } = org;
        let user = rest.describe("User").await.map_err(|refused| {
            if error::is_missing_object(&refused) { rights::missing("User", refused) } else { refused }
        })?;
        let mut objects = BTreeMap::from([("User", Some(user.clone()))]);
        for object in proposed.iter().flat_map(|one| touched(&one.operation, leaving)).collect::<BTreeSet<_>>() {
            let described = match rest.describe(object).await {
                Ok(description) => Some(description),
                Err(refused) if error::is_missing_object(&refused) => None,
                Err(error) => return Err(error),
            };
            objects.insert(object, described);
        }
        let creates = |one: &Proposed| matches!(one.operation.change, Change::Create { .. });
        let defaults = if proposed.iter().any(creates) {
            Some(preparation.defaults.get_or_try_init(|| Defaults::read(rest)).await?)
        } else {
            None
        };
        let grants_group = |one: &Proposed| entitlements(&one.operation, &[]).contains(&recalculating::TYPE);
        let recalculating = if proposed.iter().any(grants_group) {
            preparation.recalculating.get_or_try_init(|| Recalculating::read(rest)).await?.clone()
        } else {
            Recalculating::default()
        };
        for proposed in proposed {
            if may_move(&proposed.operation) {
                preparation.licenses.need_users(rest).await?;
            }
            for held in entitlements(&proposed.operation, leaving) {
                preparation.licenses.need(rest, held).await?;
            }
        }
        Ok(Self {
            user,
            objects,
            references: References::look_up(rest, accounts, &preparation.named, proposed).await?,
            defaults,
            licenses: &preparation.licenses,
            recalculating,
            own: *preparation.own.get_or_try_init(|| own_user(rest)).await?,
            may_set_passwords: may_set_passwords(rest, preparation, proposed).await?,
            leavers: Leavers::look_up(org, leaving, proposed).await?,
            heirs: Heirs::look_up(org, proposed).await?,
        })
    }

    /// Whether the login may do that; an error that names the right where it may not.
    fn may(&self, object: &'static str, act: Act) -> Result<()> {
        let description = self.objects.get(object).and_then(Option::as_deref);
        lacking(object, act, description).map_or(Ok(()), Err)
    }

    fn may_set_passwords(&self) -> Result<()> {
        if self.may_set_passwords {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Permission, format!("the service account lacks \"{PASSWORDS}\""))
            .with_help(format!("give the service account \"{PASSWORDS}\", in its profile or a permission set")))
    }
}

/// Whether the login may set passwords. The check uses the first user whose password is set, and no other.
async fn may_set_passwords(rest: &Rest, preparation: &Preparation, proposed: &[Proposed]) -> Result<bool> {
    let sets = |one: &&Proposed| {
        one.operation.change.password().is_some() || one.operation.kind() == OperationKind::SetPassword
    };
    let Some(account) = proposed.iter().find(sets).and_then(|one| one.account.as_ref()) else { return Ok(true) };
    let Some(user) = RecordId::read(&account.id) else { return Ok(true) };
    preparation.passwords.get_or_try_init(|| rest.may_see_password(user.as_str())).await.copied()
}

/// The objects beside User whose rows an operation changes.
fn touched(operation: &Operation<SecretRef>, leaving: &[Leaving]) -> Vec<&'static str> {
    match &operation.change {
        Change::EndSessions => vec![SESSIONS.object],
        Change::RevokeTokens => vec![TOKENS.object],
        Change::Deprovision { .. } => leaving.iter().flat_map(|one| one.objects()).collect(),
        Change::Lock | Change::Unlock => vec![crate::users::locks::OBJECT],
        Change::Create { entitlements, .. } => {
            entitlements.iter().filter_map(|held| holding(held)).map(|holding| holding.object).collect()
        }
        change => change.entitlement().and_then(holding).map(|holding| holding.object).into_iter().collect(),
    }
}

/// Whether it may change which user license somebody takes a seat of.
fn may_move(operation: &Operation<SecretRef>) -> bool {
    match &operation.change {
        Change::Create { .. } | Change::Enable | Change::Disable | Change::Deprovision { .. } => true,
        Change::Update { set, .. } => {
            let moves = ["IsActive", "Profile", "ProfileId"];
            set.keys().any(|name| moves.iter().any(|known| name.eq_ignore_ascii_case(known)))
        }
        Change::Grant { entitlement, .. } => entitlement.entitlement_type == "profile",
        _ => false,
    }
}

/// The types of what an operation grants or revokes.
fn entitlements<'o>(operation: &'o Operation<SecretRef>, leaving: &[Leaving]) -> Vec<&'o str> {
    match &operation.change {
        Change::Deprovision { .. } => leaving.iter().flat_map(|one| one.types()).copied().collect(),
        Change::Create { entitlements, .. } => entitlements.iter().map(|held| held.entitlement_type.as_ref()).collect(),
        change => change.entitlement().map(|one| one.entitlement_type.as_ref()).into_iter().collect(),
    }
}

/// The user whom the login belongs to, as the token says: `https://…/id/ORG/USER`.
async fn own_user(rest: &Rest) -> Result<Option<RecordId>> {
    let token = rest.client.token().await?;
    let id = token.member("id").and_then(|url| url.rsplit('/').next()).and_then(RecordId::read);
    Ok(id.filter(|id| id.has_prefix("005")))
}

fn unchanged(detail: &str) -> Prepared {
    Prepared::unchanged(detail)
}
