//! Broken files, each with what a user is told.

use crate::project::{Project, assignments, entitlements};
use serde_json::{Value, json};

/// A broken file, and the beginning of its report. `settings` are merged into those of a plain file.
struct Broken {
    bytes: &'static [u8],
    settings: fn() -> Value,
    report: &'static str,
}

fn plain() -> Value {
    json!({})
}

const fn broken(bytes: &'static [u8], report: &'static str) -> Broken {
    Broken { bytes, settings: plain, report }
}

const fn with(bytes: &'static [u8], settings: fn() -> Value, report: &'static str) -> Broken {
    Broken { bytes, settings, report }
}

fn typed(kind: &str, format: Option<&str>) -> Value {
    let mut one = json!({"type": kind});
    if let Some(format) = format {
        one["format"] = json!(format);
    }
    json!({"accounts": {"attributes": {"types": {"name": one}}}})
}

#[allow(clippy::too_many_lines, reason = "a table, one row for each file")]
fn corpus() -> Vec<Broken> {
    vec![
        // The header.
        broken(b"", "`people.csv` is empty"),
        broken(b"\n\n\r\n", "`people.csv` is empty"),
        broken(b"\xef\xbb\xbf", "`people.csv` is empty"),
        broken(b"id,name", "`people.csv`, line 1: the last line has no end: the file may be cut"),
        broken(b"id,name\n", "`people.csv` has a header but no rows"),
        broken(b"id,name\n\n\n", "`people.csv` has a header but no rows"),
        broken(b"id,id\n1,2\n", "`people.csv`, line 1, column 2 (`id`): column 1 has the same name"),
        broken(b"id,,name\n1,2,3\n", "`people.csv`, line 1, column 2 (``): the column has no name"),
        broken(b"id, \n1,2\n", "`people.csv`, line 1, column 2 (` `): the column has no name"),
        broken(
            b"sep=;\nid;name\n1;2\n",
            "`people.csv`, line 1: the first line is `sep=`, which only spreadsheets know",
        ),
        broken(b"id;name\n1;2\n", "`people.csv`, line 1: no column `id`, which `accounts.id` names"),
        broken(b"ID,name\n1,2\n", "`people.csv`, line 1: no column `id`, which `accounts.id` names"),
        broken(b" id,name\n1,2\n", "`people.csv`, line 1: no column `id`, which `accounts.id` names"),
        broken(
            b"id,na\xffme\n1,2\n",
            "`people.csv`, line 1, column 2 (`UTF-8`): bytes that are not in the file's encoding",
        ),
        broken(b"1,2\n3,4\n", "`people.csv`, line 1: no column `id`, which `accounts.id` names"),
        // Rows.
        broken(b"id,name\n1\n", "`people.csv`, line 2: 1 value, but the header has 2 columns"),
        broken(b"id,name\n1,2\n1,2,3\n", "`people.csv`, line 3: 3 values, but the header has 2 columns"),
        broken(b"id,name\r\n1,2\r\n\r\n3\r\n", "`people.csv`, line 4: 1 value, but the header has 2 columns"),
        broken(b"id,name\n1,\"a\nb\"\n3\n", "`people.csv`, line 4: 1 value, but the header has 2 columns"),
        broken(b"id,name\n1,2\n3,4", "`people.csv`, line 3: the last line has no end: the file may be cut"),
        broken(b"id,name\n1,2\n3", "`people.csv`, line 3: 1 value, but the header has 2 columns"),
        broken(b"id,name\n1,\"2\n", "`people.csv`, line 2: a quote is opened but never closed"),
        broken(b"id,name\n1,\"2", "`people.csv`, line 2: a quote is opened but never closed"),
        broken(b"id,name\n1,\"a\"\"\n2,b\n", "`people.csv`, line 2: a quote is opened but never closed"),
        broken(b"id,name\n\"1,2\n3,4\n", "`people.csv`, line 2: a quote is opened but never closed"),
        broken(b"\"id,name\n1,2\n", "`people.csv`, line 1: a quote is opened but never closed"),
        broken(b"id,name\n1,a\0b\n", "`people.csv`, line 2: a NUL byte"),
        broken(b"id,name\n1,2\n\0\0\n", "`people.csv`, line 3: a NUL byte"),
        broken(b"id,name\n1,2\n\0\0\n3,4\n", "`people.csv`, line 3: a NUL byte"),
        broken(b"id,name\r1,2\r", "`people.csv`, line 1: the lines end with CR alone"),
        broken(
            b"id,name\n1,J\xfcrgen\n",
            "`people.csv`, line 2, column 2 (`name`): bytes that are not in the file's encoding",
        ),
        broken(
            b"id,name\n\xc3,x\n",
            "`people.csv`, line 2, column 1 (`id`): bytes that are not in the file's encoding",
        ),
        // Ids.
        broken(b"id,name\n,jane\n", "`people.csv`, line 2, column 1 (`id`): no id"),
        broken(b"id,name\n1,2\n\"\",4\n", "`people.csv`, line 3, column 1 (`id`): no id"),
        broken(b"id,name\n1,2\n1,2\n", "`people.csv`, line 3: the same id as in `people.csv`, line 2"),
        broken(b"id,name\r\n1,a\r\n2,b\r\n\"1\",c\r\n", "`people.csv`, line 4: the same id as in `people.csv`, line 2"),
        with(b"id,name\n-,2\n", || json!({"format": {"null": "-"}}), "`people.csv`, line 2, column 1 (`id`): no id"),
        with(
            b"id,name\n1,\n",
            || json!({"accounts": {"name": "name"}}),
            "`people.csv`, line 2, column 2 (`name`): no login name",
        ),
        // Encodings.
        broken(
            b"\xff\xfei\0d\0\n\0",
            "`people.csv` begins with the mark of UTF-16LE, but `encoding` says something else",
        ),
        broken(
            b"\xfe\xff\0i\0d\0\n",
            "`people.csv` begins with the mark of UTF-16BE, but `encoding` says something else",
        ),
        broken(b"i\0d\0\n\x001\0\n\0", "`people.csv`, line 1: a NUL byte"),
        with(
            b"\xef\xbb\xbfid,name\n1,2\n",
            || json!({"format": {"encoding": "utf-16le"}}),
            "`people.csv` begins with the mark of UTF-8, but `encoding` says something else",
        ),
        with(
            b"\xff\xfei\0d\0\n\x001\0\x00\xd8\n\0",
            || json!({"format": {"encoding": "utf-16"}}),
            "`people.csv`, line 2, column 1 (`id`): bytes that are not in the file's encoding",
        ),
        with(b"id,name\n1,\x81\n", || json!({"format": {"encoding": "shift_jis"}}), "`people.csv`, line 2"),
        with(
            b"id,name\n1,\xaa\xff\n",
            || json!({"format": {"encoding": "iso-8859-7"}}),
            "`people.csv`, line 2, column 2 (`name`): bytes that are not in the file's encoding",
        ),
        // Types and rules.
        with(
            b"id,name\n1,7a\n",
            || typed("integer", None),
            "`people.csv`, line 2, column 2 (`name`): the value is not a whole number",
        ),
        with(
            b"id,name\n1,1.5\n",
            || typed("integer", None),
            "`people.csv`, line 2, column 2 (`name`): the value is not a whole number",
        ),
        with(
            b"id,name\n1,inf\n",
            || typed("number", None),
            "`people.csv`, line 2, column 2 (`name`): the value is not a number",
        ),
        with(
            b"id,name\n1,\"1,5\"\n",
            || typed("number", None),
            "`people.csv`, line 2, column 2 (`name`): the value is not a number",
        ),
        with(
            b"id,name\n1,TRUE\n",
            || typed("boolean", None),
            "`people.csv`, line 2, column 2 (`name`): the value is neither of `true/false`",
        ),
        with(
            b"id,name\n1,ja\n",
            || typed("boolean", Some("yes/no")),
            "`people.csv`, line 2, column 2 (`name`): the value is neither of `yes/no`",
        ),
        with(
            b"id,name\n1,31.02.2027\n",
            || typed("date", Some("%d.%m.%Y")),
            "`people.csv`, line 2, column 2 (`name`): the value is not written as `%d.%m.%Y`",
        ),
        with(
            b"id,name\n1,1/2/27\n",
            || typed("date", None),
            "`people.csv`, line 2, column 2 (`name`): the value is not a day like",
        ),
        with(
            b"id,name\n1,noon\n",
            || typed("date_time", None),
            "`people.csv`, line 2, column 2 (`name`): the value is not a time like",
        ),
        with(
            b"id,name\n1,A\n2,X\n",
            || json!({"accounts": {"enabled": {"column": "name", "is": ["A"], "is_not": ["T"]}}}),
            "`people.csv`, line 3, column 2 (`name`): the value is in neither list of `accounts.enabled`",
        ),
        with(
            b"id,name\n1,A\n1,B\n",
            || json!({"accounts": {"merge": "adjacent"}}),
            "`people.csv`, line 3, column 2 (`name`): another value than in `people.csv`, line 2",
        ),
        with(
            b"id,name\n1,A\n2,x\n1,B\n",
            || json!({"accounts": {"merge": "anywhere"}}),
            "`people.csv`, line 4, column 2 (`name`): another value than in `people.csv`, line 2",
        ),
        // The end.
        with(
            b"id,name\n1,2\n",
            || json!({"complete": {"trailer": "#EOF"}}),
            "`people.csv` is cut: its last line is not the one that `trailer` names",
        ),
        with(
            b"id,name\n1,2\n#EO",
            || json!({"complete": {"trailer": "#EOF"}}),
            "`people.csv`, line 3: 1 value, but the header has 2 columns",
        ),
        with(
            b"id,name\n1,2\n#EOF\n3,4\n",
            || json!({"complete": {"trailer": "#EOF"}}),
            "`people.csv`, line 3: rows follow the last line that `trailer` names",
        ),
        with(
            b"id,name\n1,2\n",
            || json!({"complete": {"at_least": 1000}}),
            "`people.csv` has 1 row, but `at_least` is 1000",
        ),
        with(b"id,name\n1,2\n", || json!({"accounts": {"file": "*.txt"}}), "no file matches `*.txt`"),
        with(b"id,name\n1,2\n", || json!({"accounts": {"file": "persons.csv"}}), "`persons.csv` does not exist"),
        with(
            b"id,name\n1,2\n",
            || json!({"accounts": {"file": "no/*.csv"}}),
            "can't list the folder `no/` of `no/*.csv`",
        ),
        with(b"id,name\n1,2\n", || json!({"accounts": {"file": "."}}), "`"),
    ]
}

fn merge(into: &mut Value, more: &Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more.clone(),
    }
}

#[tokio::test]
async fn every_broken_file_is_an_error_with_its_place_and_no_list() {
    let all = corpus();
    assert!(all.len() >= 60, "{}", all.len());
    let mut wrong = Vec::new();
    for Broken { bytes, settings, report } in all {
        let project = Project::of_people(bytes);
        let mut merged = json!({"accounts": {"file": "people.csv", "id": "id"}});
        merge(&mut merged, &settings());
        let shown = String::from_utf8_lossy(bytes).into_owned();
        match project.accounts(&merged).await {
            Ok(accounts) => wrong.push(format!("{shown:?} gave {} accounts", accounts.len())),
            Err(error) if !error.message().starts_with(report) => wrong.push(format!("{shown:?} gave {error}")),
            Err(error) if error.help().is_none() => wrong.push(format!("{shown:?} gave no help")),
            Err(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn cut_and_damaged_compressed_files_are_errors_at_every_byte() {
    let text = b"id,name\n1,jane\n2,jo\n3,jim\n".to_vec();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &text).unwrap();
    let packed =
        [("people.csv.gz", gzip.finish().unwrap()), ("people.csv.zst", zstd::encode_all(&text[..], 3).unwrap())];
    for (name, bytes) in packed {
        let settings = json!({"accounts": {"file": name, "id": "id"}});
        assert_eq!(Project::new(&[(name, &bytes)]).accounts(&settings).await.unwrap().len(), 3);
        for length in 0..bytes.len() {
            let project = Project::new(&[(name, &bytes[..length])]);
            let error = project.error(&settings).await;
            assert!(error.message().starts_with(&format!("`{name}`")), "{length}: {error}");
        }
        let project = Project::new(&[(name, &text)]);
        assert!(project.error(&settings).await.message().contains("is not valid"), "{name}");
    }
}

#[tokio::test]
async fn broken_lists_and_members_are_errors_with_their_places() {
    let of = |list: &'static [u8], members: &'static [u8]| {
        Project::new(&[("people.csv", b"id\n1\n2\n"), ("roles.csv", list), ("members.csv", members)])
    };
    let settings = json!({
        "accounts": {"file": "people.csv", "id": "id"},
        "entitlements": {"role": {
            "file": "roles.csv", "id": "code", "name": "title",
            "holders": {"file": "members.csv", "account": "who", "entitlement": "role"},
        }},
    });
    let good: &[u8] = b"code,title\nr1,One\nr2,Two\n";
    for (list, members, report) in [
        (
            &b"code,title\nr1,One\nr1,Two\n"[..],
            &b"who,role\n1,r1\n"[..],
            "`roles.csv`, line 3: the same id as in `roles.csv`, line 2",
        ),
        (b"code,title\n,One\n", b"who,role\n1,r1\n", "`roles.csv`, line 2, column 1 (`code`): no id"),
        (b"code,title\n", b"who,role\n1,r1\n", "`roles.csv` has a header but no rows"),
        (good, b"who,role\n1,\n", "`members.csv`, line 2, column 2 (`role`): no entitlement"),
        (good, b"who,role\n,r1\n", "`members.csv`, line 2, column 1 (`who`): no account"),
        (
            good,
            b"who,roll\n1,r1\n",
            "`members.csv`, line 1: no column `role`, which `entitlements.role.holders.entitlement` names",
        ),
        (
            b"code,title\nr1,One\nr2,One\n",
            b"who,role\n1,r2\n2,One\n",
            "`members.csv`, line 3, column 2 (`role`): several entitlements have this name",
        ),
        (good, b"who,role\n", "`members.csv` has a header but no rows"),
    ] {
        let project = of(list, members);
        let connector = project.open(&settings);
        let error = match entitlements(connector.as_ref()).await {
            Err(error) => error,
            Ok(_) => assignments(connector.as_ref()).await.unwrap_err(),
        };
        assert_eq!(error.message(), report);
    }
}

#[tokio::test]
async fn a_file_without_rows_is_right_only_if_the_settings_say_so() {
    let project = Project::of_people("id,name\n");
    let settings = json!({"accounts": {"file": "people.csv", "id": "id", "complete": {"at_least": 0}}});
    assert_eq!(project.accounts(&settings).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_quote_that_swallows_a_large_file_is_named_before_the_memory_is_full() {
    let mut text = b"id,name\n1,jane\n2,\"jo\n".to_vec();
    text.extend(b"3,somebody else\n".repeat(1_200_000));
    let project = Project::of_people(text);
    let error = project.error(&json!({"accounts": {"file": "people.csv", "id": "id"}})).await;
    assert_eq!(error.message(), "`people.csv`, line 3: the row is longer than 16 MiB");
}
