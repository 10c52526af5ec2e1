//! The caps of plans: how much one plan may take away.

use super::journal::OpenPlan;
use connector_core::{Error, ErrorKind, Result};
use connector_project::source::{Cap, Capped, ProvisioningSettings};

/// Fewer changes than this need no cap.
const FEW: u64 = 10;

/// Why a previewed plan must not be applied, if so, and what the user should know about the caps.
pub(super) fn check(
    journal: &mut OpenPlan,
    settings: &ProvisioningSettings,
) -> Result<(Option<Error>, Option<String>)> {
    let guarded = journal.guarded()?;
    if guarded > 0 {
        let message = format!("{guarded} operations of the plan concern protected accounts: nothing was sent");
        let help =
            "leave them out of the plan, or take the accounts out of `provisioning.protected` in the source file";
        return Ok((Some(Error::new(ErrorKind::Guard, message).with_help(help)), None));
    }
    let mut warning = None;
    for capped in Capped::ALL {
        let (count, known) = (journal.planned(capped)?, journal.known(capped)?);
        let (what, of) = match capped {
            Capped::Disable => ("disables or locks", "enabled accounts"),
            Capped::Revoke => ("revokes", "assignments"),
            Capped::Delete => ("deletes", "accounts"),
        };
        let key = capped.key();
        match settings.most(capped, known) {
            Some(most) if count > most => {
                let cap = match settings.cap(capped) {
                    Some(Cap::Share(share)) => format!("{share}, which is {most}"),
                    _ => most.to_string(),
                };
                let message = format!(
                    "the plan {what} {count} of {known} {of}, more than `provisioning.{key}` allows ({cap}): nothing was sent"
                );
                let help = format!(
                    "check where the plan comes from. If it is right, set `provisioning: {{{key}: {count}}}` in the source file for this plan, or split the plan"
                );
                return Ok((Some(Error::new(ErrorKind::Guard, message).with_help(help)), warning));
            }
            None if count > FEW => {
                warning = Some(format!(
                    "`provisioning.{key}` is a share of the {of} in the store, which has none: run `connector aggregate` first"
                ));
            }
            _ => {}
        }
    }
    Ok((None, warning))
}
