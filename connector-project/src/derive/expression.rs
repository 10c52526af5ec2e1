//! `expr:`, for what no transform does.

use connector_core::SettingsFault;
use minijinja::value::Serde;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, filters, tests};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// How much work an expression may do for one account.
const FUEL: u64 = 10_000;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut all = Environment::empty();
    all.set_undefined_behavior(UndefinedBehavior::Strict);
    all.set_fuel(Some(FUEL));
    all.add_filter("default", filters::default);
    all.add_filter("first", filters::first);
    all.add_filter("int", filters::int);
    all.add_filter("join", filters::join);
    all.add_filter("last", filters::last);
    all.add_filter("length", filters::length);
    all.add_filter("lower", filters::lower);
    all.add_filter("map", filters::map);
    all.add_filter("replace", filters::replace);
    all.add_filter("sort", filters::sort);
    all.add_filter("split", filters::split);
    all.add_filter("string", filters::string);
    all.add_filter("title", filters::title);
    all.add_filter("trim", filters::trim);
    all.add_filter("unique", filters::unique);
    all.add_filter("upper", filters::upper);
    all.add_test("defined", tests::is_defined);
    all.add_test("endingwith", tests::is_endingwith);
    all.add_test("in", tests::is_in);
    all.add_test("startingwith", tests::is_startingwith);
    all
});

/// The names of the filters, for messages.
const FILTERS: &str =
    "default, first, int, join, last, length, lower, map, replace, sort, split, string, title, trim, unique, upper";

/// A checked expression.
pub(super) struct Expression {
    text: String,
    compiled: minijinja::Expression<'static, 'static>,
    uses: Vec<String>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Expression {
    /// Reads an expression; `pointer` is its place.
    pub(super) fn parse(text: &str, pointer: String) -> Result<Self, SettingsFault> {
        let compiled = ENVIRONMENT.compile_expression_owned(text.to_owned()).map_err(|error| {
            let detail = error.detail().map_or_else(|| error.to_string(), str::to_owned);
            let fault = SettingsFault::new(pointer.clone(), format!("the expression can't be read: {detail}"))
                .with_help("write it like `FirstName ~ \" \" ~ LastName | upper`");
            match error.range() {
                Some(span) => fault.at(span),
                None => fault,
            }
        })?;
        let mut uses: Vec<_> = compiled.undeclared_variables(false).into_iter().collect();
        uses.sort_unstable();
        let expression = Self { text: text.to_owned(), compiled, uses };
        // An unknown filter is known only when it is used.
        let values = expression.uses.iter().map(|name| (name.clone(), Value::from("x"))).collect();
        match expression.compiled.eval(minijinja::Value::from(Serde(&values as &Map<String, Value>))) {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction
                ) =>
            {
                let detail = error.detail().unwrap_or("unknown word").to_owned();
                Err(SettingsFault::new(pointer, format!("the expression can't be used: {detail}"))
                    .with_help(format!("the filters are {FILTERS}")))
            }
            _ => Ok(expression),
        }
    }

    /// The attributes that it names.
    pub(super) fn uses(&self) -> &[String] {
        &self.uses
    }

    /// The value; null if an attribute that it needs has none.
    pub(super) fn value(&self, values: &Map<String, Value>) -> Result<Value, String> {
        let used = self.uses.iter().filter_map(|name| Some((name.as_str(), values.get(name)?)));
        let used = used.filter(|(_, value)| !value.is_null() && value.as_str() != Some(""));
        let context: BTreeMap<_, _> = used.map(|(name, value)| (name, minijinja::Value::from(Serde(value)))).collect();
        match self.compiled.eval(minijinja::Value::from(context)) {
            Ok(value) if value.is_undefined() => Ok(Value::Null),
            Ok(value) => serde_json::to_value(&value).map_err(|_| format!("`{}` gives no JSON value", self.text)),
            Err(error) if error.kind() == ErrorKind::UndefinedError => Ok(Value::Null),
            Err(error) => {
                let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
                Err(format!("`{}`: {detail}", self.text))
            }
        }
    }
}
