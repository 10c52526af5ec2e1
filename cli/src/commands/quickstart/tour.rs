//! Says what the tour does, and does it.

use crate::arguments::Arguments;
use crate::exit::{Exit, Stop, file_error};
use crate::invocation::Invocation;
use crate::output::{ACCENT, DIM, STRONG, paint, wrap};
use clap::Parser;
use connector_core::{Error, ErrorKind};
use connector_files::shell_word;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A tour through a project.
pub(super) struct Tour<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) command_line: fn() -> clap::Command,
}

impl Tour<'_> {
    pub(super) fn line(&self, line: &str) -> Result<(), Stop> {
        let printer = &self.invocation.printer;
        // With JSON, stdout holds only the documents of the commands.
        if printer.is_json() {
            printer.note(line);
            return Ok(());
        }
        printer.result_line(line)
    }

    pub(super) fn say(&self, text: &str) -> Result<(), Stop> {
        for line in wrap(text, self.invocation.printer.prose_width()) {
            self.line(&line)?;
        }
        Ok(())
    }

    pub(super) fn title(&self, title: &str) -> Result<(), Stop> {
        self.line(&format!("\n{}\n", paint(STRONG, format!("── {title}"))))
    }

    pub(super) fn command(&self, command: &str) -> Result<(), Stop> {
        self.line(&format!("{} {}", paint(DIM, "$"), paint(ACCENT, command)))
    }

    /// Runs a command as if the user typed it, and ends the tour if it fails.
    pub(super) fn step(&self, arguments: &[&str]) -> Result<(), Stop> {
        let words: Vec<_> = arguments.iter().map(|word| shell_word(word)).collect();
        self.command(&format!("connector {}", words.join(" ")))?;
        self.run(arguments)?;
        self.line("")
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Result<(), Stop> {
        let typed = ["connector"].iter().chain(arguments);
        let parsed = Arguments::try_parse_from(typed)
            .map_err(|fault| Error::new(ErrorKind::Internal, format!("a command of the tour is invalid: {fault}")))?;
        let exit = super::super::run(&self.invocation.within_tour(), parsed.command, self.command_line)?;
        self.invocation.printer.flush()?;
        if self.invocation.interrupted().is_some() {
            return Err(Error::new(ErrorKind::Cancelled, "the tour was canceled")
                .with_help("its files are still in the folder; to start again, name another folder")
                .into());
        }
        match exit {
            Exit::Success => Ok(()),
            exit => Err(Error::new(
                ErrorKind::Internal,
                format!("`connector {}` ended with exit code {}", arguments.join(" "), exit.code()),
            )
            .into()),
        }
    }

    /// `source new`, shown with one value per line.
    pub(super) fn source_new(&self, connector: &str, name: &str, values: &[(String, String)]) -> Result<(), Stop> {
        let mut arguments = ["source", "new", connector, name].map(str::to_owned).to_vec();
        let mut shown = format!("connector source new {connector} {name}");
        for (key, value) in values {
            _ = write!(shown, " \\\n    --set {key}={}", shell_word(value));
            arguments.extend(["--set".to_owned(), format!("{key}={value}")]);
        }
        self.command(&shown)?;
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        self.run(&arguments)?;
        self.line("")
    }

    /// The lines of a file that are not comments.
    pub(super) fn show_settings(&self, file: &str) -> Result<(), Stop> {
        let text = fs::read_to_string(file).map_err(|cause| file_error("can't read", Path::new(file), cause))?;
        self.command(&format!("grep -vE '^ *(#|$)' {file}"))?;
        for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
            self.line(line)?;
        }
        self.line("")
    }

    pub(super) fn show_file(&self, file: &str) -> Result<(), Stop> {
        let text = fs::read_to_string(file).map_err(|cause| file_error("can't read", Path::new(file), cause))?;
        self.command(&format!("cat {file}"))?;
        self.line(text.trim_end())?;
        self.line("")
    }

    /// How to go on, with commands and what they show.
    pub(super) fn your_turn(&self, folder: &str, commands: &[String]) -> Result<(), Stop> {
        self.line(&format!("  {}", paint(ACCENT, format!("cd {}", shell_word(folder)))))?;
        for command in commands {
            self.line(&format!("  {}", paint(ACCENT, command)))?;
        }
        self.line("")?;
        if let Some(binary) = binary_off_path() {
            self.say(&format!("`connector` is not on your PATH. Its path is {}.", binary.display()))?;
            self.line("")?;
        }
        Ok(())
    }
}

/// The path of this program, if the shell would not find `connector`.
fn binary_off_path() -> Option<PathBuf> {
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders).any(|folder| folder.join("connector").is_file());
    if found { None } else { env::current_exe().ok() }
}
