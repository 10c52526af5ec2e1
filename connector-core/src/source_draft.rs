//! A source that was drafted from a description of its API.

/// The settings of a source, drafted from a machine-readable description of its API.
///
/// A connector registers a function that makes one, see [`ConnectorRegistration::openapi`](crate::ConnectorRegistration).
///
/// ```
/// use connector_core::SourceDraft;
///
/// let draft = SourceDraft::new("base_url: https://api.acme.example\n")
///     .with_auth("grant_type", "bearer")
///     .with_found("GET /users: the accounts")
///     .with_open("settings.accounts.page", "the description does not say how the list continues");
/// assert_eq!(draft.open.len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SourceDraft {
    /// What stands below `settings:`, as YAML with comments that begins in the first column. What the description does not
    /// say is left out, with a comment in its place.
    pub settings: String,
    /// Values of the `auth:` block that the description names, by key; `grant_type` is one of them.
    pub auth: Vec<(String, String)>,
    /// What it took from the description, a line each.
    pub found: Vec<String>,
    /// What the author has to decide.
    pub open: Vec<OpenPoint>,
}

/// What a description does not say, so that the author of the source has to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenPoint {
    /// The key in the source file, such as `settings.accounts.page`.
    pub key: String,
    /// What to decide, in a sentence.
    pub what: String,
}

impl SourceDraft {
    /// A draft of these settings.
    pub fn new(settings: impl Into<String>) -> Self {
        Self { settings: settings.into(), ..Self::default() }
    }

    /// Adds a value of the `auth:` block.
    #[must_use]
    pub fn with_auth(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.auth.push((key.into(), value.into()));
        self
    }

    /// Adds what it took from the description.
    #[must_use]
    pub fn with_found(mut self, line: impl Into<String>) -> Self {
        self.found.push(line.into());
        self
    }

    /// Adds what the author has to decide.
    #[must_use]
    pub fn with_open(mut self, key: impl Into<String>, what: impl Into<String>) -> Self {
        self.open.push(OpenPoint { key: key.into(), what: what.into() });
        self
    }
}
