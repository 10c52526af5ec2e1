//! What is wrong in settings that fit the schema.

use crate::attributes::words;
use crate::files::{Format, Pattern, delimiter_of, quote_of};
use crate::settings::{
    AccountsSettings, AttributesSettings, CompleteSettings, EntitlementSettings, FormatSettings, HoldersSettings,
    Settings, TypeSettings, ValueKind,
};
use connector_core::SettingsFault;
use encoding_rs::Encoding;
use jiff::fmt::strtime;
use std::collections::BTreeMap;

/// Every fault, each with its place.
pub(crate) fn faults(settings: &Settings) -> Vec<SettingsFault> {
    let mut faults = Faults(Vec::new());
    faults.format("/format", &settings.format, &FormatSettings::default());
    faults.accounts(settings, &settings.accounts);
    for (name, of) in &settings.entitlements {
        faults.entitlements(settings, name, of);
    }
    if settings.writable {
        faults.writable(settings);
    }
    faults.0
}

struct Faults(Vec<SettingsFault>);

impl Faults {
    fn add(&mut self, pointer: impl Into<String>, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(SettingsFault::new(pointer, message).with_help(help));
    }

    /// `source` is the format whose settings count where `format` has none.
    fn format(&mut self, place: &str, format: &FormatSettings, source: &FormatSettings) {
        if let Some(Err(why)) = format.delimiter.as_deref().map(delimiter_of) {
            let help = "write the text between two values, such as `;`, `|` or `||`, or the word `tab`";
            self.add(format!("{place}/delimiter"), why, help);
        }
        if let Some(Err(why)) = format.quote.as_deref().map(quote_of) {
            self.add(
                format!("{place}/quote"),
                why,
                "write one character, or `\"\"` if values have no quotes around them",
            );
        }
        if let (Some(delimiter), Some(quote)) = (&format.delimiter, &format.quote)
            && !quote.is_empty()
            && delimiter.contains(quote.as_str())
        {
            self.add(format!("{place}/delimiter"), "the delimiter contains the quote", "use another one of the two");
        }
        self.delimiter_in_encoding(place, format, source);
        if let Some(name) = &format.encoding
            && Encoding::for_label(name.as_bytes()).is_none()
        {
            let help = "names are those of the WHATWG Encoding Standard: utf-8, utf-16le, windows-1252, iso-8859-15 …";
            self.add(format!("{place}/encoding"), format!("`{name}` is not the name of an encoding"), help);
        }
        let names = format.header.iter().flatten().enumerate();
        for (number, name) in names {
            if name.trim().is_empty() || format.header.iter().flatten().take(number).any(|other| other == name) {
                let what = "a column without a name, or with the name of another one";
                self.add(format!("{place}/header/{number}"), what, "give each column its own name");
            }
        }
        if format.header.as_ref().is_some_and(Vec::is_empty) {
            self.add(format!("{place}/header"), "no column", "name the columns, or leave out `header`");
        }
    }

    /// A delimiter must be a text of the encoding, or no line could be split.
    fn delimiter_in_encoding(&mut self, place: &str, format: &FormatSettings, source: &FormatSettings) {
        let delimiter = format.delimiter.as_ref().or(source.delimiter.as_ref());
        let Some(text) = delimiter.and_then(|text| delimiter_of(text).ok()) else { return };
        let written = Format::of(format, source);
        let member = if format.delimiter.is_some() { "delimiter" } else { "encoding" };
        let says_something = format.delimiter.is_some() || format.encoding.is_some();
        if says_something && written.bytes(text).is_none() {
            let what = format!("the delimiter `{text}` does not exist in {}", written.encoding.name());
            self.add(format!("{place}/{member}"), what, "write the delimiter that the file has, or its other encoding");
        }
    }

    fn file(&mut self, place: &str, file: &str) {
        if let Some((span, why)) = Pattern::new(file).fault() {
            let fault = SettingsFault::new(place, why).at(span..span);
            self.0.push(fault.with_help("write the path of a file relative to the project, such as `hr/people-*.csv`"));
        }
    }

    fn accounts(&mut self, settings: &Settings, accounts: &AccountsSettings) {
        self.file("/accounts/file", &accounts.file);
        self.format("/accounts/format", &accounts.format, &settings.format);
        self.attributes("/accounts/attributes", &accounts.attributes);
        if let Some(enabled) = &accounts.enabled {
            if enabled.is.is_empty() && enabled.is_not.is_empty() {
                let help = "write `is: [VALUE, …]`, `is_not: [VALUE, …]` or both";
                self.add("/accounts/enabled", "no values say which accounts are enabled", help);
            }
            if let Some(place) = enabled.is_not.iter().position(|value| enabled.is.contains(value)) {
                let pointer = format!("/accounts/enabled/is_not/{place}");
                self.add(pointer, "the value is in `is`, too", "remove it from one of the two lists");
            }
        }
        for (name, column) in &accounts.entitlements {
            let place = format!("/accounts/entitlements/{}", escaped(name));
            self.type_name(&place, name);
            self.split(&place, column.split.as_deref());
            if let Some(columns) = &accounts.attributes.columns
                && columns.contains(&column.column)
            {
                let what = format!("`{}` is in `attributes.columns`, too", column.column);
                self.add(format!("{place}/column"), what, "name the column in one place");
            }
        }
    }

    fn type_name(&mut self, place: &str, name: &str) {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !name.bytes().all(fits) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            self.add(place, format!("`{name}` is not in snake case"), "write it like `role` or `cost_center`");
        }
    }

    fn split(&mut self, place: &str, split: Option<&str>) {
        if split.is_some_and(|text| text.trim().is_empty()) {
            let help = "write the text between two values, such as `|`, or leave `split` out";
            self.add(format!("{place}/split"), "nothing is between two values", help);
        }
    }

    fn attributes(&mut self, place: &str, attributes: &AttributesSettings) {
        for (name, one) in &attributes.types {
            self.value_type(&format!("{place}/types/{}", escaped(name)), one);
        }
        for (name, separator) in &attributes.lists {
            if separator.trim().is_empty() {
                let pointer = format!("{place}/lists/{}", escaped(name));
                self.add(pointer, "nothing is between two values", "write the text between two values, such as `;`");
            }
        }
        let Some(columns) = &attributes.columns else { return };
        for (what, name) in named(&attributes.types, "types").chain(named(&attributes.lists, "lists")) {
            if !columns.contains(name) {
                let pointer = format!("{place}/{what}/{}", escaped(name));
                self.add(pointer, format!("`{name}` is not in `columns`"), "add it there, or remove it here");
            }
        }
    }

    fn value_type(&mut self, place: &str, one: &TypeSettings) {
        let Some(format) = &one.format else { return };
        let pointer = format!("{place}/format");
        match one.kind {
            ValueKind::Boolean => {
                if words(Some(format)).is_none() {
                    self.add(pointer, "two words are missing", "write the words for true and false: `yes/no`");
                }
            }
            ValueKind::Date | ValueKind::DateTime => {
                let day = jiff::civil::date(2027, 1, 31).at(8, 0, 0, 0).in_tz("UTC");
                let fault = day.ok().and_then(|day| strtime::format(format, &day).err());
                if let Some(fault) = fault {
                    self.add(pointer, fault.to_string(), "write it like `%d.%m.%Y` or `%Y-%m-%d %H:%M:%S`");
                }
            }
            ValueKind::Text | ValueKind::Integer | ValueKind::Number => {
                self.add(pointer, "only days, times and booleans have a format", "remove it");
            }
        }
    }

    fn entitlements(&mut self, settings: &Settings, name: &str, of: &EntitlementSettings) {
        let place = format!("/entitlements/{}", escaped(name));
        self.type_name(&place, name);
        self.format(&format!("{place}/format"), &of.format, &settings.format);
        self.attributes(&format!("{place}/attributes"), &of.attributes);
        match (&of.file, &of.id) {
            (Some(file), Some(_)) => self.file(&format!("{place}/file"), file),
            (Some(_), None) => self.add(place.clone(), "`id` is missing", "name the column of the file with the id"),
            (None, Some(_)) => self.add(format!("{place}/id"), "a column of no file", "add `file`, or remove `id`"),
            (None, None) => {}
        }
        let is_column = settings.accounts.entitlements.contains_key(name);
        if of.file.is_none() && of.holders.is_none() && !is_column {
            let help = "add `file`, `holders` or a column under `accounts.entitlements`";
            self.add(place.clone(), "nothing says where these entitlements are", help);
        }
        let Some(holders) = &of.holders else { return };
        let place = format!("{place}/holders");
        if is_column {
            let help = "keep one of the two: an account must not hold the same entitlement twice";
            self.add(place.clone(), format!("`accounts.entitlements.{name}` says who holds it, too"), help);
        }
        self.holders(settings, &place, holders);
    }

    fn holders(&mut self, settings: &Settings, place: &str, holders: &HoldersSettings) {
        self.file(&format!("{place}/file"), &holders.file);
        self.format(&format!("{place}/format"), &holders.format, &settings.format);
        self.split(place, holders.split.as_deref());
        match (&holders.account, &holders.alias) {
            (Some(_), None) => {}
            (None, Some(_)) => {
                if settings.accounts.alias.is_none() {
                    let help = "name the column of the accounts file that has the same text as `accounts.alias`";
                    self.add(format!("{place}/alias"), "accounts have no alias", help);
                }
            }
            (Some(_), Some(_)) => {
                self.add(format!("{place}/alias"), "`account` and `alias` exclude each other", "remove one of them");
            }
            (None, None) => {
                let help = "name the column with the account's id as `account`, or the one with its alias as `alias`";
                self.add(place, "no column says which account", help);
            }
        }
        if let Some(active) = &holders.active {
            if active.is.is_empty() && active.is_not.is_empty() {
                let help =
                    "list the values of rows with effect: `is: [active]`, or of those without: `is_not: [ended]`";
                self.add(format!("{place}/active"), "no values say which rows have effect", help);
            }
            if let Some(at) = active.is_not.iter().position(|value| active.is.contains(value)) {
                let pointer = format!("{place}/active/is_not/{at}");
                self.add(pointer, "the value is in both lists", "remove it from one of them");
            }
        }
        for (name, is_there) in [("active", holders.active.is_some()), ("until", holders.until.is_some())] {
            if is_there && settings.writable {
                let help = "set `writable: false`, or keep such rows in a file of another source";
                self.add(format!("{place}/{name}"), "plans can't change members that have a state or an end", help);
            }
        }
    }

    /// Decoding and encoding a file that is rewritten must give the same bytes, and new rows must have a place.
    fn writable(&mut self, settings: &Settings) {
        let accounts = &settings.accounts;
        let own = (&accounts.format, &accounts.complete);
        self.rewritten(settings, "/accounts", (&accounts.file, accounts.new_rows.as_ref()), own);
        for (name, of) in &settings.entitlements {
            if let Some(holders) = &of.holders {
                let place = format!("/entitlements/{}/holders", escaped(name));
                let file = (&*holders.file, holders.new_rows.as_ref());
                self.rewritten(settings, &place, file, (&holders.format, &holders.complete));
            }
        }
    }

    fn rewritten(
        &mut self,
        settings: &Settings,
        place: &str,
        (file, new_rows): (&str, Option<&String>),
        (format, complete): (&FormatSettings, &CompleteSettings),
    ) {
        let own = complete.quiet_for.map(|_| format!("{place}/complete/quiet_for"));
        let of_source = settings.complete.quiet_for.map(|_| "/complete/quiet_for".to_owned());
        if let Some(pointer) = own.or(of_source).filter(|pointer| self.0.iter().all(|fault| fault.pointer != *pointer))
        {
            let what = "the plans of a source that is `writable` change the file, so it is not quiet";
            self.add(pointer, what, "remove `quiet_for`, or set `writable: false`");
        }
        let pattern = Pattern::new(file);
        match new_rows {
            None if pattern.has_wildcards() && pattern.fault().is_none() => {
                let help = "name one of the files under `new_rows`, or set `writable: false`";
                self.add(format!("{place}/file"), "nothing says which of several files gets new rows", help);
            }
            Some(_) if !pattern.has_wildcards() => {
                self.add(format!("{place}/new_rows"), "`file` names one file, which gets the new rows", "remove it");
            }
            Some(name) if !pattern.names(name) => {
                let help = "name one of the files that `file` names";
                self.add(
                    format!("{place}/new_rows"),
                    "`file` does not name this file, so its rows would not be read",
                    help,
                );
            }
            _ => {}
        }
        let written = Format::of(format, &settings.format);
        if !written.is_writable() {
            let what = format!(
                "a plan can't change a file in {}: it can write one character in several ways, so rows that nobody changes \
                 would not keep their bytes",
                written.encoding.name()
            );
            let own =
                if format.encoding.is_some() { format!("{place}/format/encoding") } else { "/format/encoding".into() };
            self.add(own, what, "set `writable: false`, or convert the file to UTF-8");
        }
    }
}

fn named<'a, T>(map: &'a BTreeMap<String, T>, what: &'static str) -> impl Iterator<Item = (&'static str, &'a String)> {
    map.keys().map(move |name| (what, name))
}

/// A name in a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
