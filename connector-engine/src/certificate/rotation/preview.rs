//! What a rotation will do.

use super::ledger::Stage;
use super::open::Rotation;
use crate::patience::ask;
use connector_core::Result;
use serde::Serialize;

/// What a rotation will do, step by step, and the exact change at the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RotationPreview {
    /// The source's name.
    pub source: String,
    /// The app that gets the new certificate.
    pub app: String,
    /// The kind of app.
    pub app_kind: String,
    /// Whether another app takes over, so that the app in use does not change.
    pub switches_app: bool,
    /// The fingerprint of the certificate in use.
    pub old_sha256: String,
    /// The subject of the new certificate.
    pub subject: String,
    /// How many days the new certificate is valid.
    pub days: u32,
    /// The size of the new key in bits.
    pub bits: u32,
    /// The other values of the app, which do not change: name and value.
    pub kept: Vec<(String, String)>,
    /// The steps, in order.
    pub steps: Vec<String>,
}

impl Rotation<'_> {
    /// Reads the current certificate of the app, and lists the steps. Changes nothing.
    pub async fn preview(&self) -> Result<RotationPreview> {
        let opened = self.source.open(self.project)?;
        let id = ask(&opened, "reading the id of the system", || opened.connector.instance_id()).await?;
        self.ledger.recognize(id.as_deref())?;
        let kept = match opened.connector.capabilities().rotation() {
            Some(ability) => ask(&opened, "reading the app", || ability.deployed(&self.app)).await?.kept,
            None => Vec::new(),
        };
        Ok(RotationPreview {
            source: self.source.name.clone(),
            app: self.app.name.clone(),
            app_kind: self.app.kind.clone(),
            switches_app: self.record.issuer.is_some(),
            old_sha256: self.old.sha256.clone(),
            subject: format!("CN={}", self.old.request.subject_cn),
            days: self.old.request.days,
            bits: self.old.bits,
            kept,
            steps: self.steps(),
        })
    }

    fn steps(&self) -> Vec<String> {
        let record = &self.record;
        let mut steps = vec![
            format!("create a key (RSA {}) and its certificate: {}, {}", self.old.bits, record.next_key, record.next_certificate),
            "sign in with the old key and keep that session".to_owned(),
            format!("deploy the certificate to the {} `{}`; nothing else in the app changes", self.app.kind, self.app.name),
            "sign in with the new key until the source accepts it, which takes minutes; if it never does, deploy the old certificate again"
                .to_owned(),
            match &record.issuer {
                Some(_) => "update issuer, key_ref and certificate_ref in the source's file, in one step".to_owned(),
                None => format!("replace {} and {} with the new key and certificate", record.key, record.certificate),
            },
            "sign in again with the updated source".to_owned(),
            "remove the old key".to_owned(),
        ];
        // The steps that an interrupted rotation has already completed.
        let done = match record.stage {
            Stage::Making => 0,
            Stage::Made => 1,
            Stage::Deployed => 3,
            Stage::Proven => 4,
            Stage::Switched | Stage::Done => 5,
            Stage::Returning | Stage::Returned => {
                return vec!["deploy the old certificate to the app again".to_owned()];
            }
        };
        steps.drain(..done);
        steps
    }
}
