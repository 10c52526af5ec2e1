//! An unfinished rotation, for commands that look at a source for another reason.

use crate::invocation::Invocation;
use connector_engine::certificate::Rotation;
use connector_keys::{CertificateStatus, Verdict};
use connector_project::source::Project;

/// The warning for a source with an unfinished rotation. Never creates a store.
pub(crate) fn unfinished_rotation(invocation: &Invocation, project: &Project, source: &str) -> Option<Verdict> {
    // The commands that need the store report a store that can't be read.
    let store = invocation.existing_store(project).ok().flatten()?;
    Rotation::is_unfinished(&store, source).ok().filter(|unfinished| *unfinished).map(|_| Verdict {
        status: CertificateStatus::Warning,
        detail: "the rotation of the certificate is unfinished".to_owned(),
        help: Some(format!("run `connector cert rotate {source}` to continue it")),
    })
}
