#![doc = include_str!("docs.md")]

mod api;
mod assignments;
mod certificate;
mod changes;
mod connection_test;
mod connector;
mod entitlements;
#[doc(hidden)]
pub mod entries;
mod error;
mod identities;
mod org;
mod platform;
mod prepare;
mod provision;
mod rules;
mod settings;
mod sign_in;
mod trail;
mod users;

pub use connector::Salesforce;
pub use settings::Settings;

connector_core::register_connector! {
    name: "salesforce",
    title: "Salesforce",
    description: "Reads users, profiles, roles, permission sets, groups and licenses from a Salesforce org; changes users and their access",
    grant_types: ["jwt_bearer", "client_credentials"],
    settings: Settings,
    example: settings::EXAMPLE,
    provider: connector_core::Provider::new()
        .with_token_errors(error::TOKEN_ERRORS)
        .with_error_codes(error::explain)
        .with_test_steps(connection_test::STEPS)
        .with_auth_check(sign_in::check)
        .with_certificate_upload(certificate::UPLOAD),
}
