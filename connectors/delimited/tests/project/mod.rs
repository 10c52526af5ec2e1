//! A project folder with files, and a connector that reads them.
#![allow(dead_code, clippy::missing_panics_doc, reason = "each test binary uses a part of it")]

use connector_core::{
    Account, Assignment, Clock, Connector, Context, Entitlement, Error, Result, SettingsFault, registry,
};
use connector_delimited as _;
use connector_testkit::{whole_accounts, whole_assignments, whole_entitlements};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) struct Project(TempDir);

impl Project {
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        for (name, bytes) in files {
            project.write(name, bytes);
        }
        project
    }

    /// With the accounts file `people.csv`.
    pub(crate) fn of_people(text: impl AsRef<[u8]>) -> Self {
        Self::new(&[("people.csv", text.as_ref())])
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub(crate) fn context(&self) -> Context {
        Context::new("people", self.folder())
    }

    pub(crate) fn open(&self, settings: &Value) -> Box<dyn Connector> {
        self.open_at(settings, Clock::system())
    }

    pub(crate) fn open_at(&self, settings: &Value, clock: Clock) -> Box<dyn Connector> {
        let registration = registry::connector("delimited").unwrap();
        let faults = registration.check(settings.clone(), &self.context()).unwrap();
        assert_eq!(faults, [], "the settings are right");
        registration.open(settings.clone(), &self.context().with_clock(clock)).unwrap()
    }

    pub(crate) fn faults(&self, settings: &Value) -> Vec<SettingsFault> {
        registry::connector("delimited").unwrap().check(settings.clone(), &self.context()).unwrap()
    }

    pub(crate) async fn accounts(&self, settings: &Value) -> Result<Vec<Account>> {
        accounts(self.open(settings).as_ref()).await
    }

    pub(crate) async fn error(&self, settings: &Value) -> Error {
        match self.accounts(settings).await {
            Ok(accounts) => panic!("{} accounts instead of an error", accounts.len()),
            Err(error) => error,
        }
    }
}

pub(crate) async fn accounts(connector: &dyn Connector) -> Result<Vec<Account>> {
    Ok(whole_accounts(connector).await?.items)
}

pub(crate) async fn entitlements(connector: &dyn Connector) -> Result<Vec<Entitlement>> {
    Ok(whole_entitlements(connector).await?.items)
}

pub(crate) async fn assignments(connector: &dyn Connector) -> Result<Vec<Assignment>> {
    Ok(whole_assignments(connector).await?.items)
}

/// The ids of accounts, in order.
pub(crate) fn ids(accounts: &[Account]) -> Vec<&str> {
    accounts.iter().map(|account| account.id.as_str()).collect()
}
