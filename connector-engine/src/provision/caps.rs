//! The caps of plans: how much one plan may take away.

use super::journal::OpenPlan;
use connector_core::{Error, ErrorKind, Result};
use connector_project::source::{Capped, ProvisioningSettings};

/// Why a previewed plan must not be applied, if so, and what the user should know about the caps.
pub(super) fn check(journal: &mut OpenPlan, settings: &ProvisioningSettings) -> Result<(Option<Error>, Vec<String>)> {
    let guarded = journal.guarded()?;
    if guarded > 0 {
        let message = format!("{guarded} operations of the plan concern protected accounts: nothing was sent");
        let help =
            "leave them out of the plan, or take the accounts out of `provisioning.protected` in the source file";
        return Ok((Some(Error::new(ErrorKind::Guard, message).with_help(help)), Vec::new()));
    }
    let mut warnings = Vec::new();
    for capped in Capped::ALL {
        let known = journal.known(capped)?;
        warnings.extend(settings.loosened(capped, known));
        match settings.check(capped, journal.planned(capped)?, known) {
            Ok(unknown) => warnings.extend(unknown),
            Err(refusal) => return Ok((Some(refusal), warnings)),
        }
    }
    Ok((None, warnings))
}
