//! A rotation, ready to begin or to go on.

use super::files::Files;
use super::ledger::{Ledger, RotationRecord, Stage};
use crate::certificate::key_of;
use crate::store::Store;
use connector_core::{App, Error, ErrorKind, Result, SecretRef};
use connector_keys::{Certificate, CertificateRequest, Signer};
use connector_project::source::{AuthBlock, Project, Source};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The replacement of a source's key and certificate: begun now, or taken up where an earlier call was interrupted.
#[derive(Debug)]
pub struct Rotation<'a> {
    pub(super) project: &'a Project,
    /// As the user named it: a name or the path of a file.
    pub(super) name: &'a str,
    pub(super) source: Source,
    pub(super) ledger: Ledger,
    pub(super) record: RotationRecord,
    /// Whether it was begun by an earlier call.
    pub(super) taken_up: bool,
    pub(super) old: Old,
    pub(super) app: App,
    pub(super) files: Files,
    /// What an earlier call left that had sent nothing.
    pub(super) abandoned: Option<Files>,
    pub(super) wait: Duration,
}

/// What there is before.
#[derive(Debug)]
pub(super) struct Old {
    pub(super) key: Arc<dyn Signer>,
    pub(super) bits: u32,
    pub(super) request: CertificateRequest,
    pub(super) sha256: String,
}

impl<'a> Rotation<'a> {
    /// Looks at the source and at what an interrupted rotation left; nothing is sent and nothing is written.
    ///
    /// `wait` is how long the new key is tried before the app gets its old certificate back. Fails with kind `guard` when
    /// another job rotates this source, and with kinds `definition`, `unsupported` and `secret` when its key and certificate
    /// are not such that can be replaced.
    pub async fn open(project: &'a Project, store: &Store, name: &'a str, wait: Duration) -> Result<Self> {
        let source = project.load(name)?;
        let ledger = Ledger::hold(store, &source.name)?;
        // One that has sent nothing is begun anew, perhaps for another app.
        let (unfinished, abandoned) = match ledger.unfinished()? {
            Some(record) if record.has_sent_nothing() => (None, Some(record)),
            unfinished => (unfinished, None),
        };
        let auth = source.auth.as_ref().ok_or_else(|| no_certificate(&source.name))?;
        let (key_ref, certificate_ref) = refs(project, &source)?;
        alone(project, &source, [&key_ref, &certificate_ref])?;
        let app = app_of(project, &source, auth, unfinished.as_ref())?;
        let old = old(project, &source, &certificate_ref).await?;
        let taken_up = unfinished.is_some();
        let record = unfinished.unwrap_or_else(|| fresh(&app, &key_ref, &certificate_ref, auth));
        let files = files_of(project, &record);
        let abandoned = abandoned.map(|record| files_of(project, &record));
        if !taken_up && abandoned.is_none() {
            files.refuse_leftovers(ledger.given_up()?.as_deref())?;
        }
        Ok(Self { project, name, source, ledger, record, taken_up, old, app, files, abandoned, wait })
    }

    /// Whether a rotation of this source was begun and has not ended, by another job that runs now or one that was
    /// interrupted.
    pub fn is_unfinished(store: &Store, source: &str) -> Result<bool> {
        Ledger::is_unfinished(store, source)
    }

    /// Whether an interrupted rotation is taken up.
    pub fn is_taken_up(&self) -> bool {
        self.taken_up
    }

    /// The source's name.
    pub fn source(&self) -> &str {
        &self.source.name
    }
}

fn files_of(project: &Project, record: &RotationRecord) -> Files {
    Files::of(project, [&record.key, &record.certificate, &record.next_key, &record.next_certificate])
}

/// The refs of key and certificate, which must be files: something has to be written in their place.
fn refs(project: &Project, source: &Source) -> Result<(SecretRef, SecretRef)> {
    let signing_key = source.signing_key(project).ok_or_else(|| no_certificate(&source.name))?;
    let source = &source.name;
    let (key, certificate) = (signing_key.key_ref, signing_key.certificate_ref);
    let certificate = certificate.ok_or_else(|| no_certificate(source))?;
    for (name, reference) in [("key_ref", &key), ("certificate_ref", &certificate)] {
        if reference.scheme() != "file" {
            let message =
                format!("`{name}` of `{source}` is a `{}:` ref, which can't be written to", reference.scheme());
            return Err(Error::new(ErrorKind::Unsupported, message).with_help(
                "only keys in files are rotated; replace this one where it is kept, and upload its certificate by hand",
            ));
        }
    }
    if key == certificate {
        let message =
            format!("`{source}` keeps key and certificate in one file, so one can't be replaced after the other");
        return Err(Error::new(ErrorKind::Unsupported, message).with_help("put them into two files first"));
    }
    Ok((key, certificate))
}

/// Nobody else may name the files: what is replaced for one source would be taken from the other. Links are not followed.
fn alone(project: &Project, source: &Source, refs: [&SecretRef; 2]) -> Result<()> {
    let real = |reference: &SecretRef| project.folder().join(reference.rest()).canonicalize().ok();
    for reference in refs {
        let path = project.folder().join(reference.rest());
        if path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
            let message = format!("`{}` is a link, and a rotation replaces files", path.display());
            return Err(Error::new(ErrorKind::Unsupported, message).with_help("name the file itself in the source"));
        }
    }
    for name in project.sources()?.iter().filter(|name| **name != source.name) {
        // A source that can't be read can't sign in either.
        let Ok(other) = project.load(name) else { continue };
        let theirs = other.signing_key(project).into_iter();
        let theirs = theirs.flat_map(|key| [Some(key.key_ref), key.certificate_ref]).flatten();
        let theirs: Vec<_> = theirs.filter_map(|reference| real(&reference)).collect();
        if let Some(shared) =
            refs.into_iter().find(|reference| real(reference).is_some_and(|path| theirs.contains(&path)))
        {
            let message = format!("`{shared}` is named by the source `{name}`, too, which would lose its key");
            return Err(Error::new(ErrorKind::Definition, message)
                .with_help("give each source a key and certificate of its own"));
        }
    }
    Ok(())
}

fn no_certificate(source: &str) -> Error {
    Error::new(ErrorKind::Definition, format!("`{source}` does not sign in with a key and a certificate that it names"))
        .with_help("a source whose `auth:` has `key_ref` and `certificate_ref` can be rotated, as with `grant_type: jwt_bearer`")
}

/// The app that gets the certificate: the second one where there is one, else the one in use.
fn app_of(project: &Project, source: &Source, auth: &AuthBlock, begun: Option<&RotationRecord>) -> Result<App> {
    let opened = source.open(project)?;
    let ability = opened.connector.capabilities();
    let ability = ability.rotation().ok_or_else(|| {
        let message = format!("connector `{}` can't replace certificates", source.connector.name);
        Error::new(ErrorKind::Unsupported, message)
            .with_help("make a new key with `cert new` and upload its certificate by hand")
    })?;
    let apps = ability.apps()?;
    if let Some(record) = begun {
        // The app that it was begun for, even if the source's file names the other one by now.
        let found = apps.iter().find(|app| app.name == record.app);
        return found.cloned().ok_or_else(|| {
            Error::new(
                ErrorKind::Definition,
                format!("a rotation for the app `{}` is not finished, and the settings no longer name it", record.app),
            )
            .with_help("name it again in `settings`, run `cert rotate` to end the rotation, then change it")
        });
    }
    let issuer = auth.text("issuer");
    let standby = apps.iter().find(|app| app.issuer.is_some() && app.issuer.as_deref() != issuer);
    standby.or_else(|| apps.first()).cloned().ok_or_else(|| {
        Error::new(ErrorKind::Definition, format!("`{}` names no app whose certificate could be replaced", source.name))
            .with_help("name it in `settings: {app: …}`")
    })
}

async fn old(project: &Project, source: &Source, certificate_ref: &SecretRef) -> Result<Old> {
    let context = connector_core::Context::new(&source.name, project.folder());
    let certificate = Certificate::from_pem(&context.public_text(certificate_ref).await?)?;
    if !certificate.is_self_signed() {
        let message =
            format!("the certificate of `{}` was made by an authority, {}", source.name, certificate.issuer());
        return Err(Error::new(ErrorKind::Unsupported, message).with_help(format!(
            "ask it for the next one: `connector cert new {}-next --csr`, then `cert import`, and upload it by hand",
            source.name
        )));
    }
    let key = key_of(project, source).await.ok_or_else(|| no_certificate(&source.name))??;
    Ok(Old {
        key: key.clone(),
        bits: if key.public_key()?.bits() > 2048 { 4096 } else { 2048 },
        request: certificate.renewal(),
        sha256: certificate.sha256(),
    })
}

fn fresh(app: &App, key: &SecretRef, certificate: &SecretRef, auth: &AuthBlock) -> RotationRecord {
    let issuer = app.issuer.clone().filter(|issuer| Some(issuer.as_str()) != auth.text("issuer"));
    let id = RotationRecord::new_id();
    let next = |reference: &SecretRef| match &issuer {
        // The source's file will name the new files in place of the old ones.
        Some(_) => renamed(reference.rest(), &id),
        None => format!("{}.next", reference.rest()),
    };
    RotationRecord {
        stage: Stage::Making,
        app: app.name.clone(),
        key: key.rest().to_owned(),
        certificate: certificate.rest().to_owned(),
        next_key: next(key),
        next_certificate: next(certificate),
        id,
        issuer,
        old_pem: None,
        new_pem: None,
        deployed_at: None,
    }
}

/// `secrets/salesforce.key` as `secrets/salesforce-01m8a1e9.key`; the mark of an earlier rotation makes way.
fn renamed(path: &str, id: &str) -> String {
    const MARK: usize = 8;
    let mark = id.get(id.len().saturating_sub(MARK)..).unwrap_or(id).to_lowercase();
    let path = Path::new(path);
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("key");
    let is_mark = |text: &str| text.len() == MARK && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let stem = stem
        .rsplit_once('-')
        .filter(|(_, mark)| is_mark(mark) && mark.bytes().any(|b| b.is_ascii_digit()))
        .map_or(stem, |(stem, _)| stem);
    let name = match path.extension().and_then(|extension| extension.to_str()) {
        Some(extension) => format!("{stem}-{mark}.{extension}"),
        None => format!("{stem}-{mark}"),
    };
    path.with_file_name(name).to_string_lossy().into_owned()
}
