//! What a rotation will do.

use super::ledger::Stage;
use super::open::Rotation;
use connector_core::Result;
use serde::Serialize;

/// What a rotation will do, step by step, and the exact change at the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RotationPreview {
    /// The source's name.
    pub source: String,
    /// The app at the source that gets the new certificate.
    pub app: String,
    /// What kind of app it is.
    pub app_kind: String,
    /// Whether another app takes over, so that the one in use is not touched.
    pub switches_app: bool,
    /// The fingerprint of the certificate in use.
    pub old_sha256: String,
    /// The subject of the new certificate.
    pub subject: String,
    /// For how many days it will be valid.
    pub days: u32,
    /// The size of the new key in bits.
    pub bits: u32,
    /// What the app has beside its certificate, which stays as it is: name and value.
    pub kept: Vec<(String, String)>,
    /// The steps, in order.
    pub steps: Vec<String>,
}

impl Rotation<'_> {
    /// Reads what the app has now, and says what will be done. Changes nothing.
    pub async fn preview(&self) -> Result<RotationPreview> {
        let opened = self.source.open(self.project)?;
        let kept = match opened.connector.capabilities().rotation() {
            Some(ability) => ability.deployed(&self.app).await?.kept,
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
            format!("make a key (RSA {}) and its certificate: {}, {}", self.old.bits, record.next_key, record.next_certificate),
            "sign in with the old key and keep that session".to_owned(),
            format!("deploy the certificate to the {} `{}`; nothing else of it changes", self.app.kind, self.app.name),
            "sign in with the new key until that is accepted, which takes minutes; if it never is, deploy the old certificate again"
                .to_owned(),
            match &record.issuer {
                Some(_) => "write issuer, key_ref and certificate_ref into the source's file, in one step".to_owned(),
                None => format!("put the new key and certificate in place of {} and {}", record.key, record.certificate),
            },
            "sign in once more with the source as it is then".to_owned(),
            "remove the old key".to_owned(),
        ];
        // What an interrupted rotation has behind it.
        let done = match record.stage {
            Stage::Making => 0,
            Stage::Made => 1,
            Stage::Deployed => 3,
            Stage::Proven => 4,
            Stage::Switched | Stage::Done => 5,
            Stage::Returning | Stage::Returned => return vec!["give the old certificate back to the app".to_owned()],
        };
        steps.drain(..done);
        steps
    }
}
