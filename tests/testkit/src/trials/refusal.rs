//! Undeclared operations are refused, and `Debug` output contains no secret.

use super::{Kept, Need, Trial, Tried};
use crate::stage::{bare, carry_out};
use crate::subject::Subject;
use connector_core::{Change, EntitlementRef, ErrorKind, Operation, OperationKind as Kind};
use serde_json::Map;

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "undeclared_operations_are_refused",
        need: Need::Nothing,
        run: |subject| Box::pin(undeclared_operations_are_refused(subject)),
    },
    Trial {
        name: "debug_output_contains_no_secret",
        need: Need::Secrets,
        run: |subject| Box::pin(secrets_stay_hidden(subject)),
    },
];

async fn undeclared_operations_are_refused(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let declared = connector.schema().operations;
    let account = || "an-account-that-does-not-exist".to_owned();
    let entitlement = || EntitlementRef::new("none", "an-entitlement-that-does-not-exist");
    for kind in Kind::ALL {
        let harmless = match kind {
            Kind::Create => Change::create(account(), Map::new(), Vec::new(), None),
            Kind::Update => Change::set(Map::new()),
            Kind::Grant => Change::grant(entitlement(), None),
            Kind::Revoke => Change::revoke(entitlement()),
            other => bare(*other),
        };
        let operation = Operation::new(account(), harmless);
        if declared.contains(&operation.kind()) {
            continue;
        }
        match carry_out(connector.as_ref(), &operation).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            other => return Err(format!("`{}` is not declared, but returned {other:?}", operation.kind().name())),
        }
    }
    Ok(Kept::Promise)
}

async fn secrets_stay_hidden(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let _ = connector.aggregate_accounts(&connector_core::Cursor::start()).await;
    let shown = format!("{connector:?} {connector:#?}");
    match subject.secrets().iter().find(|secret| shown.contains(secret.as_str())) {
        Some(_) => Err("the Debug output of the connector contains a secret".to_owned()),
        None => Ok(Kept::Promise),
    }
}
