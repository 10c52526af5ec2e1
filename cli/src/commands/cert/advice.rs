//! What to do with a new certificate: at the provider and in the source file.

use super::files::KeyFiles;
use crate::arguments::KeyFileArguments;
use crate::exit::Stop;
use crate::invocation::Invocation;
use crate::output::{GOOD, STRONG, paint, wrap};
use crate::terminal;
use connector_core::CertificateUpload;
use connector_core::registry::ConnectorRegistration;
use connector_project::source::Project;
use inquire::Confirm;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// The lines of the source file about a key.
pub(super) struct SourceLines {
    /// Keys of `auth:`; a key without a value does not belong there.
    lines: Vec<(&'static str, Option<String>)>,
    /// The variable for a password that the user typed.
    variable: Option<String>,
}

impl SourceLines {
    /// The lines for the files of a key, which may be encrypted.
    pub(super) fn of(files: &KeyFiles, name: &str, arguments: &KeyFileArguments, encrypted: bool) -> Self {
        let variable = (encrypted && arguments.key_password_ref.is_none()).then(|| variable(name));
        let password = match (&arguments.key_password_ref, &variable) {
            (_, Some(variable)) => Some(format!("env:{variable}")),
            (reference, None) => reference.clone().filter(|_| encrypted),
        };
        let lines = vec![
            ("key_ref", Some(files.reference("key"))),
            ("key_password_ref", password),
            ("certificate_ref", Some(files.reference("crt"))),
        ];
        Self { lines, variable }
    }

    fn changes(&self) -> Vec<(&str, Option<&str>)> {
        self.lines.iter().map(|(key, value)| (*key, value.as_deref())).collect()
    }

    fn are_in(&self, source: &connector_project::source::Source) -> bool {
        let Some(auth) = &source.auth else { return false };
        self.lines.iter().all(|(key, value)| auth.settings[*key].as_str() == value.as_deref())
    }
}

/// Says where to upload the certificate. Not in a tour, because its simulated org already has the certificate.
pub(super) fn say_where_to_upload(
    invocation: &Invocation,
    project: &Project,
    name: &str,
    arguments: &KeyFileArguments,
    certificate: &Path,
) {
    if !invocation.printer.gives_hints() {
        return;
    }
    let source = arguments.write_source.as_deref().unwrap_or(name);
    for connector in connectors_of(project, source) {
        if let Some(upload) = &connector.provider.certificate_upload {
            invocation.printer.note(upload_text(invocation, &connector.title, upload, certificate));
        }
    }
}

/// The connector of the source; every connector if there is no such source yet.
fn connectors_of(project: &Project, source: &str) -> Vec<Arc<ConnectorRegistration>> {
    match project.load(source) {
        Ok(source) => vec![source.connector],
        Err(_) => project.catalog().connectors().iter().map(|one| one.registration.clone()).collect(),
    }
}

fn upload_text(invocation: &Invocation, title: &str, upload: &CertificateUpload, certificate: &Path) -> String {
    let width = invocation.printer.prose_width();
    let mut text = format!("\n{}", paint(STRONG, format!("In {title}")));
    for way in upload.ways {
        _ = write!(text, "\n  {}", way.title);
        for (number, step) in way.steps.iter().enumerate() {
            let step = step.replace("FILE", &certificate.display().to_string());
            let lines = wrap(&step, width.saturating_sub(7));
            _ = write!(text, "\n    {}. {}", number + 1, lines.join("\n       "));
        }
    }
    let afterwards = wrap(upload.afterwards, width.saturating_sub(2));
    _ = write!(text, "\n  {}", afterwards.join("\n  "));
    text
}

/// Writes the lines into the source that was named, offers to write them into the source of the same name, or shows
/// them.
pub(super) fn name_in_source(
    invocation: &Invocation,
    project: &Project,
    name: &str,
    arguments: &KeyFileArguments,
    lines: &SourceLines,
) -> Result<(), Stop> {
    let printer = &invocation.printer;
    if let Some(source) = &arguments.write_source {
        write(invocation, project, source, lines)?;
    } else if printer.is_json() {
        return Ok(());
    } else {
        match project.load(name) {
            Ok(source) if lines.are_in(&source) => {
                printer.remark(format!("\n{} already names these files.", source.path.display()));
            }
            Ok(source) if printer.gives_hints() && terminal::can_ask() && wants_them(&source.path)? => {
                write(invocation, project, name, lines)?;
            }
            _ => show(invocation, lines),
        }
    }
    if let Some(variable) = &lines.variable {
        printer.remark(format!("Set the environment variable {variable} to the password of the key."));
    }
    Ok(())
}

/// A working key should be replaced only when the app knows the new one, so the default answer is no.
fn wants_them(file: &Path) -> Result<bool, Stop> {
    let question = format!("Write the new file names into {} now?", file.display());
    let asked = Confirm::new(&question)
        .with_default(false)
        .with_help_message("the source then signs in with the new key, so upload the certificate first")
        .prompt();
    Ok(terminal::answer(asked, "use `--write-source SOURCE`")?)
}

fn write(invocation: &Invocation, project: &Project, source: &str, lines: &SourceLines) -> Result<(), Stop> {
    match project.edit_auth(source, &lines.changes()) {
        Ok(file) => {
            invocation.printer.note(format!("\n{} wrote their names into {}", paint(GOOD, "✓"), file.display()));
            Ok(())
        }
        Err(error) => {
            show(invocation, lines);
            Err(error.into())
        }
    }
}

fn show(invocation: &Invocation, lines: &SourceLines) {
    let printer = &invocation.printer;
    if printer.is_json() {
        return;
    }
    let mut text = String::from("\nAdd to the source file, under `auth:`");
    for (key, value) in &lines.lines {
        if let Some(value) = value {
            _ = write!(text, "\n  {key}: {value}");
        }
    }
    printer.note(text);
}

/// `SALESFORCE_EAST_KEY_PASSWORD` for `salesforce-east`.
fn variable(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    let first_digit = if plain.starts_with(|c: char| c.is_ascii_digit()) { "_" } else { "" };
    format!("{first_digit}{plain}_KEY_PASSWORD")
}
