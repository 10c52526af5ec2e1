//! A command at work, stopped at a moment that the test chooses: no test waits for a length of time.

use crate::command::Ended;
use connector_sandbox_salesforce::{Moment, Sandbox};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often a state that can only be asked for is asked for.
const POLL: Duration = Duration::from_millis(1);

/// A process that was started and has not been waited for.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    stdout: JoinHandle<String>,
    stderr: String,
}

impl Running {
    /// Starts the command and collects what it prints.
    ///
    /// # Panics
    ///
    /// When it can't be started.
    pub fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary under test was built with the test");
        let stderr = child.stderr.take().expect("stderr is a pipe");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        // Both are read all the time: a process that writes into a full pipe stands still.
        let mut pipe = child.stdout.take().expect("stdout is a pipe");
        let stdout = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = pipe.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Self { child, lines, stdout, stderr: String::new() }
    }

    /// Starts the command on an org that holds its answers back from `moment` on, and waits for that. Says whether the
    /// moment came before the command ended.
    pub async fn held(command: Command, sandbox: &Sandbox, moment: Moment) -> (Self, bool) {
        sandbox.hold_from(moment);
        let mut running = Self::start(command);
        while !sandbox.is_holding() {
            if running.has_ended() {
                return (running, false);
            }
            tokio::time::sleep(POLL).await;
        }
        (running, true)
    }

    /// Whether the process has ended.
    ///
    /// # Panics
    ///
    /// When the system can't say.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("the child is ours").is_some()
    }

    /// Sends an interrupt, as Ctrl-C does, and waits until the process says that it stops.
    ///
    /// # Panics
    ///
    /// When the process ends without a word.
    pub fn interrupt(&mut self) {
        self.signal("-INT");
    }

    /// Asks the process to end, as a service manager does, and waits until the process says that it stops.
    ///
    /// # Panics
    ///
    /// When the process ends without a word.
    pub fn terminate(&mut self) {
        self.signal("-TERM");
    }

    fn signal(&mut self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("`kill` is everywhere").success());
        self.until_it_says("Stopping");
    }

    /// Sends a signal such as `-TERM`, if the process is still there, and waits for its end.
    ///
    /// # Panics
    ///
    /// When the process can't be waited for.
    pub fn end_with(self, signal: &str) -> Ended {
        // It fails if the process has just ended.
        let _ = Command::new("kill").args([signal, &self.child.id().to_string()]).stderr(Stdio::null()).status();
        self.end()
    }

    /// Waits for a line on stderr that contains `text`.
    ///
    /// # Panics
    ///
    /// When the process ends without it.
    pub fn until_it_says(&mut self, text: &str) {
        loop {
            let Ok(line) = self.lines.recv() else { panic!("it never said `{text}`: {}", self.stderr) };
            self.stderr.push_str(&line);
            self.stderr.push('\n');
            if line.contains(text) {
                return;
            }
        }
    }

    /// Ends the process as a loss of power does.
    ///
    /// # Panics
    ///
    /// When the process can't be waited for.
    pub fn kill(mut self) {
        self.child.kill().expect("the child is ours");
        self.child.wait().expect("the child is ours");
    }

    /// Waits for the end of the process.
    ///
    /// # Panics
    ///
    /// When the process can't be waited for.
    pub fn end(mut self) -> Ended {
        let status = self.child.wait().expect("the child is ours");
        for line in self.lines {
            self.stderr.push_str(&line);
            self.stderr.push('\n');
        }
        Ended { code: status.code(), stdout: self.stdout.join().expect("the thread only reads"), stderr: self.stderr }
    }
}
