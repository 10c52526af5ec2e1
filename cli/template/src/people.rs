//! The system, as an example in memory. Delete this file when the connector reads {{title}}. For a web API, the client is that of
//! `connector-http`, which signs in, asks again and keeps to rate limits: docs/web-api.md has a whole connector.

/// The teams.
pub(crate) const TEAMS: [&str; 2] = ["Sales", "Engineering"];

/// One person.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Person(pub(crate) u64);

impl Person {
    /// The id never changes, whatever happens to the person's name.
    pub(crate) fn id(self) -> String {
        format!("P{:04}", self.0)
    }

    pub(crate) fn login(self) -> String {
        format!("person{}@acme.example", self.0)
    }

    pub(crate) fn team(self) -> &'static str {
        TEAMS[usize::from(self.0 % 2 == 1)]
    }
}
