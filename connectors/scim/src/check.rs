//! What settings say wrong although they fit their schema.

use crate::settings::{ChangesBy, Memberships, Paging, Settings};
use connector_core::SettingsFault;
use scim_v2::filter::Filter;

/// All faults at once.
pub(crate) fn faults(settings: &Settings) -> Vec<SettingsFault> {
    let mut faults = Vec::new();
    let path = settings.base_url.path().trim_end_matches('/');
    if let Some(last) = path.rsplit('/').next().filter(|last| ["Users", "Groups", "Schemas"].contains(last)) {
        faults.push(
            SettingsFault::new("/base_url", format!("the URL ends with `/{last}`"))
                .with_help("write the URL before `/Users` and `/Groups`"),
        );
    }
    if let Some(filter) = &settings.filter
        && let Err(why) = filter.parse::<Filter>()
    {
        faults.push(
            SettingsFault::new("/filter", format!("not a SCIM filter: {}", first_line(&why.to_string())))
                .with_help("write it like `userType eq \"Employee\" and not (title co \"Intern\")`"),
        );
    }
    if settings.paging == Paging::Keyset && settings.filter.as_deref().is_some_and(|filter| filter.contains("id ")) {
        faults.push(
            SettingsFault::new("/paging", "keyset paging filters by id itself")
                .with_help("use `paging: index`, or a filter without `id`"),
        );
    }
    if settings.entitlements.is_empty() {
        faults.push(SettingsFault::new("/entitlements", "the list is empty").with_help("remove it, or name `Group`"));
    }
    for (place, name) in settings.entitlements.iter().enumerate() {
        let pointer = format!("/entitlements/{place}");
        if settings.entitlements[..place].iter().any(|other| other.eq_ignore_ascii_case(name)) {
            faults.push(SettingsFault::new(pointer, format!("`{name}` is in the list already")).with_help("remove it"));
        } else if name.eq_ignore_ascii_case("groups") || name.eq_ignore_ascii_case("members") {
            faults.push(
                SettingsFault::new(pointer, format!("`{name}` is not a type of entitlement"))
                    .with_help("name the resource type `Group`; `memberships: user` reads the `groups` of users"),
            );
        }
    }
    let own =
        |name: &&String| !name.eq_ignore_ascii_case("Group") && name.starts_with(|c: char| c.is_ascii_uppercase());
    if settings.memberships == Memberships::User
        && let Some(other) = settings.entitlements.iter().find(own)
    {
        faults.push(
            SettingsFault::new("/memberships", format!("users list only groups, not `{other}`"))
                .with_help("use `memberships: group`, or remove the type from `entitlements`"),
        );
    }
    if settings.memberships == Memberships::User && settings.changes == ChangesBy::LastModified {
        faults.push(
            SettingsFault::new("/changes", "a change of a group does not change the date of its users")
                .with_help("use `memberships: group`, or remove `changes`"),
        );
    }
    faults
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
