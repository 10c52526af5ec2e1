//! One expression.

use super::scope::{Scope, Vars};
use super::words::{self, ENVIRONMENT};
use connector_core::SettingsFault;
use serde_json::Value;
use std::fmt;
use std::ops::Range;

/// A checked expression. `Debug` shows its text.
pub(crate) struct Expression {
    text: String,
    form: Form,
}

enum Form {
    /// `item.profile.email`: followed without the evaluator, because most expressions are such.
    Path { root: String, members: Vec<String> },
    /// Anything else, and the names that it uses.
    Compiled { expression: minijinja::Expression<'static, 'static>, roots: Vec<String>, paths: Vec<String> },
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why an expression has no value.
#[derive(Debug)]
pub(crate) struct Undone(pub(crate) String);

impl fmt::Display for Undone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Expression {
    /// Parses and checks an expression. `pointer` and `start` are its place in the settings.
    pub(crate) fn parse(text: &str, scope: Scope<'_>, pointer: &str, start: usize) -> Result<Self, SettingsFault> {
        let fault = |span: Range<usize>, message: String, help: String| {
            SettingsFault::new(pointer, message).at(span.start + start..span.end + start).with_help(help)
        };
        let whole = 0..text.len();
        if text.trim().is_empty() {
            return Err(fault(whole, "the expression is empty".into(), "write a name such as `item.id`".into()));
        }
        if let Some(path) = path_of(text.trim()) {
            if let Some((message, help)) = scope.fault(text.trim()) {
                return Err(fault(whole, message, help));
            }
            return Ok(Self { text: text.to_owned(), form: path });
        }
        if let Some((span, message, help)) = words::fault(text) {
            return Err(fault(span, message, help));
        }
        let expression = ENVIRONMENT.compile_expression_owned(text.to_owned()).map_err(|error| {
            let span = error.range().unwrap_or(whole.clone());
            let detail = error.detail().map_or_else(|| error.to_string(), str::to_owned);
            let message = format!("the expression can't be read: {detail}");
            let help = "write it like `item.status == 'active'` or `item.first ~ ' ' ~ item.last`";
            fault(span.start.min(text.len())..span.end.min(text.len()), message, help.into())
        })?;
        let mut paths: Vec<_> = expression.undeclared_variables(true).into_iter().collect();
        paths.sort_unstable();
        for path in &paths {
            if let Some((message, help)) = scope.fault(path) {
                let root = path.split('.').next().unwrap_or(path);
                let at = text.find(path.as_str()).map(|at| at..at + path.len());
                let at = at.or_else(|| text.find(root).map(|at| at..at + root.len()));
                return Err(fault(at.unwrap_or(whole), message, help));
            }
        }
        // The evaluator does not report names inside of slices.
        let mut roots = Vec::new();
        for span in words::names(text) {
            let root = &text[span.clone()];
            if let Some((message, help)) = scope.fault(root).filter(|_| root != "settings") {
                return Err(fault(span, message, help));
            }
            if !roots.iter().any(|known| known == root) {
                roots.push(root.to_owned());
            }
        }
        Ok(Self { text: text.to_owned(), form: Form::Compiled { expression, roots, paths } })
    }

    /// The value. What an item does not have is null as a plain name, and an error inside of an expression.
    pub(crate) fn value(&self, vars: &Vars<'_>) -> Result<Value, Undone> {
        match &self.form {
            Form::Path { root, members } => {
                let mut value = vars.get(root).unwrap_or(&Value::Null);
                for member in members {
                    value = match value {
                        Value::Object(object) => object.get(member).unwrap_or(&Value::Null),
                        Value::Null => value,
                        other => {
                            return Err(Undone(format!("`{}`: there is no `{member}` in {}", self.text, named(other))));
                        }
                    };
                }
                Ok(value.clone())
            }
            Form::Compiled { expression, roots, .. } => {
                let value = expression.eval(vars.context(roots)).map_err(|error| {
                    let detail = error.detail().map_or_else(|| error.to_string(), str::to_owned);
                    let detail = if detail.is_empty() { error.kind().to_string() } else { detail };
                    Undone(format!("`{}`: {detail}", self.text))
                })?;
                if value.is_undefined() {
                    return Ok(Value::Null);
                }
                serde_json::to_value(&value).map_err(|_| Undone(format!("`{}` gives no JSON value", self.text)))
            }
        }
    }

    /// Whether the item lacks what this plain name refers to, or nothing has a name that the expression uses.
    pub(crate) fn is_missing(&self, vars: &Vars<'_>) -> bool {
        let (root, members) = match &self.form {
            Form::Path { root, members } => (root, members),
            Form::Compiled { roots, .. } => return roots.iter().any(|root| vars.get(root).is_none()),
        };
        let mut value = vars.get(root);
        for member in members {
            value = value.and_then(|value| value.get(member));
        }
        value.is_none()
    }

    /// A text that is not empty; numbers become text.
    pub(crate) fn text(&self, vars: &Vars<'_>) -> Result<Option<String>, Undone> {
        match self.value(vars)? {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(None),
            Value::String(text) => Ok(Some(text)),
            Value::Number(number) => Ok(Some(number.to_string())),
            other => Err(Undone(format!("`{}` gives {} instead of text", self.text, named(&other)))),
        }
    }

    /// A text that must be there.
    pub(crate) fn some_text(&self, vars: &Vars<'_>) -> Result<String, Undone> {
        self.text(vars)?.ok_or_else(|| Undone(format!("`{}` gives no value", self.text)))
    }

    /// True or false.
    pub(crate) fn truth(&self, vars: &Vars<'_>) -> Result<bool, Undone> {
        match self.value(vars)? {
            Value::Bool(truth) => Ok(truth),
            Value::Null => Err(Undone(format!(
                "`{}` gives no value; for one that can be missing, write `{} is defined and …`",
                self.text, self.text
            ))),
            other => Err(Undone(format!("`{}` gives {} instead of true or false", self.text, named(&other)))),
        }
    }

    /// An expression in place of one with a fault; the settings with the fault are never used.
    pub(crate) fn broken() -> Self {
        Self { text: String::new(), form: Form::Path { root: String::new(), members: Vec::new() } }
    }

    /// Whether it uses this name.
    pub(crate) fn uses(&self, name: &str) -> bool {
        match &self.form {
            Form::Path { root, .. } => root == name,
            Form::Compiled { roots, .. } => roots.iter().any(|root| root == name),
        }
    }

    /// The members of a name that it uses, such as `id` of `parent`.
    pub(crate) fn members(&self, root: &str) -> Vec<String> {
        let prefix = format!("{root}.");
        let of = |path: &str| path.strip_prefix(&prefix).map(|rest| rest.split('.').next().unwrap_or(rest).to_owned());
        match &self.form {
            Form::Path { .. } => of(self.text.trim()).into_iter().collect(),
            Form::Compiled { paths, .. } => paths.iter().filter_map(|path| of(path)).collect(),
        }
    }

    /// The members of `root.item` that it uses: `parent.item.slug`.
    pub(crate) fn item_members(&self, root: &str) -> Vec<String> {
        let prefix = format!("{root}.item.");
        let of = |path: &str| path.strip_prefix(&prefix).map(|rest| rest.split('.').next().unwrap_or(rest).to_owned());
        match &self.form {
            Form::Path { .. } => of(self.text.trim()).into_iter().collect(),
            Form::Compiled { paths, .. } => paths.iter().filter_map(|path| of(path)).collect(),
        }
    }
}

/// The form of a plain name, if the text is one.
fn path_of(text: &str) -> Option<Form> {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !text.split('.').all(is_word) || matches!(text, "true" | "false" | "none" | "True" | "False" | "None") {
        return None;
    }
    let mut words = text.split('.').map(str::to_owned);
    let root = words.next()?;
    Some(Form::Path { root, members: words.collect() })
}

/// What a value is, for people. Never the value itself.
pub(crate) fn named(value: &Value) -> &'static str {
    match value {
        Value::Null => "no value",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
