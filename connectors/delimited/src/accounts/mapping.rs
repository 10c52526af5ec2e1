//! Makes an account of its rows.

use crate::attributes::{AttributeColumns, list, single};
use crate::effect::chosen;
use crate::layout::Layout;
use crate::lists::names_of;
use crate::names::Names;
use crate::rows::{Columns, Row, Unique};
use crate::settings::EnabledSettings;
use connector_core::{Account, EntitlementRef, Result};
use std::borrow::Cow;
use std::sync::Arc;

/// The table of accounts in positions.
pub(super) const ACCOUNTS: &str = "accounts";

/// The id of an account is in one row or group of rows.
pub(crate) fn unique(layout: &Layout) -> Unique<'_> {
    let settings = &layout.settings;
    Unique { what: "id", setting: "accounts.id", column: &settings.id, merge: settings.merge }
}

/// Which column of a file is what.
pub(crate) struct Mapping {
    pub(crate) id: usize,
    pub(crate) name: usize,
    pub(crate) alias: Option<usize>,
    display_name: Option<usize>,
    enabled: Option<(usize, EnabledSettings)>,
    pub(crate) attributes: AttributeColumns,
    held: Vec<Held>,
}

/// A column that names what an account holds.
struct Held {
    of: String,
    column: usize,
    split: Option<String>,
    names: Option<Arc<Names>>,
}

impl Mapping {
    pub(crate) fn new(layout: &Layout, columns: &Columns) -> Result<Self> {
        let settings = &layout.settings;
        let id = columns.find("accounts.id", &settings.id)?;
        let mut held = Vec::new();
        for one in &layout.types {
            let Some(column) = &one.column else { continue };
            let place = columns.find(&format!("accounts.entitlements.{}", one.name), &column.column)?;
            let names = names_of(layout, one)?;
            held.push(Held { of: one.name.clone(), column: place, split: column.split.clone(), names });
        }
        let except: Vec<_> = held.iter().map(|held| held.column).collect();
        let enabled = settings.enabled.as_ref();
        let enabled = enabled.map(|one| Ok((columns.find("accounts.enabled", &one.column)?, one.clone())));
        Ok(Self {
            id,
            name: columns.find_some("accounts.name", settings.name.as_ref())?.unwrap_or(id),
            alias: columns.find_some("accounts.alias", settings.alias.as_ref())?,
            display_name: columns.find_some("accounts.display_name", settings.display_name.as_ref())?,
            enabled: enabled.transpose()?,
            attributes: AttributeColumns::new(&settings.attributes, "accounts.attributes", columns, &except)?,
            held,
        })
    }

    /// The account in these rows, which have the same id.
    pub(crate) fn account(&self, rows: &[Row<'_>]) -> Result<Account> {
        let id = rows[0].some_text(self.id, "no id")?;
        let text = |column: Option<usize>| match column {
            Some(column) => Ok(single(rows, column)?.map(|(text, _)| text)),
            None => Ok::<_, connector_core::Error>(None),
        };
        let name = match text(Some(self.name))?.filter(|name| !name.is_empty()) {
            Some(name) => name,
            None => rows[0].some_text(self.name, "no login name")?,
        };
        let mut account = Account::new(id, name);
        account.display_name = text(self.display_name)?.filter(|name| !name.is_empty()).map(Cow::into_owned);
        account.alias = text(self.alias)?.filter(|alias| !alias.is_empty()).map(Cow::into_owned);
        account.enabled = self.is_enabled(rows)?;
        account.attributes = self.attributes.read(rows)?;
        for held in &self.held {
            held.read(rows, &mut account.entitlements)?;
        }
        Ok(account)
    }

    fn is_enabled(&self, rows: &[Row<'_>]) -> Result<bool> {
        let Some((column, EnabledSettings { is, is_not, .. })) = &self.enabled else { return Ok(true) };
        let found = single(rows, *column)?;
        let (text, row) = match &found {
            Some((text, row)) => (text.as_ref(), *row),
            None => (rows[0].table.format.null.as_str(), rows[0]),
        };
        chosen(text, is, is_not).ok_or_else(|| {
            let help = "add it to `accounts.enabled.is` or `accounts.enabled.is_not`";
            row.fault(*column, "the value is in neither list of `accounts.enabled`", help)
        })
    }
}

impl Held {
    fn read(&self, rows: &[Row<'_>], entitlements: &mut Vec<EntitlementRef>) -> Result<()> {
        for (value, row) in list(rows, self.column, self.split.as_deref().unwrap_or_default())? {
            let id = match &self.names {
                Some(names) => names.id_of(&value, || (row, self.column))?,
                None => value,
            };
            let held = EntitlementRef::new(self.of.clone(), id);
            if !entitlements.contains(&held) {
                entitlements.push(held);
            }
        }
        Ok(())
    }
}
