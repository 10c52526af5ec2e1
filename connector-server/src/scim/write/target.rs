//! What a name in a request stands for.

use super::super::names::{CORE_USER, ENTERPRISE_USER, extension};
use super::super::places::{Home, OF_EXTENSION, Places, Shape, Slot};
use super::body::member;
use scim_v2::filter::{AttrExp, AttrPath, Filter};
use serde_json::Value;

/// What a name in a request stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target<'a> {
    UserName,
    Active,
    Password,
    /// What the client calls the user.
    ExternalId,
    /// An attribute of the source.
    Slot(&'a Slot),
    /// Something of the core schema that clients only read: its name there.
    Fixed(&'static str),
    /// Something of the extension that clients only read: its name there.
    FixedOwn(&'static str),
    /// The schemas, the id and the metadata of the resource.
    Frame,
    /// Nothing that the source has.
    Unknown,
}

/// Names of one source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names<'a> {
    pub(super) source: &'a str,
    pub(super) places: &'a Places,
}

impl<'a> Names<'a> {
    /// The schema with this name.
    pub(super) fn home(self, uri: &str) -> Option<Home> {
        let known = [
            (CORE_USER.to_owned(), Home::Core),
            (ENTERPRISE_USER.to_owned(), Home::Enterprise),
            (extension(self.source, "User"), Home::Own),
        ];
        known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(uri)).map(|(_, home)| home)
    }

    /// What a path names, each with its own value: an object has the values of its parts.
    pub(super) fn targets(self, home: Home, path: &AttrPath, value: &Value) -> Vec<(Target<'a>, Value)> {
        let sub = path.sub_attr.as_deref();
        if let Some(fixed) = self.fixed(home, &path.name) {
            return vec![(fixed, value.clone())];
        }
        let named: Vec<&'a Slot> = self
            .places
            .slots
            .iter()
            .filter(|slot| slot.home == home && slot.name.eq_ignore_ascii_case(&path.name))
            .collect();
        let of_slot = |slot: &&'a Slot| {
            let target = Target::Slot(slot);
            match (slot.shape, sub) {
                (Shape::Plain | Shape::Email, None) => Some((target, value.clone())),
                (Shape::Email, Some(sub)) if sub.eq_ignore_ascii_case("value") => Some((target, value.clone())),
                (Shape::Part(part), Some(sub)) if part.eq_ignore_ascii_case(sub) => Some((target, value.clone())),
                (Shape::Part(part), None) => match value {
                    Value::Object(parts) => member(parts, part).map(|value| (target, value.clone())),
                    // Some clients write `manager` without its parts.
                    Value::String(_) if part == "value" => Some((target, value.clone())),
                    Value::Null => Some((target, Value::Null)),
                    _ => None,
                },
                _ => None,
            }
        };
        let found: Vec<_> = named.iter().filter_map(of_slot).collect();
        if found.is_empty() { vec![(Target::Unknown, value.clone())] } else { found }
    }

    fn fixed(self, home: Home, name: &str) -> Option<Target<'a>> {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        match home {
            Home::Core if is("userName") => Some(Target::UserName),
            Home::Core if is("active") => Some(Target::Active),
            Home::Core if is("password") => Some(Target::Password),
            Home::Core if is("externalId") && self.places.keeps_external_ids() => Some(Target::ExternalId),
            Home::Core if is("groups") => Some(Target::Fixed("groups")),
            _ if is("schemas") => Some(Target::Frame),
            Home::Core if ["id", "meta"].into_iter().any(is) => Some(Target::Frame),
            Home::Core if is("displayName") && !self.places.has_display_name() => Some(Target::Fixed("displayName")),
            Home::Own => OF_EXTENSION.into_iter().find(|known| is(known)).map(Target::FixedOwn),
            _ => None,
        }
    }

    /// What the members of an object name. A name may have a schema in front and a part behind it.
    pub(super) fn members(
        self,
        home: Home,
        object: &serde_json::Map<String, Value>,
    ) -> Vec<(String, Target<'a>, Value)> {
        let mut all = Vec::new();
        for (name, value) in object {
            if let (Some(home), Some(object)) = (self.home(name), value.as_object()) {
                all.extend(self.members(home, object));
                continue;
            }
            let Some(path) = attribute_path(name) else {
                all.push((name.clone(), Target::Unknown, value.clone()));
                continue;
            };
            let home = match &path.uri {
                Some(uri) => match self.home(uri) {
                    Some(home) => home,
                    None => continue,
                },
                None => home,
            };
            let named = self.targets(home, &path, value).into_iter();
            all.extend(named.map(|(target, value)| (name.clone(), target, value)));
        }
        all
    }
}

/// A path to an attribute, in the grammar of filters.
pub(super) fn attribute_path(text: &str) -> Option<AttrPath> {
    match format!("{text} pr").parse() {
        Ok(Filter::Attr(AttrExp::Present(path))) => Some(path),
        _ => None,
    }
}
