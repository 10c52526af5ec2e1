//! What a server has.

use serde_json::{Value, json};

#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) users: Vec<Value>,
    pub(crate) groups: Vec<Value>,
    made: u64,
    /// The server's clock: seconds after noon.
    pub(crate) now: u64,
    /// Cursors: where each one continues.
    pub(crate) cursors: Vec<(String, usize)>,
    /// How many pages were given.
    pub(crate) pages: u64,
}

impl World {
    /// So many users, and groups of which each has these members by number.
    pub(crate) fn of(users: u64, groups: &[&[u64]]) -> Self {
        let mut world = Self::default();
        for number in 0..users {
            world.add_user(json!({"userName": format!("user{number}@acme.example"), "displayName": format!("User {number}"),
                "name": {"givenName": "User", "familyName": format!("{number}")}, "active": number % 7 != 3,
                "emails": [{"value": format!("user{number}@acme.example"), "type": "work", "primary": true}],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Sales", "manager": {"value": "u00000"}}}));
        }
        for (number, members) in groups.iter().enumerate() {
            let members: Vec<_> =
                members.iter().map(|user| json!({"value": format!("u{user:05}"), "type": "User"})).collect();
            world.groups.push(json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": format!("g{number}"),
                "displayName": format!("Group {number}"), "members": members, "meta": {"resourceType": "Group", "version": "W/\"1\"", "lastModified": time(0)}}));
        }
        world
    }

    pub(crate) fn add_user(&mut self, mut user: Value) -> String {
        let id = format!("u{:05}", self.made);
        self.made += 1;
        user["id"] = id.clone().into();
        user["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:User"]);
        user["meta"] = json!({"resourceType": "User", "version": "W/\"1\"", "created": time(self.now), "lastModified": time(self.now)});
        self.users.push(user);
        id
    }

    pub(crate) fn all(&mut self, kind: &str) -> &mut Vec<Value> {
        if kind == "Users" { &mut self.users } else { &mut self.groups }
    }

    pub(crate) fn get(&self, kind: &str, id: &str) -> Option<&Value> {
        let all = if kind == "Users" { &self.users } else { &self.groups };
        all.iter().find(|one| one["id"] == id)
    }

    /// Puts a changed resource in its place, with a new version.
    pub(crate) fn put(&mut self, kind: &str, mut resource: Value) {
        let now = time(self.now);
        let id = resource["id"].clone();
        let Some(old) = self.all(kind).iter_mut().find(|one| one["id"] == id) else { return };
        let version: u64 =
            old["meta"]["version"].as_str().unwrap().trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
        resource["meta"] = old["meta"].clone();
        resource["meta"]["version"] = format!("W/\"{}\"", version + 1).into();
        resource["meta"]["lastModified"] = now.into();
        *old = resource;
    }

    /// The ids of the members of a group.
    pub(crate) fn members(&self, group: &str) -> Vec<String> {
        let group = self.get("Groups", group).unwrap();
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
    }
}

/// A time of the server.
pub(crate) fn time(seconds: u64) -> String {
    format!("2026-01-01T{:02}:{:02}:{:02}Z", 12 + seconds / 3600, seconds / 60 % 60, seconds % 60)
}
