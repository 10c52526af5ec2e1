#![doc = include_str!("docs.md")]

mod accounts;
mod apps;
mod assignments;
mod certificate;
mod connection_test;
mod connector;
mod custom_fields;
mod description;
mod entitlements;
mod error;
mod find;
mod group_types;
mod holders;
mod holdings;
mod hosts;
mod keyset;
mod locks;
mod nearest;
mod prepare;
mod provision;
mod ranges;
mod record;
mod rest;
mod rights;
mod schema;
mod settings;
mod soql;
mod token_errors;
mod user_fields;

pub use connector::Salesforce;
pub use settings::Settings;

connector_core::register_connector! {
    name: "salesforce",
    title: "Salesforce",
    description: "Reads users, profiles, roles, permission sets, groups and licences of a Salesforce org; changes users and what they hold",
    grant_types: ["jwt_bearer", "client_credentials"],
    settings: Settings,
    example: settings::EXAMPLE,
    token_errors: token_errors::TOKEN_ERRORS,
}
