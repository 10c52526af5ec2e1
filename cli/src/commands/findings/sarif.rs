//! Findings as SARIF 2.1.0, which code hosts and security tools read.

use crate::exit::{Stop, file_error};
use crate::invocation::Invocation;
use crate::output::{clean, plural};
use connector_core::{Error, ErrorKind, Result, Rule, Severity, registry};
use connector_engine::findings::Finding;
use connector_files::NewFile;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// How every file begins, so that an earlier one can be told from any other file.
const START: &str = r#"{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":"#;

/// A document that is being written, one finding after the other.
pub(super) struct Sarif<'a> {
    invocation: &'a Invocation,
    /// `None` writes to stdout.
    file: Option<(PathBuf, BufWriter<NewFile>)>,
    rules: Vec<&'static Rule>,
    results: u64,
}

impl<'a> Sarif<'a> {
    /// Begins a document in a file; `-` is stdout. Only the file of an earlier document is replaced.
    pub(super) fn begin(invocation: &'a Invocation, file: &Path) -> Result<Self> {
        let file = if file == Path::new("-") {
            None
        } else {
            refuse_to_replace(file)?;
            let new = NewFile::beside(file).map_err(|cause| not_writable(file, cause))?;
            Some((file.to_owned(), BufWriter::new(new)))
        };
        let mut sarif = Self { invocation, file, rules: registry::rules(), results: 0 };
        let rules: Vec<_> = sarif.rules.iter().map(|rule| of_rule(rule)).collect();
        let driver = json!({"driver": {
            "name": "connector", "version": env!("CARGO_PKG_VERSION"), "informationUri": env!("CARGO_PKG_REPOSITORY"),
            "rules": rules,
        }});
        sarif.write(&format!("{START}{driver},\"results\":["))?;
        Ok(sarif)
    }

    /// Adds a finding.
    pub(super) fn add(&mut self, finding: &Finding) -> Result<()> {
        let comma = if self.results == 0 { "" } else { ",\n" };
        self.results += 1;
        let result = self.result(finding);
        self.write(&format!("{comma}{result}"))
    }

    /// Ends the document.
    pub(super) fn end(mut self) -> Result<()> {
        self.write("]}]}\n")?;
        let Some((path, file)) = self.file.take() else { return Ok(()) };
        let fault = |cause: io::Error| not_writable(&path, cause);
        file.into_inner().map_err(|error| fault(error.into_error()))?.replace().map_err(fault)?;
        self.invocation.printer.remark(format!("{} written to {}", plural(self.results, "finding"), path.display()));
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<()> {
        match &mut self.file {
            Some((path, file)) => file.write_all(text.as_bytes()).map_err(|cause| not_writable(path, cause)),
            None => Ok(self.invocation.printer.raw_stdout().write_all(text.as_bytes()).map_err(Stop::from)?),
        }
    }

    fn result(&self, finding: &Finding) -> Value {
        let index = self.rules.iter().position(|rule| rule.name == finding.rule);
        let about = finding.subject();
        let kind = match (&finding.account, &finding.entitlement) {
            (Some(_), _) => "account",
            (None, Some(_)) => "entitlement",
            (None, None) => "source",
        };
        let mut result = json!({
            "ruleId": finding.rule, "ruleIndex": index, "level": level(finding.severity),
            "message": {"text": clean(&format!("{about}: {}", finding.detail))},
            // Code hosts show a result only at a place in a file: that is the file of the source.
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": {"uri": format!("sources/{}.yaml", finding.source)}, "region": {"startLine": 1},
                },
                "logicalLocations": [{
                    "name": about, "fullyQualifiedName": format!("{}/{about}", finding.source), "kind": kind,
                }],
            }],
            "partialFingerprints": {"finding/v1": finding.fingerprint()},
            "properties": {"severity": finding.severity, "source": finding.source, "evidence": finding.evidence},
        });
        if let Some(accepted) = &finding.accepted {
            let why = format!("{} (until {})", accepted.reason, accepted.until);
            result["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": why}]);
        }
        result
    }
}

fn of_rule(rule: &Rule) -> Value {
    json!({
        "id": rule.name, "shortDescription": {"text": rule.title}, "fullDescription": {"text": sentence(rule.reason)},
        "help": {"text": sentence(rule.cure)}, "defaultConfiguration": {"level": level(rule.severity)},
    })
}

/// With a capital and a period.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

fn refuse_to_replace(file: &Path) -> Result<()> {
    let mut start = Vec::new();
    let read = File::open(file).and_then(|file| file.take(START.len() as u64).read_to_end(&mut start));
    match read {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) if start.is_empty() || start == START.as_bytes() => Ok(()),
        _ => Err(Error::new(ErrorKind::AlreadyExists, format!("the file `{}` already exists", file.display()))
            .with_help("choose another name: only earlier SARIF files of this command are replaced")),
    }
}

fn not_writable(file: &Path, cause: io::Error) -> Error {
    file_error("can't write", file, cause)
        .with_help("check that the folder exists, that you can write to it, and that the disk is not full")
}
