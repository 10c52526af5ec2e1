//! The settings, put into the terms of files and rows.

use crate::files::{DataFile, Table};
use crate::names::Names;
use crate::rows::{Parked, SortedRows};
use crate::settings::{AccountsSettings, ColumnSettings, EntitlementSettings, HoldersSettings, Settings};
use connector_core::{Clock, Context, EntitlementType, Result};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Where accounts, entitlements and assignments are, and what the connector remembers of them between two pages: open files,
/// sorted rows, and the names of entitlements. All of it can be made again from the files.
pub(crate) struct Layout {
    pub(crate) project: PathBuf,
    pub(crate) settings: AccountsSettings,
    pub(crate) accounts: Arc<Table>,
    /// In the order of their names.
    pub(crate) types: Vec<TypeLayout>,
    pub(crate) writable: bool,
    pub(crate) parked: Parked,
    pub(crate) sorted: Mutex<Option<Arc<SortedRows>>>,
    pub(crate) names: Mutex<HashMap<String, KnownNames>>,
    clock: Clock,
}

/// The names in files with these prints.
type KnownNames = (Vec<u64>, Arc<Names>);

/// A type of entitlement.
pub(crate) struct TypeLayout {
    pub(crate) name: String,
    pub(crate) settings: Option<EntitlementSettings>,
    /// The files that list the entitlements.
    pub(crate) list: Option<Arc<Table>>,
    /// The files that say who holds them.
    pub(crate) holders: Option<(HoldersSettings, Arc<Table>)>,
    /// The column of the accounts that names what they hold.
    pub(crate) column: Option<ColumnSettings>,
}

impl Layout {
    pub(crate) fn new(settings: &Settings, context: &Context) -> Self {
        let project = context.project();
        let accounts = &settings.accounts;
        let table = |file: &str, new_rows: Option<&String>, format, complete| {
            let table = Table::new(project, file, (format, &settings.format), (complete, &settings.complete));
            Arc::new(table.with_new_rows(new_rows))
        };
        let names: BTreeSet<&String> = settings.entitlements.keys().chain(accounts.entitlements.keys()).collect();
        let types = names.into_iter().map(|name| {
            let own = settings.entitlements.get(name);
            let list = own.and_then(|own| own.file.as_ref().map(|file| table(file, None, &own.format, &own.complete)));
            let holders = own.and_then(|own| own.holders.as_ref());
            let holders =
                holders.map(|one| (one.clone(), table(&one.file, one.new_rows.as_ref(), &one.format, &one.complete)));
            let column = accounts.entitlements.get(name).cloned();
            TypeLayout { name: name.clone(), settings: own.cloned(), list, holders, column }
        });
        Self {
            project: project.to_owned(),
            settings: accounts.clone(),
            accounts: table(&accounts.file, accounts.new_rows.as_ref(), &accounts.format, &accounts.complete),
            types: types.collect(),
            writable: settings.writable,
            parked: Parked::default(),
            sorted: Mutex::default(),
            names: Mutex::default(),
            clock: context.clock().clone(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn type_named(&self, name: &str) -> Option<&TypeLayout> {
        self.types.iter().find(|one| one.name == name)
    }

    /// Every table, with its name in messages.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        let of_types =
            self.types.iter().flat_map(|one| one.list.iter().chain(one.holders.iter().map(|(_, table)| table)));
        std::iter::once(&self.accounts).chain(of_types)
    }

    /// Every file, each once.
    pub(crate) fn files(&self) -> Result<Vec<DataFile>> {
        let mut files = BTreeMap::new();
        for table in self.tables() {
            files.extend(table.files(self.now())?.into_iter().map(|file| (file.path.clone(), file)));
        }
        Ok(files.into_values().collect())
    }
}

impl TypeLayout {
    /// Whether a file says who holds it.
    pub(crate) fn is_grantable(&self) -> bool {
        self.column.is_some() || self.holders.is_some()
    }

    pub(crate) fn entitlement_type(&self, writable: bool) -> EntitlementType {
        let title = self.settings.as_ref().and_then(|settings| settings.title.clone());
        let described = match (&self.list, &self.holders) {
            (Some(list), _) => format!("Listed in {}", list.pattern.text()),
            (None, Some((_, table))) => format!("Named by the members in {}", table.pattern.text()),
            (None, None) => "Named by the accounts".to_owned(),
        };
        let of = EntitlementType::new(self.name.clone(), title.unwrap_or_else(|| self.name.clone()));
        let of = of.described(described);
        if writable && self.is_grantable() { of } else { of.not_grantable() }
    }
}
