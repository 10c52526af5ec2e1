//! A rotation that was begun and has not ended, for those who look at a source in passing.

use crate::invocation::Invocation;
use connector_engine::certificate::Rotation;
use connector_keys::{CertificateStatus, Verdict};
use connector_project::source::Project;

/// What to say of a source whose rotation was begun and has not ended; `None` when there is none. No store is made for it.
pub(crate) fn unfinished_rotation(invocation: &Invocation, project: &Project, source: &str) -> Option<Verdict> {
    // A store that can't be read has its own message wherever it is needed; it says nothing of the certificate.
    let store = invocation.existing_store(project).ok().flatten()?;
    Rotation::is_unfinished(&store, source).ok().filter(|unfinished| *unfinished).map(|_| Verdict {
        status: CertificateStatus::Warning,
        detail: "the rotation of the certificate was begun and has not ended".to_owned(),
        help: Some(format!("`connector cert rotate {source}` goes on with it")),
    })
}
