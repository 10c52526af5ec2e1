//! `connector cert import NAME FILE…`.

use super::advice::{self, SourceLines};
use super::files::{KeyFiles, text_of};
use super::password;
use crate::arguments::CertImportArguments;
use crate::exit::{Exit, Stop};
use crate::invocation::Invocation;
use crate::output::{GOOD, day, days_until, fields, paint};
use crate::terminal;
use connector_core::{Context, Error, ErrorKind, Result};
use connector_keys::{Certificate, CertificateStatus, Chain, KeyAndChain, PrivateKey, RENEW_BEFORE};
use connector_project::source::Project;
use inquire::Select;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::path::Path;

/// What the files hold.
#[derive(Default)]
struct Brought {
    key: Option<PrivateKey>,
    certificates: Vec<Certificate>,
}

pub(super) fn run(invocation: &Invocation, arguments: &CertImportArguments) -> Result<Exit, Stop> {
    let project = invocation.project()?;
    let import =
        Import { invocation, project: &project, arguments, files: KeyFiles::named(&project, &arguments.name)? };
    import.files.refuse_present(&["crt"])?;
    let mut brought = Brought::default();
    for file in &arguments.files {
        import
            .take(file, &mut brought)
            .map_err(|Stop(error)| error.with_context("file", file.display().to_string()))?;
    }
    let (key, encrypted) = import.write(brought)?;
    let chain = key.chain;
    import.show(&chain, &key.key, encrypted)?;
    advice::say_where_to_upload(invocation, &project, &arguments.name, &arguments.key, &import.files.file("crt"));
    let lines = SourceLines::of(&import.files, &arguments.name, &arguments.key, encrypted);
    advice::name_in_source(invocation, &project, &arguments.name, &arguments.key, &lines)?;
    Ok(Exit::Success)
}

struct Import<'a> {
    invocation: &'a Invocation,
    project: &'a Project,
    arguments: &'a CertImportArguments,
    files: KeyFiles,
}

impl Import<'_> {
    /// Adds what a file holds.
    fn take(&self, file: &Path, brought: &mut Brought) -> Result<(), Stop> {
        let text = text_of(&self.project.typed(file))?;
        let key = if KeyAndChain::is_pkcs12(&text) {
            let KeyAndChain { key, chain } = self.open_pkcs12(&text)?;
            brought.certificates.push(chain.leaf().clone());
            brought.certificates.extend_from_slice(chain.issuers());
            Some(key)
        } else {
            let has_key = PrivateKey::is_in(&text);
            if !has_key || Certificate::is_in(text.expose_secret()) {
                let chain = Chain::from_pem(text.expose_secret())?;
                brought.certificates.push(chain.leaf().clone());
                brought.certificates.extend_from_slice(chain.issuers());
            }
            let password = if PrivateKey::is_encrypted(&text) { Some(self.file_password()?) } else { None };
            if has_key { Some(PrivateKey::from_pem(&text, password.as_ref())?) } else { None }
        };
        if key.is_some() && brought.key.is_some() {
            return Err(Error::new(ErrorKind::Definition, "the files contain more than one private key")
                .with_help("name only the file with the key that matches the certificate")
                .into());
        }
        brought.key = brought.key.take().or(key);
        Ok(())
    }

    fn open_pkcs12(&self, text: &SecretString) -> Result<KeyAndChain, Stop> {
        let name = self.key_name(text)?;
        // Some have no password; whoever has to be asked is asked once.
        match KeyAndChain::from_pkcs12(text, None, name.as_deref()) {
            Err(error) if error.kind() == ErrorKind::Secret => {
                Ok(KeyAndChain::from_pkcs12(text, Some(&self.file_password()?), name.as_deref())?)
            }
            opened => Ok(opened?),
        }
    }

    /// Which of several keys to import; `None` if there is nothing to choose, or nobody to ask.
    fn key_name(&self, text: &SecretString) -> Result<Option<String>, Stop> {
        let names = KeyAndChain::key_names(text);
        if self.arguments.key_name.is_some()
            || names.len() < 2
            || self.invocation.printer.is_json()
            || !terminal::can_ask()
        {
            return Ok(self.arguments.key_name.clone());
        }
        let asked = Select::new("The file contains several keys. Which one?", names).prompt();
        Ok(Some(terminal::answer(asked, "use `--key-name NAME`")?))
    }

    fn file_password(&self) -> Result<SecretString, Stop> {
        let reference = ("--password-ref", self.arguments.password_ref.as_deref());
        password::of_present(self.invocation, self.project, "the file", reference)
    }

    /// Writes what was brought; gives the key and its certificates, and whether the key is encrypted.
    fn write(&self, brought: Brought) -> Result<(KeyAndChain, bool), Stop> {
        let Some(key) = brought.key else {
            let (key, encrypted) = self.present_key()?;
            let chain = usable(Chain::for_key(brought.certificates, &key)?, &self.arguments.name)?;
            self.files.write(&[("crt", &chain.leaf().to_pem())])?;
            return Ok((KeyAndChain { key, chain }, encrypted));
        };
        self.files.refuse_present(&["key"])?;
        let chain = usable(Chain::for_key(brought.certificates, &key)?, &self.arguments.name)?;
        let password = password::of_new_key(self.invocation, self.project, &self.arguments.key)?;
        let pem = key.to_pkcs8_pem(password.as_ref())?;
        self.files.write(&[("key", pem.expose_secret()), ("crt", &chain.leaf().to_pem())])?;
        Ok((KeyAndChain { key, chain }, password.is_some()))
    }

    /// The key that `cert new --csr` made.
    fn present_key(&self) -> Result<(PrivateKey, bool), Stop> {
        let (name, file) = (&self.arguments.name, self.files.file("key"));
        if !file.is_file() {
            let message = format!("the private key of the certificate is missing: `{}` does not exist", file.display());
            return Err(Error::new(ErrorKind::NotFound, message)
                .with_help(format!(
                    "also name the file with the key, or start with `connector cert new {name} --csr` and let the CA \
                     sign the request"
                ))
                .into());
        }
        let reference =
            self.files.reference("key").parse().map_err(|fault: String| Error::new(ErrorKind::Internal, fault))?;
        let context = Context::new(name, self.project.folder());
        let text = self.invocation.block_on(context.secret(&reference))??;
        let encrypted = PrivateKey::is_encrypted(&text);
        let password = if encrypted {
            let reference = ("--key-password-ref", self.arguments.key.key_password_ref.as_deref());
            Some(password::of_present(self.invocation, self.project, &file.display().to_string(), reference)?)
        } else {
            None
        };
        Ok((PrivateKey::from_pem(&text, password.as_ref())?, encrypted))
    }

    fn show(&self, chain: &Chain, key: &PrivateKey, encrypted: bool) -> Result<(), Stop> {
        let printer = &self.invocation.printer;
        let (certificate, issuers) = (chain.leaf(), chain.issuers().len());
        let (key_file, certificate_file) = (self.files.file("key"), self.files.file("crt"));
        if printer.is_json() {
            return printer.json(&json!({
                "key": key_file,
                "certificate": certificate_file,
                "encrypted": encrypted,
                "subject": certificate.subject(),
                "not_after": certificate.not_after(),
                "days_left": days_until(certificate.not_after(), Timestamp::now()),
                "sha256": certificate.sha256(),
            }));
        }
        let kind = format!("{}{}", key.describe(), if encrypted { ", encrypted" } else { ", not encrypted" });
        let left_out = match issuers {
            0 => String::new(),
            1 => "1 issuer certificate (not needed for sign-in)".to_owned(),
            _ => format!("{issuers} issuer certificates (not needed for sign-in)"),
        };
        printer.result(format!("{} imported the certificate; it matches its key\n\n", paint(GOOD, "✓")))?;
        printer.result(fields(
            &[
                ("private key", format!("{} ({kind}); keep it on this machine", key_file.display())),
                ("certificate", format!("{}; upload this file", certificate_file.display())),
                ("subject", certificate.subject()),
                ("issuer", certificate.issuer()),
                ("valid until", day(certificate.not_after())),
                ("SHA-256", certificate.sha256()),
                ("left out", left_out),
            ],
            printer.prose_width(),
        ))
    }
}

/// Refuses a certificate that has expired or is not valid yet.
fn usable(chain: Chain, source: &str) -> Result<Chain> {
    let verdict = chain.judge(None, Timestamp::now(), RENEW_BEFORE, source);
    match verdict.status {
        CertificateStatus::Ok | CertificateStatus::Warning => Ok(chain),
        CertificateStatus::Expired => Err(Error::new(ErrorKind::Secret, verdict.detail)
            .with_help("ask the CA for a new one; you can use the same signing request again")),
        CertificateStatus::Broken => {
            Err(Error::new(ErrorKind::Secret, verdict.detail).with_help(verdict.help.unwrap_or_default()))
        }
    }
}
