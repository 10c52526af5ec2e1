//! Operations, compiled.

use super::compiler::Compiler;
use super::jobs::{self, Job};
use super::lists::{self, List};
use super::scopes;
use crate::expression::{BodyTemplate, Expression, Names, QueryTemplate, Template};
use crate::settings::{
    AddSettings, AlreadySettings, CreateSettings, FoundSettings, Happening, OperationSettings, Place, ReadSettings,
    Settings, SuccessSettings,
};
use connector_core::OperationKind;
use connector_http::Method;
use std::collections::BTreeMap;

/// The content type of a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// What plans can change.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    pub(crate) create: Option<Create>,
    /// By kind. Granting and revoking are by type, below.
    pub(crate) simple: BTreeMap<Way, Request>,
    pub(crate) grant: BTreeMap<String, Request>,
    pub(crate) revoke: BTreeMap<String, Request>,
}

/// An operation on one account that concerns no entitlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Update,
    Enable,
    Disable,
    Lock,
    Unlock,
    SetPassword,
    ResetPassword,
    Delete,
}

/// The request that creates an account.
#[derive(Debug)]
pub(crate) struct Create {
    pub(crate) request: Request,
    pub(crate) id: Option<Place>,
    /// Requests that are sent afterwards, with the new id.
    pub(crate) after: Vec<Request>,
}

/// The request of an operation.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: Template,
    pub(crate) query: QueryTemplate,
    pub(crate) body: Option<BodyTemplate>,
    pub(crate) content_type: Option<String>,
    pub(crate) attributes: Option<String>,
    /// Requests that are sent before.
    pub(crate) before: Vec<Request>,
    pub(crate) find: Option<Find>,
    pub(crate) read: Option<Read>,
    pub(crate) add: Option<Edit>,
    pub(crate) remove: Option<Edit>,
    pub(crate) success: Option<Success>,
    pub(crate) already: Option<Already>,
    pub(crate) queued: Option<Happening>,
    pub(crate) job: Option<Job>,
    /// Of a grant: the request for an account that holds the entitlement with another end.
    pub(crate) renew: Option<Box<Request>>,
}

/// A list with one item that an operation needs.
#[derive(Debug)]
pub(crate) struct Find {
    pub(crate) list: List,
    pub(crate) keep: Expression,
}

/// What is read before it is changed.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) path: Option<Template>,
    pub(crate) query: QueryTemplate,
    /// Whether it is sent back.
    pub(crate) send_back: bool,
    pub(crate) at: String,
    pub(crate) etag: bool,
}

/// A value of a list.
#[derive(Debug)]
pub(crate) struct Edit {
    pub(crate) list: String,
    pub(crate) value: BodyTemplate,
}

/// What says that an operation succeeded.
#[derive(Debug)]
pub(crate) struct Success {
    pub(crate) status: Option<Vec<u16>>,
    pub(crate) when: Option<Expression>,
}

/// What says that nothing had to change.
#[derive(Debug)]
pub(crate) struct Already {
    pub(crate) status: u16,
    pub(crate) when: Option<Expression>,
}

impl Operations {
    /// The kinds that there are.
    pub(crate) fn kinds(&self) -> Vec<OperationKind> {
        let has = |way| self.simple.contains_key(&way);
        let is_there = |kind: &OperationKind| match kind {
            OperationKind::Create => self.create.is_some(),
            OperationKind::Update => has(Way::Update),
            OperationKind::Enable => has(Way::Enable),
            OperationKind::Disable => has(Way::Disable),
            OperationKind::Lock => has(Way::Lock),
            OperationKind::Unlock => has(Way::Unlock),
            OperationKind::SetPassword => has(Way::SetPassword) || has(Way::ResetPassword),
            OperationKind::Delete => has(Way::Delete),
            OperationKind::Grant => !self.grant.is_empty(),
            OperationKind::Revoke => !self.revoke.is_empty(),
            _ => false,
        };
        OperationKind::ALL.iter().copied().filter(is_there).collect()
    }
}

impl Request {
    /// Whether it sends a value of this name.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.expressions().any(|one| one.uses(name)) || self.before.iter().any(|one| one.uses(name))
    }

    /// The members of a name that it uses.
    pub(crate) fn members(&self, name: &str) -> Vec<String> {
        let own = self.expressions().flat_map(|one| one.members(name));
        own.chain(self.before.iter().flat_map(|one| one.members(name))).collect()
    }

    /// What it computes, but for what is sent before it.
    fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let edits = [&self.add, &self.remove].into_iter().flatten();
        let bodies = self.body.iter().chain(edits.map(|edit| &edit.value));
        let read = self.read.iter().filter_map(|read| read.path.as_ref());
        let paths = read.chain([&self.path]).flat_map(Template::expressions);
        let looks = self.find.iter().flat_map(|find| find.list.expressions().chain([&find.keep]));
        paths
            .chain(self.query.expressions())
            .chain(bodies.flat_map(BodyTemplate::expressions))
            .chain(self.read.iter().flat_map(|read| read.query.expressions()))
            .chain(looks)
    }
}

type Known = &'static [(&'static str, Names)];

pub(super) fn compile(compiler: &mut Compiler<'_>, settings: &Settings) -> Operations {
    let Some(given) = &settings.operations else { return Operations::default() };
    let accounts = &settings.accounts;
    if accounts.one.is_none() {
        let help = "add `accounts.one`: an operation is compared with the account before and after it";
        compiler.add("/operations", "`accounts.one` is missing, so no change can be found again", help);
    }
    if given.create.is_some() && accounts.find.is_none() {
        let help = "add `accounts.find`: a create whose answer was lost is found by its name";
        compiler.add("/operations/create", "`accounts.find` is missing, so a new account can't be found again", help);
    }
    let mut operations = Operations {
        create: given.create.as_ref().map(|create| self::create(compiler, create)),
        ..Operations::default()
    };
    for (way, name, request, names) in [
        (Way::Update, "update", &given.update, scopes::UPDATE),
        (Way::Enable, "enable", &given.enable, scopes::ACCOUNT),
        (Way::Disable, "disable", &given.disable, scopes::ACCOUNT),
        (Way::Lock, "lock", &given.lock, scopes::ACCOUNT),
        (Way::Unlock, "unlock", &given.unlock, scopes::ACCOUNT),
        (Way::SetPassword, "set_password", &given.set_password, scopes::PASSWORD),
        (Way::ResetPassword, "reset_password", &given.reset_password, scopes::ACCOUNT),
        (Way::Delete, "delete", &given.delete, scopes::ACCOUNT),
    ] {
        let Some(request) = request else { continue };
        let place = format!("/operations/{name}");
        if request.renew.is_some() {
            compiler.add(format!("{place}/renew"), "only a grant has `renew`", "remove it");
        }
        let request = self::request(compiler, request, &place, names, "account");
        if way == Way::SetPassword && !request.uses("password") && compiler.faults.is_empty() {
            let help = "write `{password}` into the body, or name the operation `reset_password`";
            compiler.add(place, "no password is sent", help);
        }
        operations.simple.insert(way, request);
    }
    for (way, name) in
        [(Way::Enable, "enabled"), (Way::Lock, "locked"), (Way::Disable, "enabled"), (Way::Unlock, "locked")]
    {
        let map = &accounts.map;
        let is_mapped = if name == "enabled" { map.enabled.is_some() } else { map.locked.is_some() };
        if operations.simple.contains_key(&way) && !is_mapped {
            let pointer = format!("/operations/{}", format!("{way:?}").to_lowercase());
            let help = format!("add `{name}` to `accounts.map`, so that the change can be seen");
            compiler.add(pointer, format!("`accounts.map.{name}` is missing"), help);
        }
    }
    operations
}

fn create(compiler: &mut Compiler<'_>, create: &CreateSettings) -> Create {
    let as_request = OperationSettings {
        post: create.post.clone(),
        put: create.put.clone(),
        query: create.query.clone(),
        body: create.body.clone(),
        content_type: create.content_type.clone(),
        attributes: create.attributes.clone(),
        success: create.success.clone(),
        already: create.already.clone(),
        job: create.job.clone(),
        ..OperationSettings::default()
    };
    let request = request(compiler, &as_request, "/operations/create", scopes::CREATE, "name");
    if let Some(Place::Pointer(text)) = &create.id {
        compiler.pointer(text, "/operations/create/id");
    }
    let after = several(compiler, &create.after, "/operations/create/after", scopes::AFTER, "id");
    Create { request, id: create.id.clone(), after }
}

pub(super) fn request(
    compiler: &mut Compiler<'_>,
    given: &OperationSettings,
    place: &str,
    names: Known,
    subject: &str,
) -> Request {
    let methods = [
        ("post", Method::POST, &given.post),
        ("put", Method::PUT, &given.put),
        ("patch", Method::PATCH, &given.patch),
        ("delete", Method::DELETE, &given.delete),
    ];
    let mut chosen = methods.into_iter().filter_map(|(name, method, path)| Some((name, method, path.as_ref()?)));
    let (Some((name, method, path)), None) = (chosen.next(), chosen.next()) else {
        let help = "write the path under the method: `post: /users`";
        compiler.add(place, "exactly one of `post`, `put`, `patch` and `delete` is needed", help);
        return broken();
    };
    let pointer = format!("{place}/{name}");
    let request = Request {
        path: compiler.path(path, names, &pointer),
        query: compiler.query(&given.query, names, &format!("{place}/query")),
        body: given.body.as_ref().map(|body| compiler.body(body, names, &format!("{place}/body"))),
        content_type: given.content_type.clone(),
        attributes: given.attributes.as_ref().map(|at| compiler.pointer(at, &format!("{place}/attributes"))),
        before: several(compiler, &given.before, &format!("{place}/before"), names, subject),
        find: given.find.as_ref().map(|find| self::find(compiler, find, &format!("{place}/find"), names)),
        read: given.read.as_ref().map(|read| self::read(compiler, read, &format!("{place}/read"), names)),
        add: given.add.as_ref().map(|edit| self::edit(compiler, edit, &format!("{place}/add"), names)),
        remove: given.remove.as_ref().map(|edit| self::edit(compiler, edit, &format!("{place}/remove"), names)),
        success: given.success.as_ref().map(|success| self::success(compiler, success, place)),
        already: given.already.as_ref().map(|already| self::already(compiler, already, place)),
        queued: given.queued.clone(),
        job: given.job.as_ref().map(|job| jobs::compile(compiler, job, &format!("{place}/job"))),
        renew: None,
        method,
    };
    if compiler.faults.is_empty() {
        check_request(compiler, &request, place, &pointer, subject);
        check_whole_account(compiler, given, &request, &pointer);
    }
    request
}

/// A PUT of an account replaces it. Without `read`, what the body does not name would be lost.
fn check_whole_account(compiler: &mut Compiler<'_>, given: &OperationSettings, request: &Request, pointer: &str) {
    let path = given.put.as_deref().unwrap_or_default().trim_end_matches('/');
    let is_of_account = path.ends_with("/{account.id}") && !request.path.uses("entitlement");
    if is_of_account && request.read.is_none() && !given.partial {
        let help = "add `read`, so that the rest is sent back; if the API changes only what the body names, write `partial: true`";
        compiler.add(pointer, "this request would replace the whole account", help);
    }
}

fn check_request(compiler: &mut Compiler<'_>, request: &Request, place: &str, pointer: &str, subject: &str) {
    if request.read.is_none() && (request.add.is_some() || request.remove.is_some()) {
        compiler.add(place, "`read` is missing", "add `read`, so that the list keeps what others put there");
    }
    let sends_alone = request.read.as_ref().is_some_and(|read| !read.send_back);
    for (name, is_there, help) in [
        ("found", request.find.is_some(), "add `find`, the list that has it"),
        ("read", sends_alone, "add `read` with `send_back: false`"),
    ] {
        if !is_there && request.uses(name) {
            compiler.add(pointer, format!("nothing gives `{name}`"), help);
        }
    }
    if sends_alone && request.body.is_none() {
        let help = "write the body, with what was read as `read`: `\"{read.members}\"`";
        compiler.add(format!("{place}/read"), "`body` is missing, and what is read is not sent back", help);
    }
    // A PUT replaces what its path names. If that is not the account's own, what others put there would be lost.
    let names_subject = request.path.uses(subject) || request.query.expressions().any(|one| one.uses(subject));
    let names_entitlement = request.path.uses("entitlement");
    if request.method == Method::PUT && names_entitlement && !names_subject && request.read.is_none() {
        let help = "add `read`, and `add` or `remove` for the list of members; or use a request that names the account";
        compiler.add(pointer, "this request would replace the whole entitlement, with all of its members", help);
    }
    let in_url = request.path.uses("password") || request.query.expressions().any(|one| one.uses("password"));
    if in_url {
        compiler.add(pointer, "a password in a URL ends up in logs", "write it into the `body`");
    }
    if let Some(kind) = request.content_type.as_deref().filter(|kind| !kind.contains("json") && *kind != FORM) {
        let help = format!("write a JSON type, `{FORM}`, or leave it out");
        compiler.add(format!("{place}/content_type"), format!("a body of type `{kind}` can't be written"), help);
    }
    if !request.uses(subject) && request.attributes.is_none() {
        compiler.add(
            pointer,
            "nothing says which account",
            format!("add `{{{subject}{}}}`", if subject == "account" { ".id" } else { "" }),
        );
    }
}

/// The requests before the one of an operation, or after a create: each is sent as it is.
fn several(
    compiler: &mut Compiler<'_>,
    given: &[OperationSettings],
    place: &str,
    names: Known,
    subject: &str,
) -> Vec<Request> {
    let mut all = Vec::new();
    for (at, one) in given.iter().enumerate() {
        let is_after = subject == "id";
        let place = format!("{place}/{at}");
        let own = [
            ("before", !one.before.is_empty()),
            ("find", one.find.is_some()),
            ("read", one.read.is_some()),
            ("attributes", one.attributes.is_some() && !is_after),
            ("queued", one.queued.is_some()),
            // The next request would be sent before the job is done.
            ("job", one.job.is_some()),
            ("renew", one.renew.is_some()),
        ];
        let (other, main) = if is_after { ("after", "the create") } else { ("before", "the last request") };
        for (name, _) in own.into_iter().filter(|(_, is_there)| *is_there) {
            let help = format!("only the operation itself, {main}, has it");
            compiler.add(format!("{place}/{name}"), format!("a request {other} another one has no `{name}`"), help);
        }
        let plain =
            OperationSettings { before: Vec::new(), find: None, read: None, job: None, renew: None, ..one.clone() };
        all.push(request(compiler, &plain, &place, names, subject));
    }
    all
}

fn find(compiler: &mut Compiler<'_>, find: &FoundSettings, place: &str, names: Known) -> Find {
    let is_about = names.iter().any(|(name, _)| *name == "entitlement");
    let of_items = if is_about { scopes::FIND_OF_GRANT } else { scopes::FIND_OF_ACCOUNT };
    Find {
        list: lists::compile(compiler, &find.list(), place, names, of_items),
        keep: compiler.expression(&find.keep, of_items, &format!("{place}/keep")),
    }
}

fn broken() -> Request {
    Request {
        method: Method::POST,
        path: Template::broken(),
        query: QueryTemplate::default(),
        body: None,
        content_type: None,
        attributes: None,
        before: Vec::new(),
        find: None,
        read: None,
        add: None,
        remove: None,
        success: None,
        already: None,
        queued: None,
        job: None,
        renew: None,
    }
}

fn read(compiler: &mut Compiler<'_>, read: &ReadSettings, place: &str, names: Known) -> Read {
    Read {
        path: read.get.as_ref().map(|path| compiler.path(path, names, &format!("{place}/get"))),
        query: compiler.query(&read.query, names, &format!("{place}/query")),
        send_back: read.send_back,
        at: read.at.as_deref().map(|at| compiler.pointer(at, &format!("{place}/at"))).unwrap_or_default(),
        etag: read.etag,
    }
}

fn edit(compiler: &mut Compiler<'_>, edit: &AddSettings, place: &str, names: Known) -> Edit {
    Edit {
        list: compiler.pointer(&edit.list, &format!("{place}/list")),
        value: compiler.body(&edit.value, names, &format!("{place}/value")),
    }
}

fn success(compiler: &mut Compiler<'_>, success: &SuccessSettings, place: &str) -> Success {
    let when = compiler.optional(success.when.as_deref(), scopes::RESPONSE, &format!("{place}/success/when"));
    Success { status: success.status.clone(), when }
}

fn already(compiler: &mut Compiler<'_>, already: &AlreadySettings, place: &str) -> Already {
    let when = compiler.optional(already.when.as_deref(), scopes::RESPONSE, &format!("{place}/already/when"));
    Already { status: already.status, when }
}
