#![doc = include_str!("docs.md")]

mod accounts;
mod attributes;
mod changes;
mod check;
mod connection_test;
mod connector;
mod effect;
mod entitlements;
mod error;
mod files;
mod layout;
mod lists;
mod members;
mod names;
mod provision;
mod rows;
mod settings;
mod sort;

pub use connector::Delimited;
pub use settings::Settings;

connector_core::register_connector! {
    name: "delimited",
    title: "Delimited files",
    description: "Reads accounts, entitlements and memberships from CSV and TSV files; changes them in place",
    grant_types: [],
    settings: Settings,
    example: settings::EXAMPLE,
    provider: connector_core::Provider::new().with_test_steps(connection_test::STEPS),
    sample: settings::SAMPLE,
}
