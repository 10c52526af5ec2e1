//! A rotation that is ready to start or to continue.

use super::files::Files;
use super::ledger::{Ledger, RotationRecord, Stage};
use connector_core::{App, Error, ErrorKind, Result, SecretRef};
use connector_files::shell_word;
use connector_keys::{Certificate, CertificateRequest, Signer};
use connector_project::certificate::key_of;
use connector_project::source::{AuthBlock, Project, Source};
use connector_store::Store;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The replacement of a source's key and certificate: a new one, or one that an earlier call left unfinished.
#[derive(Debug)]
pub struct Rotation<'a> {
    pub(super) project: &'a Project,
    /// The source as the user named it: a name or the path of a file.
    pub(super) name: &'a str,
    pub(super) source: Source,
    pub(super) ledger: Ledger,
    pub(super) record: RotationRecord,
    /// Whether an earlier call started it.
    pub(super) taken_up: bool,
    pub(super) old: Old,
    pub(super) app: App,
    pub(super) files: Files,
    /// Files of an earlier call that sent nothing.
    pub(super) abandoned: Option<Files>,
    pub(super) wait: Duration,
}

/// The key and certificate before the rotation.
#[derive(Debug)]
pub(super) struct Old {
    pub(super) key: Arc<dyn Signer>,
    pub(super) bits: u32,
    pub(super) request: CertificateRequest,
    pub(super) sha256: String,
}

impl<'a> Rotation<'a> {
    /// Examines the source and an interrupted rotation. Sends nothing and writes nothing.
    ///
    /// `wait` is how long to try the new key before the app gets its old certificate back. Fails with kind `guard` if another
    /// job is rotating this source, and with kinds `definition`, `unsupported` and `secret` if its key and certificate can't
    /// be replaced.
    pub async fn open(project: &'a Project, store: &Store, name: &'a str, wait: Duration) -> Result<Self> {
        let source = project.load(name)?;
        let ledger = Ledger::hold(store, &source.name)?;
        // A rotation that has sent nothing starts again, perhaps for another app.
        let (unfinished, abandoned) = match ledger.unfinished()? {
            Some(record) if record.has_sent_nothing() => (None, Some(record)),
            unfinished => (unfinished, None),
        };
        let auth = source.auth.as_ref().ok_or_else(|| no_certificate(&source.name))?;
        let (key_ref, certificate_ref) = refs(project, &source)?;
        alone(project, &source, [&key_ref, &certificate_ref])?;
        let app = app_of(project, &source, auth, unfinished.as_ref())?;
        let old = old(project, &source, &certificate_ref).await?;
        if let Some(record) = &unfinished
            && !names_files_of(record, &key_ref, &certificate_ref)
        {
            return Err(other_files(record, &source.name));
        }
        // The store's word alone must not decide which files are removed.
        let abandoned = abandoned.filter(|record| names_files_of(record, &key_ref, &certificate_ref));
        let taken_up = unfinished.is_some();
        let record = unfinished.unwrap_or_else(|| fresh(&app, &key_ref, &certificate_ref, auth));
        let files = files_of(project, &record);
        let abandoned = abandoned.map(|record| files_of(project, &record));
        if !taken_up && abandoned.is_none() {
            files.refuse_leftovers(ledger.given_up()?.as_deref())?;
        }
        Ok(Self { project, name, source, ledger, record, taken_up, old, app, files, abandoned, wait })
    }

    /// Whether this source has an unfinished rotation, in another running job or in an interrupted one.
    pub fn is_unfinished(store: &Store, source: &str) -> Result<bool> {
        Ledger::is_unfinished(store, source)
    }

    /// Whether this continues an interrupted rotation.
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

/// Whether the files of a rotation are those of the source and the ones made from their names. Nothing else is renamed or
/// removed, whatever the store says.
fn names_files_of(record: &RotationRecord, key: &SecretRef, certificate: &SecretRef) -> bool {
    let is = |reference: &SecretRef, first: &str, next: &str| {
        // The source's file already names the new files when only the old ones remain to be removed.
        let named = reference.rest() == first || record.issuer.is_some() && reference.rest() == next;
        named && next_of(first, record.issuer.as_deref(), &record.id) == next
    };
    is(key, &record.key, &record.next_key) && is(certificate, &record.certificate, &record.next_certificate)
}

fn other_files(record: &RotationRecord, source: &str) -> Error {
    let message = format!(
        "the store says that an unfinished rotation of `{source}` replaces `{}` and `{}`, but the source uses other files",
        record.key, record.certificate
    );
    Error::new(ErrorKind::Guard, message).with_help(format!(
        "check who can write the store; if you changed `key_ref` or `certificate_ref`, restore them, run `connector cert rotate {}` to finish the rotation, then change them again",
        shell_word(source)
    ))
}

/// The path of the next file.
fn next_of(first: &str, issuer: Option<&str>, id: &str) -> String {
    match issuer {
        // The source's file will name the new files instead of the old ones.
        Some(_) => renamed(first, id),
        None => format!("{first}.next"),
    }
}

/// The refs of key and certificate. They must be files, because the rotation replaces them.
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
                "only keys in files can be rotated; replace this key where it is stored, and upload its certificate manually",
            ));
        }
    }
    if key == certificate {
        let message = format!(
            "the key and certificate of `{source}` are in one file, so they can't be replaced one after the other"
        );
        return Err(Error::new(ErrorKind::Unsupported, message).with_help("split them into two files first"));
    }
    Ok((key, certificate))
}

/// No other source may use the files: a rotation for one source would break the other. Links are not followed.
fn alone(project: &Project, source: &Source, refs: [&SecretRef; 2]) -> Result<()> {
    let real = |reference: &SecretRef| project.folder().join(reference.rest()).canonicalize().ok();
    for reference in refs {
        let path = project.folder().join(reference.rest());
        if path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
            let message = format!("`{}` is a symbolic link, and a rotation replaces files", path.display());
            return Err(
                Error::new(ErrorKind::Unsupported, message).with_help("use the path of the file itself in the source")
            );
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
            let message = format!("the source `{name}` also uses `{shared}` and would lose its key");
            return Err(
                Error::new(ErrorKind::Definition, message).with_help("give each source its own key and certificate")
            );
        }
    }
    Ok(())
}

fn no_certificate(source: &str) -> Error {
    Error::new(ErrorKind::Definition, format!("`{source}` has no `key_ref` and `certificate_ref`"))
        .with_help("only a source with `key_ref` and `certificate_ref` in `auth:` can be rotated, for example with `grant_type: jwt_bearer`")
}

/// The app that gets the certificate: the standby app if there is one, otherwise the app in use.
fn app_of(project: &Project, source: &Source, auth: &AuthBlock, begun: Option<&RotationRecord>) -> Result<App> {
    let opened = source.open(project)?;
    let ability = opened.connector.capabilities();
    let ability = ability.rotation().ok_or_else(|| {
        let message = format!("connector `{}` can't replace certificates", source.connector.name);
        Error::new(ErrorKind::Unsupported, message)
            .with_help("create a new key with `cert new` and upload its certificate manually")
    })?;
    let apps = ability.apps()?;
    if let Some(record) = begun {
        // The app that the rotation started for, even if the source's file now names the other one.
        let found = apps.iter().find(|app| app.name == record.app);
        return found.cloned().ok_or_else(|| {
            Error::new(
                ErrorKind::Definition,
                format!(
                    "the rotation for the app `{}` is not finished, but the settings no longer name the app",
                    record.app
                ),
            )
            .with_help(format!(
                "restore the app in `settings`, run `connector cert rotate {}` to finish the rotation, then change the settings",
                shell_word(&source.name)
            ))
        });
    }
    let issuer = auth.text("issuer");
    let standby = apps.iter().find(|app| app.issuer.is_some() && app.issuer.as_deref() != issuer);
    standby.or_else(|| apps.first()).cloned().ok_or_else(|| {
        Error::new(
            ErrorKind::Definition,
            format!("`{}` does not name the app whose certificate to replace", source.name),
        )
        .with_help("name it in `settings: {app: …}`")
    })
}

async fn old(project: &Project, source: &Source, certificate_ref: &SecretRef) -> Result<Old> {
    let context = source.context(project);
    let certificate = Certificate::from_pem(&context.public_text(certificate_ref).await?)?;
    if !certificate.is_self_signed() {
        let message = format!(
            "the certificate of `{}` was issued by a certificate authority, {}",
            source.name,
            certificate.issuer()
        );
        return Err(Error::new(ErrorKind::Unsupported, message).with_help(format!(
            "request the next one from it: `connector cert new {}-next --csr`, then `cert import`, and upload it manually",
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
    let next = |reference: &SecretRef| next_of(reference.rest(), issuer.as_deref(), &id);
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

/// `secrets/acme.key` becomes `secrets/acme-01m8a1e9.key`. The new mark replaces that of an earlier rotation.
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
