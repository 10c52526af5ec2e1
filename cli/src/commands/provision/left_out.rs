//! What the operations change that a long preview leaves out: nobody may miss who gets what among many harmless changes.

use crate::output::{DIM, clean_line, count, paint, render_change};
use connector_core::Result;
use connector_engine::provision::{Standing, ValueChange};
use connector_engine::query::{Names, OperationReport};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The operations that are left out.
#[derive(Default)]
pub(super) struct LeftOut {
    operations: u64,
    /// How often each change occurs. Entitlements, switches and passwords are told apart; of other attributes, only the name.
    changes: BTreeMap<String, u64>,
}

impl LeftOut {
    pub(super) fn add(&mut self, operation: &OperationReport, names: &Names) -> Result<()> {
        self.operations += 1;
        if operation.outcome == Standing::Planned {
            for change in &operation.changes {
                *self.changes.entry(what(change, names)?).or_default() += 1;
            }
        }
        Ok(())
    }

    /// One of which it is only said that it is left out.
    pub(super) fn count(&mut self) {
        self.operations += 1;
    }

    pub(super) fn is_any(&self) -> bool {
        self.operations > 0
    }

    pub(super) fn render(&self) -> String {
        if self.operations == 0 {
            return String::new();
        }
        let more = format!("  … and {} more; `--output json` lists all of them", count(self.operations));
        let mut text = paint(DIM, more);
        for (change, times) in &self.changes {
            _ = write!(text, "\n      {change}  {}", paint(DIM, format!("× {}", count(*times))));
        }
        text.push('\n');
        text
    }
}

/// A change without what differs from account to account.
fn what(change: &ValueChange, names: &Names) -> Result<String> {
    let name_of = |id: &str| names.name(id).unwrap_or_default();
    let shown = |change: &ValueChange| render_change(change, usize::MAX, &name_of).trim().to_owned();
    match change {
        ValueChange::Entitlement { entitlement, name, from, to, .. } => Ok(shown(&ValueChange::Entitlement {
            entitlement: entitlement.clone(),
            name: name.clone(),
            from: *from,
            to: *to,
            until: None,
            until_before: None,
        })),
        ValueChange::Attribute { attribute, to, .. } => {
            let decides = match to {
                Value::Bool(_) => true,
                Value::String(text) => names.is_entitlement(text)?,
                _ => false,
            };
            if !decides {
                return Ok(clean_line(attribute).into_owned());
            }
            let to = to.clone();
            Ok(shown(&ValueChange::Attribute { attribute: attribute.clone(), from: Value::Null, to }))
        }
    }
}
