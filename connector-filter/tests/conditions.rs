//! The language of `--where`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests end where something is missing")]

use connector_core::{Account, Attributes, ErrorKind};
use connector_filter::Filter;
use proptest::prelude::*;

const KNOWN: [&str; 6] = ["Email", "Department", "Number", "Roles", "Manager.Name", "name"];

fn jane() -> Account {
    let mut jane = Account::new("005", "jane@acme.example");
    jane.attributes = Attributes::parse(
        r#"{"Email":"Jane@Acme.example","Number":7.5,"Roles":["a","b"],"Manager.Name":"O'Hara","name":"inner","Active":true}"#,
    )
    .unwrap();
    jane
}

#[test]
fn conditions_hold_or_do_not() {
    for (text, expected) in [
        (r#"email like "%@acme.example" and enabled"#, true),
        (r#"email like "%@acme.example" and not enabled"#, false),
        ("email = 'jane@acme.example'", false),
        ("EMAIL == 'Jane@Acme.example'", true),
        ("number > 7 and number <= 7.5 and number != 8", true),
        ("number = '7.5'", true),
        ("number < 7 or locked or id = '005'", true),
        ("not (locked or number < 7)", true),
        ("department is null and email is not null", true),
        ("department != 'Sales'", true),
        ("department = 'Sales'", false),
        ("department < 'Sales'", false),
        ("roles = 'b' and roles in ('x', 'b') and not roles in ('x')", true),
        ("roles not in ('x')", true),
        ("manager.name = 'O''Hara'", true),
        ("name = 'jane@acme.example' and attributes.name = 'inner'", true),
        ("`Manager.Name` like \"o_hara\"", true),
        ("name like '%%jane%_%e'", true),
        ("name not like 'jane'", true),
        ("display_name is null", true),
        ("enabled = true and locked = false and enabled <> false", true),
        ("name >= 'a' and name < 'k'", true),
        ("locked or enabled and locked", false),
    ] {
        assert_eq!(Filter::parse(text, &KNOWN).unwrap().matches(&jane(), &[]), expected, "{text}");
    }
}

#[test]
fn a_wrong_condition_is_told_with_its_place() {
    for (text, message, help) in [
        ("emial = 'x'", "column 1: accounts have no `emial`", "did you mean `Email`?"),
        ("enabled and depratment = 'x'", "column 13: accounts have no `depratment`", "did you mean `Department`?"),
        ("enabled and", "column 12: the condition ends here, expected a name", "a condition looks like"),
        ("email = jane", "column 9: `jane` stands here, expected a value", "put texts into quotes: 'jane'"),
        ("email = 'jane", "column 9: the ' that opens here is never closed", "a condition looks like"),
        ("email = null", "nothing can be compared with null", "`is null`"),
        ("(enabled", "column 9: the condition ends here, expected `)`", "a condition looks like"),
        ("enabled locked", "column 9: `locked` stands here, expected `and`, `or` or the end", "a condition looks like"),
        ("number = 1x", "column 10: `1x` is no number", "quotes"),
        ("email ~ 'x'", "column 7: `~` has no meaning here", "quotes"),
        ("zzzzzz", "accounts have no `zzzzzz`", "the names are id, name"),
        ("", "column 1: the condition ends here, expected a name", "a condition looks like"),
    ] {
        let error = Filter::parse(text, &KNOWN).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Definition);
        assert!(error.message().contains(message), "{text}: {}", error.message());
        assert!(error.help().unwrap().contains(help), "{text}: {:?}", error.help());
    }
    assert!(Filter::parse("anything = 1", &[]).is_ok());
    assert!(Filter::parse(&"(".repeat(100_000), &[]).is_err());
    assert!(Filter::parse(&"not ".repeat(100_000), &[]).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".*") {
        if let Ok(filter) = Filter::parse(&text, &[]) {
            filter.matches(&jane(), &[]);
        }
    }

    #[test]
    fn no_words_make_it_panic(words in proptest::collection::vec(
        prop_oneof![
            Just("not"), Just("and"), Just("or"), Just("("), Just(")"), Just("in"), Just("like"), Just("is"),
            Just("null"), Just("email"), Just("="), Just("<"), Just("'x%_'"), Just("7"), Just(","), Just("true"),
        ],
        0..12,
    )) {
        if let Ok(filter) = Filter::parse(&words.join(" "), &[]) {
            filter.matches(&jane(), &[]);
        }
    }
}
