//! `connector sandbox salesforce`.

use crate::arguments::SalesforceArguments;
use crate::commands::cert::{KeyAndCertificate, make_key_and_certificate};
use crate::commands::source::write_source;
use crate::exit::{Exit, Stop, file_error};
use crate::invocation::Invocation;
use crate::output::{ACCENT, STRONG, count, fields, paint};
use crate::project_files;
use connector_core::{Error, ErrorKind, Result, TimeSpan};
use connector_files::shell_word;
use connector_keys::Certificate;
use connector_project::source::Project;
use connector_sandbox_salesforce::{App, Options, Sandbox};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// A project folder that is wired to a simulated org.
#[derive(Debug)]
pub(crate) struct SandboxProject {
    project: Project,
    name: String,
    /// The certificate that the app of the org trusts.
    certificate: Certificate,
}

pub(super) fn run(invocation: &Invocation, arguments: &SalesforceArguments) -> Result<Exit, Stop> {
    let temporary;
    let folder = if let Some(folder) = &arguments.write_project {
        folder.as_path()
    } else {
        temporary = TemporaryFolder::make()?;
        temporary.path.as_path()
    };
    let (project, _) = Project::create(folder)?;
    refuse_real_source(&project, &arguments.source_name)?;
    let wired = prepare(project, &arguments.source_name)?;
    let stop = invocation.interrupt().token();
    invocation.block_on(async {
        let sandbox = start(options(arguments), &wired).await?;
        wired.write_source(&sandbox)?;
        announce(invocation, arguments, &wired, &sandbox)?;
        stop.cancelled().await;
        sandbox.stop();
        Ok::<_, Stop>(())
    })??;
    Ok(invocation.interrupted().unwrap_or(Exit::Interrupted))
}

fn options(arguments: &SalesforceArguments) -> Options {
    Options {
        users: arguments.users,
        port: arguments.port,
        latency: arguments.latency.map(TimeSpan::duration).unwrap_or_default(),
        propagation: arguments.propagation.map(TimeSpan::duration).unwrap_or_default(),
        faults: arguments.faults.clone(),
        ..Options::default()
    }
}

/// Takes the key and certificate that are in the project, or makes them.
pub(crate) fn prepare(project: Project, name: &str) -> Result<SandboxProject> {
    let file = project.folder().join(format!("secrets/{name}.crt"));
    let certificate = if file.is_file() && file.with_extension("key").is_file() {
        let text = fs::read_to_string(&file).map_err(|cause| file_error("can't read", &file, cause))?;
        Certificate::from_pem(&text)?
    } else {
        let KeyAndCertificate { certificate, .. } = make_key_and_certificate(&project, name)?;
        certificate
    };
    Ok(SandboxProject { project, name: name.to_owned(), certificate })
}

/// Starts an org over HTTPS whose app trusts the project's certificate, and keeps its authority in the project.
pub(crate) async fn start(options: Options, wired: &SandboxProject) -> Result<Sandbox> {
    let app = App { certificate_pem: Some(wired.certificate.to_pem()), ..App::default() };
    let sandbox = Sandbox::start(Options { app, tls: true, ..options }).await?;
    project_files::write_private(&wired.ca_file(), sandbox.ca_pem().unwrap_or_default())?;
    Ok(sandbox)
}

/// The values in the source file of a simulated org, as keys and values of `source new`.
pub(crate) fn source_values(name: &str, sandbox: &Sandbox) -> Vec<(String, String)> {
    [
        ("description", "Simulated Salesforce org".to_owned()),
        ("auth.token_url", sandbox.token_url()),
        ("auth.issuer", sandbox.consumer_key()),
        ("auth.subject", sandbox.username().to_owned()),
        ("auth.audience", sandbox.audience().to_owned()),
        ("auth.key_ref", format!("file:secrets/{name}.key")),
        ("auth.certificate_ref", format!("file:secrets/{name}.crt")),
        ("http.ca_file", format!("secrets/{name}-ca.pem")),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}

impl SandboxProject {
    fn write_source(&self, sandbox: &Sandbox) -> Result<PathBuf> {
        let file = self.project.folder().join(format!("sources/{}.yaml", self.name));
        if file.exists() {
            fs::remove_file(&file).map_err(|cause| file_error("can't replace", &file, cause))?;
        }
        let connector = &self.project.catalog().connector("salesforce")?.registration;
        let mut values = source_values(&self.name, sandbox);
        // Allows its certificate to be replaced.
        let app = format!("{{kind: external_client_app, name: {}}}", App::default().name);
        values.push(("settings.app".to_owned(), app));
        write_source(&self.project, connector, &self.name, &values)
    }

    fn ca_file(&self) -> PathBuf {
        self.project.folder().join(format!("secrets/{}-ca.pem", self.name))
    }

    fn file(&self, extension: &str) -> String {
        self.project.folder().join(format!("secrets/{}.{extension}", self.name)).display().to_string()
    }
}

fn announce(
    invocation: &Invocation,
    arguments: &SalesforceArguments,
    wired: &SandboxProject,
    sandbox: &Sandbox,
) -> Result<(), Stop> {
    let printer = &invocation.printer;
    let folder = wired.project.folder();
    let source_file = folder.join(format!("sources/{}.yaml", wired.name));
    if printer.is_json() {
        printer.json(&json!({
            "token_url": sandbox.token_url(),
            "instance_url": sandbox.instance_url(),
            "audience": sandbox.audience(),
            "consumer_key": sandbox.consumer_key(),
            "username": sandbox.username(),
            "ca_file": wired.ca_file(),
            "key_file": wired.file("key"),
            "certificate_file": wired.file("crt"),
            "source_file": source_file,
            "users": arguments.users,
        }))?;
        return printer.flush();
    }
    let title = format!("The simulated Salesforce org is running with {} users", count(arguments.users));
    printer.result(format!("{}\n\n", paint(STRONG, title)))?;
    printer.result(fields(
        &[
            ("token URL", sandbox.token_url()),
            ("audience", sandbox.audience().to_owned()),
            ("consumer key", sandbox.consumer_key()),
            ("username", sandbox.username().to_owned()),
            ("CA file", wired.ca_file().display().to_string()),
            ("private key", wired.file("key")),
            ("certificate", wired.file("crt")),
            ("source file", source_file.display().to_string()),
        ],
        printer.prose_width(),
    ))?;
    let command = |what: &str| {
        if folder == Path::new(".") {
            format!("connector {what} {}", wired.name)
        } else {
            format!("connector -C {} {what} {}", shell_word(&folder.display().to_string()), wired.name)
        }
    };
    printer.result(format!(
        "\nIn another terminal:\n  {}\n  {}\n\nPress Ctrl-C to stop.\n",
        paint(ACCENT, command("test")),
        paint(ACCENT, command("aggregate"))
    ))?;
    printer.flush()
}

/// Overwrites an existing source file only if it is also the file of a simulated org.
fn refuse_real_source(project: &Project, name: &str) -> Result<()> {
    if !project.folder().join(format!("sources/{name}.yaml")).exists() {
        return Ok(());
    }
    let token_url = project.load(name).ok().and_then(|source| {
        let auth = source.auth?;
        auth.settings["token_url"].as_str().and_then(|text| text.parse::<url::Url>().ok())
    });
    let simulated = token_url.is_some_and(|url| connector_core::is_loopback(&url));
    if simulated {
        return Ok(());
    }
    Err(Error::new(ErrorKind::AlreadyExists, format!("the source `{name}` of this project is not a simulated org"))
        .with_help("use another name with `--source-name NAME`, or another folder"))
}

/// A folder for an org without `--write-project`; it is deleted when the org stops.
struct TemporaryFolder {
    path: PathBuf,
}

impl TemporaryFolder {
    fn make() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("connector-sandbox-{}", std::process::id()));
        project_files::make_private_folder(&path)?;
        Ok(Self { path })
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // Only the owner can read what stays behind.
        let _ = fs::remove_dir_all(&self.path);
    }
}
