//! The generated users: who user number N is.

use super::object::Object;
use super::value::Value;
use super::vocabulary::{DEPARTMENTS, FAMILY, GIVEN, SITES, Site, TITLES};
use super::world::{SETTLED, World};
use crate::id::Id;

/// What each number from here on is rolled for.
mod salt {
    pub(super) const GIVEN: u64 = 1;
    pub(super) const FAMILY: u64 = 2;
    pub(super) const DEPARTMENT: u64 = 3;
    pub(super) const TITLE: u64 = 4;
    pub(super) const SITE: u64 = 5;
    pub(super) const ACTIVE: u64 = 6;
    pub(super) const PROFILE: u64 = 7;
    pub(super) const ROLE: u64 = 8;
    pub(super) const PHONE: u64 = 9;
    pub(super) const LOGIN: u64 = 10;
    pub(super) const CHANGED: u64 = 11;
    pub(super) const CONTRACTOR: u64 = 12;
    pub(super) const MIDDLE: u64 = 13;
    pub(super) const LOCK: u64 = 14;
}

/// The user the app works for.
pub(crate) const INTEGRATION: u64 = 0;
const ADMINISTRATOR: u64 = 1;
/// The platform's own user, which has no profile.
pub(crate) const AUTOMATED: u64 = 2;
const GUEST: u64 = 3;

/// The rows of Profile that users are given; the catalog writes them in this order.
pub(crate) mod profile {
    pub(crate) const ADMINISTRATOR: u64 = 0;
    pub(crate) const INTERNAL: [u64; 8] = [1, 1, 1, 2, 3, 4, 6, 7];
    pub(crate) const INTEGRATION: u64 = 8;
    pub(crate) const CHATTER: u64 = 9;
    pub(crate) const PARTNER: u64 = 10;
    pub(crate) const CUSTOMER: u64 = 11;
    pub(crate) const GUEST: u64 = 12;
}

fn ordinary(index: u64) -> bool {
    index > GUEST
}

fn given_pair(world: &World, index: u64) -> (&'static str, &'static str) {
    world.pick(index, salt::GIVEN, &GIVEN)
}

fn family_pair(world: &World, index: u64) -> (&'static str, &'static str) {
    world.pick(index, salt::FAMILY, &FAMILY)
}

fn site(world: &World, index: u64) -> &'static Site {
    let place = world.roll(index, salt::SITE) % SITES.len() as u64;
    &SITES[usize::try_from(place).expect("below the list's length")]
}

pub(crate) fn user_type(_: &World, index: u64) -> Value {
    Value::from(type_of(index))
}

fn type_of(index: u64) -> &'static str {
    match index {
        AUTOMATED => "AutomatedProcess",
        GUEST => "Guest",
        _ if !ordinary(index) => "Standard",
        _ => match index % 100 {
            17 | 41 | 83 => "CsnOnly",
            29 | 67 => "PowerPartner",
            53 => "CspLitePortal",
            _ => "Standard",
        },
    }
}

fn external(index: u64) -> bool {
    matches!(type_of(index), "PowerPartner" | "CspLitePortal")
}

pub(crate) fn first_name(world: &World, index: u64) -> Value {
    match index {
        INTEGRATION => "Connector".into(),
        ADMINISTRATOR => "Ada".into(),
        AUTOMATED | GUEST => Value::Null,
        // Some people have one name only.
        _ if world.chance(index, salt::MIDDLE, 2) => Value::Null,
        _ => given_pair(world, index).0.into(),
    }
}

pub(crate) fn last_name(world: &World, index: u64) -> Value {
    match index {
        INTEGRATION => "Integration",
        ADMINISTRATOR => "Admin",
        AUTOMATED => "Automated Process",
        GUEST => "Site Guest User",
        _ => family_pair(world, index).0,
    }
    .into()
}

pub(crate) fn name(world: &World, index: u64) -> Value {
    full_name(&first_name(world, index), &last_name(world, index))
}

/// First and last name in one.
pub(crate) fn full_name(first: &Value, last: &Value) -> Value {
    match (first.text(), last.text()) {
        (Some(first), Some(last)) => Value::from(format!("{first} {last}")),
        (_, Some(last)) => Value::from(last.to_owned()),
        _ => Value::Null,
    }
}

fn handle(world: &World, index: u64) -> String {
    format!("{}.{}.{index}", given_pair(world, index).1, family_pair(world, index).1)
}

pub(crate) fn username(world: &World, index: u64) -> Value {
    match index {
        INTEGRATION => world.username.clone(),
        ADMINISTRATOR => "admin@acme.example".to_owned(),
        AUTOMATED => format!("autoproc@{}", world.organization().as_str().to_lowercase()),
        GUEST => "help@acme-guest.example".to_owned(),
        _ => format!("{}@acme.example", handle(world, index)),
    }
    .into()
}

pub(crate) fn email(world: &World, index: u64) -> Value {
    match index {
        INTEGRATION => "identity-team@acme.example".to_owned(),
        ADMINISTRATOR => "ada@acme.example".to_owned(),
        AUTOMATED => "autoproc@acme.example".to_owned(),
        GUEST => "help@acme.example".to_owned(),
        _ if external(index) => format!("{}@partner.example", handle(world, index)),
        _ => format!("{}@mail.acme.example", handle(world, index)),
    }
    .into()
}

pub(crate) fn alias(world: &World, index: u64) -> Value {
    let handle = match index {
        INTEGRATION => "connect".to_owned(),
        ADMINISTRATOR => "admin".to_owned(),
        AUTOMATED => "autoproc".to_owned(),
        GUEST => "guest".to_owned(),
        _ => {
            let given = given_pair(world, index).1;
            let family = family_pair(world, index).1;
            format!("{}{}", &given[..1], &family[..family.len().min(7)])
        }
    };
    handle.into()
}

pub(crate) fn nickname(world: &World, index: u64) -> Value {
    format!("{}{index}", given_pair(world, index).1).into()
}

pub(crate) fn is_active(world: &World, index: u64) -> Value {
    Value::Bool(!ordinary(index) || !world.chance(index, salt::ACTIVE, 8))
}

/// The row in Profile of a generated user.
pub(crate) fn profile_of(world: &World, index: u64) -> Option<u64> {
    Some(match index {
        INTEGRATION => profile::INTEGRATION,
        ADMINISTRATOR => profile::ADMINISTRATOR,
        AUTOMATED => return None,
        GUEST => profile::GUEST,
        _ => match type_of(index) {
            "CsnOnly" => profile::CHATTER,
            "PowerPartner" => profile::PARTNER,
            "CspLitePortal" => profile::CUSTOMER,
            _ => world.pick(index, salt::PROFILE, &profile::INTERNAL),
        },
    })
}

pub(crate) fn profile_id(world: &World, index: u64) -> Value {
    profile_of(world, index).map(|row| world.id(Object::Profile, row)).into()
}

pub(crate) fn role_id(world: &World, index: u64) -> Value {
    let has = ordinary(index) && type_of(index) == "Standard" && !world.chance(index, salt::ROLE, 10);
    has.then(|| world.id(Object::UserRole, world.roll(index, salt::ROLE) / 100 % world.roles)).into()
}

pub(crate) fn manager_id(world: &World, index: u64) -> Value {
    let has = ordinary(index) && type_of(index) == "Standard" && index > 4;
    has.then(|| world.id(Object::User, 4 + (index - 5) / 8)).into()
}

pub(crate) fn time_zone(world: &World, index: u64) -> Value {
    site(world, index).4.into()
}

pub(crate) fn locale(world: &World, index: u64) -> Value {
    site(world, index).5.into()
}

pub(crate) fn language(world: &World, index: u64) -> Value {
    site(world, index).6.into()
}

pub(crate) fn encoding(_: &World, _: u64) -> Value {
    "UTF-8".into()
}

pub(crate) fn federation_id(world: &World, index: u64) -> Value {
    if ordinary(index) && !world.chance(index, salt::PHONE, 15) { handle(world, index).into() } else { Value::Null }
}

pub(crate) fn employee_number(_: &World, index: u64) -> Value {
    if ordinary(index) && !external(index) { format!("E{index:07}").into() } else { Value::Null }
}

pub(crate) fn title(world: &World, index: u64) -> Value {
    if ordinary(index) && !world.chance(index, salt::TITLE, 5) {
        world.pick(index, salt::TITLE, &TITLES).into()
    } else {
        Value::Null
    }
}

fn department_pair(world: &World, index: u64) -> Option<(&'static str, &'static str)> {
    (ordinary(index) && !external(index)).then(|| world.pick(index, salt::DEPARTMENT, &DEPARTMENTS))
}

pub(crate) fn department(world: &World, index: u64) -> Value {
    department_pair(world, index).map_or(Value::Null, |pair| pair.0.into())
}

pub(crate) fn cost_center(world: &World, index: u64) -> Value {
    department_pair(world, index).map_or(Value::Null, |pair| pair.1.into())
}

pub(crate) fn company(_: &World, index: u64) -> Value {
    if external(index) { "Globex Partners" } else { "Acme" }.into()
}

pub(crate) fn division(world: &World, index: u64) -> Value {
    if ordinary(index) { world.pick(index, salt::SITE, &["EMEA", "AMER", "APAC"]).into() } else { Value::Null }
}

pub(crate) fn phone(world: &World, index: u64) -> Value {
    if world.chance(index, salt::PHONE, 80) {
        format!("+1 555 {:07}", world.roll(index, salt::PHONE) / 100 % 10_000_000).into()
    } else {
        Value::Null
    }
}

pub(crate) fn street(world: &World, index: u64) -> Value {
    if ordinary(index) {
        format!("{} Main Street\nFloor {}", index % 300 + 1, world.roll(index, salt::SITE) / 7 % 12).into()
    } else {
        Value::Null
    }
}

pub(crate) fn city(world: &World, index: u64) -> Value {
    if ordinary(index) { site(world, index).0.into() } else { Value::Null }
}

pub(crate) fn state(world: &World, index: u64) -> Value {
    match site(world, index).1 {
        Some(state) if ordinary(index) => state.into(),
        _ => Value::Null,
    }
}

pub(crate) fn country(world: &World, index: u64) -> Value {
    if ordinary(index) { site(world, index).2.into() } else { Value::Null }
}

pub(crate) fn postal_code(world: &World, index: u64) -> Value {
    if ordinary(index) { site(world, index).3.into() } else { Value::Null }
}

pub(crate) fn address(world: &World, index: u64) -> Value {
    if !ordinary(index) {
        return Value::Null;
    }
    let parts = [city(world, index), country(world, index), postal_code(world, index), state(world, index)];
    compound_address(&parts, &street(world, index))
}

/// The fields of an address that [`compound_address`] takes as parts, in their order.
pub(crate) const ADDRESS_PARTS: [&str; 4] = ["City", "Country", "PostalCode", "State"];

/// An address in one value; null where all of it is.
pub(crate) fn compound_address(parts: &[Value; 4], street: &Value) -> Value {
    if *street == Value::Null && parts.iter().all(|part| *part == Value::Null) {
        return Value::Null;
    }
    let [city, country, postal_code, state] = parts;
    let mut json = b"{\"city\":".to_vec();
    city.write(&mut json);
    json.extend_from_slice(b",\"country\":");
    country.write(&mut json);
    json.extend_from_slice(b",\"geocodeAccuracy\":null,\"latitude\":null,\"longitude\":null,\"postalCode\":");
    postal_code.write(&mut json);
    json.extend_from_slice(b",\"state\":");
    state.write(&mut json);
    json.extend_from_slice(b",\"street\":");
    street.write(&mut json);
    json.push(b'}');
    Value::Compound(String::from_utf8(json).unwrap_or_default())
}

fn beside(prefix: &str, world: &World, index: u64) -> Value {
    external(index).then(|| Id::new(prefix, world.first_counter(Object::User) + index)).into()
}

pub(crate) fn contact_id(world: &World, index: u64) -> Value {
    beside("003", world, index)
}

pub(crate) fn account_id(world: &World, index: u64) -> Value {
    beside("001", world, index)
}

pub(crate) fn is_portal(_: &World, index: u64) -> Value {
    Value::Bool(external(index))
}

pub(crate) fn portal_role(_: &World, index: u64) -> Value {
    if external(index) { "Worker".into() } else { Value::Null }
}

pub(crate) fn is_standard(_: &World, index: u64) -> Value {
    Value::Bool(type_of(index) == "Standard")
}

pub(crate) fn is_manager(world: &World, index: u64) -> Value {
    Value::Bool(world.chance(index, salt::TITLE, 30))
}

pub(crate) fn no(_: &World, _: u64) -> Value {
    Value::Bool(false)
}

pub(crate) fn notification_frequency(_: &World, _: u64) -> Value {
    "N".into()
}

pub(crate) fn digest_frequency(_: &World, _: u64) -> Value {
    "D".into()
}

pub(crate) fn last_login(world: &World, index: u64) -> Value {
    if world.chance(index, salt::LOGIN, 90) {
        Value::DateTime(world.moment(index, salt::LOGIN, 90))
    } else {
        Value::Null
    }
}

pub(crate) fn password_changed(world: &World, index: u64) -> Value {
    Value::DateTime(world.moment(index, salt::PHONE, 180))
}

pub(crate) fn failed_logins(world: &World, index: u64) -> Value {
    Value::Int(if world.chance(index, salt::LOCK, 3) { 5 } else { 0 })
}

pub(crate) fn photo(_: &World, index: u64) -> Value {
    format!("https://127.0.0.1/profilephoto/{index}/T").into()
}

pub(crate) fn created_date(world: &World, index: u64) -> Value {
    Value::DateTime(world.created(index))
}

pub(crate) fn modified_date(world: &World, index: u64) -> Value {
    Value::DateTime(changed(world, index))
}

fn changed(world: &World, index: u64) -> i64 {
    world.moment(index, salt::CHANGED, 30)
}

pub(crate) fn stamp(world: &World, index: u64) -> Value {
    // The system touches rows a little after their users do.
    Value::DateTime((changed(world, index) + 60_000).min(SETTLED))
}

pub(crate) fn by_administrator(world: &World, _: u64) -> Value {
    Value::Id(world.id(Object::User, ADMINISTRATOR))
}

pub(crate) fn badge(world: &World, index: u64) -> Value {
    if !ordinary(index) || world.chance(index, salt::CONTRACTOR, 5) {
        return Value::Null;
    }
    Value::Double(f64::from(u32::try_from(10_000 + index).unwrap_or(u32::MAX)))
}

pub(crate) fn contractor(world: &World, index: u64) -> Value {
    Value::Bool(ordinary(index) && world.chance(index, salt::CONTRACTOR, 20))
}

pub(crate) fn start_date(world: &World, index: u64) -> Value {
    if !ordinary(index) {
        return Value::Null;
    }
    i32::try_from(world.created(index).div_euclid(86_400_000)).map_or(Value::Null, Value::Date)
}

pub(crate) fn is_frozen(world: &World, index: u64) -> Value {
    Value::Bool(ordinary(index) && world.roll(index, salt::LOCK) % 100 < 2)
}

pub(crate) fn is_password_locked(world: &World, index: u64) -> Value {
    Value::Bool(ordinary(index) && world.roll(index, salt::LOCK) % 100 == 2)
}

pub(crate) fn user_of_row(world: &World, index: u64) -> Value {
    Value::Id(world.id(Object::User, index))
}
