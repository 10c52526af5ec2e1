//! What acts without a person: apps, their OAuth tokens, bots and agents, credentials for other systems.
//!
//! Apps, bots and named credentials are accounts of programs, with an owner. An app is an entitlement too: a profile or a permission
//! set opens it, and users hold it by a token. They are few, so they are always read in full.

mod apps;
mod kinds;
mod owners;
mod programs;
mod settings;
mod tokens;
mod uses;

use crate::api::Rest;
use crate::api::ranges::RecordId;
use apps::Apps;
use connector_core::{
    Account, Assignment, AttributeSchema, Cursor, Entitlement, EntitlementRef, EntitlementType, Error, Page, Result,
    SourceChange,
};
use kinds::Kind;
use programs::TokenUse;
use serde::{Deserialize, Serialize};
use tokens::{Part, Parts};
use tokio::sync::OnceCell;
use uses::Uses;

pub(crate) use settings::Read;

/// Where a read of programs continues.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "programs", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Place {
    /// The accounts of an object.
    Accounts { object: String },
    /// Apps as entitlements.
    Apps,
    /// What opens apps.
    Opened,
    /// The tokens, before it is known in how many parts.
    Tokens,
    /// The tokens of some users.
    Part(Part),
    /// The users of a range who hold an app.
    Holders { app: String, after: Option<RecordId>, up_to: Option<RecordId> },
}

impl Place {
    /// The place that a cursor has; `None` for any other.
    pub(crate) fn of(cursor: &Cursor) -> Option<Self> {
        serde_json::from_str(cursor.as_str()).ok()
    }

    fn cursor(&self) -> Result<Cursor> {
        Cursor::of(self)
    }

    fn unknown() -> Error {
        Error::protocol("a saved position of this run is in a list that the source's settings no longer name")
            .with_help("discard the unfinished run with `--restart`")
    }
}

/// Whether it is the type of apps.
pub(crate) fn is_app(entitlement_type: &str) -> bool {
    entitlement_type == apps::APP
}

/// Whether a text is the id or the name of something.
fn is_named(id: &str, name: &str, text: &str) -> bool {
    let is_id = id == text || RecordId::read(text).is_some_and(|asked| RecordId::read(id) == Some(asked));
    is_id || name.eq_ignore_ascii_case(text)
}

/// Reads the programs that the settings name.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    reads: Vec<Read>,
    apps: OnceCell<Apps>,
    uses: OnceCell<Option<Uses>>,
}

impl Identities {
    pub(crate) fn new(reads: Vec<Read>) -> Self {
        Self { reads, ..Self::default() }
    }

    fn has(&self, read: Read) -> bool {
        self.reads.contains(&read)
    }

    fn kinds(&self) -> impl Iterator<Item = &'static Kind> {
        kinds::KINDS.iter().filter(|kind| self.has(kind.read))
    }

    /// Whether apps are entitlements.
    fn has_apps(&self) -> bool {
        self.has(Read::Apps) || self.has(Read::Tokens)
    }

    /// Where accounts, entitlements and assignments are read.
    fn places(&self) -> [Vec<Place>; 3] {
        let accounts = self.kinds().map(|kind| Place::Accounts { object: kind.object.to_owned() });
        let when = |is_read: bool, place: Place| is_read.then_some(place);
        let held = [when(self.has(Read::Apps), Place::Opened), when(self.has(Read::Tokens), Place::Tokens)];
        [
            accounts.collect(),
            when(self.has_apps(), Place::Apps).into_iter().collect(),
            held.into_iter().flatten().collect(),
        ]
    }

    fn with_places<T>(page: Page<T>, places: &[Place]) -> Result<Page<T>> {
        let cursors = places.iter().map(Place::cursor).collect::<Result<Vec<_>>>()?;
        Ok(page.with_branches(cursors))
    }

    /// The first page of users, with where programs are read.
    pub(crate) fn beside_users(&self, page: Page<Account>) -> Result<Page<Account>> {
        Self::with_places(page, &self.places()[0])
    }

    /// The first page of entitlements, with where apps are read.
    pub(crate) fn beside_entitlements(&self, page: Page<Entitlement>) -> Result<Page<Entitlement>> {
        Self::with_places(page, &self.places()[1])
    }

    /// The first page of assignments, with where those of apps are read.
    pub(crate) fn beside_assignments(&self, page: Page<Assignment>) -> Result<Page<Assignment>> {
        Self::with_places(page, &self.places()[2])
    }

    /// Where a read of changes finds all of it.
    pub(crate) fn all_cursors(&self) -> Result<Vec<Cursor>> {
        self.places().iter().flatten().map(Place::cursor).collect()
    }

    /// One page of accounts.
    pub(crate) async fn accounts(&self, rest: &Rest, place: &Place) -> Result<Page<Account>> {
        let Place::Accounts { object } = place else { return Err(Place::unknown()) };
        let kind = self.kinds().find(|kind| kind.object == object).ok_or_else(Place::unknown)?;
        programs::page(rest, kind, self.token_use(rest, kind).await?).await
    }

    /// All apps as entitlements.
    pub(crate) async fn entitlements(&self, rest: &Rest, place: &Place) -> Result<Page<Entitlement>> {
        match place {
            Place::Apps if self.has_apps() => self.all_apps(rest).await,
            _ => Err(Place::unknown()),
        }
    }

    /// One page of assignments of apps.
    pub(crate) async fn assignments(&self, rest: &Rest, place: &Place) -> Result<Page<Assignment>> {
        match place {
            Place::Opened => apps::opened(rest).await,
            Place::Tokens => match tokens::parts(rest).await? {
                Parts::Of(parts) => Page::continuing(Vec::new(), parts.into_iter().map(Place::Part)),
                Parts::Unseen(reason) => Ok(Page::last(Vec::new()).with_incomplete(reason)),
            },
            Place::Part(part) => tokens::page(rest, self.apps(rest).await?, part).await,
            _ => Err(Place::unknown()),
        }
    }

    /// One page in a read of changes, with everything that there is.
    pub(crate) async fn changes(&self, rest: &Rest, place: &Place) -> Result<Page<SourceChange>> {
        Ok(match place {
            Place::Accounts { .. } => self.accounts(rest, place).await?.map(SourceChange::Account),
            Place::Apps => self.entitlements(rest, place).await?.map(SourceChange::Entitlement),
            Place::Part(part) => {
                let page = self.assignments(rest, place).await?;
                tokens::as_changes(page, part, self.all_apps(rest).await?.items())?
            }
            Place::Holders { app, after, up_to } => {
                tokens::holders(rest, self.apps(rest).await?, app, (*after, *up_to)).await?
            }
            Place::Opened => self.assignments(rest, place).await?.map(SourceChange::Held),
            Place::Tokens => {
                let page = self.assignments(rest, place).await?.map(SourceChange::Held);
                let apps = self.apps(rest).await?;
                let is_known = page.incomplete().is_none() && apps.unseen().is_none();
                let uses = self.uses(rest).await?.filter(|_| is_known);
                page.with_more(uses.map(|uses| tokens::counts(apps, uses)))
            }
        })
    }

    /// How many accounts there are beside users.
    pub(crate) async fn count(&self, rest: &Rest) -> Result<u64> {
        let mut sum = 0;
        for kind in self.kinds() {
            sum += rest.count(kind.object, "Id != null").await?;
        }
        Ok(sum)
    }

    /// For each text, the programs that have it as id or name. A user's name has the form of an email address, so that such a text
    /// names none.
    pub(crate) async fn find(&self, rest: &Rest, wanted: &[String]) -> Result<Vec<Vec<Account>>> {
        let is_user = |text: &str| text.contains('@') || RecordId::read(text).is_some_and(|id| id.has_prefix("005"));
        if self.kinds().next().is_none() || wanted.iter().all(|text| is_user(text)) {
            return Ok(vec![Vec::new(); wanted.len()]);
        }
        let mut all = Vec::new();
        for kind in self.kinds() {
            let page = programs::page(rest, kind, self.token_use(rest, kind).await?).await?;
            all.extend(page.into_parts().0);
        }
        let has = |account: &Account, text: &str| is_named(&account.id, &account.name, text);
        let found = |text: &String| all.iter().filter(|one| !is_user(text) && has(one, text)).cloned().collect();
        Ok(wanted.iter().map(found).collect())
    }

    /// For each of `wanted`, the apps that have its id as id or name.
    pub(crate) async fn find_apps(&self, rest: &Rest, wanted: &[EntitlementRef]) -> Result<Vec<Vec<Entitlement>>> {
        let is_app = |one: &EntitlementRef| self.has_apps() && one.entitlement_type == apps::APP;
        if !wanted.iter().any(is_app) {
            return Ok(vec![Vec::new(); wanted.len()]);
        }
        let all = self.all_apps(rest).await?.into_parts().0;
        let has = |app: &Entitlement, text: &str| is_named(&app.key.id, &app.name, text);
        let found = |one: &EntitlementRef| all.iter().filter(|app| is_app(one) && has(app, &one.id)).cloned().collect();
        Ok(wanted.iter().map(found).collect())
    }

    /// The apps that these users hold by a token.
    pub(crate) async fn of_users(&self, rest: &Rest, users: &[RecordId]) -> Result<Vec<Assignment>> {
        if !self.has(Read::Tokens) {
            return Ok(Vec::new());
        }
        tokens::of_users(rest, self.apps(rest).await?, users).await
    }

    async fn apps(&self, rest: &Rest) -> Result<&Apps> {
        self.apps.get_or_try_init(|| Apps::read(rest)).await
    }

    async fn all_apps(&self, rest: &Rest) -> Result<Page<Entitlement>> {
        let uses = self.uses(rest).await?;
        let uncounted = (self.has(Read::Tokens) && uses.is_none()).then_some(uses::UNCOUNTED);
        Ok(apps::page(self.apps(rest).await?, uses, uncounted))
    }

    /// How much the tokens of each app are used; `None` if tokens are not read, or not counted.
    async fn uses(&self, rest: &Rest) -> Result<Option<&Uses>> {
        if !self.has(Read::Tokens) {
            return Ok(None);
        }
        Ok(self.uses.get_or_try_init(|| uses::uses(rest)).await?.as_ref())
    }

    /// What is known of the tokens of a kind of programs.
    async fn token_use(&self, rest: &Rest, kind: &Kind) -> Result<TokenUse<'_>> {
        if kind.read != Read::Apps || !self.has(Read::Tokens) {
            return Ok(TokenUse::NotRead);
        }
        Ok(match self.uses(rest).await? {
            Some(uses) => TokenUse::Of(self.apps(rest).await?, uses),
            None => TokenUse::Unseen,
        })
    }

    /// The type of apps, if they are read.
    pub(crate) fn entitlement_type(&self) -> Option<EntitlementType> {
        self.has_apps().then(apps::entitlement_type)
    }

    /// The attributes that accounts of programs have beside those of users.
    pub(crate) fn attributes(&self, known: &[AttributeSchema]) -> Vec<AttributeSchema> {
        let mut all = programs::attributes(self.kinds());
        all.retain(|one| known.iter().all(|other| other.name != one.name));
        all
    }
}
