//! Takes the members of groups out of a response while it arrives, so that a group with millions of them is never in memory.

use crate::error::not_scim;
use connector_core::Result;
use serde_json::value::RawValue;

/// The deepest JSON that is followed.
const DEEPEST: usize = 64;

/// The longest member, in bytes.
const LONGEST_MEMBER: usize = 64 * 1024;

/// The most that a response may have beside its members.
const MOST_BESIDE: usize = 64 * 1024 * 1024;

/// The longest name that counts.
const LONGEST_NAME: usize = 32;

/// What has the members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The resources of a list.
    List,
    /// One resource.
    One,
}

impl Form {
    /// How deep the members are.
    fn depth(self) -> usize {
        match self {
            Self::List => 4,
            Self::One => 2,
        }
    }
}

/// Reads a list of resources, or one resource, byte by byte. What is left of it is the same JSON, with empty lists of members.
pub(super) struct Splitter<'a> {
    doing: &'a str,
    form: Form,
    left: Vec<u8>,
    stack: Vec<Frame>,
    /// Whether the place is inside of a list of members.
    inside: bool,
    /// The number of the resource; none before the first one.
    rows: u32,
    text: Text,
    /// The member that is being read.
    member: Vec<u8>,
    /// Whether the list of members has one before.
    has_members: bool,
}

enum Frame {
    List,
    /// The name of the member that is being read, in lower case, and whether a name comes next.
    Object {
        name: Vec<u8>,
        names: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    Outside,
    Inside,
    /// After a backslash.
    Escaped,
}

impl<'a> Splitter<'a> {
    pub(super) fn new(doing: &'a str, form: Form) -> Self {
        let (left, stack, member) = (Vec::new(), Vec::new(), Vec::new());
        Self { doing, form, left, stack, inside: false, rows: 0, text: Text::Outside, member, has_members: false }
    }

    /// Reads a part. `each` gets the number of the resource, from 0 on, and the JSON of a member.
    pub(super) fn push(&mut self, part: &[u8], each: &mut dyn FnMut(u32, &[u8]) -> Result<()>) -> Result<()> {
        for byte in part {
            if self.inside {
                self.of_member(*byte, each)?;
            } else {
                self.beside(*byte)?;
            }
        }
        Ok(())
    }

    /// What is left when everything has come.
    pub(super) fn finish(self) -> Result<Vec<u8>> {
        if self.stack.is_empty() && self.text == Text::Outside { Ok(self.left) } else { Err(self.odd("is cut off")) }
    }

    /// Whether the path is `Resources` and a resource, or for one resource nothing, then `members`, and perhaps more inside.
    fn is_in_members(&self) -> bool {
        let is = |at: usize, wanted: &[u8]| matches!(&self.stack[at], Frame::Object { name, .. } if name == wanted);
        let depth = self.form.depth();
        self.stack.len() >= depth
            && (self.form == Form::One || is(0, b"resources"))
            && is(depth - 2, b"members")
            && matches!(self.stack[depth - 1], Frame::List)
    }

    fn beside(&mut self, byte: u8) -> Result<()> {
        if self.left.len() == MOST_BESIDE {
            return Err(self.odd("is too large"));
        }
        self.left.push(byte);
        self.structure(byte)
    }

    fn of_member(&mut self, byte: u8, each: &mut dyn FnMut(u32, &[u8]) -> Result<()>) -> Result<()> {
        let is_between = self.stack.len() == self.form.depth() && self.text == Text::Outside;
        if is_between && matches!(byte, b',' | b']') {
            let is_blank = self.member.trim_ascii().is_empty();
            // An empty list has no member, and otherwise there is one on each side of a comma.
            if is_blank && (byte == b',' || self.has_members) {
                return Err(self.odd("is not JSON: a member is missing"));
            }
            if !is_blank {
                if serde_json::from_slice::<&RawValue>(&self.member).is_err() {
                    return Err(self.odd("is not JSON: a member can't be read"));
                }
                each(self.rows.saturating_sub(1), self.member.trim_ascii())?;
                self.has_members = true;
                self.member.clear();
            }
            if byte == b']' {
                self.has_members = false;
                self.member.clear();
                return self.beside(byte);
            }
            return Ok(());
        }
        if self.member.len() == LONGEST_MEMBER {
            return Err(self.odd("has a member that is too long"));
        }
        self.member.push(byte);
        self.structure(byte)
    }

    /// Follows texts, objects and lists.
    fn structure(&mut self, byte: u8) -> Result<()> {
        match (self.text, byte) {
            (Text::Escaped, _) => self.text = Text::Inside,
            (Text::Inside, b'\\') => self.text = Text::Escaped,
            (Text::Inside, b'"') => self.text = Text::Outside,
            (Text::Inside, _) => {
                if let Some(Frame::Object { name, names: true }) = self.stack.last_mut()
                    && name.len() < LONGEST_NAME
                {
                    name.push(byte.to_ascii_lowercase());
                }
            }
            (Text::Outside, b'"') => {
                self.text = Text::Inside;
                if let Some(Frame::Object { name, names: true }) = self.stack.last_mut() {
                    name.clear();
                }
            }
            (Text::Outside, b':') => {
                if let Some(Frame::Object { names, .. }) = self.stack.last_mut() {
                    *names = false;
                }
            }
            (Text::Outside, b',') => {
                if let Some(Frame::Object { names, .. }) = self.stack.last_mut() {
                    *names = true;
                }
            }
            (Text::Outside, b'{') => {
                let is_resource = self.form == Form::List
                    && self.stack.len() == 2
                    && matches!(&self.stack[0], Frame::Object { name, .. } if name == b"resources");
                self.rows += u32::from(is_resource);
                self.open(Frame::Object { name: Vec::new(), names: true })?;
            }
            (Text::Outside, b'[') => self.open(Frame::List)?,
            (Text::Outside, b'}' | b']') => {
                if self.stack.pop().is_none() {
                    return Err(self.odd("is not JSON"));
                }
                self.inside = self.is_in_members();
            }
            (Text::Outside, _) => {}
        }
        Ok(())
    }

    fn open(&mut self, frame: Frame) -> Result<()> {
        if self.stack.len() == DEEPEST {
            return Err(self.odd("is nested too deeply"));
        }
        self.stack.push(frame);
        self.inside = self.is_in_members();
        Ok(())
    }

    fn odd(&self, what: &str) -> connector_core::Error {
        not_scim(self.doing, &format!("the response {what}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// What is left, and the members by resource.
    fn split(text: &str, size: usize) -> Result<(Value, Vec<(u32, Value)>)> {
        split_as(Form::List, text, size)
    }

    fn split_as(form: Form, text: &str, size: usize) -> Result<(Value, Vec<(u32, Value)>)> {
        let mut splitter = Splitter::new("reading", form);
        let mut members = Vec::new();
        for part in text.as_bytes().chunks(size) {
            splitter.push(part, &mut |row, member| {
                members.push((row, serde_json::from_slice(member).unwrap()));
                Ok(())
            })?;
        }
        let left = splitter.finish()?;
        Ok((serde_json::from_slice(&left).map_err(|_| not_scim("reading", "no JSON"))?, members))
    }

    #[test]
    fn only_members_of_resources_are_taken_out_wherever_a_part_ends() {
        let text = json!({
            "members": [1], "totalResults": 3, "note": "\"members\":[\\",
            "Resources": [
                {"id": "a", "Members": [{"value": "1", "x": [{"members": [2]}, "],}"]}, "2"], "displayName": "{["},
                {"id": "b", "owner": {"members": ["kept"]}, "members": []},
                {"id": "c"},
                {"members": [{"value": "\\\"3"}], "id": "d"},
            ],
        });
        for size in 1..80 {
            let (left, members) = split(&text.to_string(), size).unwrap();
            let mut wanted = text.clone();
            wanted["Resources"][0]["Members"] = json!([]);
            wanted["Resources"][3]["members"] = json!([]);
            assert_eq!(left, wanted, "{size}");
            let all = &text["Resources"];
            let found = vec![(0, all[0]["Members"][0].clone()), (0, json!("2")), (3, all[3]["members"][0].clone())];
            assert_eq!(members, found, "{size}");
        }
    }

    #[test]
    fn only_the_members_of_one_resource_are_taken_out() {
        let text = json!({
            "id": "a", "owner": {"members": ["kept"]}, "Resources": [{"members": ["kept"]}],
            "Members": [{"value": "1", "members": ["inside"]}, {"value": "2"}], "meta": {"version": "3"},
        });
        for size in 1..80 {
            let (left, members) = split_as(Form::One, &text.to_string(), size).unwrap();
            let mut wanted = text.clone();
            wanted["Members"] = json!([]);
            assert_eq!(left, wanted, "{size}");
            assert_eq!(members, [(0, text["Members"][0].clone()), (0, text["Members"][1].clone())], "{size}");
        }
        assert!(split_as(Form::One, r#"{"id":"a","members":[{"value":"1"},"#, 7).is_err());
    }

    #[test]
    fn a_response_that_is_no_json_is_an_error_and_no_shorter_list() {
        let list =
            |members: &str| format!("{{\"totalResults\":1,\"Resources\":[{{\"id\":\"a\",\"members\":[{members}]}}]}}");
        assert!(split(&list(""), 7).is_ok());
        for members in [",", "{},", ",{}", "{} {}", "{},,{}", "{\"value\":}", "x", "]"] {
            assert!(split(&list(members), 7).is_err(), "{members}");
        }
        let whole = list("{\"value\":\"1\"}");
        for end in 0..whole.len() {
            assert!(split(&whole[..end], 7).is_err(), "{end}");
        }
        assert!(split(&format!("{whole}}}"), 7).is_err());
        assert!(split(&"[".repeat(1000), 7).is_err());
        assert!(split(&list(&format!("\"{}\"", "x".repeat(70_000))), 7).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_list_is_the_same_in_two_parts(groups in proptest::collection::vec(proptest::collection::vec(".{0,9}", 0..6), 0..5), size in 1..40_usize) {
            let rows: Vec<_> = groups.iter().enumerate().map(|(at, members)| json!({"id": at.to_string(), "members": members})).collect();
            let (left, found) = split(&json!({"Resources": rows}).to_string(), size).unwrap();
            let wanted: Vec<_> = groups.iter().enumerate()
                .flat_map(|(at, members)| members.iter().map(move |one| (u32::try_from(at).unwrap(), json!(one)))).collect();
            proptest::prop_assert_eq!(found, wanted);
            proptest::prop_assert!(left["Resources"].as_array().unwrap().iter().all(|row| row["members"] == json!([])));
        }
    }
}
