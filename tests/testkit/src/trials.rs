//! The trials, one function each.

use crate::reading;
use crate::report::Verdict;
use connector_core::{
    Account, AttributeSchema, AttributeType, Change, Connector, Cursor, ErrorKind, Operation, Result, StepStatus,
    TestReport,
};
use serde_json::Value;
use std::collections::HashSet;

/// One promise of the contract, and how it is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trial {
    ConnectionTestPasses,
    ListsEnd,
    SamePageTwice,
    CursorsOutliveTheConnector,
    ForeignCursorIsRefused,
    AccountIdsAreUnique,
    AttributesFitTheSchema,
    EntitlementsAreOfDeclaredTypes,
    AssignmentsNameWhatWasRead,
    UndeclaredOperationsAreRefused,
}

pub(crate) const ALL: [Trial; 10] = [
    Trial::ConnectionTestPasses,
    Trial::ListsEnd,
    Trial::SamePageTwice,
    Trial::CursorsOutliveTheConnector,
    Trial::ForeignCursorIsRefused,
    Trial::AccountIdsAreUnique,
    Trial::AttributesFitTheSchema,
    Trial::EntitlementsAreOfDeclaredTypes,
    Trial::AssignmentsNameWhatWasRead,
    Trial::UndeclaredOperationsAreRefused,
];

type Tried = Result<Verdict, String>;

impl Trial {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ConnectionTestPasses => "the_connection_test_passes",
            Self::ListsEnd => "every_list_ends_and_no_cursor_comes_back",
            Self::SamePageTwice => "the_same_cursor_gives_the_same_page",
            Self::CursorsOutliveTheConnector => "cursors_outlive_the_connector",
            Self::ForeignCursorIsRefused => "a_foreign_cursor_is_refused",
            Self::AccountIdsAreUnique => "account_ids_are_unique_and_there",
            Self::AttributesFitTheSchema => "attributes_fit_the_schema",
            Self::EntitlementsAreOfDeclaredTypes => "entitlements_are_unique_and_of_declared_types",
            Self::AssignmentsNameWhatWasRead => "assignments_are_unique_and_name_what_was_read",
            Self::UndeclaredOperationsAreRefused => "undeclared_operations_are_refused",
        }
    }

    pub(crate) async fn run(self, connector: &dyn Connector, open: &dyn Fn() -> Result<Box<dyn Connector>>) -> Verdict {
        let tried = match self {
            Self::ConnectionTestPasses => connection_test_passes(connector).await,
            Self::ListsEnd => lists_end(connector).await,
            Self::SamePageTwice => same_page_twice(connector).await,
            Self::CursorsOutliveTheConnector => cursors_outlive(connector, open).await,
            Self::ForeignCursorIsRefused => foreign_cursor_is_refused(connector).await,
            Self::AccountIdsAreUnique => account_ids_are_unique(connector).await,
            Self::AttributesFitTheSchema => attributes_fit_the_schema(connector).await,
            Self::EntitlementsAreOfDeclaredTypes => entitlements_are_of_declared_types(connector).await,
            Self::AssignmentsNameWhatWasRead => assignments_name_what_was_read(connector).await,
            Self::UndeclaredOperationsAreRefused => undeclared_operations_are_refused(connector).await,
        };
        tried.unwrap_or_else(Verdict::Failed)
    }
}

const READ_ENTITLEMENTS: Verdict = Verdict::NotApplicable("read_entitlements");

async fn connection_test_passes(connector: &dyn Connector) -> Tried {
    let mut report = TestReport::new();
    connector.test_connection(&mut report).await;
    if report.steps().is_empty() {
        return Err("no step was reported".to_owned());
    }
    match report.steps().iter().find(|step| matches!(step.status, StepStatus::Failed | StepStatus::Skipped)) {
        Some(step) => Err(format!("step {} {:?}: {}", step.name, step.status, step.detail.as_deref().unwrap_or(""))),
        None => Ok(Verdict::Passed),
    }
}

async fn lists_end(connector: &dyn Connector) -> Tried {
    for list in reading::lists(connector) {
        reading::whole(&list).await?;
    }
    Ok(Verdict::Passed)
}

async fn same_page_twice(connector: &dyn Connector) -> Tried {
    for list in reading::lists(connector) {
        for cursor in reading::whole(&list).await?.cursors {
            let first = list.page(&cursor).await.map_err(|error| error.to_string())?;
            let second = list.page(&cursor).await.map_err(|error| error.to_string())?;
            if first != second {
                return Err(format!("{} at {cursor:?} differ when read twice", list.name()));
            }
        }
    }
    Ok(Verdict::Passed)
}

async fn cursors_outlive(connector: &dyn Connector, open: &dyn Fn() -> Result<Box<dyn Connector>>) -> Tried {
    for list in reading::lists(connector) {
        for cursor in reading::whole(&list).await?.cursors {
            let other = open().map_err(|error| error.to_string())?;
            let others = reading::lists(other.as_ref());
            let Some(same) = others.iter().find(|candidate| candidate.name() == list.name()) else {
                return Err(format!("a second connector has no {}", list.name()));
            };
            let kept = Cursor::from_text(cursor.as_str());
            let there = same.page(&kept).await.map_err(|error| format!("{} at {cursor:?}: {error}", list.name()))?;
            let here = list.page(&cursor).await.map_err(|error| error.to_string())?;
            if here != there {
                return Err(format!("{} at {cursor:?} differ in a new connector", list.name()));
            }
        }
    }
    Ok(Verdict::Passed)
}

async fn foreign_cursor_is_refused(connector: &dyn Connector) -> Tried {
    for list in reading::lists(connector) {
        let foreign = Cursor::from_text(r#"{"made_by":"another connector"}"#);
        if list.page(&foreign).await.is_ok() {
            return Err(format!("{} were read from a cursor that the connector did not make", list.name()));
        }
    }
    Ok(Verdict::Passed)
}

async fn account_ids_are_unique(connector: &dyn Connector) -> Tried {
    let accounts = reading::accounts(connector).await?;
    if accounts.is_empty() {
        return Err("the source has no account to try with".to_owned());
    }
    let mut ids = HashSet::new();
    for account in &accounts {
        if account.id.is_empty() || account.name.is_empty() {
            return Err(format!("an account has no id or no name: {:?}", account.id));
        }
        if !ids.insert(account.id.as_str()) {
            return Err(format!("account {} came twice", account.id));
        }
    }
    Ok(Verdict::Passed)
}

async fn attributes_fit_the_schema(connector: &dyn Connector) -> Tried {
    let accounts = reading::accounts(connector).await?;
    // Asked for after the read: what only the source can tell is known then.
    let schema = connector.schema();
    for account in accounts {
        for (name, value) in account.attributes.entries() {
            let value: Value = serde_json::from_str(value.get()).map_err(|error| error.to_string())?;
            let Some(attribute) = schema.attributes.iter().find(|attribute| attribute.name == name) else {
                return Err(format!("account {} has `{name}`, which the schema does not declare", account.id));
            };
            fits(&account, attribute, &value)?;
        }
    }
    Ok(Verdict::Passed)
}

fn fits(account: &Account, attribute: &AttributeSchema, value: &Value) -> Result<(), String> {
    let one = |value: &Value| match attribute.attribute_type {
        AttributeType::String | AttributeType::DateTime | AttributeType::Date | AttributeType::Reference => {
            value.is_string()
        }
        AttributeType::Boolean => value.is_boolean(),
        AttributeType::Integer => value.is_i64() || value.is_u64(),
        AttributeType::Number => value.is_number(),
        AttributeType::Json => true,
    };
    let fitting = match value {
        Value::Array(values) if attribute.multi => values.iter().all(one),
        value => !attribute.multi && one(value),
    };
    if fitting {
        Ok(())
    } else {
        Err(format!("account {}: `{}` is not of the declared type", account.id, attribute.name))
    }
}

async fn entitlements_are_of_declared_types(connector: &dyn Connector) -> Tried {
    let Some(ability) = connector.capabilities().entitlements() else { return Ok(READ_ENTITLEMENTS) };
    let declared: HashSet<_> = ability.entitlement_types().iter().map(|declared| declared.name).collect();
    let mut keys = HashSet::new();
    for entitlement in reading::entitlements(ability).await? {
        if !declared.contains(entitlement.key.entitlement_type.as_ref()) {
            return Err(format!("{} is of a type that is not declared", entitlement.key));
        }
        if entitlement.name.is_empty() {
            return Err(format!("{} has no name", entitlement.key));
        }
        if !keys.insert(entitlement.key.clone()) {
            return Err(format!("{} came twice", entitlement.key));
        }
    }
    Ok(Verdict::Passed)
}

async fn assignments_name_what_was_read(connector: &dyn Connector) -> Tried {
    let Some(ability) = connector.capabilities().entitlements() else { return Ok(READ_ENTITLEMENTS) };
    let accounts = reading::accounts(connector).await?;
    let entitlements = reading::entitlements(ability).await?;
    let known_accounts: HashSet<_> = accounts.iter().map(|account| account.id.as_str()).collect();
    let known: HashSet<_> = entitlements.iter().map(|entitlement| &entitlement.key).collect();
    let inline = accounts.iter().flat_map(|account| account.entitlements.iter().map(|key| (account.id.as_str(), key)));
    let assignments = reading::assignments(ability).await?;
    let own = assignments.iter().map(|assignment| (assignment.account.as_str(), &assignment.entitlement));
    let mut held = HashSet::new();
    for (account, key) in inline.chain(own) {
        if !known_accounts.contains(account) {
            return Err(format!("{key} is held by {account}, which is no account"));
        }
        if !known.contains(key) {
            return Err(format!("{account} holds {key}, which is no entitlement"));
        }
        if !held.insert((account, key)) {
            return Err(format!("{account} holds {key} twice"));
        }
    }
    Ok(Verdict::Passed)
}

async fn undeclared_operations_are_refused(connector: &dyn Connector) -> Tried {
    let declared = connector.schema().operations;
    let account = || "an-account-that-does-not-exist".to_owned();
    let harmless = [Operation::new(account(), Change::Disable), Operation::new(account(), Change::Delete)];
    for operation in harmless {
        if declared.contains(&operation.kind()) {
            continue;
        }
        match connector.provision(&operation).await {
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            other => return Err(format!("`{}` is not declared, but gave {other:?}", operation.kind().name())),
        }
    }
    Ok(Verdict::Passed)
}
