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
    // The example needs no file and no other system, so `connector quickstart` can run it. Remove this line with the example.
    sample: connector_core::Sample::new(&[]),
}
