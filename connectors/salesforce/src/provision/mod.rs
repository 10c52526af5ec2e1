//! Carrying out operations, several in one request.

mod access;
mod assignments;
mod current;
mod emails;
mod locks;
mod pace;
mod passwords;
mod rows;
mod transfer;
mod users;

pub(crate) use access::{Access, SESSIONS, TOKENS};
pub(crate) use emails::EMAIL;
pub(crate) use pace::Pace;
pub(crate) use transfer::{REFERENCES, Reference};
pub(crate) use users::inline;

use crate::api::Rest;
use crate::api::ranges::RecordId;
use crate::assignments::holdings::{HOLDINGS, Holding, holding};
use connector_core::{Change, Error, ErrorKind, Happened, Lane, Operation, Outcome, Result};

/// The most records of one request.
const MAX_RECORDS_PER_REQUEST: usize = 200;

/// What operations of a lane have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// Rows of User are made.
    Create,
    /// Rows of User are changed.
    Change,
    /// Rows of who holds what are made.
    Grant(&'static Holding),
    /// Rows of who holds what are removed.
    Revoke(&'static Holding),
    /// Rows of `UserLogin` are changed.
    Lock,
    /// Rows that let somebody in are removed.
    Bar(&'static Access),
    /// Other users refer to somebody else from now on.
    HandOver(&'static Reference),
    /// A password is set, which goes for one user at a time.
    Password,
    /// Nothing that Salesforce does.
    Refused,
}

impl Work {
    fn of<P>(operation: &Operation<P>) -> Self {
        match &operation.change {
            Change::Create { .. } => Self::Create,
            Change::Update { .. } | Change::Enable | Change::Disable => Self::Change,
            Change::Grant { .. } | Change::Revoke { .. } if inline(&operation.change).is_some() => Self::Change,
            Change::Grant { entitlement, .. } => holding(entitlement).map_or(Self::Refused, Self::Grant),
            Change::Revoke { entitlement, .. } => holding(entitlement).map_or(Self::Refused, Self::Revoke),
            Change::Lock | Change::Unlock => Self::Lock,
            Change::SetPassword { .. } => Self::Password,
            Change::EndSessions => Self::Bar(&SESSIONS),
            Change::RevokeTokens => Self::Bar(&TOKENS),
            Change::Transfer { what: Some(what), .. } => {
                transfer::reference(what).map_or(Self::Refused, Self::HandOver)
            }
            _ => Self::Refused,
        }
    }

    /// The name, and the most of them in one request.
    fn lane(self) -> Lane {
        let (name, limit) = match self {
            Self::Create => ("creating users", MAX_RECORDS_PER_REQUEST),
            Self::Change => ("changing users", MAX_RECORDS_PER_REQUEST),
            Self::Grant(holding) => (holding.granting, MAX_RECORDS_PER_REQUEST),
            Self::Revoke(holding) => (holding.revoking, MAX_RECORDS_PER_REQUEST),
            Self::Lock => ("locking and unlocking users", MAX_RECORDS_PER_REQUEST),
            Self::Bar(access) => (access.ending, MAX_RECORDS_PER_REQUEST),
            Self::HandOver(reference) => (reference.doing, MAX_RECORDS_PER_REQUEST),
            Self::Password => ("setting a password", 1),
            Self::Refused => ("refusing", MAX_RECORDS_PER_REQUEST),
        };
        Lane::new(name, limit)
    }
}

/// Which operations go together with this one.
pub(crate) fn lane<P>(operation: &Operation<P>) -> Lane {
    Work::of(operation).lane()
}

/// Carries out one operation. A plan compares before it sends anything, so a batch does not ask again.
pub(crate) async fn one(rest: &Rest, pace: &Pace, operation: &Operation) -> Result<Outcome> {
    if Work::of(operation) == Work::Change
        && let Some(unchanged) = users::has_already(rest, operation).await?
    {
        return Ok(unchanged);
    }
    let mut outcomes = batch(rest, pace, std::slice::from_ref(operation)).await?;
    outcomes.pop().unwrap_or_else(|| Err(Error::internal("an operation has no outcome")))
}

/// Carries out operations of one lane: one outcome each, in order.
pub(crate) async fn batch(rest: &Rest, pace: &Pace, operations: &[Operation]) -> Result<Vec<Result<Outcome>>> {
    let Some(first) = operations.first() else { return Ok(Vec::new()) };
    let work = Work::of(first);
    if operations.len() > work.lane().limit || operations.iter().any(|one| lane(one) != work.lane()) {
        return Err(Error::new(ErrorKind::Internal, "operations that do not go together were sent together"));
    }
    let _turn = pace.turn(work, operations).await;
    match work {
        Work::Create => users::make(rest, pace, operations).await,
        Work::Change => users::change(rest, pace, operations).await,
        Work::Grant(holding) => assignments::grant(rest, pace, holding, operations).await,
        Work::Revoke(holding) => assignments::revoke(rest, pace, holding, operations).await,
        Work::Lock => locks::change(rest, pace, operations).await,
        Work::HandOver(reference) => transfer::hand_over(rest, pace, reference, operations).await,
        Work::Bar(access) => access::end(rest, pace, access, operations).await,
        Work::Password => Ok(vec![passwords::set(rest, first).await]),
        Work::Refused => Ok(operations.iter().map(|one| Err(refused(&one.change))).collect()),
    }
}

/// The error for what is never done.
pub(crate) fn refused<P>(change: &Change<P>) -> Error {
    let unsupported = |message: String, help: &str| Error::new(ErrorKind::Unsupported, message).with_help(help);
    match change {
        Change::Delete => unsupported(
            "Salesforce does not allow deleting users, because other records refer to them".to_owned(),
            "`disable` the user instead, which frees its license; if something in the org prevents that, `lock` the user",
        ),
        Change::Revoke { entitlement, .. } if entitlement.entitlement_type == "profile" => unsupported(
            "a profile can't be revoked: every user has exactly one".to_owned(),
            "grant another profile, which replaces it, or `disable` the user",
        ),
        Change::Grant { entitlement, .. } | Change::Revoke { entitlement, .. } => {
            let types: Vec<_> = HOLDINGS.iter().map(|holding| format!("`{}`", holding.entitlement_type)).collect();
            unsupported(
                format!("Salesforce has no entitlement type `{}`", entitlement.entitlement_type),
                &format!("the types are `profile`, `role`, {}", types.join(", ")),
            )
        }
        other => unsupported(format!("Salesforce does not do `{}`", other.kind().name()), "leave it out"),
    }
}

/// The id of the user whom an operation changes.
fn user(operation: &Operation) -> Result<RecordId> {
    let id = operation.account.as_str();
    RecordId::read(id).filter(|id| id.has_prefix("005")).ok_or_else(|| {
        Error::new(ErrorKind::Invalid, format!("`{id}` is not the id of a user"))
            .with_help("name the account by its id, of 15 or 18 characters, or by its username")
    })
}

fn applied(user: RecordId) -> Outcome {
    Outcome::applied(user.as_str())
}

fn unchanged(detail: &str) -> Outcome {
    Outcome::unchanged(detail)
}

const HOLDS_IT: &str = "already holds it";
const HOLDS_IT_NOT: &str = "does not hold it";

/// An error after the change may have been made. To look and to send it again does no harm.
fn unsure(error: Error) -> Error {
    error.with_happened(Happened::Unknown)
}
