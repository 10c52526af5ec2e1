//! Which profiles are for programs.
//!
//! Salesforce has no type of user for integrations: such a user is of type `Standard`. The license tells them apart
//! (`Salesforce Integration`, `Analytics Cloud Integration User`), and so does the name of the profile, or that its users can use the
//! API only.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::soql::Select;
use crate::error;
use connector_core::Result;

/// Whether the users of a profile can use the API only.
const API_ONLY: &str = "PermissionsApiUserOnly";

/// The profiles for programs, sorted.
#[derive(Debug)]
pub(crate) struct Integrations(Vec<RecordId>);

impl Integrations {
    /// Asks the org. None if it does not show its profiles.
    pub(crate) async fn read(rest: &Rest) -> Result<Self> {
        let fields = vec!["Id", "Name", "UserLicense.Name", API_ONLY];
        let select = Select { object: "Profile", fields, filter: None };
        let profiles = keyset::all_shown(rest, &select, |row| {
            let license = row.parent_text("UserLicense", "Name")?;
            let is_one = is_integration(&row.some_text("Name")?)
                || license.is_some_and(|name| is_integration(&name))
                || (row.has(API_ONLY) && row.flag(API_ONLY)?);
            Ok(is_one.then_some(row.id("Id")?.1))
        });
        match profiles.await {
            Ok(mut profiles) => {
                profiles.sort_unstable();
                Ok(Self(profiles))
            }
            Err(refused) if error::is_missing_object(&refused) || error::is_refused_query(&refused) => {
                Ok(Self(Vec::new()))
            }
            Err(error) => Err(error),
        }
    }

    /// The profiles.
    pub(crate) fn profiles(&self) -> &[RecordId] {
        &self.0
    }

    /// Whether users with this profile are programs.
    pub(crate) fn have(&self, profile: RecordId) -> bool {
        self.0.binary_search(&profile).is_ok()
    }
}

/// Whether a name ends in `Integration`, or says that its users are.
fn is_integration(name: &str) -> bool {
    ["integration", "integrations", "integration user", "integration users"].iter().any(|end| {
        name.to_lowercase().strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with(' '))
    })
}

#[cfg(test)]
mod tests {
    use super::is_integration;

    #[test]
    fn licenses_and_profiles_for_programs_are_known_by_their_names() {
        for name in [
            "Salesforce Integration",
            "Analytics Cloud Integration User",
            "Salesforce API Only System Integrations",
            "Minimum Access - API Only Integrations",
        ] {
            assert!(is_integration(name), "{name}");
        }
        for name in ["Salesforce", "Integration Team Lead", "Disintegration", "Standard User"] {
            assert!(!is_integration(name), "{name}");
        }
    }
}
