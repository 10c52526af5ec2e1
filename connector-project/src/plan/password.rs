//! Refs of passwords in plans.

use crate::document::{Fault, ref_fault};
use connector_core::SecretRef;

/// What is wrong with the ref of a password, judged by its text alone.
///
/// Plans come from spreadsheets and from other people. Unless the project allows `commands`, none of them runs a program.
pub(super) fn fault(text: &str, commands: bool) -> Option<Fault> {
    let is_command = text.parse::<SecretRef>().is_ok_and(|reference| reference.scheme() == "command");
    if is_command && !commands {
        return Some(Fault::new(
            "command_in_plan",
            "a plan must not run programs, but `password_ref` is a `command:` ref",
            "not allowed in this project",
            "use a `file:`, `env:` or `vault:` ref; to let every plan of this project run programs, write `plans: {allow_commands: true}` in `connector.yaml`",
        ));
    }
    ref_fault("password_ref", text)
}
