//! The files that Connector trusts and writes.
//!
//! * [`read`] and [`open`] are the only ways to a file that says what to do, or that holds a secret: a project file, a
//!   source, a plan, a key. They refuse a file that another user owns or can change, a device, and a link that leads away.
//! * [`NewFile`] and [`Folder`] are the only ways to write one. They open the folder once and work relative to it, so that
//!   nobody can exchange a part of the path in between, and they never follow a link of another user.
//!
//! Root, the user of the process and the owner of a folder that the user [named](trust_folder) are trusted. Every refusal
//! says whose the file is, and what to do.

mod folder;
mod new_file;
mod open;
mod paths;
mod refusal;
mod shell;
mod trust;

pub use folder::{Folder, ignore_secrets, ignored_by_git, keep_private, make_private};
pub use new_file::{NewFile, write_generated};
pub use open::{Role, check, open, read};
pub use refusal::{Reason, Refusal};
pub use shell::shell_word;
pub use trust::{check_project, trust_folder};
