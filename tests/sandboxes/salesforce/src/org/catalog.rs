//! The small tables of the org: profiles, roles, permission sets, groups, licenses.

use super::holdings;
use super::object::Object;
use super::people;
use super::permissions;
use super::programs;
use super::state::State;
use super::table::Row;
use super::value::Value;
use super::world::{FOUNDED, Grantable, SETTLED, World};

/// Licenses: name, definition key, seats, seats used.
const USER_LICENSES: [(&str, &str, i64); 6] = [
    ("Salesforce", "SFDC", 1_200_000),
    ("Salesforce Platform", "AUL", 5_000),
    ("Salesforce Integration", "PID_Salesforce_Integration", 5),
    ("Chatter Free", "PID_CHATTER", 50_000),
    ("Partner Community", "PID_Partner_Community", 50_000),
    ("Guest User License", "PID_Guest_User", 25),
];

/// Profiles: name, license, user type, custom. `people::profile` names places in this list.
const PROFILES: [(&str, usize, &str, bool); 13] = [
    ("System Administrator", 0, "Standard", false),
    ("Standard User", 0, "Standard", false),
    ("Contract Manager", 0, "Standard", false),
    ("Marketing User", 0, "Standard", false),
    ("Read Only", 0, "Standard", false),
    ("Solution Manager", 0, "Standard", false),
    ("Sales EMEA", 0, "Standard", true),
    ("Support Agent", 1, "Standard", true),
    ("Identity Integration", 2, "Standard", true),
    ("Chatter Free User", 3, "CsnOnly", false),
    ("Partner Community User", 4, "PowerPartner", false),
    ("Customer Community Login", 4, "CspLitePortal", true),
    ("Acme Help Profile", 5, "Guest", true),
];

const AREAS: [&str; 10] =
    ["Sales", "Service", "Finance", "Marketing", "Legal", "Support", "Data", "Partner", "Field", "Research"];
const ACTIONS: [&str; 12] = [
    "Ops", "Read", "Edit", "Approve", "Export", "Import", "Manage", "Audit", "Report", "Forecast", "Archive", "Delete",
];
const PACKAGES: [(&str, i64); 6] =
    [("dlrs", -1), ("sbqq", 500), ("npsp", 250), ("conga", 100), ("docusign", 1_000), ("vlocity", 40)];
const ROLE_LEVELS: u64 = 60;
const GROUPS: u64 = 24;
const PUBLIC_GROUPS: u64 = 40;
const QUEUES: u64 = 15;
const SET_LICENSES: u64 = 12;

/// Fills the small tables and the counts that generated rows depend on.
pub(crate) fn fill(state: &mut State) {
    organization(state);
    licenses(state);
    profiles(state);
    roles(state);
    permission_sets(state);
    permission_set_groups(state);
    permissions::fill(state);
    programs::fill(state);
    groups(state);
    territories(state);
    administrator(state);
    for object in Object::all() {
        let rows = holdings::rows(&state.world, object);
        if rows > 0 {
            state.table_mut(object).generated = rows;
        }
    }
    nested_groups(state);
    if state.world.users > people::AUTOMATED {
        // The platform's own user has no profile, so no profile's set either.
        let row = people::AUTOMATED * state.world.stride;
        state.table_mut(Object::PermissionSetAssignment).remove(row);
    }
}

/// A row with its id and system fields.
fn row(world: &World, object: Object, index: u64) -> Row {
    Row::new(object)
        .with("Id", world.id(object, index))
        .with("CreatedDate", Value::DateTime(FOUNDED + i64::try_from(index).unwrap_or(0) * 3_600_000))
        .with("CreatedById", world.id(Object::User, 1))
        .with("LastModifiedDate", Value::DateTime(world.moment(index, 90, 400)))
        .with("LastModifiedById", world.id(Object::User, 1))
        .with("SystemModstamp", Value::DateTime(world.moment(index, 90, 400)))
}

/// Adds a row with its id and system fields, and returns its number.
pub(super) fn push(state: &mut State, object: Object, fill: impl FnOnce(&World, Row) -> Row) -> u64 {
    let index = state.table(object).end();
    let filled = fill(&state.world, row(&state.world, object, index));
    state.table_mut(object).push(filled)
}

fn organization(state: &mut State) {
    push(state, Object::Organization, |_, row| {
        row.with("Name", "Acme")
            .with("OrganizationType", "Enterprise Edition")
            .with("InstanceName", "LOOP1")
            .with("Country", "US")
            .with("DefaultLocaleSidKey", "en_US")
            .with("LanguageLocaleKey", "en_US")
            .with("TimeZoneSidKey", "America/Los_Angeles")
    });
}

fn licenses(state: &mut State) {
    for (name, key, total) in USER_LICENSES {
        push(state, Object::UserLicense, |_, row| {
            row.with("Name", name)
                .with("MasterLabel", name)
                .with("LicenseDefinitionKey", key)
                .with("Status", "Active")
                .with("TotalLicenses", Value::Int(total))
                .with("UsedLicenses", Value::Int(total / 2))
                .with("UsedLicensesLastUpdated", Value::DateTime(SETTLED))
        });
    }
    for number in 0..SET_LICENSES {
        let name = format!("{} Cloud Add-on", AREAS[place(number, AREAS.len())]);
        let key = format!("{}AddOn{number}Psl", AREAS[place(number, AREAS.len())]);
        push(state, Object::PermissionSetLicense, |_, row| {
            row.with("DeveloperName", key.clone())
                .with("PermissionSetLicenseKey", key)
                .with("MasterLabel", name)
                .with("Language", "en_US")
                .with("Status", if number == 11 { "Disabled" } else { "Active" })
                .with("TotalLicenses", Value::Int(100_000))
                .with("UsedLicenses", Value::Int(1_000))
        });
    }
    for (prefix, allowed) in PACKAGES {
        push(state, Object::PackageLicense, |_, row| {
            row.with("NamespacePrefix", prefix)
                .with("Status", if allowed == 40 { "Trial" } else { "Active" })
                .with("AllowedLicenses", Value::Int(allowed))
                .with("UsedLicenses", Value::Int(10))
                .with("IsProvisioned", true)
        });
    }
    state.world.permission_set_licenses = SET_LICENSES;
    state.world.package_licenses = PACKAGES.len() as u64;
}

fn place(number: u64, length: usize) -> usize {
    usize::try_from(number % length as u64).expect("below the list's length")
}

fn profiles(state: &mut State) {
    for (number, (name, license, user_type, custom)) in PROFILES.into_iter().enumerate() {
        push(state, Object::Profile, |world, row| {
            let row = row
                .with("Name", name)
                .with("UserLicenseId", world.id(Object::UserLicense, license as u64))
                .with("UserType", user_type)
                .with("Description", if custom { Value::from(format!("For {name}")) } else { Value::Null });
            permissions::of_profile(number as u64).iter().fold(row, |row, permission| row.with(permission, true))
        });
        push(state, Object::PermissionSet, |world, row| {
            let profile = world.id(Object::Profile, number as u64);
            row.with("Name", format!("X{}", profile.as_str().to_lowercase()))
                .with("Label", format!("{profile}"))
                .with("IsOwnedByProfile", true)
                .with("IsCustom", custom)
                .with("ProfileId", profile)
                .with("LicenseId", world.id(Object::UserLicense, license as u64))
                .with("Type", "Profile")
        });
    }
}

fn roles(state: &mut State) {
    for number in 0..ROLE_LEVELS {
        let name = match number {
            0 => "CEO".to_owned(),
            _ => format!("{} {number}", AREAS[place(number, AREAS.len())]),
        };
        push(state, Object::UserRole, |world, row| {
            row.with("Name", name.clone())
                .with("DeveloperName", name.replace(' ', "_"))
                .with("ParentRoleId", (number > 0).then(|| world.id(Object::UserRole, (number - 1) / 4)))
                .with("RollupDescription", name)
                .with("OpportunityAccessForAccountOwner", "Edit")
                .with("CaseAccessForAccountOwner", "None")
                .with("ContactAccessForAccountOwner", "None")
                .with("PortalType", "None")
        });
    }
    state.world.roles = ROLE_LEVELS;
}

fn permission_sets(state: &mut State) {
    for (at, area) in AREAS.iter().enumerate() {
        for (number, action) in ACTIONS.iter().enumerate() {
            let standard = number == 11 && at < 3;
            let set = push(state, Object::PermissionSet, |world, row| {
                let license = match number {
                    9 => Some(world.id(Object::PermissionSetLicense, at as u64)),
                    1 | 2 => Some(world.id(Object::UserLicense, 0)),
                    _ => None,
                };
                let row = row
                    .with("Name", format!("{area}_{action}"))
                    .with("Label", format!("{area}: {action}"))
                    .with("IsCustom", !standard)
                    .with("LicenseId", license)
                    .with(
                        "Type",
                        if standard {
                            "Standard"
                        } else if number == 10 {
                            "Session"
                        } else {
                            "Regular"
                        },
                    )
                    .with("HasActivationRequired", number == 10)
                    .with("Description", format!("Lets {area} people {}.", action.to_lowercase()))
                    .with("NamespacePrefix", if standard { Value::from("force") } else { Value::Null });
                permissions::of_set(area, action).iter().fold(row, |row, permission| row.with(permission, true))
            });
            if number != 10 {
                state.world.grantables.push(Grantable { set, group: None });
            }
        }
    }
}

fn permission_set_groups(state: &mut State) {
    for number in 0..GROUPS {
        let area = AREAS[place(number, AREAS.len())];
        let name = format!("{area}_Bundle_{number}");
        let label = format!("{area} bundle {number}");
        let group = push(state, Object::PermissionSetGroup, |_, row| {
            row.with("DeveloperName", name.clone())
                .with("MasterLabel", label.clone())
                .with("Language", "en_US")
                .with("Description", format!("Everything {area} needs"))
                .with("Status", if number == 5 { "Outdated" } else { "Updated" })
        });
        let set = push(state, Object::PermissionSet, |world, row| {
            row.with("Name", name)
                .with("Label", label)
                .with("PermissionSetGroupId", world.id(Object::PermissionSetGroup, group))
                .with("Type", "Group")
        });
        for part in 0..3 {
            push(state, Object::PermissionSetGroupComponent, |world, row| {
                let member = PROFILES.len() as u64 + (number * 7 + part) % 120;
                row.with("PermissionSetGroupId", world.id(Object::PermissionSetGroup, group))
                    .with("PermissionSetId", world.id(Object::PermissionSet, member))
            });
        }
        // One group after every few sets, so that a few neighbors in the list always hold some of both.
        let at = place(number * 6 + 2, state.world.grantables.len());
        state.world.grantables.insert(at, Grantable { set, group: Some(group) });
    }
}

fn groups(state: &mut State) {
    for number in 0..PUBLIC_GROUPS {
        let area = AREAS[place(number, AREAS.len())];
        let index = push(state, Object::Group, |world, row| {
            row.with("Name", format!("{area} Team {number}"))
                .with("DeveloperName", format!("{area}_Team_{number}"))
                .with("Type", "Regular")
                .with("DoesIncludeBosses", true)
                .with("OwnerId", world.organization())
        });
        state.world.public_groups.push(index);
    }
    for number in 0..QUEUES {
        let area = AREAS[place(number, AREAS.len())];
        let index = push(state, Object::Group, |world, row| {
            row.with("Name", format!("{area} Queue {number}"))
                .with("DeveloperName", format!("{area}_Queue_{number}"))
                .with("Type", "Queue")
                .with("Email", format!("queue{number}@acme.example"))
                .with("OwnerId", world.organization())
        });
        push(state, Object::QueueSobject, |world, row| {
            row.with("QueueId", world.id(Object::Group, index))
                .with("SobjectType", if number % 3 == 0 { "Lead" } else { "Case" })
        });
        state.world.queues.push(index);
    }
    for number in 0..state.world.roles {
        for kind in ["Role", "RoleAndSubordinates"] {
            push(state, Object::Group, |world, row| {
                row.with("Type", kind)
                    .with("DeveloperName", format!("{kind}_{number}"))
                    .with("RelatedId", world.id(Object::UserRole, number))
                    .with("OwnerId", world.organization())
            });
        }
    }
    push(state, Object::Group, |world, row| row.with("Type", "Organization").with("OwnerId", world.organization()));
}

fn territories(state: &mut State) {
    if !state.world.territories {
        return;
    }
    push(state, Object::Territory2Model, |_, row| {
        row.with("Name", "Worldwide").with("DeveloperName", "Worldwide").with("State", "Active")
    });
    for number in 0..8_u64 {
        push(state, Object::Territory2, |world, row| {
            row.with("Name", format!("Territory {number}"))
                .with("DeveloperName", format!("Territory_{number}"))
                .with("Territory2ModelId", world.id(Object::Territory2Model, 0))
                .with("ParentTerritory2Id", (number > 0).then(|| world.id(Object::Territory2, 0)))
        });
    }
    state.world.territory_count = 8;
}

/// What the administrator has open, and has done.
fn administrator(state: &mut State) {
    let parent = push(state, Object::AuthSession, |world, row| {
        row.with("UsersId", world.id(Object::User, 1))
            .with("NumSecondsValid", Value::Int(7_200))
            .with("SessionType", "UI")
    });
    push(state, Object::AuthSession, |world, row| {
        row.with("UsersId", world.id(Object::User, 1))
            .with("NumSecondsValid", Value::Int(7_200))
            .with("SessionType", "Oauth2")
            .with("ParentId", world.id(Object::AuthSession, parent))
    });
    push(state, Object::OauthToken, |world, row| {
        row.with("UserId", world.id(Object::User, 1)).with("AppName", "Mail").with("UseCount", Value::Int(42))
    });
    push(state, Object::SetupAuditTrail, |_, row| {
        row.with("Action", "orgWideDefaults")
            .with("Section", "Sharing Defaults")
            .with("Display", "Changed the default of Lead")
    });
}

/// A few groups and roles that are members of public groups.
fn nested_groups(state: &mut State) {
    for number in 0..5_usize {
        let outer = state.world.public_groups[number];
        let inner = if number < 3 { state.world.public_groups[number + 10] } else { 60 + number as u64 };
        push(state, Object::GroupMember, |world, row| {
            row.with("GroupId", world.id(Object::Group, outer)).with("UserOrGroupId", world.id(Object::Group, inner))
        });
    }
}
