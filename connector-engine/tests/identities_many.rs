//! Promise: with 100,000 accounts in each of three sources, a first correlation takes seconds and a later one costs what changed,
//! in flat memory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]
#![allow(clippy::print_stdout, reason = "who runs it wants the numbers")]

mod aggregate_fake;

use aggregate_fake::Place;
use connector_engine::identities::{Correlation, PeopleQuery, Wish, correlate, people};
use connector_project::identities::IdentitySettings;
use connector_sql::Connection;
use serde_json::json;
use std::fs;
use std::time::{Duration, Instant};

const MANY: u64 = 100_000;

fn settings() -> IdentitySettings {
    let side = |attribute: &str| json!({"from": attribute, "then": ["trim", "lower"]});
    serde_json::from_value(json!({
        "authority": "hr",
        "rules": [
            {"name": "number", "account": {"from": "Number"}, "person": {"from": "id"}},
            {"name": "mail", "account": side("Email"), "person": side("Email")},
        ],
    }))
    .unwrap()
}

/// Puts the accounts into the store as a run would leave them.
fn fill(connection: &Connection) {
    let (object, json, hash) = connection.dialect().pick(("", "", "x'01'"), ("CAST(", " AS JSON)", "'\\x01'::bytea"));
    for (number, source) in (1_u64..).zip(["hr", "crm", "vpn"]) {
        let attributes = match source {
            // Every second account of the one has a number, the other one has only addresses.
            "crm" => "'{\"Number\":' || CASE WHEN i % 2 = 0 THEN i ELSE 0 END || ',\"Email\":\" P' || i || '@X \"}'",
            _ => "'{\"Email\":\"p' || i || '@x\",\"Department\":\"Department of a longer name ' || (i % 97) || '\"}'",
        };
        connection
            .execute_batch(&format!(
                "INSERT INTO sources (id, name) VALUES ({number}, '{source}');
                 INSERT INTO runs (number, id, source, connector, definition, mode, status, started_at, accounts_seen)
                 VALUES ({number}, '01{source}', {number}, 'fake', '', 'full', 'succeeded', '2026-11-30T00:00:00Z', {MANY});
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY})
                 INSERT INTO accounts (source, account_id, name, enabled, locked, attributes, hash, first_run, added_run)
                 SELECT {number}, '' || i, 'n' || i, 1, 0, {object}{attributes}{json}, {hash}, {number}, {number} FROM n;"
            ))
            .unwrap();
    }
}

/// The most memory that this process ever had, in MiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

/// How long this process has computed, without what a server does.
fn computed() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let numbers = stat.rsplit(')').next().unwrap().split_whitespace().skip(11).take(2);
    Duration::from_millis(numbers.map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum())
}

/// The time that was computed, which does not depend on what else the machine does.
fn timed(what: &str, work: impl FnOnce() -> Correlation) -> (Correlation, Duration) {
    let (began, before) = (Instant::now(), computed());
    let correlation = work();
    let took = computed().saturating_sub(before);
    println!("{what}: {:?}, computed {took:?}, peak {} MiB; {:?}", began.elapsed(), peak(), correlation.now);
    (correlation, took)
}

#[test]
#[ignore = "takes a minute"]
fn a_first_correlation_of_many_takes_seconds_and_a_later_one_costs_what_changed() {
    let place = Place::new();
    fill(&place.connection());
    let names = ["hr", "crm", "vpn"].map(str::to_owned);
    let run = || correlate(&place.store, &settings(), &names, Wish { accept_changes: true, preview: false }).unwrap();
    let before = peak();
    let (first, took) = timed("first", run);
    assert_eq!((first.now.people, first.now.linked, first.looked_at), (MANY, 2 * MANY, 3 * MANY));
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(peak() < before + 100, "{before} MiB before, {} MiB now", peak());
    let (nothing, took) = timed("nothing changed", run);
    assert!(nothing.looked_at == 0 && took < Duration::from_secs(2), "{took:?}");
    let change = place.connection().dialect().pick("x'02'", "'\\x02'::bytea");
    let update = format!("UPDATE accounts SET hash = {change} WHERE source = 2 AND account_id IN ('7', '77', '777')");
    place
        .connection()
        .execute_batch(&format!("{update}; UPDATE runs SET accounts_changed = 3 WHERE number = 2"))
        .unwrap();
    let (few, took) = timed("three changed", run);
    assert!(few.looked_at == 3 && !few.has_changed() && took < Duration::from_secs(5), "{few:?} {took:?}");
    let began = Instant::now();
    let mut linked = 0;
    let listed = people(&place.store, &settings(), &PeopleQuery::default(), |one| {
        linked += one.accounts.len() as u64;
        Ok(())
    });
    println!("list: {:?}, peak {} MiB", began.elapsed(), peak());
    assert_eq!((listed.unwrap(), linked), (MANY, 2 * MANY));
    assert!(peak() < before + 100, "{before} MiB before, {} MiB now", peak());
}
