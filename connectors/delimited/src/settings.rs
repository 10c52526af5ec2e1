//! What a user writes under `settings:`.

use connector_core::{Sample, TimeSpan};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The files of the example, some time apart: somebody joins, somebody leaves, and somebody gets another role.
pub(crate) const SAMPLE: Sample = Sample::new(&[(
    "hr/people.csv",
    "\
employee_no,login,full_name,department,status,roles
00123,jane,Jane Roe,Sales,A,sales|support
00124,max,Max Moe,Finance,A,finance
00125,ada,\"Poe, Ada\",Support,A,support
00126,li,Li Doe,Sales,L,
",
)])
.with_later(&[(
    "hr/people.csv",
    "\
employee_no,login,full_name,department,status,roles
00123,jane,Jane Roe,Sales,A,sales
00124,max,Max Moe,Finance,L,
00125,ada,\"Poe, Ada\",Support,A,support
00126,li,Li Doe,Sales,L,
00127,kim,Kim Low,Support,A,support
",
)]);

/// A source file that is valid without changes.
pub(crate) const EXAMPLE: &str = "\
connector: delimited
# description: People and roles from the personnel system
settings:
  # How all files are written. Nothing is guessed: say what differs from this.
  format: {delimiter: \",\", quote: '\"', encoding: utf-8, null: \"\"}
  # When a file counts as complete. Otherwise, the run fails before it reads.
  complete:
    # Nobody changed it for so long.
    quiet_for: 2m
    # The last line of every file.
    # trailer: \"#EOF\"
    # How many rows there are at least.
    at_least: 1
  accounts:
    # Relative to the project. The name may have wildcards, and end in .gz or .zst: hr/people-*.csv.zst
    file: hr/people.csv
    # The column with the id that never changes, and the one with the login name.
    id: employee_no
    name: login
    # display_name: full_name
    # An account is enabled if the column has one of these values.
    enabled: {column: status, is: [A, active]}
    # One account in several rows: adjacent or anywhere.
    # merge: adjacent
    # Every column is an attribute, and text, so that 00123 stays 00123. What differs:
    # attributes:
    #   types: {hired: {type: date, format: \"%d.%m.%Y\"}, fte: {type: number}}
    #   lists: {phone: \";\"}
    # Columns that name what an account holds.
    entitlements:
      role: {column: roles, split: \"|\"}
  # entitlements:
  #   role: {title: Role, file: hr/roles.csv, id: code, name: title}
  #   team: {title: Team, holders: {file: hr/members.csv, account: employee_no, entitlement: team}}
  # Whether plans may change the files.
  writable: false
";

/// The settings of a source of delimited files.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How the files are written.
    #[serde(default)]
    pub(crate) format: FormatSettings,
    /// When a file counts as complete.
    #[serde(default)]
    pub(crate) complete: CompleteSettings,
    /// The file or files with the accounts.
    pub(crate) accounts: AccountsSettings,
    /// The types of entitlements, by their names in snake case.
    #[serde(default)]
    pub(crate) entitlements: BTreeMap<String, EntitlementSettings>,
    /// Whether plans may change the files. Then they are in UTF-8, UTF-16, or an encoding with one byte for each character, and where
    /// `file` has wildcards, `new_rows` names one of them.
    #[serde(default)]
    pub(crate) writable: bool,
}

/// How a file is written. What is left out is as in the `format` of the source.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FormatSettings {
    /// The text between two values, such as `;` or `||`, or `tab`. Default: `,`.
    pub(crate) delimiter: Option<String>,
    /// The character around a value that contains delimiters or line ends; a value that contains it has it twice. Empty if
    /// values have no quotes around them. Default: `"`.
    pub(crate) quote: Option<String>,
    /// The encoding, by its name in the WHATWG Encoding Standard, such as `utf-8`, `utf-16`, `windows-1252`, `iso-8859-15` or
    /// `shift_jis`. Default: `utf-8`. A byte order mark is skipped.
    pub(crate) encoding: Option<String>,
    /// The text that stands for no value. Default: an empty one.
    pub(crate) null: Option<String>,
    /// The names of the columns, if the file has no line with them.
    pub(crate) header: Option<Vec<String>>,
}

/// When a file counts as complete. What is left out is as in the `complete` of the source.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CompleteSettings {
    /// How long nobody may have changed it.
    pub(crate) quiet_for: Option<TimeSpan>,
    /// The text of its last line.
    pub(crate) trailer: Option<String>,
    /// How many rows there are at least, in all files of the pattern together. Default: 1. With 0, a file may have no rows.
    pub(crate) at_least: Option<u64>,
}

/// The file or files with the accounts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountsSettings {
    /// The file, relative to the project. Its name may have the wildcards `*`, `?` and `[…]`. A name that ends in `.gz` or `.zst`
    /// is read compressed.
    pub(crate) file: String,
    /// If `file` has wildcards: the one of them that new accounts are written into.
    pub(crate) new_rows: Option<String>,
    /// How it is written, where that differs from the source's `format`.
    #[serde(default)]
    pub(crate) format: FormatSettings,
    /// When it counts as complete, where that differs from the source's `complete`.
    #[serde(default)]
    pub(crate) complete: CompleteSettings,
    /// The column with the id, which never changes.
    pub(crate) id: String,
    /// The column with the login name. Default: the same as `id`.
    pub(crate) name: Option<String>,
    /// The column with the name for people.
    pub(crate) display_name: Option<String>,
    /// The column with the text by which lists of members name an account, if that is not the id.
    pub(crate) alias: Option<String>,
    /// Which accounts are enabled. Default: all.
    pub(crate) enabled: Option<EnabledSettings>,
    /// Whether an account can have several rows, and where they are.
    #[serde(default)]
    pub(crate) merge: Merge,
    /// The attributes.
    #[serde(default)]
    pub(crate) attributes: AttributesSettings,
    /// Columns that name what an account holds, by type of entitlement.
    #[serde(default)]
    pub(crate) entitlements: BTreeMap<String, ColumnSettings>,
}

/// Which accounts are enabled, by the value of a column. With both lists, any other value is an error.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnabledSettings {
    /// The column.
    pub(crate) column: String,
    /// The values of enabled accounts. A plan that enables an account writes the first one.
    #[serde(default)]
    pub(crate) is: Vec<String>,
    /// The values of disabled accounts. A plan that disables an account writes the first one.
    #[serde(default)]
    pub(crate) is_not: Vec<String>,
}

/// Whether an account can have several rows.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Merge {
    /// Each account has one row.
    #[default]
    None,
    /// The rows of an account follow one another.
    Adjacent,
    /// The rows of an account can be anywhere, also in different files. The rows are sorted in a temporary file first.
    Anywhere,
}

/// The attributes of accounts or entitlements. Every value is text unless `types` says otherwise.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AttributesSettings {
    /// The columns to read. Default: all, except for those that name entitlements.
    pub(crate) columns: Option<Vec<String>>,
    /// The types of columns that are not text.
    pub(crate) types: BTreeMap<String, TypeSettings>,
    /// The columns with several values, and what is between two of them.
    pub(crate) lists: BTreeMap<String, String>,
}

/// The type of a column.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypeSettings {
    /// The type.
    #[serde(rename = "type")]
    pub(crate) kind: ValueKind,
    /// How a `date` or `date_time` is written, such as `%d.%m.%Y`. Default: as in ISO 8601. For a `boolean`, the words for true and
    /// false: `yes/no`. Default: `true/false`.
    pub(crate) format: Option<String>,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ValueKind {
    /// Text.
    Text,
    /// One of two words.
    Boolean,
    /// A whole number.
    Integer,
    /// A number with a decimal point.
    Number,
    /// A day.
    Date,
    /// A moment. One without an offset from UTC is in UTC.
    DateTime,
}

/// A column that names entitlements.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ColumnSettings {
    /// The column. A value is the id or the name of an entitlement.
    pub(crate) column: String,
    /// What is between two entitlements. Default: the column names one.
    pub(crate) split: Option<String>,
}

/// A type of entitlement.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntitlementSettings {
    /// The name for people.
    pub(crate) title: Option<String>,
    /// The file with the entitlements, as for accounts. Default: the entitlements are those that accounts and members name.
    pub(crate) file: Option<String>,
    /// How it is written, where that differs from the source's `format`.
    #[serde(default)]
    pub(crate) format: FormatSettings,
    /// When it counts as complete, where that differs from the source's `complete`.
    #[serde(default)]
    pub(crate) complete: CompleteSettings,
    /// The column of the file with the id.
    pub(crate) id: Option<String>,
    /// The column of the file with the name. Default: the same as `id`.
    pub(crate) name: Option<String>,
    /// The column of the file that says what an entitlement is for.
    pub(crate) description: Option<String>,
    /// The attributes in the file.
    #[serde(default)]
    pub(crate) attributes: AttributesSettings,
    /// The file with the members.
    pub(crate) holders: Option<HoldersSettings>,
}

/// A file that says who holds what: an account and an entitlement in each row.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldersSettings {
    /// The file, as for accounts.
    pub(crate) file: String,
    /// If `file` has wildcards: the one of them that new members are written into.
    pub(crate) new_rows: Option<String>,
    /// How it is written, where that differs from the source's `format`.
    #[serde(default)]
    pub(crate) format: FormatSettings,
    /// When it counts as complete, where that differs from the source's `complete`.
    #[serde(default)]
    pub(crate) complete: CompleteSettings,
    /// The column with the id of the account.
    pub(crate) account: Option<String>,
    /// Instead of `account`: the column with the account's alias, see `accounts.alias`.
    pub(crate) alias: Option<String>,
    /// The column with the id or the name of the entitlement.
    pub(crate) entitlement: String,
    /// What is between two entitlements. Default: a row names one.
    pub(crate) split: Option<String>,
    /// Which rows have effect. Default: all.
    pub(crate) active: Option<ActiveSettings>,
    /// When what a row says ends. Default: never.
    pub(crate) until: Option<UntilSettings>,
}

/// Which rows have effect, by the value of a column. With both lists, any other value is an error.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActiveSettings {
    /// The column.
    pub(crate) column: String,
    /// The values of rows with effect.
    #[serde(default)]
    pub(crate) is: Vec<String>,
    /// The values of rows without effect.
    #[serde(default)]
    pub(crate) is_not: Vec<String>,
}

/// When what a row says ends. No value is no end.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UntilSettings {
    /// The column.
    pub(crate) column: String,
    /// How the end is written, such as `%d.%m.%Y`. Default: as in ISO 8601. A day alone is the last one, in UTC.
    pub(crate) format: Option<String>,
}
