//! Shows long results page by page on a terminal.

use crate::terminal;
use std::env;
use std::io;
use std::process::{Child, ChildStdin, Command, Stdio};

/// What is used if the user names no pager: it ends at once if everything fits, keeps colors, and leaves the screen as it is.
const USUAL: &str = "less -FRX";

/// A pager that runs.
#[derive(Debug)]
pub(super) struct Pager {
    child: Child,
}

impl Pager {
    /// Starts the pager of `CONNECTOR_PAGER` or `PAGER`, otherwise `less` if there is one. `None` if the user wants none (an
    /// empty value, or `cat`), or the terminal can't be controlled.
    pub(super) fn start() -> Option<(Self, ChildStdin)> {
        if terminal::is_dumb() {
            return None;
        }
        let named = ["CONNECTOR_PAGER", "PAGER"].into_iter().find_map(|name| env::var(name).ok());
        let command = named.unwrap_or_else(|| USUAL.to_owned());
        if ["", "cat"].contains(&command.trim()) || (command == USUAL && !is_there("less")) {
            return None;
        }
        // Like git, so that options and quotes work.
        let mut child = Command::new("sh").arg("-c").arg(&command).stdin(Stdio::piped()).spawn().ok()?;
        let input = child.stdin.take()?;
        Some((Self { child }, input))
    }

    /// Waits until the user has seen enough.
    pub(super) fn wait(mut self) -> io::Result<()> {
        self.child.wait().map(drop)
    }
}

fn is_there(program: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(program).is_file()))
}
