//! `command:["prog","arg"]`

use crate::file::MAX_SECRET_BYTES;
use async_trait::async_trait;
use connector_core::{Error, ErrorKind, Result, SecretRef, SecretResolver, Sensitivity, register_secret_resolver};
use connector_keys::secret_text;
use secrecy::SecretString;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command as Process};
use tokio::time::timeout;

/// Long enough for a password manager that asks its server, short enough that the command does not seem to hang.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Runs a program without a shell and uses its output.
struct Command;

static COMMAND: Command = Command;

register_secret_resolver! {
    scheme: "command",
    form: r#"command:["PROGRAM","ARGUMENT"]"#,
    description: "The output of a program. Connector starts it without a shell, in the project folder",
    resolver: COMMAND,
}

#[async_trait]
impl SecretResolver for Command {
    async fn resolve(&self, reference: &SecretRef, project: &Path, _: Sensitivity) -> Result<SecretString> {
        let arguments = parse(reference.rest()).map_err(fault)?;
        let [program, arguments @ ..] = arguments.as_slice() else { return Err(fault("the ref names no program")) };
        let child = Process::new(program)
            .args(arguments)
            .current_dir(project)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // The messages of the program may quote the secret.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|cause| {
                fault(format!("can't start the program `{program}`: {cause}"))
                    .with_help("check that it is installed and on the PATH")
                    .with_cause(cause)
            })?;
        let printed = timeout(TIME_LIMIT, collect(child, program)).await.map_err(|_| {
            fault(format!(
                "the program `{program}` did not exit within {} s, so Connector stopped it",
                TIME_LIMIT.as_secs()
            ))
            .with_help("check that it does not prompt for a password: it gets no input")
        })??;
        secret_text(printed, &format!("the output of the program `{program}`"))
    }

    fn check(&self, reference: &SecretRef) -> Result<(), String> {
        parse(reference.rest()).map(drop)
    }
}

async fn collect(mut child: Child, program: &str) -> Result<Vec<u8>> {
    let failed = |cause: std::io::Error| {
        fault(format!("can't read the output of the program `{program}`: {cause}")).with_cause(cause)
    };
    let mut printed = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX_SECRET_BYTES + 1).read_to_end(&mut printed).await.map_err(failed)?;
    }
    if printed.len() as u64 > MAX_SECRET_BYTES {
        return Err(fault(format!("the program `{program}` printed more than {MAX_SECRET_BYTES} bytes")));
    }
    let status = child.wait().await.map_err(failed)?;
    if !status.success() {
        return Err(fault(format!("the program `{program}` failed: {status}")).with_help(
            "run it yourself to see why; its messages are hidden here because they may contain the secret",
        ));
    }
    Ok(printed)
}

fn parse(text: &str) -> Result<Vec<String>, String> {
    let form = "write a JSON list of strings after `command:`, beginning with the program: `command:[\"pass\",\"show\",\"acme\"]`";
    let arguments: Vec<String> = serde_json::from_str(text).map_err(|_| form.to_owned())?;
    if arguments.first().is_none_or(String::is_empty) {
        return Err(form.to_owned());
    }
    Ok(arguments)
}

fn fault(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Secret, message)
}
