//! Finds the entitlements that a plan names.

use crate::patience::ask_each;
use connector_core::{EntitlementRef, Error, ErrorKind, Result};
use connector_project::effect::EntitlementNames;
use connector_project::source::Opened;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The entitlements that a plan names, as the source has them.
#[derive(Debug, Default)]
pub(super) struct Entitlements {
    found: HashMap<EntitlementRef, Vec<EntitlementRef>>,
    pub(super) names: EntitlementNames,
    ranks: HashMap<Cow<'static, str>, u8>,
    /// The types that no plan can grant or revoke.
    fixed: HashSet<Cow<'static, str>>,
}

impl Entitlements {
    /// Looks up all of them at once.
    pub(super) async fn look_up(opened: &Opened, wanted: BTreeSet<EntitlementRef>) -> Result<Self> {
        let Some(ability) = opened.connector.capabilities().entitlements() else {
            // If the connector can't read entitlements, the plan must give ids.
            let found = wanted.into_iter().map(|one| (one.clone(), vec![one])).collect();
            return Ok(Self { found, ..Self::default() });
        };
        let types = ability.entitlement_types();
        let ranks = types.iter().map(|one| (one.name.clone(), one.rank)).collect();
        let fixed = types.iter().filter(|one| !one.grantable).map(|one| one.name.clone()).collect();
        let mut entitlements = Self { ranks, fixed, ..Self::default() };
        let (known, unknown): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|one| types.iter().any(|known| known.name == one.entitlement_type));
        entitlements.found.extend(unknown.into_iter().map(|one| (one, Vec::new())));
        if known.is_empty() {
            return Ok(entitlements);
        }
        let find = || ability.find_entitlements(&known);
        let candidates = ask_each(opened, "looking up entitlements", known.len(), find).await?;
        for (wanted, candidates) in known.into_iter().zip(candidates) {
            let keys = candidates.iter().map(|candidate| candidate.key.clone()).collect();
            entitlements.names.extend(candidates.into_iter().map(|candidate| (candidate.key, candidate.name)));
            entitlements.found.insert(wanted, keys);
        }
        Ok(entitlements)
    }

    /// The rank of a type.
    pub(super) fn rank(&self, entitlement: &EntitlementRef) -> u8 {
        self.ranks.get(&entitlement.entitlement_type).copied().unwrap_or(0)
    }

    /// The entitlement with this name or id. Fails with kind `not_found`, or with kind `invalid` and the candidates.
    pub(super) fn resolve(&self, opened: &Opened, wanted: &EntitlementRef) -> Result<EntitlementRef> {
        let written = wanted.to_string();
        if self.fixed.contains(&wanted.entitlement_type) {
            let message = format!("a plan can't grant or revoke `{}`", wanted.entitlement_type);
            return Err(
                Error::unsupported(message).with_help("the source decides by itself who holds it; leave it out")
            );
        }
        match self.found.get(wanted).map(Vec::as_slice) {
            Some([one]) => Ok(one.clone()),
            Some(several @ [_, _, ..]) => {
                let candidates: Vec<_> = several.iter().map(|one| format!("`{one}`")).collect();
                Err(Error::new(ErrorKind::Invalid, format!("several entitlements have the name `{written}`"))
                    .with_help(format!("use an id: {}", candidates.join(", "))))
            }
            _ if !self.ranks.is_empty() && !self.ranks.contains_key(&wanted.entitlement_type) => {
                let mut known: Vec<&str> = self.ranks.keys().map(|name| &**name).collect();
                known.sort_unstable();
                let message = format!("`{}` has no entitlement type `{}`", opened.source, wanted.entitlement_type);
                Err(Error::new(ErrorKind::NotFound, message).with_help(format!("use one of {}", known.join(", "))))
            }
            _ => Err(Error::new(ErrorKind::NotFound, format!("`{}` has no `{written}`", opened.source)).with_help(
                format!(
                    "check the spelling; `connector entitlements {} --type {}` lists the entitlements of the last aggregation",
                    opened.source, wanted.entitlement_type
                ),
            )),
        }
    }
}
