//! What must be true before a plan is applied: the guards let it pass, it does what somebody saw, and who must approve it has.

use super::journal::{Earlier, Journal, OpenPlan};
use super::lifecycle::Preview;
use super::provisioning::{Provisioning, wanted};
use connector_core::{Error, ErrorKind, Result};
use connector_files::shell_word;
use connector_project::source::{Approval, Opened};
use connector_store::Store;
use connector_text::{plural, time};
use jiff::{SignedDuration, Timestamp};
use std::os::unix::fs::MetadataExt;

/// How long the preview that somebody saw stands for their approval: what is right to do with accounts gets old.
const PREVIEW_COUNTS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What stands for the will of a person when a plan is about to be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent<'a> {
    /// Nothing yet: somebody only looks, or is asked afterwards.
    None,
    /// The preview that somebody saw earlier, if anybody did.
    EarlierPreview,
    /// The preview with this digest.
    Digest(&'a str),
}

/// Whether a previewed plan may be applied.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It may.
    Goes,
    /// It may not.
    Refused(Error),
    /// It would do something other than somebody saw: they must see it first.
    Changed,
}

impl<'a> Provisioning<'a> {
    /// Takes up the plan with this id.
    ///
    /// Fails with kind `not_found` if the source has no such plan, with kind `conflict` if it has ended, and like
    /// [`Provisioning::begin`].
    pub fn open(store: &Store, opened: &'a Opened, id: &str) -> Result<Self> {
        let (journal, earlier) = Journal::of(store, &wanted(opened, "", ""), id)?;
        Ok(Self::new(opened, journal, earlier))
    }
}

impl Provisioning<'_> {
    /// Records who wrote the plan, unless that is known, as it is not for plans of earlier versions: whoever previews one has
    /// written it.
    pub async fn written_by(&self, author: &str) -> Result<()> {
        let author = author.to_owned();
        self.journal.with(move |journal| journal.written_by(&author)).await
    }

    /// Records that somebody approves the preview with this digest.
    ///
    /// Fails with kind `conflict` if the plan was previewed again and does something else now, and with kind `permission` if
    /// the source asks for the approval of somebody other than the author.
    pub async fn endorse(&self, approver: &str, digest: &str) -> Result<()> {
        let (approver, digest) = (approver.to_owned(), digest.to_owned());
        let is_required = self.opened.provisioning.approval == Approval::Required;
        self.journal
            .with(move |journal| {
                if journal.digest()?.as_deref() != Some(&digest) {
                    return Err(Error::conflict("the plan was previewed again, and does something else now")
                        .with_help("look at the new preview"));
                }
                if is_required && journal.consented()?.author.is_none_or(|author| same(&author, &approver)) {
                    let message = format!("`{approver}` wrote this plan, and somebody else must approve it");
                    return Err(Error::new(ErrorKind::Permission, message).with_help(
                        "`provisioning.approval` of the source is `required`: ask somebody with the role `approver`",
                    ));
                }
                journal.endorse(Some((&approver, &digest)))
            })
            .await
    }

    /// Removes a plan that was not started. Fails with kind `conflict` if it was.
    pub async fn discard(&self) -> Result<()> {
        if self.earlier == Earlier::Interrupted {
            return Err(
                Error::conflict("the plan was started").with_help("end it instead: what was not sent is dropped then")
            );
        }
        self.journal.with(OpenPlan::discard).await
    }

    /// Why the approval that the source asks for is missing; `None` if it asks for none, or if somebody other than the author
    /// approved the last preview.
    pub async fn unapproved(&self) -> Result<Option<Error>> {
        if self.opened.provisioning.approval == Approval::Optional {
            return Ok(None);
        }
        let consented = self.journal.with(|journal| journal.consented()).await?;
        // What an interrupted plan has left is a part of what was approved.
        let is_this = self.earlier == Earlier::Interrupted || consented.digest.as_deref() == Some(&self.digest);
        let by_other = match (&consented.author, &consented.approver) {
            (Some(author), Some(approver)) => !same(author, approver),
            _ => false,
        };
        if is_this && by_other {
            return Ok(None);
        }
        let message = "somebody else must approve the plan before it is applied; nothing was sent";
        let help = format!(
            "`provisioning.approval` of `{source}` is `required`. Somebody with the role `approver` approves it on the console of `connector serve`; then `connector provision {word} --resume` applies it",
            source = self.opened.source,
            word = shell_word(&self.opened.source),
        );
        Ok(Some(Error::new(ErrorKind::Guard, message).with_help(help)))
    }

    /// Whether the plan may be applied after its last preview.
    pub async fn verdict(&self, preview: &Preview, consent: Consent<'_>) -> Result<Verdict> {
        if let Some(refusal) = &preview.refusal {
            return Ok(Verdict::Refused(refusal.clone()));
        }
        if let Consent::Digest(expected) = consent
            && !self.has_digest(expected).await?
        {
            return Ok(Verdict::Refused(self.another_digest(expected)));
        }
        if consent == Consent::EarlierPreview
            && let Some(refusal) = self.outdated().await?
        {
            return Ok(Verdict::Refused(refusal));
        }
        // The digest names this very preview, so it doesn't matter what an earlier one showed.
        let is_named = matches!(consent, Consent::Digest(_)) && self.earlier != Earlier::Interrupted;
        if !preview.changed.is_empty() && !is_named {
            return Ok(Verdict::Changed);
        }
        if consent != Consent::None
            && let Some(refusal) = self.unapproved().await?
        {
            return Ok(Verdict::Refused(refusal));
        }
        Ok(Verdict::Goes)
    }

    /// Why the preview that somebody saw no longer stands for their approval.
    async fn outdated(&self) -> Result<Option<Error>> {
        let Some(seen) = self.previewed_at().await? else { return Ok(None) };
        if Timestamp::now().duration_since(seen) <= PREVIEW_COUNTS {
            return Ok(None);
        }
        let message = format!(
            "the last preview of this plan was {}, and a preview counts for 7 days; nothing was sent",
            time(seen, Some(Timestamp::now()))
        );
        let help = "look at the result with `--preview` again, then apply it with `--yes`; or use `--expect-digest`";
        Ok(Some(Error::new(ErrorKind::Guard, message).with_help(help)))
    }

    fn another_digest(&self, expected: &str) -> Error {
        let message = format!("the digest of the plan's preview is {}, not {expected}; nothing was sent", self.digest);
        Error::new(ErrorKind::Guard, message)
            .with_help("preview it again, and look at the result; if you want it, apply it with the new digest")
    }
}

impl Preview {
    /// That operations would do something other than somebody saw.
    pub fn changed_since(&self) -> Error {
        let number = plural(self.changed.len() as u64, "operation");
        Error::new(ErrorKind::Guard, format!("{number} changed since the preview; nothing was sent"))
    }
}

/// Who runs this process, as the author or approver of plans.
pub fn this_user() -> String {
    let named = |variable| std::env::var(variable).ok().filter(|name| !name.is_empty());
    // A service has no such variables.
    let number = || std::fs::metadata("/proc/self").ok().map(|own| format!("user {}", own.uid()));
    named("USER").or_else(|| named("LOGNAME")).or_else(number).unwrap_or_else(|| "unknown user".to_owned())
}

/// Whether two names are those of one person.
fn same(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}
