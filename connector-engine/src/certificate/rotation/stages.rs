//! Runs a rotation step by step.

use super::ledger::Stage;
use super::open::Rotation;
use super::outcome::{Rotated, RotationStep};
use crate::patience::ask;
use connector_core::{Error, ErrorKind, Result, RotateCertificate};
use connector_files::shell_word;
use connector_keys::{Certificate, PrivateKey};
use connector_project::source::{Opened, Source};
use jiff::Timestamp;
use secrecy::SecretString;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The first wait between two attempts with a key. Each wait is longer than the previous one, up to the longest.
const MIN_WAIT_BETWEEN_TRIES: Duration = Duration::from_millis(500);
const MAX_WAIT_BETWEEN_TRIES: Duration = Duration::from_secs(20);

impl Rotation<'_> {
    /// Runs the remaining steps. `progress` receives each step when it ends.
    ///
    /// If it is asked to stop, it fails with kind `cancelled` and a later call can continue. The source works with one key or
    /// the other at every moment.
    pub async fn run(&mut self, progress: impl Fn(&RotationStep) + Sync, stop: &CancellationToken) -> Result<Rotated> {
        if !self.taken_up {
            if let Some(files) = &self.abandoned {
                files.remove_next()?;
            }
            self.ledger.begin(&self.record)?;
        }
        // The connector as it is before: its session outlives the key that opened it.
        let before = self.source.open(self.project)?;
        let mut run = RotationRun { of: self, before, began: Timestamp::now(), progress: &progress, stop };
        loop {
            let stage = run.of.record.stage;
            // What is done is recorded, so it can stop between any two steps.
            if stop.is_cancelled() && !matches!(stage, Stage::Done | Stage::Returned) {
                return Err(stopped(run.of.name));
            }
            match stage {
                Stage::Making => run.make().await?,
                Stage::Made => run.deploy().await?,
                Stage::Deployed => run.prove().await?,
                Stage::Proven => run.switch()?,
                Stage::Switched => run.prove_again().await?,
                Stage::Returning => run.give_back().await?,
                Stage::Done => return run.of.ended(true),
                Stage::Returned => return run.of.ended(false),
            }
        }
    }

    fn ended(&self, rotated: bool) -> Result<Rotated> {
        let pem = if rotated { &self.record.new_pem } else { &self.record.old_pem };
        let certificate = pem.as_deref().and_then(|pem| Certificate::from_pem(pem).ok());
        let reason = if rotated { None } else { Some(self.ledger.blamed(&self.record)?.message().to_owned()) };
        Ok(Rotated {
            rotation: self.record.id.clone(),
            rotated,
            app: self.record.app.clone(),
            sha256: certificate.as_ref().map(Certificate::sha256),
            not_after: certificate.as_ref().map(|certificate| certificate.not_after().to_string()),
            reason,
        })
    }
}

struct RotationRun<'c, 'a, P> {
    of: &'c mut Rotation<'a>,
    before: Opened,
    began: Timestamp,
    progress: &'c P,
    stop: &'c CancellationToken,
}

impl<P: Fn(&RotationStep)> RotationRun<'_, '_, P> {
    /// Creates the key and certificate. Nothing refers to them yet, so an interrupted attempt simply repeats.
    async fn make(&mut self) -> Result<()> {
        let password = self.password().await?;
        let key = PrivateKey::generate(self.of.old.bits)?;
        let certificate = Certificate::self_signed(&key, &self.of.old.request, Timestamp::now())?;
        self.of.files.write_next(&key.to_pkcs8_pem(password.as_ref())?, &certificate.to_pem())?;
        self.of.record.new_pem = Some(certificate.to_pem());
        let what = format!("{} and a certificate until {:.0}", key.describe(), certificate.not_after());
        self.reached(Stage::Made, "key", what)
    }

    async fn password(&self) -> Result<Option<SecretString>> {
        let key = self.of.source.signing_key(self.of.project);
        let Some(reference) = key.and_then(|key| key.password_ref) else { return Ok(None) };
        let context = self.of.source.context(self.of.project);
        Ok(Some(context.secret(&reference).await?))
    }

    /// Deploys the new certificate, unless the app already has it.
    async fn deploy(&mut self) -> Result<()> {
        let new = self.new_pem()?;
        let ability = ability(&self.before)?;
        let reached = ask(&self.before, "signing in", || ability.reach()).await;
        reached.map_err(|error| no_session(error, &self.of.source.name))?;
        let id = ask(&self.before, "reading the id of the system", || self.before.connector.instance_id()).await?;
        self.of.ledger.recognize(id.as_deref())?;
        self.tell("session", "signed in; the session stays open".to_owned(), false);
        let deployed = ask(&self.before, "reading the app", || ability.deployed(&self.of.app)).await?;
        if !deployed.certificate.as_deref().is_some_and(|pem| is_same(pem, &new)) {
            if self.of.record.issuer.is_none() {
                self.is_app_in_use(deployed.certificate.as_deref())?;
            }
            // Save the old certificate to the disk before replacing it.
            self.of.record.old_pem = Some(deployed.certificate.unwrap_or_default());
            self.of.ledger.save(&self.of.record)?;
            self.tell("deploy", format!("deploying to `{}`", self.of.app.name), true);
            ability.deploy(&self.of.app, &new).await?;
        }
        self.of.record.deployed_at = Some(Timestamp::now());
        self.reached(Stage::Deployed, "deploy", format!("`{}` has the new certificate", self.of.app.name))
    }

    /// The named app must be the one that the source signs in with: something else may depend on the certificate of another app.
    fn is_app_in_use(&self, pem: Option<&str>) -> Result<()> {
        let fits = |pem: &str| Certificate::from_pem(pem).is_ok_and(|has| has.fits(self.of.old.key.as_ref()));
        if pem.is_some_and(fits) {
            return Ok(());
        }
        let message = format!(
            "the app `{}` does not have the certificate of the key in use: the source signs in with another app",
            self.of.app.name
        );
        Err(Error::new(ErrorKind::Definition, message).with_help(
            "nothing was changed; in `settings: {app: …}`, name the app whose consumer key is `auth.issuer`",
        ))
    }

    /// Signs in with the new key until the source accepts it. If it never does, the app gets the old certificate back.
    async fn prove(&mut self) -> Result<()> {
        match self.until_accepted(&self.with_new(), "prove").await? {
            Ok(()) => self.reached(Stage::Proven, "prove", "the source accepts the new key".to_owned()),
            // Other errors say nothing about the key.
            Err(error) if error.kind() != ErrorKind::Auth => Err(error),
            Err(error) => {
                self.of.ledger.blame(&self.of.record, &error)?;
                let what = format!("not accepted within {} s: {}", self.of.wait.as_secs(), error.message());
                self.reached(Stage::Returning, "prove", what)
            }
        }
    }

    /// Tries until the source accepts the key or the time is up, and then returns the last error. Keeps the earlier session
    /// open in the meantime.
    async fn until_accepted(&self, with_key: &Source, step: &'static str) -> Result<Result<()>> {
        let since = self.of.record.deployed_at.map_or(self.began, |deployed| deployed.max(self.began));
        let mut wait = MIN_WAIT_BETWEEN_TRIES;
        loop {
            // Opened again each time: for a while, a client does not send refused credentials again.
            let error = match ability(&with_key.open(self.of.project)?)?.reach().await {
                Ok(()) => return Ok(Ok(())),
                Err(error) => error,
            };
            let waited = Duration::try_from(Timestamp::now().duration_since(since)).unwrap_or_default();
            if waited >= self.of.wait {
                return Ok(Err(error));
            }
            if let Err(error) = ability(&self.before)?.reach().await {
                tracing::debug!(%error, "the earlier session has ended");
            }
            self.tell(step, format!("not accepted yet after {} s; trying again", waited.as_secs()), true);
            tokio::select! {
                () = self.stop.cancelled() => return Err(stopped(self.of.name)),
                () = tokio::time::sleep(wait.min(self.of.wait.saturating_sub(waited))) => {}
            }
            wait = (wait * 3 / 2).min(MAX_WAIT_BETWEEN_TRIES);
        }
    }

    /// Switches the source to the new key.
    fn switch(&mut self) -> Result<()> {
        let record = &self.of.record;
        let what = match &record.issuer {
            None => {
                self.of.files.switch()?;
                format!("{} and {} now contain the new key and certificate", record.key, record.certificate)
            }
            Some(issuer) => {
                let (key, certificate) =
                    (format!("file:{}", record.next_key), format!("file:{}", record.next_certificate));
                let changes = [
                    ("issuer", Some(issuer.as_str())),
                    ("key_ref", Some(key.as_str())),
                    ("certificate_ref", Some(certificate.as_str())),
                ];
                let file = self.of.project.edit_auth(self.of.name, &changes)?;
                format!("{} now names the app `{}` and the new key", file.display(), record.app)
            }
        };
        self.reached(Stage::Switched, "switch", what)
    }

    /// Signs in with the updated source, and then removes the old key.
    async fn prove_again(&mut self) -> Result<()> {
        let now = self.of.project.load(self.of.name)?.open(self.of.project)?;
        let reached = ability(&now)?;
        ask(&now, "signing in", || reached.reach()).await.map_err(|error| {
            let name = shell_word(self.of.name);
            let help = format!(
                "the old key is still next to the new one (`.old`); run `connector test {name}` to see the reason, then `connector cert rotate {name}`, which goes on from here"
            );
            Error::new(error.kind(), format!("the source does not work with the new key after the switch: {}", error.message()))
                .with_help(help)
        })?;
        self.tell("prove_again", "the source works with the new key".to_owned(), false);
        if self.of.record.issuer.is_some() {
            self.of.files.remove_first()?;
        } else {
            self.of.files.remove_kept()?;
        }
        self.reached(Stage::Done, "clean_up", "the old key is removed".to_owned())
    }

    /// Deploys the old certificate again and makes sure that the old key works.
    async fn give_back(&mut self) -> Result<()> {
        let has_turned = self.of.record.issuer.is_some();
        if let Some(old) = self.of.record.old_pem.clone().filter(|_| !has_turned) {
            self.tell("return", format!("deploying the old certificate to `{}`", self.of.app.name), true);
            let ability = ability(&self.before)?;
            let reached = ask(&self.before, "signing in", || ability.reach()).await;
            reached.map_err(|error| by_hand(error, self.of.name, &self.of.app.name, &self.of.record.certificate))?;
            ability.deploy(&self.of.app, &old).await?;
        }
        self.of.record.deployed_at = Some(Timestamp::now());
        // Under another name, so that only the old key is tried: jobs also try the next key.
        self.of.files.keep_key()?;
        let alone = format!("file:{}.old", self.of.record.key);
        match self.until_accepted(&self.of.source.with_auth(&[("key_ref", alone.as_str())]), "return").await? {
            Ok(()) => {
                self.of.files.remove_kept()?;
                let what = if has_turned {
                    self.of.files.remove_next()?;
                    "the old key is in use again".to_owned()
                } else {
                    // For a few minutes, the first deploy may still take effect.
                    format!("the old key is in use again; {} is kept for now", self.of.record.next_key)
                };
                self.reached(Stage::Returned, "return", what)
            }
            Err(error) => Err(by_hand(error, self.of.name, &self.of.app.name, &self.of.record.certificate)),
        }
    }

    /// The source as it will be with the new key.
    fn with_new(&self) -> Source {
        let record = &self.of.record;
        let (key, certificate) = (format!("file:{}", record.next_key), format!("file:{}", record.next_certificate));
        let mut changes = vec![("key_ref", key.as_str()), ("certificate_ref", certificate.as_str())];
        changes.extend(record.issuer.as_deref().map(|issuer| ("issuer", issuer)));
        self.of.source.with_auth(&changes)
    }

    fn new_pem(&self) -> Result<String> {
        self.of
            .record
            .new_pem
            .clone()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "the store does not contain the new certificate"))
    }

    /// Records the stage and reports the step.
    fn reached(&mut self, stage: Stage, step: &'static str, detail: String) -> Result<()> {
        self.of.record.stage = stage;
        self.of.ledger.note(&self.of.record, step, &detail)?;
        self.of.ledger.save(&self.of.record)?;
        self.tell(step, detail, false);
        Ok(())
    }

    fn tell(&self, step: &'static str, detail: String, goes_on: bool) {
        (self.progress)(&RotationStep { step, detail, goes_on });
    }
}

fn ability(opened: &Opened) -> Result<&dyn RotateCertificate> {
    opened.connector.capabilities().rotation().ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, format!("the connector of `{}` can't replace certificates", opened.source))
    })
}

/// Whether two texts contain the same certificate, regardless of line breaks.
fn is_same(one: &str, other: &str) -> bool {
    let print = |pem: &str| Certificate::from_pem(pem).map(|certificate| certificate.sha256());
    matches!((print(one), print(other)), (Ok(one), Ok(other)) if one == other)
}

fn no_session(error: Error, source: &str) -> Error {
    Error::new(
        error.kind(),
        format!("nothing was changed: the source does not work with its current key: {}", error.message()),
    )
    .with_help(format!("run `connector test {source}` to see the reason; a rotation needs a working key"))
    .with_cause(error)
}

fn by_hand(error: Error, source: &str, app: &str, certificate: &str) -> Error {
    let message =
        format!("the app `{app}` does not accept the old key, and Connector can't fix this: {}", error.message());
    Error::new(error.kind(), message)
        .with_help(format!(
            "upload {certificate} to the app manually (Setup), then run `connector cert rotate {}` to continue",
            shell_word(source)
        ))
        .with_cause(error)
}

fn stopped(source: &str) -> Error {
    Error::new(ErrorKind::Cancelled, "stopped; the rotation is not finished")
        .with_help(format!("run `connector cert rotate {}` to continue where it stopped", shell_word(source)))
}
