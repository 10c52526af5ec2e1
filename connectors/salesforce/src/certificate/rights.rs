//! The permissions needed to read and change an app.

use super::apps::AppKind;
use connector_core::{Error, ErrorKind};

/// What to do if a permission is missing.
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

/// The same error, with a cure if a permission is missing.
pub(super) fn explained(error: Error, kind: AppKind) -> Error {
    if error.kind() == ErrorKind::Permission { error.with_help(cure(kind)) } else { error }
}
