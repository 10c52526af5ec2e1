//! Runs the command line as a user does: as a process.

use serde_json::Value;
#[cfg(target_os = "linux")]
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// The command line under test.
#[derive(Clone, Copy, Debug)]
pub struct Binary(pub &'static str);

/// A process that ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed as its result.
    pub stdout: String,
    /// What it printed for people.
    pub stderr: String,
}

impl Binary {
    /// A command with `arguments` in `folder`, with nothing of the caller's environment that changes its output.
    pub fn command(self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.0);
        command.args(arguments).current_dir(folder).stdin(Stdio::null());
        for name in ["RUST_LOG", "NO_COLOR", "COLUMNS", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// When it can't be started.
    pub fn run(self, folder: &Path, arguments: &[&str]) -> Ended {
        let output = self.command(folder, arguments).output().expect("the binary under test was built with the test");
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

#[cfg(target_os = "linux")]
impl Binary {
    /// Runs it on a terminal and gives each answer when its question is there. Everything that it showed is `stdout`.
    ///
    /// # Panics
    ///
    /// When a question does not come.
    pub fn run_on_terminal(self, folder: &Path, arguments: &str, answers: &[(&str, &str)]) -> Ended {
        self.run_with_pauses(folder, arguments, answers, || {})
    }

    /// The same; `thinking` happens between each question and its answer.
    ///
    /// # Panics
    ///
    /// When a question does not come.
    pub fn run_with_pauses(
        self,
        folder: &Path,
        arguments: &str,
        answers: &[(&str, &str)],
        thinking: impl Fn(),
    ) -> Ended {
        let mut script = self.command(folder, &[]);
        let environment: Vec<_> = script.get_envs().map(|(name, _)| name.to_owned()).collect();
        // A command that asks something else would wait for ever.
        script = Command::new("timeout");
        let command = format!("{} {arguments}", self.0);
        script.args(["120", "script", "-q", "-e", "-f", "-c", &command, "/dev/null"]).current_dir(folder);
        for name in environment {
            script.env_remove(name);
        }
        script.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = script.spawn().expect("`script` is part of every Linux");
        let (mut input, mut output) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let (mut shown, mut part) = (Vec::new(), [0; 4096]);
        for (question, answer) in answers {
            while !String::from_utf8_lossy(&shown).contains(question) {
                let length = output.read(&mut part).expect("a pipe");
                assert_ne!(length, 0, "no {question:?} in {}", String::from_utf8_lossy(&shown));
                shown.extend_from_slice(&part[..length]);
            }
            thinking();
            input.write_all(answer.as_bytes()).expect("it reads its terminal");
        }
        // At the end, the terminal is gone.
        let _ = output.read_to_end(&mut shown);
        let code = child.wait().expect("the child is ours").code();
        Ended { code, stdout: String::from_utf8_lossy(&shown).into_owned(), stderr: String::new() }
    }
}

impl Ended {
    /// Its standard output as one JSON document.
    ///
    /// # Panics
    ///
    /// When it is not.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON on stdout ({error}):\n{self:?}"))
    }

    /// Its standard output as one JSON document a line.
    ///
    /// # Panics
    ///
    /// When it is not.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON ({error}): {line}")))
            .collect()
    }

    /// Itself, when it ended with `code`.
    ///
    /// # Panics
    ///
    /// When it did not.
    #[track_caller]
    #[allow(clippy::must_use_candidate, clippy::return_self_not_must_use, reason = "checking the code is use enough")]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}
