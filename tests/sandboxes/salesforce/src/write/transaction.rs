//! The transaction of one request: all of its rows are committed, or none.

use super::check;
use super::draft::{Draft, Purpose};
use super::refusal::Refusal;
use super::{assignment, group_member, license, territory, user, user_login};
use crate::id::Id;
use crate::org::object::Object;
use crate::org::state::{Record, State};
use crate::org::table::Row;
use crate::org::undo::Mark;
use crate::org::value::Value;
use crate::org::{Author, Calls};
use crate::writes::{Write, WriteAction};

/// The transaction of one request.
pub(crate) struct Transaction<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) author: Author,
    /// What was written so far.
    done: Vec<Write>,
    /// The users whose sessions end with the commit.
    ended: Vec<u64>,
}

/// A savepoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Savepoint {
    mark: Mark,
    done: usize,
    ended: usize,
}

impl<'a> Transaction<'a> {
    pub(crate) fn new(state: &'a mut State, author: Author) -> Self {
        Self { state, author, done: Vec::new(), ended: Vec::new() }
    }

    pub(crate) fn savepoint(&self) -> Savepoint {
        Savepoint { mark: self.state.mark(), done: self.done.len(), ended: self.ended.len() }
    }

    /// Rolls back to a savepoint.
    pub(crate) fn roll_back(&mut self, to: Savepoint) {
        self.state.roll_back(to.mark);
        self.done.truncate(to.done);
        self.ended.truncate(to.ended);
    }

    /// Commits, and returns the users whose sessions end.
    pub(crate) fn commit(self) -> Vec<u64> {
        self.state.commit();
        self.state.journal.add(self.done);
        self.ended
    }

    /// Creates a record and returns its id. A refused one changes nothing.
    pub(crate) fn create(&mut self, draft: Draft) -> Result<Id, Vec<Refusal>> {
        let object = draft.object;
        if !Calls::documented(object).create {
            return Err(impossible(object, "inserted").into());
        }
        if !self.state.calls(object).create {
            return Err(Refusal::no_right().into());
        }
        check::fields(self.state, &draft, Purpose::Create)?;
        let names = draft.names();
        let made = match object {
            Object::User => user::create(self, draft),
            Object::PermissionSetAssignment => assignment::create(self, draft),
            Object::PermissionSetLicenseAssign => license::assign(self, draft),
            Object::UserPackageLicense => license::assign_package(self, draft),
            Object::GroupMember => group_member::create(self, draft),
            Object::UserTerritory2Association => territory::create(self, draft),
            _ => Err(Refusal::no_right().into()),
        }?;
        let (index, changed) = match made {
            Made::New(index) => (index, true),
            Made::Existing(index) => (index, false),
        };
        Ok(self.note(WriteAction::Create, (object, index), names, changed))
    }

    /// Changes a record. A refused change changes nothing.
    pub(crate) fn update(&mut self, record: Record, draft: Draft) -> Result<Id, Vec<Refusal>> {
        let (object, index) = record;
        if !Calls::documented(object).update {
            return Err(impossible(object, "updated").into());
        }
        if !self.state.calls(object).update {
            return Err(Refusal::no_right().into());
        }
        check::fields(self.state, &draft, Purpose::Update)?;
        let names = draft.names();
        let draft = match object {
            Object::User => user::changed(self, index, draft)?,
            Object::UserLogin => user_login::changed(self, index, draft)?,
            _ => draft,
        };
        let changed = draft.values.iter().any(|(field, value)| self.state.value(object, index, *field) != *value);
        self.state.change(record, draft.values, self.author);
        Ok(self.note(WriteAction::Update, record, names, changed))
    }

    /// Deletes a record. A refused deletion changes nothing.
    pub(crate) fn delete(&mut self, record: Record) -> Result<Id, Vec<Refusal>> {
        let (object, index) = record;
        if !Calls::documented(object).delete {
            return Err(impossible(object, "deleted").into());
        }
        if !self.state.calls(object).delete {
            return Err(Refusal::no_right().into());
        }
        match object {
            Object::PermissionSetAssignment => assignment::check_removal(self, index)?,
            Object::PermissionSetLicenseAssign => license::check_removal(self, index)?,
            _ => {}
        }
        self.state.take_away(record, self.author);
        if object == Object::AuthSession {
            self.end_children(index);
        }
        Ok(self.note(WriteAction::Delete, record, Vec::new(), true))
    }

    /// Ends the sessions that a session began.
    fn end_children(&mut self, session: u64) {
        let parent = Value::Id(self.state.world.id(Object::AuthSession, session));
        let rows = 0..self.state.table(Object::AuthSession).end();
        let children: Vec<u64> =
            rows.filter(|row| self.state.named(Object::AuthSession, *row, "ParentId") == parent).collect();
        for child in children {
            self.state.take_away((Object::AuthSession, child), self.author);
        }
    }

    /// Appends the row of a draft, with the values that the org adds.
    pub(super) fn insert(&mut self, draft: Draft) -> Made {
        let mut row = Row::new(draft.object);
        for (place, value) in draft.values {
            row.put(place, value);
        }
        Made::New(self.state.insert(draft.object, row, self.author))
    }

    /// Ends a user's sessions with the commit.
    pub(super) fn end_sessions(&mut self, user: u64) {
        self.ended.push(user);
    }

    /// Records a write in the journal.
    pub(super) fn note(
        &mut self,
        action: WriteAction,
        (object, index): Record,
        fields: Vec<&'static str>,
        changed: bool,
    ) -> Id {
        let id = self.state.world.id(object, index);
        self.done.push(Write { action, object: object.name(), id: id.to_string(), fields, changed });
        id
    }
}

/// The row that a create results in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Made {
    New(u64),
    /// It was there before.
    Existing(u64),
}

fn impossible(object: Object, verb: &str) -> Refusal {
    let message = format!("entity type cannot be {verb}: {}", object.labels().0);
    Refusal::new("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
}
