//! Why a user can't be deactivated.

/// A role that a user has in the org and that keeps it active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// The default workflow user.
    DefaultWorkflowUser,
    /// The default creator of leads from the web.
    WebToLeadCreator,
    /// The default owner of cases.
    DefaultCaseOwner,
    /// The value of another user's custom hierarchy field, with the name of the field.
    HierarchyField(String),
}

impl Blocker {
    /// What the org says.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::DefaultWorkflowUser => "You cannot deactivate the Default Workflow User".to_owned(),
            Self::WebToLeadCreator => "You cannot disable the Web to Lead Default Creator.".to_owned(),
            Self::DefaultCaseOwner => "You cannot deactivate this user. You cannot deactivate a user who is the \
                                       default owner of cases"
                .to_owned(),
            Self::HierarchyField(field) => {
                format!("Cannot inactivate user that is the value of a hierarchy field:{field}")
            }
        }
    }
}
