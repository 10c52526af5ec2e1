//! A process that other processes can look for.

use std::fs;
use std::os::unix::fs::MetadataExt;

/// A process, so that others on its machine can see when it is gone.
///
/// ```
/// assert!(!connector_store::Process::own().is_gone());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The running system, the space of its process ids and the user; empty where nothing can be known.
    pub machine: String,
    /// The process id there, with when the process started.
    pub process: String,
}

impl Process {
    /// This one.
    pub fn own() -> Self {
        Self { machine: machine(), process: process(std::process::id()).unwrap_or_default() }
    }

    /// Whether it ended, if it was a process of this machine. One of another machine may live.
    pub fn is_gone(&self) -> bool {
        let Some(id) = self.process.split(' ').next().and_then(|id| id.parse().ok()) else { return false };
        !self.machine.is_empty() && self.machine == machine() && process(id).as_deref() != Some(&self.process)
    }
}

/// Names the running system, the space of its process ids and the user: only there can a process be looked for. A service may
/// not see the processes of other users, so one that it does not find may live. Empty where nothing can be known, so that locks
/// of dead processes expire.
fn machine() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    let space = fs::read_link("/proc/self/ns/pid");
    let user = fs::metadata("/proc/self").map(|own| own.uid());
    match (boot, space, user) {
        (Ok(boot), Ok(space), Ok(user)) => format!("{} {} {user}", boot.trim(), space.display()),
        _ => String::new(),
    }
}

/// The id of a process with when it started, because ids come again; `None` if there is no such process.
fn process(id: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name of the program, in parentheses, may have anything in it.
    let started = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?;
    Some(format!("{id} {started}"))
}

#[cfg(test)]
mod tests {
    use super::{Process, machine, process};

    #[test]
    fn only_a_process_of_this_machine_is_known_to_be_gone() {
        let own = process(std::process::id()).unwrap();
        let holder = |machine: String, process: &str| Process { machine, process: process.to_owned() };
        assert!(!holder(machine(), &own).is_gone());
        assert!(holder(machine(), &format!("{} 1", std::process::id())).is_gone());
        assert!(!holder("another".to_owned(), &format!("{} 1", std::process::id())).is_gone());
        assert!(!holder(machine(), "").is_gone());
        // Nobody sees the processes of all users.
        let own = machine();
        let (place, user) = own.rsplit_once(' ').unwrap();
        let other = format!("{place} {}", user.parse::<u32>().unwrap() + 1);
        assert!(!holder(other, &format!("{} 1", std::process::id())).is_gone());
    }
}
