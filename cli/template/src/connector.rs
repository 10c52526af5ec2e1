//! Reads {{title}}. Each method answers one question; the engine asks, retries, and keeps the position and the data.

use crate::people::{Person, TEAMS};
use connector_core::{
    Account, AccountSchema, Assignment, AttributeMeaning, AttributeSchema, Capabilities, Connector,
    Cursor, Entitlement, EntitlementRef, EntitlementType, Finding, Holder, Page, ReadEntitlements,
    Result, TestReport, async_trait, serde_json::json,
};

/// How many rows a page has.
const PAGE: u64 = 100;

#[derive(Debug)]
pub(crate) struct {{type}}Connector {
    people: u64,
}

impl {{type}}Connector {
    pub(crate) fn new(people: u64) -> Self {
        Self { people }
    }

    /// One page of people. The cursor is the position of the first one: it means the same days later and in another process.
    fn page<T>(&self, cursor: &Cursor, row: impl Fn(Person) -> Result<T>) -> Result<Page<T>> {
        let first: u64 = cursor.position()?.unwrap_or(0);
        let end = (first + PAGE).min(self.people);
        let rows = (first..end).map(Person).map(row).collect::<Result<_>>()?;
        Page::continuing(rows, (end < self.people).then_some(end))
    }
}

fn account(person: Person) -> Result<Account> {
    let account = Account::new(person.id(), person.login());
    account.with_attributes(&json!({"email": person.login()}))
}

#[async_trait]
impl Connector for {{type}}Connector {
    // One step for each thing that can be wrong. The terminal shows each step when it ends.
    async fn test_connection(&self, report: &mut TestReport) {
        report
            .step("api", async {
                Ok(Finding::passed(format!("{} people", self.people)))
            })
            .await;
    }

    async fn aggregate_accounts(&self, cursor: &Cursor) -> Result<Page<Account>> {
        self.page(cursor, account)
    }

    fn schema(&self) -> AccountSchema {
        let email = AttributeSchema::text("email")
            .described("Where mail reaches the person")
            .means(AttributeMeaning::Email);
        AccountSchema::new(vec![email])
    }

    fn capabilities(&self) -> Capabilities<'_> {
        Capabilities::none().with_entitlements(self)
    }
}

#[async_trait]
impl ReadEntitlements for {{type}}Connector {
    fn entitlement_types(&self) -> Vec<EntitlementType> {
        vec![
            EntitlementType::new("team", "Team")
                .described("Works with the others in it")
                .not_grantable(),
        ]
    }

    async fn entitlements(&self, cursor: &Cursor) -> Result<Page<Entitlement>> {
        cursor.position::<()>()?;
        Ok(Page::last(
            TEAMS
                .iter()
                .map(|team| Entitlement::new(EntitlementRef::new("team", *team), *team))
                .collect(),
        ))
    }

    async fn assignments(&self, cursor: &Cursor) -> Result<Page<Assignment>> {
        let team = |person: Person| EntitlementRef::new("team", person.team());
        self.page(cursor, |person| {
            Ok(Assignment::new(Holder::account(person.id()), team(person)))
        })
    }
}

// If the system can be asked for a few accounts, runs confirm removals and plans show what they
// change. Uncomment this, write `.with_accounts(self)` in `capabilities`, and import `FindAccounts`
// and `Concern`.

// #[async_trait]
// impl FindAccounts for {{type}}Connector {
//     fn most_accounts(&self) -> usize {
//         100
//     }
//
//     async fn find_accounts(
//         &self,
//         wanted: &[String],
//         _concern: &Concern,
//     ) -> Result<Vec<Vec<Account>>> {
//         let named = |wanted: &str| {
//             let everyone = (0..self.people).map(Person);
//             let found = everyone.filter(|one| one.id() == wanted || one.login() == wanted);
//             found.map(account).collect()
//         };
//         wanted.iter().map(|wanted| named(wanted)).collect()
//     }
// }
