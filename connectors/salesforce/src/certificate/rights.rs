//! The rights that reading and changing an app needs.

use super::apps::AppKind;
use connector_core::{Error, ErrorKind};

/// What to do when a right is missing.
pub(super) fn cure(kind: AppKind) -> String {
    let own = match kind {
        AppKind::ExternalClientApp => "\"External Client App Developer\"",
        AppKind::ConnectedApp => "\"Customize Application\" and \"Manage Connected Apps\"",
    };
    format!(
        "give the service account the system permissions {own} and \"Modify Metadata Through Metadata API Functions\", \
         in a permission set"
    )
}

/// An error as it is, with the cure for a missing right where it is about one.
pub(super) fn explained(error: Error, kind: AppKind) -> Error {
    if error.kind() == ErrorKind::Permission { error.with_help(cure(kind)) } else { error }
}
