//! The results of deploys, for tests that check what was changed and what was lost.

/// How far a deploy has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeployStatus {
    /// It waits for its turn.
    Pending,
    /// It is under way.
    InProgress,
    /// A client canceled it.
    Canceling,
    /// It was stopped; nothing was changed.
    Canceled,
    /// Everything in it was deployed, or passed the check.
    Succeeded,
    /// Nothing of it was deployed.
    Failed,
}

impl DeployStatus {
    /// The API's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::InProgress => "InProgress",
            Self::Canceling => "Canceling",
            Self::Canceled => "Canceled",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }

    /// Whether nothing more will happen.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Canceled | Self::Succeeded | Self::Failed)
    }
}

/// One deploy that the org accepted.
#[derive(Clone, Debug)]
pub struct Deploy {
    /// Its id, `0Af…`.
    pub id: String,
    /// The username of the requester.
    pub by: String,
    /// Whether it was a check only.
    pub check_only: bool,
    /// How far it has got.
    pub status: DeployStatus,
    /// What it did to each component; empty until it succeeds, and for a check only.
    pub changes: Vec<AppChange>,
    /// Why it failed, and its warnings, in the API's words.
    pub problems: Vec<String>,
}

/// What a deploy did to one component. Elements have the names of [`App::settings`](crate::App::settings); the
/// certificate is `certificate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppChange {
    /// The developer name of the app.
    pub app: String,
    /// The metadata type, for example `ConnectedApp`.
    pub component_type: &'static str,
    /// Elements whose value changed.
    pub changed: Vec<&'static str>,
    /// Elements that fell back to their default because the deploy left them out.
    pub lost: Vec<&'static str>,
}
