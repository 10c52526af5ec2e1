//! What runs without a person: apps and who may use them, bots, credentials for other systems.

use super::catalog::push;
use super::object::Object;
use super::state::State;
use super::value::Value;

/// Connected apps, and the user who made each: the administrator, or a user who may have left.
const CONNECTED: [(&str, u64); 3] = [("Mail", 1), ("Data Loader", 1), ("Old \"ETL\" – Köln", 9)];

/// External client apps: API name, label, email of the contact, who made it.
const EXTERNAL: [(&str, &str, Option<&str>, u64); 2] = [
    ("Identity_Connector", "Identity Connector", Some("ada@acme.example"), 0),
    ("Payroll_Bridge", "Payroll bridge", Some("payroll@vendor.example"), 1),
];

/// Adds them.
pub(super) fn fill(state: &mut State) {
    for (name, by) in CONNECTED {
        push(state, Object::ConnectedApplication, |world, row| {
            row.with("Name", name)
                .with("OptionsAllowAdminApprovedUsersOnly", name == "Mail")
                .with("CreatedById", world.id(Object::User, by))
        });
    }
    for (name, label, contact, by) in EXTERNAL {
        push(state, Object::ExternalClientApplication, |world, row| {
            row.with("DeveloperName", name)
                .with("MasterLabel", label)
                .with("ContactEmail", contact.map_or(Value::Null, Value::from))
                .with("DistributionState", "Local")
                .with("ConsumerSecret", "not-for-clients")
                .with("CreatedById", world.id(Object::User, by))
        });
    }
    push(state, Object::BotDefinition, |world, row| {
        row.with("DeveloperName", "Service_Agent")
            .with("MasterLabel", "Service agent")
            .with("BotUserId", world.id(Object::User, 0))
            .with("Type", "ExternalCopilot")
    });
    push(state, Object::NamedCredential, |_, row| {
        row.with("DeveloperName", "Payroll")
            .with("MasterLabel", "Payroll")
            .with("Endpoint", "https://robot:hunter2@payroll.example/v1?key=hunter2")
            .with("PrincipalType", "NamedUser")
    });
    opened(state);
}

/// A set opens an app, and so does a profile.
fn opened(state: &mut State) {
    let manage = (0..state.table(Object::PermissionSet).end())
        .find(|row| state.named(Object::PermissionSet, *row, "Name") == Value::from("Data_Manage"))
        .unwrap_or_default();
    // The first row of PermissionSet is the administrator profile's own set.
    for (parent, object, app) in [
        (manage, Object::ConnectedApplication, 1),
        (0, Object::ConnectedApplication, 0),
        (manage, Object::ExternalClientApplication, 1),
    ] {
        push(state, Object::SetupEntityAccess, |world, row| {
            row.with("ParentId", world.id(Object::PermissionSet, parent))
                .with("SetupEntityId", world.id(object, app))
                .with("SetupEntityType", object.name())
        });
    }
}
