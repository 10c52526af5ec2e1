#![doc = include_str!("docs.md")]

mod api;
mod connection_test;
mod connector;
mod expression;
mod file;
mod openapi;
mod provision;
mod read;
mod settings;
mod system;

pub use connector::Rest;
pub use settings::Settings;

connector_core::register_connector! {
    name: "rest",
    title: "REST API",
    description: "Reads and changes accounts, entitlements and assignments of an API that the settings describe",
    grant_types: ["api_key", "basic", "bearer", "client_credentials", "jwt_bearer", "none", "private_key_jwt"],
    settings: Settings,
    example: connector::EXAMPLE,
    provider: connector_core::Provider::new().with_test_steps(connection_test::STEPS),
    openapi: openapi::draft,
}

/// Compiles and runs the test of a description in the book.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rest.md")]
struct RestPage;
