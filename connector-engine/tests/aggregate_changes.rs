//! Runs that read only what changed.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod aggregate_fake;

use aggregate_fake::{Fake, Job, Place, World, account, reference, run};
use async_trait::async_trait;
use connector_core::{
    Absence, Account, AccountSchema, Assignment, Capabilities, Connector, Cursor, Entitlement, Error, ErrorKind,
    Holder, Page, Percentage, ReadChanges, Result, SourceChange, TestReport,
};
use connector_engine::aggregate::{Counts, Mode, RunReport, RunStatus};
use tokio_util::sync::CancellationToken;

/// A fake that also tells changes, in pages.
#[derive(Clone, Debug)]
struct Changing {
    fake: Fake,
    absence: Absence,
    /// The pages of changes since the watermark.
    pages: Vec<Vec<SourceChange>>,
    /// Why the last page does not show everything.
    incomplete: Option<&'static str>,
    /// The watermark of this moment, and what the read of changes says at its end.
    now: usize,
    then: Option<usize>,
    /// The page with this number fails.
    fails_at: usize,
    /// The watermark can't be read.
    has_no_watermark: bool,
}

impl Changing {
    fn new(world: &World, pages: Vec<Vec<SourceChange>>) -> Self {
        Self {
            fake: Fake::new(world),
            absence: Absence::Told,
            pages,
            incomplete: None,
            now: 1,
            then: Some(2),
            fails_at: usize::MAX,
            has_no_watermark: false,
        }
    }

    fn job(&self, mode: Mode) -> Job<'_> {
        Job { connector: self, mode, concurrency: 1, ..self.fake.job() }
    }

    fn asked(&self) -> Vec<String> {
        self.fake.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl Connector for Changing {
    async fn test_connection(&self, _: &mut TestReport) {}

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        let page = self.fake.aggregate_accounts(cursor).await?;
        Ok(match self.incomplete {
            Some(reason) => page.with_incomplete(reason),
            None => page,
        })
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::default()
    }

    fn capabilities(&self) -> Capabilities<'_> {
        self.fake.capabilities().with_changes(self)
    }
}

#[async_trait]
impl ReadChanges for Changing {
    fn absence(&self) -> Absence {
        self.absence
    }

    async fn watermark(&self) -> Result<Cursor> {
        self.fake.asked.lock().unwrap().push("watermark".to_owned());
        if self.has_no_watermark { Err(Error::unavailable("gone")) } else { Cursor::of(&(self.now, 0)) }
    }

    async fn changes(&self, cursor: &Cursor) -> Result<Page<SourceChange>> {
        tokio::task::yield_now().await;
        self.fake.asked.lock().unwrap().push(format!("changes {}", cursor.as_str()));
        let (since, number) = cursor.position::<(usize, usize)>()?.unwrap();
        if number == self.fails_at {
            return Err(Error::unavailable("gone"));
        }
        let items = self.pages.get(number).cloned().unwrap_or_default();
        if number + 1 < self.pages.len() {
            return Ok(Page::then(items, Cursor::of(&(since, number + 1))?));
        }
        let mut page = Page::last(items);
        if let Some(then) = self.then {
            page = page.with_watermark(Cursor::of(&(then, 0))?);
        }
        Ok(match self.incomplete {
            Some(reason) => page.with_incomplete(reason),
            None => page,
        })
    }
}

async fn full(place: &Place, world: &World) {
    let source = Changing::new(world, Vec::new());
    assert_eq!(place.run(&source.job(Mode::Full)).await.status, RunStatus::Succeeded);
}

async fn delta(place: &Place, source: &Changing) -> RunReport {
    place.run(&source.job(Mode::Delta)).await
}

fn changed(id: &str) -> SourceChange {
    SourceChange::Account(account(id, r#"{"Email":"changed@acme.example"}"#, &["profile/user"]))
}

fn held(id: &str, group: &str) -> Assignment {
    Assignment::new(Holder::account(id), reference(group))
}

fn alive(place: &Place) -> i64 {
    place.number("SELECT count(*) FROM accounts WHERE removed_run IS NULL")
}

fn holders(place: &Place, group: &str) -> i64 {
    place.number(&format!(
        "SELECT count(*) FROM assignments h JOIN entitlements e ON e.id = h.entitlement
         WHERE e.entitlement_id = '{group}' AND h.removed_run IS NULL"
    ))
}

#[tokio::test]
async fn changes_are_applied_and_everything_else_stays() {
    let (place, world) = (Place::new(), World::of(30));
    full(&place, &world).await;
    let pages = vec![
        vec![changed("00001"), SourceChange::removed_account("00002"), SourceChange::Held(held("00001", "group/g4"))],
        vec![
            SourceChange::Entitlement(Entitlement::new(reference("group/g9"), "New")),
            SourceChange::NoLongerHeld(Holder::account("00000"), reference("group/g1")),
            SourceChange::Account(account("new", "{}", &[])),
            SourceChange::Held(held("new", "group/g9")),
        ],
    ];
    let source = Changing::new(&world, pages);
    let report = delta(&place, &source).await;
    assert_eq!((report.status, report.mode), (RunStatus::Succeeded, Mode::Delta), "{:?}", report.error);
    let Counts { seen, added, changed, removed, .. } = report.counts.accounts;
    assert_eq!((seen, added, changed, removed), (2, 1, 1, 1));
    assert_eq!(report.counts.entitlements.added, 1);
    assert_eq!((alive(&place), holders(&place, "g9"), holders(&place, "g4")), (30, 1, 13));
    // 00000 no longer holds g1, and 00002 did not.
    assert_eq!(holders(&place, "g1"), 12 - 1);
    assert_eq!(report.warnings, Vec::<String>::new());
}

#[tokio::test]
async fn changes_are_read_from_where_the_last_run_said() {
    let (place, world) = (Place::new(), World::of(5));
    let source = Changing::new(&world, Vec::new());
    place.run(&source.job(Mode::Full)).await;
    let asked = source.asked();
    assert_eq!(asked[0], "watermark", "the watermark comes before the first page: {asked:?}");
    let first = Changing::new(&world, vec![vec![changed("00001")]]);
    delta(&place, &first).await;
    assert_eq!(first.asked(), ["changes [1,0]"]);
    let second = Changing { then: None, ..Changing::new(&world, Vec::new()) };
    let report = delta(&place, &second).await;
    assert_eq!(second.asked(), ["changes [2,0]"]);
    assert!(report.warnings[0].contains("must be a full one"), "{:?}", report.warnings);
}

#[tokio::test]
async fn a_run_that_stopped_before_its_first_page_gets_its_watermark_later() {
    let (place, world) = (Place::new(), World::of(5));
    let stopped = Changing { has_no_watermark: true, ..Changing::new(&world, Vec::new()) };
    assert_eq!(place.run(&stopped.job(Mode::Full)).await.status, RunStatus::Failed);
    assert_eq!(stopped.asked(), ["watermark"], "a page was read without a watermark");
    full(&place, &world).await;
    let source = Changing::new(&world, Vec::new());
    assert_eq!(delta(&place, &source).await.status, RunStatus::Succeeded);
    assert_eq!(source.asked(), ["changes [1,0]"]);
}

#[tokio::test]
async fn changes_need_a_full_run_of_the_same_definition_that_saw_everything() {
    let (place, world) = (Place::new(), World::of(5));
    let source = Changing::new(&world, Vec::new());
    let refused = async |job: Job<'_>| {
        let error = run(&place.store, &job, |_| {}, CancellationToken::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition);
        assert!(error.help().unwrap_or_default().contains("--full"), "{error:?}");
    };
    refused(source.job(Mode::Delta)).await;
    let partial = Changing { incomplete: Some("a team is hidden"), ..Changing::new(&world, Vec::new()) };
    assert_eq!(place.run(&partial.job(Mode::Full)).await.status, RunStatus::Succeeded);
    refused(source.job(Mode::Delta)).await;
    full(&place, &world).await;
    refused(Job { definition: "another org", ..source.job(Mode::Delta) }).await;
    assert_eq!(delta(&place, &source).await.status, RunStatus::Succeeded);
    let plain = Fake::new(&world);
    let job = Job { mode: Mode::Delta, ..plain.job() };
    let error = run(&place.store, &job, |_| {}, CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn a_removal_that_is_told_passes_the_guard_or_removes_nothing() {
    let (place, world) = (Place::new(), World::of(30));
    full(&place, &world).await;
    let gone = (0..10).map(|number| SourceChange::removed_account(format!("{number:05}"))).collect();
    let source = Changing::new(&world, vec![gone]);
    let report = delta(&place, &source).await;
    assert_eq!((report.status, alive(&place)), (RunStatus::Refused, 30));
    // The changes of a refused run are read again.
    let again = Job { delete_threshold: Percentage::new(50.0), ..source.job(Mode::Delta) };
    assert_eq!(place.run(&again).await.counts.accounts.removed, 10);
    assert_eq!(source.asked(), ["changes [1,0]", "changes [1,0]"]);
    assert_eq!((alive(&place), holders(&place, "g1")), (20, 8));
}

#[tokio::test]
async fn assignments_that_are_gone_pass_the_guard_too() {
    let (place, world) = (Place::new(), World::of(30));
    full(&place, &world).await;
    let gone = world.assignments.iter().take(40);
    let gone = gone.map(|one| SourceChange::NoLongerHeld(one.holder.clone(), one.entitlement.clone())).collect();
    let report = delta(&place, &Changing::new(&world, vec![gone])).await;
    assert_eq!((report.status, report.counts.assignments.removed), (RunStatus::Refused, 0));
}

#[tokio::test]
async fn survivors_remove_the_others_only_at_a_proven_end() {
    let (place, mut world) = (Place::new(), World::of(30));
    full(&place, &world).await;
    world.accounts.remove("00003");
    let present = |world: &World| world.accounts.keys().cloned().map(SourceChange::Present).collect::<Vec<_>>();
    let source = Changing {
        absence: Absence::Survivors,
        incomplete: Some("the list is capped"),
        ..Changing::new(&world, vec![vec![changed("00001")], present(&world)])
    };
    let report = delta(&place, &source).await;
    assert_eq!((report.status, report.counts.accounts.removed), (RunStatus::Succeeded, 0));
    full(&place, &World::of(30)).await;
    let source = Changing { incomplete: None, ..source };
    let report = delta(&place, &source).await;
    assert_eq!((report.status, report.counts.accounts.removed, alive(&place)), (RunStatus::Succeeded, 1, 29));
    // An empty list of survivors is a broken read, not an empty source.
    let none = Changing { absence: Absence::Survivors, ..Changing::new(&world, vec![Vec::new()]) };
    assert_eq!((delta(&place, &none).await.status, alive(&place)), (RunStatus::Refused, 29));
}

#[tokio::test]
async fn changes_that_do_not_tell_remove_nothing_and_a_mix_is_an_error() {
    let world = World::of(5);
    for (absence, change, status) in [
        (Absence::Untold, changed("00001"), RunStatus::Succeeded),
        (Absence::Untold, SourceChange::removed_account("00001"), RunStatus::Failed),
        (Absence::Survivors, SourceChange::removed_account("00001"), RunStatus::Failed),
        (Absence::Told, SourceChange::Present("00001".to_owned()), RunStatus::Failed),
    ] {
        let place = Place::new();
        full(&place, &world).await;
        let source = Changing { absence, ..Changing::new(&world, vec![vec![change.clone()]]) };
        let report = delta(&place, &source).await;
        assert_eq!((report.status, alive(&place)), (status, 5), "{absence:?} {change:?}");
        assert!(report.error.is_none_or(|error| error.kind == ErrorKind::Protocol));
    }
}

#[tokio::test]
async fn of_two_changes_of_one_row_the_last_counts() {
    let (place, world) = (Place::new(), World::of(30));
    full(&place, &world).await;
    let last = SourceChange::Account(account("00001", r#"{"Email":"last@acme.example"}"#, &[]));
    let pages = vec![
        vec![changed("00001"), SourceChange::removed_account("00002"), changed("00003")],
        vec![last, changed("00002"), SourceChange::removed_account("00003")],
    ];
    let report = delta(&place, &Changing::new(&world, pages)).await;
    assert_eq!((report.status, report.counts.accounts.removed), (RunStatus::Succeeded, 1), "{:?}", report.error);
    let gone = place.query("SELECT account_id FROM accounts WHERE removed_run IS NOT NULL");
    assert_eq!(gone, [[rusqlite::types::Value::Text("00003".to_owned())]]);
    let last =
        "SELECT count(*) FROM accounts WHERE account_id = '00001' AND attributes ->> 'Email' = 'last@acme.example'";
    assert_eq!(place.number(last), 1);
    let before = "SELECT count(*) FROM changes WHERE kind = 'accounts' AND before LIKE '%00001@acme.example%'";
    assert_eq!(place.number(before), 1, "the history has the value from before the run");
}

#[tokio::test]
async fn all_of_replaces_what_an_account_holds_or_who_holds_an_entitlement() {
    let (place, world) = (Place::new(), World::of(30));
    full(&place, &world).await;
    let members = vec![held("00001", "group/g3"), held("00002", "group/g3")];
    let pages = vec![vec![
        SourceChange::AllOf(Holder::account("00000"), vec![held("00000", "group/g4")]),
        SourceChange::AllOf(Holder::Entitlement(reference("group/g3")), members),
    ]];
    let source = Changing::new(&world, pages);
    let job = Job { delete_threshold: Percentage::new(100.0), ..source.job(Mode::Delta) };
    assert_eq!(place.run(&job).await.status, RunStatus::Succeeded);
    assert_eq!((holders(&place, "g0"), holders(&place, "g1"), holders(&place, "g3")), (11, 11, 2));
    assert_eq!(holders(&place, "g4"), 13);
    assert_eq!(holders(&place, "user"), 30, "the account's own record stays");
}

#[tokio::test]
async fn changes_name_entitlements_and_aliases_as_holders() {
    let (place, mut world) = (Place::new(), World::of(30));
    world.accounts.get_mut("00003").unwrap().alias = Some("cn=three".to_owned());
    full(&place, &world).await;
    let nested = Holder::Entitlement(reference("group/g4"));
    let named = Holder::alias("cn=three");
    let given = vec![vec![
        SourceChange::Held(Assignment::new(nested.clone(), reference("profile/user"))),
        SourceChange::Held(Assignment::new(named.clone(), reference("group/g1"))),
    ]];
    let report = delta(&place, &Changing::new(&world, given)).await;
    // The counts are those of what accounts hold.
    assert_eq!((report.status, report.counts.assignments.added), (RunStatus::Succeeded, 1), "{:?}", report.warnings);
    assert_eq!((holders(&place, "user"), holders(&place, "g1")), (31, 13));

    let taken = vec![vec![
        SourceChange::NoLongerHeld(nested, reference("profile/user")),
        SourceChange::NoLongerHeld(named, reference("group/g1")),
        SourceChange::NoLongerHeld(Holder::alias("cn=nobody"), reference("group/g1")),
    ]];
    let mut source = Changing::new(&world, taken);
    source.then = Some(3);
    let report = delta(&place, &source).await;
    assert_eq!((report.status, report.counts.assignments.removed), (RunStatus::Succeeded, 1), "{:?}", report.error);
    assert_eq!((holders(&place, "user"), holders(&place, "g1")), (30, 12));
}

#[tokio::test]
async fn a_run_of_changes_that_was_killed_goes_on_and_comes_to_the_same() {
    let world = World::of(30);
    let pages: Vec<_> = (0..6)
        .map(|page| {
            vec![changed(&format!("{page:05}")), SourceChange::removed_account(format!("{:05}", page / 3 + 10))]
        })
        .collect();
    let whole = Place::new();
    full(&whole, &world).await;
    delta(&whole, &Changing::new(&world, pages.clone())).await;
    for fails_at in 0..6 {
        let place = Place::new();
        full(&place, &world).await;
        let stopped = Changing { fails_at, ..Changing::new(&world, pages.clone()) };
        assert_eq!(delta(&place, &stopped).await.status, RunStatus::Failed);
        let source = Changing::new(&world, pages.clone());
        let report = delta(&place, &source).await;
        assert_eq!((report.status, report.resumed), (RunStatus::Succeeded, true));
        assert_eq!(source.asked()[0], format!("changes [1,{fails_at}]"));
        let rows = "SELECT account_id, attributes, removed_run FROM accounts ORDER BY 1";
        assert_eq!(place.query(rows), whole.query(rows));
    }
}
