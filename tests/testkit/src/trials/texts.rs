//! Texts that a query language, a path or a file could take for something else.

use super::{Kept, Need, Trial, Tried};
use crate::stage::Stage;
use crate::subject::Subject;
use connector_core::{Change, Concern, ErrorKind, Operation, OperationKind as Kind, Outcome};
use serde_json::{Map, Value};

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "an_awkward_text_finds_no_other_account",
        need: Need::Accounts,
        run: |subject| Box::pin(awkward_texts_find_nothing(subject)),
    },
    Trial {
        name: "an_awkward_value_is_kept_as_it_is_or_refused",
        need: Need::Operation(Kind::Update),
        run: |subject| Box::pin(awkward_values_are_kept(subject)),
    },
];

/// Texts with a meaning for some source: SQL, SOQL, LDAP and SCIM filters, paths, URLs, JSON, CSV and spreadsheets.
const AWKWARD: &[&str] = &[
    "'",
    "\"",
    "\\",
    "%",
    "_",
    "*",
    "' OR '1'='1",
    "\" or \"1\"=\"1",
    "x\" or id pr or userName eq \"x",
    "*)(objectClass=*",
    "../..",
    "a/b?c=d#e&f=g",
    "{\"a\": 1}",
    "${x} {{x}}",
    "=1+1",
    "a;b|c,d\te",
    "Zoë e\u{301} \u{1f600} \u{202e}abc",
];

async fn awkward_texts_find_nothing(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let Some(ability) = connector.capabilities().accounts() else { return Ok(Kept::NotUsed("find_accounts")) };
    for wanted in AWKWARD {
        let wanted = (*wanted).to_owned();
        let found = match ability.find_accounts(std::slice::from_ref(&wanted), &Concern::default()).await {
            Ok(found) => found.into_iter().flatten(),
            Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::NotFound) => continue,
            Err(error) => return Err(format!("{wanted:?} is an error of kind {}: {error}", error.kind())),
        };
        if let Some(other) = found.into_iter().find(|one| one.id != wanted && one.name != wanted) {
            return Err(format!("{wanted:?} finds the account {} ({})", other.name, other.id));
        }
    }
    Ok(Kept::Promise)
}

async fn awkward_values_are_kept(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let stage = Stage::set(subject, connector.as_ref(), "texts").await?;
    let Some(name) = stage.fixture.update.iter().find(|(_, value)| value.is_string()).map(|(name, _)| name) else {
        return Ok(Kept::NotUsed("a text among the attributes to update"));
    };
    let mut kept = Kept::NotUsed("an attribute that takes any text");
    for value in AWKWARD {
        let set = Map::from_iter([(name.clone(), Value::from(*value))]);
        let operation = Operation::new(stage.account.clone(), Change::set(set));
        match stage.try_to_apply(&operation).await {
            Ok(Outcome::Applied { .. }) => kept = Kept::Promise,
            Ok(other) => return Err(format!("to set `{name}` to {value:?} returned {other:?}")),
            Err(error) if error.kind() == ErrorKind::Invalid => continue,
            Err(error) => return Err(format!("to set `{name}` to {value:?}: {error}")),
        }
        let read = stage.read().await?.and_then(|account| account.attributes.get::<Value>(name));
        if read.as_ref().and_then(Value::as_str) != Some(value) {
            return Err(format!("`{name}` was set to {value:?}, but reads as {read:?}"));
        }
    }
    Ok(kept)
}
