#![doc = include_str!("docs.md")]

mod accounts;
mod changes;
mod check;
mod connection_test;
mod connector;
mod error;
mod groups;
mod lists;
mod protocol;
mod provision;
mod settings;
mod source;

pub use connector::Scim;
pub use settings::Settings;

connector_core::register_connector! {
    name: "scim",
    title: "SCIM 2.0",
    description: "Reads users, groups and memberships from a SCIM 2.0 server; changes users and memberships",
    grant_types: ["bearer", "basic", "api_key", "client_credentials", "jwt_bearer", "private_key_jwt", "none"],
    settings: Settings,
    example: settings::EXAMPLE,
    provider: connector_core::Provider::new()
        .with_error_codes(error::explain)
        .with_test_steps(connection_test::STEPS),
}
