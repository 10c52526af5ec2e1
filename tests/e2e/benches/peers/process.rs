//! Processes and their figures.

use connector_e2e::Project;
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The figures of one piece of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) time: Duration,
    /// API calls; 0 for work without them.
    pub(crate) calls: u64,
    /// The peak memory of its process, if it is one.
    pub(crate) peak_kib: Option<u64>,
}

/// Runs a command that asks the simulated org, to its end. Returns its standard output and its figures.
pub(crate) async fn measured(project: &Project, command: &mut Command) -> (String, Measured) {
    project.sandbox.clear_requests();
    let (output, figures) = finished(command).await;
    (output, Measured { calls: project.sandbox.requests().total, ..figures })
}

/// Runs a command to its end. Returns its standard output and its figures, without API calls.
pub(crate) async fn finished(command: &mut Command) -> (String, Measured) {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(high_water(&status).unwrap_or(0));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let time = started.elapsed();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", command.get_program().display());
    (String::from_utf8(output.stdout).unwrap(), Measured { time, calls: 0, peak_kib: Some(peak) })
}

/// The peak resident memory of a process in KiB, as Linux reports it.
fn high_water(status: &str) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
