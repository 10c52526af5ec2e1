//! Promise: the intent is on the disk before anything is sent, the answer after; and never a secret.

#![allow(clippy::unwrap_used, reason = "tests end where something is missing")]

mod provision_fake;

use connector_core::ErrorKind;
use connector_engine::provision::Standing::{Applied, Failed, Pending, Planned};
use connector_engine::provision::{Earlier, Phase, Provisioning};
use connector_engine::query::{self, OperationQuery};
use provision_fake::{Directory, Fate, Place, create, disable, grant, outcomes, reference, set_password, update};
use serde_json::json;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_pending_in_the_journal() {
    let mut directory = Directory::of(&["a", "b"]);
    (directory.most, directory.delay) = (1, Duration::from_secs(10));
    let place = Place::new();
    let plan = [disable("a"), disable("b"), update("a", json!({"Title": "x"}))];
    let (mut provisioning, ..) = place.preview(&directory, &plan).await;
    let id = provisioning.id();
    let seen = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        place.reports(&id)
    };
    let stop = CancellationToken::new();
    let (applied, seen) = tokio::join!(provisioning.apply(|_| {}, &stop), seen);
    assert!(applied.unwrap().error.is_none());
    assert_eq!(outcomes(&seen), [Pending, Pending, Planned]);
    assert_eq!(outcomes(&place.reports(&id)), [Applied; 3]);
}

#[tokio::test]
async fn no_password_is_ever_written() {
    const PLANTED: &str = "Planted-Secret-4711";
    let directory = Directory::of(&["bob", "eve"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, PLANTED).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let written = format!("file:{}", file.display());
    let place = Place::new();
    let plan = [
        set_password("bob", Some(&written)),
        create("jane", json!({}), &[]),
        set_password("jane", Some(&written)),
        set_password("eve", Some("file:/nowhere/at/all")),
    ];
    let (_, reports) = place.carry_out(&directory, &plan).await;
    assert_eq!(outcomes(&reports), [Applied, Applied, Applied, Failed]);
    assert_eq!(directory.server().person("bob").password.as_deref(), Some(PLANTED));
    let mut read = 0;
    for entry in fs::read_dir(place.file().parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            read += bytes.len();
            assert!(!bytes.windows(PLANTED.len()).any(|part| part == PLANTED.as_bytes()), "{}", path.display());
        }
    }
    assert!(read > 10_000, "the journal was looked at");
    let shown = serde_json::to_string(&reports).unwrap();
    assert!(shown.contains("********") && !shown.contains(PLANTED));
}

#[tokio::test]
async fn one_job_provisions_a_source_at_a_time() {
    let directory = Directory::of(&["bob"]);
    let place = Place::new();
    let first = place.begin(&directory, &[disable("bob")]);
    let second = Provisioning::begin(&place.store, directory.opened(), "other.yaml", "ann", |_| Ok(()));
    assert_eq!(second.unwrap_err().kind(), ErrorKind::Guard);
    drop(first);
    assert_eq!(place.begin(&directory, &[disable("bob")]).earlier(), Earlier::Nothing);
}

#[tokio::test]
async fn a_plan_that_cannot_be_read_leaves_nothing() {
    let directory = Directory::of(&["bob"]);
    let place = Place::new();
    let broken = Provisioning::begin(&place.store, directory.opened(), "plan.yaml", "ann", |sink| {
        sink(disable("bob"));
        Err(connector_core::Error::new(ErrorKind::Definition, "line 2 is wrong"))
    });
    assert_eq!(broken.unwrap_err().kind(), ErrorKind::Definition);
    let connection = place.connection();
    let count: i64 = connection.query_row("SELECT count(*) FROM operations", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn the_journal_tells_what_was_asked_tried_and_answered() {
    let mut directory = Directory::of(&["bob"]);
    directory.single = Arc::new(|operation, sent| match (operation.kind().name(), sent) {
        ("disable", 0) => {
            let busy = connector_core::Error::new(ErrorKind::Conflict, "busy");
            Fate::Refused(busy.with_retry(connector_core::Retry::After(Duration::from_millis(1))))
        }
        _ => Fate::Done,
    });
    let place = Place::new();
    drop(place.preview(&directory, &[grant("bob", "group/3")]).await);
    let told = Mutex::new(Vec::new());
    let mut provisioning = place.begin(&directory, &[disable("bob"), create("x", json!({"Refused": 1}), &["group/1"])]);
    provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap();
    let progress = |at: &connector_engine::provision::Progress| {
        if at.phase == Phase::ReadingBack {
            return;
        }
        assert_eq!(at.phase, Phase::Applying);
        told.lock().unwrap().push((at.done, at.total));
    };
    provisioning.apply(progress, &CancellationToken::new()).await.unwrap();
    provisioning.leave().await.unwrap();
    assert_eq!(told.lock().unwrap().first(), Some(&(0, 3)));
    assert_eq!(told.lock().unwrap().last(), Some(&(3, 3)));

    let entries = |query: &OperationQuery<'_>| {
        let mut entries = Vec::new();
        query::operations(&place.store, "directory", query, |entry| {
            entries.push(serde_json::to_value(&entry).unwrap());
            Ok(())
        })
        .unwrap();
        entries
    };
    let all = entries(&OperationQuery::default());
    assert_eq!(all.len(), 2, "a plan that was only previewed is not among them");
    assert_eq!(
        (&all[0]["kind"], &all[0]["outcome"], &all[0]["tries"]),
        (&json!("disable"), &json!("applied"), &json!(2))
    );
    assert_eq!(all[0]["asked"], json!({"kind": "disable", "account": "bob"}));
    assert_eq!(all[0]["account"], "A0001");
    assert!(all[0]["asked_at"].is_string() && all[0]["answered_at"].is_string());
    assert_eq!(all[1]["error"]["kind"], "invalid");
    let failed = OperationQuery { outcome: Some(Failed), limit: Some(1), ..OperationQuery::default() };
    assert_eq!(entries(&failed), all[1..]);
    let tally = place.tally(&provisioning.id());
    assert_eq!((tally.applied, tally.failed, tally.planned, tally.pending), (1, 1, 0, 0));
    assert!(query::plan_operations(&place.store, "01NOTHERE", |_| Ok(())).is_err());
}

#[tokio::test]
async fn an_operation_that_is_done_in_part_tells_so() {
    let directory = Directory::of(&[]);
    let need = (reference("permission/1"), reference("license/1"));
    directory.server().needs.push(need);
    let place = Place::new();
    let (_, reports) = place.carry_out(&directory, &[create("x", json!({}), &["group/1", "permission/1"])]).await;
    assert_eq!(outcomes(&reports), [Failed]);
    assert_eq!(reports[0].error.as_ref().unwrap().message, "done in part, then: needs license/1");
    assert_eq!(directory.server().person("x").held, [reference("group/1")].into());
}

#[tokio::test]
async fn a_large_plan_is_carried_out_from_the_journal() {
    let mut directory = Directory::of(&[]);
    (directory.most, directory.most_accounts) = (200, 200);
    let count = 3_000;
    let place = Place::new();
    let mut provisioning = Provisioning::begin(&place.store, directory.opened(), "large.csv", "ann", |sink| {
        for number in 0..count {
            sink(create(&format!("user{number}"), json!({"Title": "a"}), &[]));
        }
        for number in 0..count {
            sink(grant(&format!("user{number}"), "group/1"));
        }
        Ok(())
    })
    .unwrap();
    provisioning.preview(|_| {}, &CancellationToken::new()).await.unwrap();
    let applied = provisioning.apply(|_| {}, &CancellationToken::new()).await.unwrap();
    assert!(applied.error.is_none());
    assert_eq!(place.tally(&provisioning.id()).applied, 2 * count);
    assert!(directory.server().calls.len() <= 32, "{} calls", directory.server().calls.len());
}
