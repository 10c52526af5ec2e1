//! What rules must know of a source beside the store.

use connector_core::{AccountSchema, EntitlementType, ReadEntitlements, Result, Severity};
use connector_keys::CertificateStatus;
use connector_project::certificate::{self, Watched};
use connector_project::source::{Opened, Project, Source, loosened_guards};
use jiff::Timestamp;
use serde_json::Value;

/// What rules must know of a source beside the store: its file, its certificate, and how its connector describes what it has.
#[derive(Clone, Debug)]
pub struct Facts {
    pub(super) source: String,
    pub(super) connector: String,
    pub(super) settings: Value,
    pub(super) loosened_guards: Vec<String>,
    pub(super) certificate: Option<(Severity, String)>,
    pub(super) accounts: AccountSchema,
    pub(super) types: Vec<EntitlementType>,
}

impl Facts {
    /// The facts of the source with this name. Uses no network and opens no key.
    pub fn read(project: &Project, name: &str, now: Timestamp) -> Result<Self> {
        let source = project.load(name)?;
        let opened = source.open(project)?;
        let watched = certificate::glance(project, &source, now);
        Ok(Self::of(&source, &opened, watched.as_ref()))
    }

    /// The facts of a source that is open. `certificate` is what a look at its certificate found.
    pub fn of(source: &Source, opened: &Opened, certificate: Option<&Watched>) -> Self {
        let types = opened.connector.capabilities().entitlements().map(ReadEntitlements::entitlement_types);
        Self {
            source: source.name.clone(),
            connector: source.connector.name.to_string(),
            settings: source.settings.clone(),
            loosened_guards: loosened_guards(&source.aggregation, &source.provisioning),
            certificate: certificate.and_then(|watched| {
                let severity = match watched.verdict.status {
                    CertificateStatus::Ok => return None,
                    CertificateStatus::Warning => Severity::Medium,
                    CertificateStatus::Expired => Severity::Critical,
                    CertificateStatus::Broken => Severity::High,
                };
                Some((severity, watched.warning()?))
            }),
            accounts: opened.connector.schema(),
            types: types.unwrap_or_default(),
        }
    }

    /// The name of the connector.
    pub fn connector(&self) -> &str {
        &self.connector
    }
}
