//! The words of the language: which filters and tests there are, and what else an expression may not contain.

use minijinja::{Environment, UndefinedBehavior, filters, tests};
use std::ops::Range;
use std::sync::LazyLock;

/// The most steps of one evaluation.
const FUEL: u64 = 20_000;

/// The longest expression, in bytes.
const LONGEST: usize = 2000;

/// The environment that all expressions share.
pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

const FILTERS: &[&str] = &[
    "bool",
    "default",
    "first",
    "float",
    "int",
    "join",
    "last",
    "length",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "select",
    "selectattr",
    "sort",
    "split",
    "string",
    "title",
    "trim",
    "unique",
    "upper",
];

const TESTS: &[&str] = &[
    "boolean",
    "defined",
    "endingwith",
    "eq",
    "false",
    "in",
    "integer",
    "mapping",
    "ne",
    "none",
    "number",
    "sequence",
    "startingwith",
    "string",
    "true",
    "undefined",
];

const KEYWORDS: &[&str] =
    &["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"];

fn environment() -> Environment<'static> {
    let mut all = Environment::empty();
    all.set_undefined_behavior(UndefinedBehavior::Strict);
    all.set_fuel(Some(FUEL));
    all.add_filter("bool", filters::bool);
    all.add_filter("default", filters::default);
    all.add_filter("first", filters::first);
    all.add_filter("float", filters::float);
    all.add_filter("int", filters::int);
    all.add_filter("join", filters::join);
    all.add_filter("last", filters::last);
    all.add_filter("length", filters::length);
    all.add_filter("lower", filters::lower);
    all.add_filter("map", filters::map);
    all.add_filter("max", filters::max);
    all.add_filter("min", filters::min);
    all.add_filter("reject", filters::reject);
    all.add_filter("rejectattr", filters::rejectattr);
    all.add_filter("replace", filters::replace);
    all.add_filter("select", filters::select);
    all.add_filter("selectattr", filters::selectattr);
    all.add_filter("sort", filters::sort);
    all.add_filter("split", filters::split);
    all.add_filter("string", filters::string);
    all.add_filter("title", filters::title);
    all.add_filter("trim", filters::trim);
    all.add_filter("unique", filters::unique);
    all.add_filter("upper", filters::upper);
    all.add_test("boolean", tests::is_boolean);
    all.add_test("defined", tests::is_defined);
    all.add_test("endingwith", tests::is_endingwith);
    all.add_test("eq", tests::is_eq);
    all.add_test("false", tests::is_false);
    all.add_test("in", tests::is_in);
    all.add_test("integer", tests::is_integer);
    all.add_test("mapping", tests::is_mapping);
    all.add_test("ne", tests::is_ne);
    all.add_test("none", tests::is_none);
    all.add_test("number", tests::is_number);
    all.add_test("sequence", tests::is_sequence);
    all.add_test("startingwith", tests::is_startingwith);
    all.add_test("string", tests::is_string);
    all.add_test("true", tests::is_true);
    all.add_test("undefined", tests::is_undefined);
    all
}

/// What is wrong in an expression that its parser accepts: where, what, and what to write instead.
pub(super) fn fault(text: &str) -> Option<(Range<usize>, String, String)> {
    if text.len() > LONGEST {
        let help = "split it, or write a connector in Rust".to_owned();
        return Some((0..text.len(), format!("an expression has at most {LONGEST} characters"), help));
    }
    let tokens = tokens(text);
    let word = |at: usize| tokens.get(at).map(|span| &text[span.clone()]);
    for (at, span) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(word);
        let is_test = before == Some("is") || (before == Some("not") && at >= 2 && word(at - 2) == Some("is"));
        let this = &text[span.clone()];
        if !this.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            if matches!(this, "*" | "**") {
                return Some((span.clone(), "an expression can't multiply".to_owned(), "remove `*`".to_owned()));
            }
            continue;
        }
        if before == Some("|") {
            if !FILTERS.contains(&this) {
                return Some(unknown(span, "filter", this, FILTERS));
            }
        } else if is_test && this != "not" {
            if !TESTS.contains(&this) {
                return Some(unknown(span, "test", this, TESTS));
            }
        } else if word(at + 1) == Some("(") && !KEYWORDS.contains(&this) {
            let help = format!("use a filter: `value | trim`; there are {}", FILTERS.join(", "));
            return Some((span.clone(), "an expression can't call functions".to_owned(), help));
        }
    }
    None
}

/// The names that are no member, filter, test, argument or word of the language.
pub(super) fn names(text: &str) -> Vec<Range<usize>> {
    let tokens = tokens(text);
    let word = |at: usize| tokens.get(at).map(|span| &text[span.clone()]);
    let is_free = |at: usize| {
        let (before, this) = (at.checked_sub(1).and_then(word), word(at).unwrap_or_default());
        let is_test = before == Some("is") || (before == Some("not") && at >= 2 && word(at - 2) == Some("is"));
        let is_argument = word(at + 1) == Some("=") && word(at + 2) != Some("=") && matches!(before, Some("(" | ","));
        this.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && before != Some("|")
            && !is_test
            && !is_argument
            && !KEYWORDS.contains(&this)
    };
    (0..tokens.len()).filter(|at| is_free(*at)).map(|at| tokens[at].clone()).collect()
}

fn unknown(span: &Range<usize>, what: &str, name: &str, known: &[&str]) -> (Range<usize>, String, String) {
    let help = match connector_core::nearest(name, known.iter().copied()) {
        Some(guess) => format!("did you mean `{guess}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    (span.clone(), format!("unknown {what} `{name}`"), help)
}

/// The words and signs outside of texts.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            quote @ (b'\'' | b'"') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            byte if byte.is_ascii_alphabetic() || byte == b'_' => {
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    at += 1;
                }
                // A member of something is no word of the language.
                if start > 0 && bytes[start - 1] == b'.' && bytes.get(at) != Some(&b'(') {
                    continue;
                }
                found.push(start..at);
            }
            byte if byte.is_ascii() => {
                at += 1;
                if !byte.is_ascii_whitespace() && !byte.is_ascii_digit() {
                    found.push(start..at);
                }
            }
            _ => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    found
}
