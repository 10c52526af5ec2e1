//! What is not declared is refused, and no secret is in Debug output.

use super::{Need, Trial, Tried};
use crate::subject::Subject;
use connector_core::{EntitlementRef, ErrorKind, Operation};
use serde_json::Map;

pub(super) const TRIALS: &[Trial] = &[
    Trial {
        name: "undeclared_operations_are_refused",
        need: Need::Nothing,
        run: |subject| Box::pin(undeclared_operations_are_refused(subject)),
    },
    Trial {
        name: "no_secret_is_in_debug_output",
        need: Need::Secrets,
        run: |subject| Box::pin(secrets_stay_hidden(subject)),
    },
];

async fn undeclared_operations_are_refused(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let declared = connector.schema().operations;
    let account = || "an-account-that-does-not-exist".to_owned();
    let entitlement = || EntitlementRef::new("none", "an-entitlement-that-does-not-exist");
    let harmless = [
        Operation::Create { name: account(), attributes: Map::new(), entitlements: Vec::new() },
        Operation::Update { account: account(), set: Map::new() },
        Operation::Grant { account: account(), entitlement: entitlement() },
        Operation::Revoke { account: account(), entitlement: entitlement() },
        Operation::Disable { account: account() },
        Operation::Enable { account: account() },
        Operation::Lock { account: account() },
        Operation::Unlock { account: account() },
        Operation::SetPassword { account: account(), password: None },
        Operation::Delete { account: account() },
    ];
    for operation in harmless {
        if declared.contains(&operation.kind()) {
            continue;
        }
        match connector.provision(&operation).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            other => return Err(format!("`{}` is not declared, but gave {other:?}", operation.kind().name())),
        }
    }
    Ok(())
}

async fn secrets_stay_hidden(subject: &Subject<'_>) -> Tried {
    let connector = subject.open()?;
    let _ = connector.aggregate_accounts(&connector_core::Cursor::start()).await;
    let shown = format!("{connector:?} {connector:#?}");
    match subject.secrets().iter().find(|secret| shown.contains(secret.as_str())) {
        Some(_) => Err("the Debug output of the connector holds a secret".to_owned()),
        None => Ok(()),
    }
}
