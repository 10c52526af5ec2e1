//! The seats of licenses that operations take and give back.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::record::Row;
use crate::api::soql::Select;
use crate::error;
use connector_core::{EntitlementRef, Result, Seat};
use std::collections::BTreeMap;
use tokio::sync::OnceCell;

/// The licenses of an org, each table asked for once and only when it matters.
#[derive(Debug, Default)]
pub(super) struct Licenses {
    users: OnceCell<Table>,
    profiles: OnceCell<BTreeMap<RecordId, RecordId>>,
    permission_sets: OnceCell<Table>,
    packages: OnceCell<Table>,
}

type Table = BTreeMap<RecordId, License>;

/// A license: what it is called, and how many seats are free.
#[derive(Clone, Debug)]
struct License {
    name: String,
    free: u64,
}

/// The columns with the name of a license, its seats and its used seats.
struct Columns {
    object: &'static str,
    name: &'static str,
    total: &'static str,
    used: &'static str,
    noun: &'static str,
}

const USERS: Columns =
    Columns { object: "UserLicense", name: "Name", total: "TotalLicenses", used: "UsedLicenses", noun: "user license" };

const PERMISSION_SETS: Columns = Columns {
    object: "PermissionSetLicense",
    name: "MasterLabel",
    total: "TotalLicenses",
    used: "UsedLicenses",
    noun: "permission set license",
};

const PACKAGES: Columns = Columns {
    object: "PackageLicense",
    name: "NamespacePrefix",
    total: "AllowedLicenses",
    used: "UsedLicenses",
    noun: "package license",
};

impl Licenses {
    /// Asks for what profiles bring.
    pub(super) async fn need_users(&self, rest: &Rest) -> Result<()> {
        self.users.get_or_try_init(|| table(rest, &USERS)).await?;
        self.profiles.get_or_try_init(|| profiles(rest)).await?;
        Ok(())
    }

    /// Asks for what an entitlement of a type is.
    pub(super) async fn need(&self, rest: &Rest, entitlement_type: &str) -> Result<()> {
        match entitlement_type {
            "permission_set_license" => {
                self.permission_sets.get_or_try_init(|| table(rest, &PERMISSION_SETS)).await?;
            }
            "package_license" => {
                self.packages.get_or_try_init(|| table(rest, &PACKAGES)).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The seats that change when a user who had one profile gets another; no profile stands for a user who takes none.
    pub(super) fn moved(&self, before: Option<&str>, after: Option<&str>) -> Vec<Seat> {
        let (before, after) = (before.and_then(|id| self.of_profile(id)), after.and_then(|id| self.of_profile(id)));
        if before.map(|(id, _)| id) == after.map(|(id, _)| id) {
            return Vec::new();
        }
        let given = before.map(|(_, license)| license.seat(false));
        given.into_iter().chain(after.map(|(_, license)| license.seat(true))).collect()
    }

    /// The seat that granting an entitlement takes, or revoking it gives back.
    pub(super) fn of_entitlement(&self, entitlement: &EntitlementRef, takes: bool) -> Option<Seat> {
        let table = match entitlement.entitlement_type.as_ref() {
            "permission_set_license" => self.permission_sets.get(),
            "package_license" => self.packages.get(),
            _ => None,
        };
        Some(table?.get(&RecordId::read(&entitlement.id)?)?.seat(takes))
    }

    fn of_profile(&self, profile: &str) -> Option<(RecordId, &License)> {
        let id = self.profiles.get()?.get(&RecordId::read(profile)?)?;
        Some((*id, self.users.get()?.get(id)?))
    }
}

impl License {
    fn seat(&self, takes: bool) -> Seat {
        Seat::new(&self.name, self.free, takes)
    }
}

/// A table of licenses; empty where the org does not show it, and without those that have no end of seats.
async fn table(rest: &Rest, columns: &Columns) -> Result<Table> {
    let fields = vec!["Id", columns.name, columns.total, columns.used];
    let select = Select { object: columns.object, fields, filter: None };
    let rows = keyset::all(rest, &select, |row| {
        let (total, used) = (number(row, columns.total)?, number(row, columns.used)?);
        let name = format!("{} ({})", row.some_text(columns.name)?, columns.noun);
        let license = |total: u64| License { name, free: total.saturating_sub(u64::try_from(used).unwrap_or(0)) };
        let (_, id) = row.id("Id")?;
        Ok(u64::try_from(total).ok().map(license).map(|license| (id, license)))
    });
    match rows.await {
        Err(refused) if error::is_missing_object(&refused) || error::is_refused_field(&refused) => {
            tracing::debug!(error = %refused, "the org does not tell how many seats it has");
            Ok(Table::new())
        }
        rows => Ok(rows?.into_iter().collect()),
    }
}

/// The user license of each profile.
async fn profiles(rest: &Rest) -> Result<BTreeMap<RecordId, RecordId>> {
    let select = Select { object: "Profile", fields: vec!["Id", "UserLicenseId"], filter: None };
    let rows = keyset::all(rest, &select, |row| {
        let (_, id) = row.id("Id")?;
        Ok(row.some_id("UserLicenseId")?.map(|(_, license)| (id, license)))
    });
    match rows.await {
        Err(refused) if error::is_missing_object(&refused) || error::is_refused_field(&refused) => Ok(BTreeMap::new()),
        rows => Ok(rows?.into_iter().collect()),
    }
}

fn number(row: &Row<'_>, name: &str) -> Result<i64> {
    let text = row.json(name)?;
    if text == "null" {
        return Ok(-1);
    }
    text.parse().map_err(|_| row.odd(&format!("has a `{name}` that is no whole number")))
}
