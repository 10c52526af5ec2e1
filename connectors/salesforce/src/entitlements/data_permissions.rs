//! What profiles and sets allow on objects and fields. Each table is read once, as a whole, never set by set.

use crate::api::Rest;
use crate::api::keyset;
use crate::api::ranges::RecordId;
use crate::api::record;
use crate::api::soql::Select;
use crate::assignments::setup_access;
use crate::error;
use connector_core::{AttributeSchema, AttributeType, AttributesBuilder, Entitlement, Error, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use tokio::sync::OnceCell;

/// Which permissions a source reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Permissions {
    System,
    Object,
    Field,
}

/// A table of permissions.
#[derive(Debug)]
struct Table {
    read: Permissions,
    object: &'static str,
    /// The field that says what they are about.
    about: &'static str,
    fields: &'static [&'static str],
    description: &'static str,
}

const PARENT: [&str; 4] = ["Id", "ParentId", "Parent.ProfileId", "Parent.PermissionSetGroupId"];

/// Orgs with an API before 63.0 don't have this permission.
const NEW_IN_63: &str = "PermissionsViewAllFields";

/// The tables. The attribute has the name of the object.
const TABLES: [Table; 2] = [
    Table {
        read: Permissions::Object,
        object: "ObjectPermissions",
        about: "SobjectType",
        fields: &[
            "PermissionsRead",
            "PermissionsCreate",
            "PermissionsEdit",
            "PermissionsDelete",
            NEW_IN_63,
            "PermissionsViewAllRecords",
            "PermissionsModifyAllRecords",
        ],
        description: "What it allows on each object.",
    },
    Table {
        read: Permissions::Field,
        object: "FieldPermissions",
        about: "Field",
        fields: &["PermissionsRead", "PermissionsEdit"],
        description: "What it allows on each field.",
    },
];

/// What each profile, set and group allows, as JSON.
type Allowed = BTreeMap<RecordId, String>;

/// The permissions on data that the settings name.
#[derive(Debug, Default)]
pub(crate) struct DataPermissions {
    reads: Vec<Permissions>,
    /// One for each table; `None` for a table that the service account can't see.
    read: [OnceCell<Option<Allowed>>; 2],
}

impl DataPermissions {
    pub(crate) fn new(reads: Vec<Permissions>) -> Self {
        Self { reads, ..Self::default() }
    }

    fn tables(&self) -> impl Iterator<Item = (&'static Table, &OnceCell<Option<Allowed>>)> {
        TABLES.iter().zip(&self.read).filter(|(table, _)| self.reads.contains(&table.read))
    }

    /// The attributes of profiles, sets and groups.
    pub(super) fn attributes(&self) -> impl Iterator<Item = AttributeSchema> {
        self.tables()
            .map(|(table, _)| AttributeSchema::new(table.object, AttributeType::Json).described(table.description))
    }

    /// Adds what they allow to entitlements. Returns the attributes that the org does not show.
    pub(super) async fn add_to(&self, rest: &Rest, entitlements: &mut [Entitlement]) -> Result<Vec<&'static str>> {
        let mut unseen = Vec::new();
        for (table, cell) in self.tables() {
            let Some(allowed) = cell.get_or_try_init(|| read(rest, table)).await? else {
                unseen.push(table.object);
                continue;
            };
            for one in &mut *entitlements {
                let Some(json) = RecordId::read(&one.key.id).and_then(|id| allowed.get(&id)) else { continue };
                let mut attributes = AttributesBuilder::with_capacity(one.attributes.as_str().len() + json.len() + 32);
                for (name, value) in one.attributes.entries() {
                    attributes.push_raw(&name, value);
                }
                attributes.push_raw(
                    table.object,
                    serde_json::from_str(json).map_err(|cause| Error::internal(cause.to_string()))?,
                );
                one.attributes = attributes.build();
            }
        }
        Ok(unseen)
    }

    /// All attributes that an entitlement can have by these tables.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        TABLES.iter().map(|table| table.object)
    }
}

/// Reads a table as a whole. `None` if the service account can't see it, or not all of its permissions: one that is hidden is not
/// one that nobody has.
async fn read(rest: &Rest, table: &'static Table) -> Result<Option<Allowed>> {
    let fields = PARENT.iter().chain([&table.about]).chain(table.fields).copied().collect();
    let select = Select { object: table.object, fields, filter: None };
    let rows = keyset::all_shown(rest, &select, |row| {
        let mut words = Vec::new();
        for field in table.fields.iter().filter(|field| row.has(field)) {
            if row.flag(field)? {
                words.push(field.trim_start_matches("Permissions"));
            }
        }
        Ok(Some((setup_access::owner(row)?, row.some_text(table.about)?.into_owned(), words)))
    });
    let rows = match rows.await {
        Err(refused) if error::is_missing_object(&refused) => return Ok(None),
        rows => rows?,
    };
    if rest.hidden(table.object).iter().any(|field| table.fields.contains(field) && *field != NEW_IN_63) {
        return Ok(None);
    }
    let mut of_owners: BTreeMap<RecordId, BTreeMap<String, Vec<&str>>> = BTreeMap::new();
    for (owner, about, words) in rows {
        if of_owners.entry(owner).or_default().insert(about, words).is_some() {
            return Err(record::odd(table.object, "says twice what one profile or set allows on the same"));
        }
    }
    Ok(Some(of_owners.into_iter().map(|(owner, allowed)| (owner, serde_json::json!(allowed).to_string())).collect()))
}
