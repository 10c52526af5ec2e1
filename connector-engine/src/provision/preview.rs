//! The preview: what a plan changes in the accounts as they are now.

use super::created;
use super::find_accounts::{self, concern_of};
use super::journal::{Foreseen, OpenPlan};
use super::names::Entitlements;
use super::progress::{Phase, Progress};
use super::provisioning::{Changed, Provisioning};
use super::reasons::stopped;
use super::seats;
use super::simulate::Simulation;
use super::simulate::hex;
use connector_core::{AttributeMeaning, AttributeSchema, AttributeType, Change, EntitlementRef, Result};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use openssl::sha::Sha256;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// How many reads run at the same time.
pub(super) const READS: usize = 4;

impl Provisioning<'_> {
    /// Previews every operation. Returns those whose preview is different from an earlier one.
    pub(super) async fn foresee_all(
        &self,
        progress: &(impl Fn(&Progress) + Sync),
        stop: &CancellationToken,
    ) -> Result<Vec<Changed>> {
        self.journal.with(OpenPlan::part_accounts).await?;
        let login = self.opened.connector.schema().meaning(AttributeMeaning::LoginName).map(|one| one.name.clone());
        let Named { entitlements, renamed, total } =
            self.journal.with(move |journal| gather(journal, login.as_deref())).await?;
        let simulation = self.simulation(entitlements, renamed).await?;
        let mut pass = Pass { of: self, done: 0, total, progress };
        pass.tell();
        let mut after = -1;
        // The next read does not wait for the disk.
        let (mut reads, mut kept) = (FuturesUnordered::new(), FuturesUnordered::new());
        let mut is_over = false;
        loop {
            while reads.len() < READS && !is_over {
                match self.next_accounts(after).await? {
                    Some(last) => {
                        reads.push(self.foresee_some(&simulation, after, last));
                        after = last;
                    }
                    None => is_over = true,
                }
            }
            if reads.is_empty() && kept.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return Err(stopped()),
                Some(count) = kept.next() => pass.passed(count?),
                Some(foreseen) = reads.next(), if kept.len() < READS => kept.push(self.keep(foreseen?)),
            }
        }
        drop(reads);
        drop(kept);
        self.foresee_merged(&simulation).await?;
        let arrange = |journal: &mut OpenPlan| {
            created::arrange(journal)?;
            seats::count(journal)?;
            // An account without a seat is not created either.
            created::arrange(journal)?;
            journal.note_alike()
        };
        self.journal.with(arrange).await?;
        self.journal.with(|journal| journal.otherwise()).await
    }

    /// Looks again at operations that name one account in two ways, together.
    async fn foresee_merged(&self, simulation: &Simulation<'_>) -> Result<()> {
        let leads: Vec<_> = self.journal.with(OpenPlan::merge_accounts).await?.into_iter().collect();
        for part in leads.chunks(find_accounts::most(self.opened)) {
            let part = part.to_vec();
            let plain = simulation.plain.clone();
            let gather = move |journal: &mut OpenPlan| {
                let rows = part.iter().map(|lead| journal.asked_of(lead - 1, *lead, &plain));
                let rows = rows.collect::<Result<Vec<_>>>()?;
                Ok(rows.concat())
            };
            let foreseen = simulation.foresee(self.journal.with(gather).await?).await?;
            self.keep(foreseen).await?;
        }
        Ok(())
    }

    async fn simulation(
        &self,
        wanted: BTreeSet<EntitlementRef>,
        renamed: HashMap<String, (u64, String)>,
    ) -> Result<Simulation<'_>> {
        let entitlements = if wanted.is_empty() {
            Entitlements::default()
        } else {
            Entitlements::look_up(self.opened, wanted).await?
        };
        let queued = self.journal.with(|journal| journal.queued()).await?;
        let schema = self.opened.connector.schema();
        let password_changed = schema.password_changed();
        let is_reference = |one: &AttributeSchema| one.attribute_type == AttributeType::Reference || one.is_account();
        let is_plain = |name: &str| schema.attribute(name).is_some_and(|one| !is_reference(one));
        let names = schema.attributes.iter().map(|one| one.name.to_lowercase());
        let plain = Arc::new(names.filter(|name| is_plain(name)).collect());
        Ok(Simulation { opened: self.opened, schema, entitlements, password_changed, queued, plain, renamed })
    }

    /// The last of the next accounts to look at together.
    pub(super) async fn next_accounts(&self, after: i64) -> Result<Option<i64>> {
        let most = find_accounts::most(self.opened);
        self.journal.with(move |journal| journal.next_accounts(after, most)).await
    }

    async fn foresee_some(&self, simulation: &Simulation<'_>, after: i64, last: i64) -> Result<Vec<Foreseen>> {
        let plain = simulation.plain.clone();
        let rows = self.journal.with(move |journal| journal.asked_of(after, last, &plain)).await?;
        simulation.foresee(rows).await
    }

    /// Records what operations change. Returns their number.
    async fn keep(&self, mut foreseen: Vec<Foreseen>) -> Result<u64> {
        let count = foreseen.len() as u64;
        let keep = move |journal: &mut OpenPlan| {
            for one in foreseen.iter_mut().filter(|one| one.is_disabled) {
                let since = one.account_id.as_deref().map(|id| journal.disabled_since(id)).transpose()?.flatten();
                // In the help: what the runs know is no difference between two previews.
                one.error = one.error.take().map(|error| match (since, error.help()) {
                    (Some(since), Some(help)) => {
                        let help = format!("{since}; {help}");
                        error.with_help(help)
                    }
                    _ => error,
                });
            }
            journal.foresee(&foreseen)
        };
        self.journal.with(keep).await?;
        Ok(count)
    }

    /// The digest of the whole preview.
    pub(super) async fn digest(&self) -> Result<String> {
        self.journal
            .with(|journal| {
                let mut hasher = Sha256::new();
                // The same changes to another system are other changes.
                hasher.update(journal.instance()?.as_bytes());
                journal.each_foreseen(|one| hasher.update(one.as_bytes()))?;
                Ok(hex(hasher))
            })
            .await
    }
}

/// One pass over the accounts.
struct Pass<'a, P> {
    of: &'a Provisioning<'a>,
    done: u64,
    total: u64,
    progress: &'a P,
}

impl<P: Fn(&Progress)> Pass<'_, P> {
    fn passed(&mut self, count: u64) {
        self.done += count;
        self.tell();
    }

    fn tell(&self) {
        (self.progress)(&Progress {
            phase: Phase::Previewing,
            done: self.done,
            total: self.total,
            api_calls: self.of.calls(),
        });
    }
}

/// What a plan names.
struct Named {
    entitlements: BTreeSet<EntitlementRef>,
    /// The new names that the plan gives to accounts, in lower case: the operation, and the account as it names it.
    renamed: HashMap<String, (u64, String)>,
    /// How many operations there are.
    total: u64,
}

fn gather(journal: &mut OpenPlan, login: Option<&str>) -> Result<Named> {
    let (mut entitlements, mut renamed, mut number) = (BTreeSet::new(), HashMap::new(), 0);
    journal.each_asked(|operation| {
        entitlements.extend(concern_of([&operation]).entitlements);
        if let (Change::Update { set, .. }, Some(login)) = (&operation.change, login)
            && let Some(name) =
                set.iter().find(|(name, _)| name.eq_ignore_ascii_case(login)).and_then(|(_, to)| to.as_str())
        {
            renamed.insert(name.trim().to_lowercase(), (number, operation.account.clone()));
        }
        number += 1;
    })?;
    Ok(Named { entitlements, renamed, total: journal.count()? })
}
