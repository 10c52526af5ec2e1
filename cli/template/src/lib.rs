//! Connects Connector to {{title}}.
//!
//! The settings of a source (`settings`) open the connector (`connector`), which reads the system (`people`). The system is
//! an example in memory: replace it with a client of {{title}}.

mod connector;
mod people;
mod settings;

pub use settings::{{type}}Settings;

connector_core::register_connector! {
    name: "{{name}}",
    title: "{{title}}",
    description: "People and teams of {{title}}",
    grant_types: [],
    settings: {{type}}Settings,
    example: include_str!("../sources/{{name}}.yaml"),
}
