//! How long reading a file takes and how much memory it needs, beside the floor: a scan by the `csv` crate alone, plus inserting the same
//! accounts with a bare loop in one transaction.
//!
//! `cargo bench -p connector-e2e --bench delimited` measures 100,000, 1,000,000 and 5,000,000 rows. After `--`, other sizes can follow, and how
//! the file is kept: `-- 1000000 zst`, `gz`, `merge=adjacent`, `merge=anywhere`.
//! The figures of one machine are for comparing with each other, not with another machine's.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at the first surprise and prints its figures"
)]

#[allow(dead_code, reason = "no org is asked")]
#[path = "peers/process.rs"]
mod process;

use connector_e2e::Binary;
use csv::ByteRecord;
use process::finished;
use rusqlite::{Connection, params};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const BINARY: Binary = Binary(env!("CARGO_BIN_EXE_connector-under-test"));

#[tokio::main]
async fn main() {
    let (mut sizes, mut ending, mut merge) = (Vec::new(), "csv", "none".to_owned());
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "zst" => ending = "csv.zst",
            "gz" => ending = "csv.gz",
            other => match other.strip_prefix("merge=") {
                Some(how) => how.clone_into(&mut merge),
                None => sizes.extend(other.parse::<u64>()),
            },
        }
    }
    if sizes.is_empty() {
        sizes = vec![100_000, 1_000_000, 5_000_000];
    }
    println!("      rows     MiB |      run    again  changed |     scan   insert    floor | ratio | peak memory");
    for rows in sizes {
        measure(rows, ending, &merge).await;
    }
}

async fn measure(rows: u64, ending: &str, merge: &str) {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(BINARY.run(folder.path(), &["init"]).code, Some(0));
    let name = format!("people.{ending}");
    let source = format!(
        "connector: delimited\nsettings:\n  accounts:\n    file: {name}\n    id: no\n    name: login\n    merge: {merge}\n    \
         enabled: {{column: status, is: [A]}}\n    entitlements: {{role: {{column: roles, split: \"|\"}}}}\n"
    );
    fs::write(folder.path().join("sources/people.yaml"), source).unwrap();
    let plain = folder.path().join("plain");
    write(&plain, rows);
    let size = plain.metadata().unwrap().len();
    keep_as(&plain, &folder.path().join(&name));
    let (run, peak) = aggregate(&folder).await;
    let (again, _) = aggregate(&folder).await;
    let scan = scan(&plain);
    let insert = insert(&folder, &plain);
    // Another order of the rows is another file with the same accounts.
    let text = fs::read(&plain).unwrap();
    let header = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let half = header
        + text[header + (text.len() - header) / 2..].iter().position(|byte| *byte == b'\n').unwrap()
        + (text.len() - header) / 2
        + 1;
    fs::write(&plain, [&text[..header], &text[half..], &text[header..half]].concat()).unwrap();
    drop(text);
    keep_as(&plain, &folder.path().join(&name));
    let (changed, _) = aggregate(&folder).await;
    let floor = scan + insert;
    println!(
        "{rows:>10} {:>7} | {:>6}ms {:>6}ms {:>6}ms | {:>6}ms {:>6}ms {:>6}ms | {:>4.2}x | {} MiB",
        size / 1_048_576,
        run.as_millis(),
        again.as_millis(),
        changed.as_millis(),
        scan.as_millis(),
        insert.as_millis(),
        floor.as_millis(),
        run.as_secs_f64() / floor.as_secs_f64(),
        peak / 1024,
    );
}

/// A file of people with 12 columns.
fn write(path: &Path, rows: u64) {
    let mut file = BufWriter::new(File::create(path).unwrap());
    writeln!(file, "no,login,status,first,last,mail,phone,city,unit,cost,hired,roles").unwrap();
    for number in 0..rows {
        let (status, unit) = (if number % 17 == 0 { "T" } else { "A" }, number % 311);
        writeln!(
            file,
            "{number:08},p{number},{status},First{unit},\"Last, {number}\",p{number}@acme.example,+49 30 {number},Berlin,U{unit},\
             {:05},2020-01-{:02},r{}|r{}",
            number % 977,
            number % 28 + 1,
            number % 40,
            40 + number % 9,
        )
        .unwrap();
    }
    file.flush().unwrap();
}

/// Puts a file in place, compressed as its new name says.
fn keep_as(plain: &Path, path: &Path) {
    let program = match path.extension().and_then(|end| end.to_str()) {
        Some("zst") => "zstd",
        Some("gz") => "gzip",
        _ => {
            fs::copy(plain, path).unwrap();
            return;
        }
    };
    let output = std::process::Command::new(program).arg("-c").arg(plain).output().unwrap();
    assert!(output.status.success(), "{program} is installed");
    fs::write(path, output.stdout).unwrap();
}

/// How long an aggregation takes, and the peak memory of its process in KiB.
async fn aggregate(folder: &TempDir) -> (Duration, u64) {
    let mut command = BINARY.command(folder.path(), &["aggregate", "people", "--output", "json"]);
    let (_, figures) = finished(&mut command).await;
    (figures.time, figures.peak_kib.unwrap_or_default())
}

/// The `csv` crate's own scan.
fn scan(path: &Path) -> Duration {
    let started = Instant::now();
    let mut reader = csv::Reader::from_path(path).unwrap();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).unwrap() {}
    started.elapsed()
}

/// A bare loop that inserts the accounts and what they hold.
fn insert(folder: &TempDir, plain: &Path) -> Duration {
    let mut reader = csv::Reader::from_path(plain).unwrap();
    let header = reader.headers().unwrap().clone();
    // Reading is not part of it.
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let attributes: serde_json::Map<_, _> =
            header.iter().zip(&row).take(11).map(|(name, value)| (name.to_owned(), value.into())).collect();
        (row[0].to_owned(), row[1].to_owned(), serde_json::Value::from(attributes).to_string(), row[11].to_owned())
    });
    let mut store = Connection::open(folder.path().join("floor.db")).unwrap();
    store
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             CREATE TABLE account (number INTEGER PRIMARY KEY, id TEXT UNIQUE, name TEXT, attributes TEXT);
             CREATE TABLE held (account INTEGER, role TEXT, PRIMARY KEY (account, role)) WITHOUT ROWID;",
        )
        .unwrap();
    let mut spent = Duration::ZERO;
    let transaction = store.transaction().unwrap();
    for (number, (id, name, attributes, roles)) in rows.enumerate() {
        let started = Instant::now();
        let mut account = transaction.prepare_cached("INSERT INTO account VALUES (?1, ?2, ?3, ?4)").unwrap();
        account.execute(params![i64::try_from(number).unwrap(), id, name, attributes]).unwrap();
        let mut held = transaction.prepare_cached("INSERT INTO held VALUES (?1, ?2)").unwrap();
        for role in roles.split('|') {
            held.execute(params![i64::try_from(number).unwrap(), role]).unwrap();
        }
        spent += started.elapsed();
    }
    let started = Instant::now();
    transaction.commit().unwrap();
    spent + started.elapsed()
}
