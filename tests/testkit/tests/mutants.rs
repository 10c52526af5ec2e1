//! Tests the kit: a correct connector passes every trial, and the matching trial catches each broken connector.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use async_trait::async_trait;
use connector_core::{
    Account, AccountSchema, Assignment, AttributeSchema, AttributesBuilder, Capabilities, Concern, Connector, Cursor,
    End, Entitlement, EntitlementRef, EntitlementType, Error, ErrorKind, FindAccounts, Finding, Holder, Operation,
    Outcome, Page, ReadEntitlements, Result, SourceChange, TestReport,
};
use connector_testkit::TrialOutcome;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    NoEntitlements,
    TestFails,
    NeverEnds,
    CursorComesBack,
    ForgetsOnReopen,
    AnswersAnyCursor,
    DuplicateId,
    UndeclaredAttribute,
    WrongAttributeType,
    UndeclaredType,
    UnknownHolder,
    HeldTwice,
    UnknownAlias,
    SameAlias,
    UnknownHolderOfHolders,
    UnknownThrough,
    FindsWhatHasEnded,
    FindsNoEnds,
    PretendsToDelete,
    DiffersWhenRepeated,
    AnotherIdEachTime,
    EmptyId,
    ShowsWhatIsHidden,
    HidesWhatIsNotDeclared,
    FindsOnlyTheFirst,
    ReadsOldValues,
    ForgetsWhatIsHeld,
    AnswersOutOfOrder,
    /// One read changes the position of another that is under way.
    MixesReadsAtOnce,
    /// A position gives its page only once.
    UsesPositionsUp,
}

#[derive(Debug)]
struct Directory {
    fault: Fault,
    calls: AtomicU64,
    position: AtomicU64,
    /// A bit for each position that was read.
    used: AtomicU64,
    opened: u64,
}

const PEOPLE: u64 = 7;
const PAGE: u64 = 3;

#[async_trait]
impl Connector for Directory {
    async fn test_connection(&self, report: &mut TestReport) {
        let fault = self.fault;
        let api = async move {
            if fault == Fault::TestFails {
                return Err(Error::new(ErrorKind::Unavailable, "nobody there"));
            }
            Ok(Finding::passed("there"))
        };
        report.step("api", api).await;
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let first = match cursor.position::<u64>() {
            Ok(position) => position.unwrap_or(0),
            Err(_) if self.fault == Fault::AnswersAnyCursor => 0,
            Err(error) => return Err(error),
        };
        if self.fault == Fault::ForgetsOnReopen && self.opened > 2 && first > 0 {
            return Err(Error::new(ErrorKind::Protocol, "unknown position"));
        }
        if first > 0 && self.fault == Fault::UsesPositionsUp {
            let used = self.used.fetch_or(1 << first, Ordering::Relaxed);
            if used & (1 << first) != 0 {
                return Err(Error::new(ErrorKind::Protocol, "this token was used"));
            }
        }
        self.position.store(first, Ordering::Relaxed);
        tokio::task::yield_now().await;
        let first = if self.fault == Fault::MixesReadsAtOnce { self.position.load(Ordering::Relaxed) } else { first };
        let end = (first + PAGE).min(PEOPLE);
        let mut items: Vec<_> = (first..end).map(|number| self.account(number)).collect();
        if self.fault == Fault::DiffersWhenRepeated && call % 2 == 1 {
            items.pop();
        }
        let hidden = match self.fault {
            Fault::ShowsWhatIsHidden => vec!["Department"],
            Fault::HidesWhatIsNotDeclared => vec!["Shoe"],
            _ => Vec::new(),
        };
        let page = match self.fault {
            Fault::CursorComesBack if end == PEOPLE => Ok(Page::then(items, Cursor::of(&PAGE)?)),
            Fault::NeverEnds => Ok(Page::then(items, Cursor::of(&(first + 1))?)),
            _ if end < PEOPLE => Ok(Page::then(items, Cursor::of(&end)?)),
            _ => Ok(Page::last(items)),
        };
        page.map(|page: Page<Account>| page.with_not_shown(hidden))
    }

    async fn instance_id(&self) -> Result<Option<String>> {
        Ok(match self.fault {
            Fault::AnotherIdEachTime => Some(format!("t{}", self.opened)),
            Fault::EmptyId => Some(String::new()),
            _ => Some("t1".to_owned()),
        })
    }

    fn schema(&self) -> AccountSchema {
        AccountSchema::new(vec![AttributeSchema::text("Department").described("Where the person works")])
    }

    async fn provision(&self, operation: &Operation) -> Result<Outcome> {
        if self.fault == Fault::PretendsToDelete {
            return Ok(Outcome::Unchanged { detail: "nothing to do".into() });
        }
        Err(Error::new(ErrorKind::Unsupported, format!("no {}", operation.kind().name())))
    }

    fn capabilities(&self) -> Capabilities<'_> {
        match self.fault {
            Fault::NoEntitlements => Capabilities::none(),
            _ => Capabilities::none().with_entitlements(self).with_accounts(self),
        }
    }
}

impl Directory {
    fn account(&self, number: u64) -> Account {
        let mut attributes = AttributesBuilder::default();
        match self.fault {
            Fault::UndeclaredAttribute => attributes.push("Shoe", "44").unwrap(),
            Fault::WrongAttributeType => attributes.push("Department", &44).unwrap(),
            _ => attributes.push("Department", "Sales").unwrap(),
        }
        let number = if self.fault == Fault::DuplicateId && number == PEOPLE - 1 { 0 } else { number };
        let mut account = Account::new(format!("p{number}"), format!("person{number}"));
        account.attributes = attributes.build();
        account.entitlements = vec![EntitlementRef::new("team", "t1")];
        account.alias = Some(format!("cn={}", if self.fault == Fault::SameAlias { 0 } else { number }));
        account
    }

    fn only_from_the_start(&self, cursor: &Cursor) -> Result<()> {
        if cursor.is_start() || self.fault == Fault::AnswersAnyCursor {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Protocol, "unknown position"))
    }
}

#[async_trait]
impl ReadEntitlements for Directory {
    fn entitlement_types(&self) -> Vec<EntitlementType> {
        vec![EntitlementType::new("team", "Team").described("Works with the others in it")]
    }

    async fn entitlements(&self, cursor: &Cursor) -> Result<Page<Entitlement>> {
        self.only_from_the_start(cursor)?;
        let type_name = if self.fault == Fault::UndeclaredType { "squad" } else { "team" };
        let team = |id: &str| Entitlement::new(EntitlementRef::new(type_name, id), id);
        let mut nested = team("t3");
        nested.alias = Some("cn=team".to_owned());
        Ok(Page::last(vec![team("t1"), team("t2"), nested]))
    }

    async fn assignments(&self, cursor: &Cursor) -> Result<Page<Assignment>> {
        self.only_from_the_start(cursor)?;
        let holder = if self.fault == Fault::UnknownHolder { "p99" } else { "p1" };
        let team = if self.fault == Fault::HeldTwice { "t1" } else { "t2" };
        let assignment = |holder, team| Assignment::new(holder, EntitlementRef::new("team", team));
        let alias = if self.fault == Fault::UnknownAlias { "cn=nobody" } else { "cn=2" };
        let above = if self.fault == Fault::UnknownHolderOfHolders { "t99" } else { "t3" };
        let mut given = assignment(Holder::account("p3"), "t2");
        given.through =
            Some(EntitlementRef::new("team", if self.fault == Fault::UnknownThrough { "t99" } else { "t3" }));
        let mut ended = assignment(Holder::account("p4"), "t2");
        ended.valid_until = Some("2001-01-01T00:00:00Z".parse().unwrap());
        let mut ending = assignment(Holder::account("p5"), "t2");
        ending.valid_until = Some("2126-01-01T00:00:00Z".parse().unwrap());
        Ok(Page::last(vec![
            assignment(Holder::account(holder), team),
            assignment(Holder::alias(alias), "t2"),
            assignment(Holder::alias("cn=team"), "t1"),
            assignment(Holder::Entitlement(EntitlementRef::new("team", above)), "t2"),
            given,
            ended,
            ending,
        ]))
    }
}

#[async_trait]
impl FindAccounts for Directory {
    fn most_accounts(&self) -> usize {
        5
    }

    async fn find_accounts(&self, wanted: &[String], concern: &Concern) -> Result<Vec<Vec<Account>>> {
        let ended = EntitlementRef::new("team", "t2");
        let all = (0..PEOPLE).map(|number| {
            let mut account = self.account(number);
            if account.id == "p5" && concern.entitlements.contains(&ended) {
                match self.fault {
                    Fault::FindsNoEnds => account.entitlements.push(ended.clone()),
                    _ => account.hold(ended.clone(), End::At("2126-01-01T00:00:00Z".parse().unwrap())),
                }
            }
            if self.fault == Fault::FindsWhatHasEnded && account.id == "p4" && concern.entitlements.contains(&ended) {
                account.entitlements.push(ended.clone());
            }
            account
        });
        let all: Vec<Account> = all.collect();
        let found = wanted.iter().enumerate().map(|(place, text)| {
            let shown = self.fault != Fault::FindsOnlyTheFirst || place < 3;
            all.iter().filter(|one| shown && (one.id == *text || one.name == *text)).take(1).cloned().collect()
        });
        let mut found: Vec<Vec<Account>> = found.collect();
        if self.fault == Fault::AnswersOutOfOrder && wanted.len() > 3 {
            found.sort_by_key(|found| found.first().map(|one| one.id.clone()));
        }
        Ok(found)
    }

    async fn read_accounts(&self, ids: &[String]) -> Result<Option<Page<SourceChange>>> {
        let (mut held, mut left) = (Vec::new(), vec![Cursor::start()]);
        while let Some(cursor) = left.pop().filter(|_| self.fault != Fault::ForgetsWhatIsHeld) {
            let (items, next) = self.assignments(&cursor).await?.into_parts();
            held.extend(items);
            left.extend(next);
        }
        let accounts = (0..PEOPLE).map(|number| self.account(number)).filter(|one| ids.contains(&one.id));
        let changes = accounts.flat_map(|mut account| {
            let is_its = |holder: &Holder| match holder {
                Holder::Alias(alias) => account.alias.as_ref() == Some(alias),
                holder => holder.account_id() == Some(account.id.as_str()),
            };
            let held = held.iter().filter(|one| is_its(&one.holder)).cloned();
            let held = SourceChange::AllOf(Holder::account(&account.id), held.collect());
            account.enabled ^= self.fault == Fault::ReadsOldValues;
            [SourceChange::Account(account), held]
        });
        Ok(Some(Page::last(changes.collect())))
    }
}

async fn check(fault: Fault) -> connector_testkit::Report {
    let opened = AtomicU64::new(0);
    connector_testkit::check(|| {
        let opened = opened.fetch_add(1, Ordering::Relaxed);
        let (calls, position, used) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        Ok(Box::new(Directory { fault, calls, position, used, opened }))
    })
    .await
}

#[tokio::test]
async fn a_correct_connector_passes_every_trial() {
    let report = check(Fault::None).await;
    assert!(report.passed(), "{report}");
    assert!(report.to_string().ends_with("21 passed, 0 failed, 37 not applicable"), "{report}");
}

#[tokio::test]
async fn the_book_names_every_trial() {
    let page = include_str!("../../../docs/conformance.md");
    let report = check(Fault::None).await;
    let of_operations =
        ["create_", "update_", "grant_", "revoke_", "disable_", "enable_", "lock_", "unlock_", "delete_"];
    for result in report.results() {
        let is_of_operation =
            of_operations.iter().any(|kind| result.name.starts_with(kind)) || result.name == "set_password_is_applied";
        assert!(is_of_operation || page.contains(result.name), "docs/conformance.md does not name {}", result.name);
    }
    for named in page.split('`').skip(1).step_by(2).filter(|word| word.contains('_') && !word.contains("::")) {
        assert!(report.results().iter().any(|result| result.name == named), "no trial is called {named}");
    }
}

#[tokio::test]
async fn a_trial_of_what_a_connector_does_not_use_does_not_pass() {
    let report = check(Fault::None).await;
    for (trial, unused) in [
        ("a_live_cursor_expires_elsewhere_and_its_anchor_shows_the_same_rows", "a live cursor"),
        ("an_attribute_that_is_not_shown_has_no_value", "an attribute that is not shown"),
    ] {
        let result = report.results().iter().find(|result| result.name == trial).unwrap();
        assert_eq!(result.outcome, TrialOutcome::NotApplicable(unused), "{report}");
    }
}

#[tokio::test]
async fn a_trial_of_a_missing_capability_does_not_pass() {
    let report = check(Fault::NoEntitlements).await;
    assert!(report.to_string().ends_with("12 passed, 0 failed, 46 not applicable"), "{report}");
}

#[tokio::test]
async fn a_position_that_is_used_up_is_reported_with_the_kind_of_cursor_for_it() {
    let report = check(Fault::UsesPositionsUp).await;
    for trial in [
        "the_same_cursor_returns_the_same_page",
        "cursors_outlive_the_connector",
        "pages_read_at_once_and_in_another_order_are_the_same",
    ] {
        let result = report.results().iter().find(|result| result.name == trial).unwrap();
        assert!(
            matches!(&result.outcome, TrialOutcome::Failed(seen) if seen.ends_with("make it with `Cursor::live`")),
            "{trial}:\n{report}"
        );
    }
}

#[tokio::test]
async fn each_fault_is_caught_by_the_matching_trial() {
    for (fault, trial) in [
        (Fault::TestFails, "the_connection_test_passes"),
        (Fault::AnotherIdEachTime, "the_system_has_one_id"),
        (Fault::EmptyId, "the_system_has_one_id"),
        (Fault::ShowsWhatIsHidden, "an_attribute_that_is_not_shown_has_no_value"),
        (Fault::HidesWhatIsNotDeclared, "an_attribute_that_is_not_shown_has_no_value"),
        (Fault::FindsOnlyTheFirst, "as_many_accounts_as_allowed_are_found_in_one_call"),
        (Fault::AnswersOutOfOrder, "as_many_accounts_as_allowed_are_found_in_one_call"),
        (Fault::ReadsOldValues, "accounts_that_are_read_again_are_those_of_a_whole_read"),
        (Fault::ForgetsWhatIsHeld, "accounts_that_are_read_again_are_those_of_a_whole_read"),
        (Fault::NeverEnds, "every_list_ends_and_no_cursor_repeats"),
        (Fault::CursorComesBack, "every_list_ends_and_no_cursor_repeats"),
        (Fault::DiffersWhenRepeated, "the_same_cursor_returns_the_same_page"),
        (Fault::MixesReadsAtOnce, "pages_read_at_once_and_in_another_order_are_the_same"),
        (Fault::ForgetsOnReopen, "cursors_outlive_the_connector"),
        (Fault::AnswersAnyCursor, "a_foreign_cursor_is_refused"),
        (Fault::DuplicateId, "account_ids_are_unique_and_not_empty"),
        (Fault::UndeclaredAttribute, "attributes_match_the_schema"),
        (Fault::WrongAttributeType, "attributes_match_the_schema"),
        (Fault::UndeclaredType, "entitlements_are_unique_and_of_declared_types"),
        (Fault::UnknownHolder, "assignments_are_unique_and_refer_to_known_rows"),
        (Fault::HeldTwice, "assignments_are_unique_and_refer_to_known_rows"),
        (Fault::UnknownAlias, "assignments_are_unique_and_refer_to_known_rows"),
        (Fault::UnknownHolderOfHolders, "assignments_are_unique_and_refer_to_known_rows"),
        (Fault::UnknownThrough, "assignments_are_unique_and_refer_to_known_rows"),
        (Fault::SameAlias, "an_alias_names_one_account_or_entitlement"),
        (Fault::FindsWhatHasEnded, "only_what_has_effect_is_found_as_held"),
        (Fault::FindsNoEnds, "what_is_found_as_held_has_the_end_of_its_assignment"),
        (Fault::PretendsToDelete, "undeclared_operations_are_refused"),
    ] {
        let report = check(fault).await;
        assert!(report.failed().contains(&trial), "{fault:?} was not caught by {trial}:\n{report}");
    }
}
