//! Rows in the order of a key, in a file that can be read from any place on.

use super::temporary;
use crate::error;
use connector_core::Result;
use itertools::Itertools;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// How many bytes wait in memory.
const BATCH: usize = 16 * 1024 * 1024;

/// How many sorted parts are merged at once.
const MOST_PARTS: usize = 256;

/// A key and the rest of a row.
type Entry = (Vec<u8>, Vec<u8>);

/// Sorts rows by a key, byte by byte.
pub(crate) struct Sorter {
    project: PathBuf,
    batch: Vec<Entry>,
    bytes: usize,
    parts: Vec<File>,
}

/// Sorted rows.
pub(crate) struct Sorted {
    file: File,
    length: u64,
}

impl Sorter {
    pub(crate) fn new(project: &Path) -> Self {
        Self { project: project.to_owned(), batch: Vec::new(), bytes: 0, parts: Vec::new() }
    }

    /// Adds a row. Two rows must not have the same key.
    pub(crate) fn push(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<()> {
        // The vectors themselves take memory, too.
        self.bytes += key.len() + value.len() + 64;
        self.batch.push((key, value));
        if self.bytes >= BATCH { self.spill().map_err(error::temporary) } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        self.batch.sort_unstable();
        let part = write(&self.project, self.batch.drain(..).map(Ok))?;
        self.bytes = 0;
        self.parts.push(part.file);
        if self.parts.len() == MOST_PARTS {
            let merged = merge(&self.project, std::mem::take(&mut self.parts))?;
            self.parts.push(merged.file);
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Sorted> {
        self.spill().and_then(|()| merge(&self.project, self.parts)).map_err(error::temporary)
    }
}

fn merge(project: &Path, parts: Vec<File>) -> io::Result<Sorted> {
    let mut readings = Vec::new();
    for mut part in parts {
        part.seek(SeekFrom::Start(0))?;
        readings.push(Reading(BufReader::with_capacity(1 << 16, part)));
    }
    let merged = readings.into_iter().kmerge_by(|left, right| match (left, right) {
        (Ok(left), Ok(right)) => left.0 < right.0,
        (left, _) => left.is_err(),
    });
    write(project, merged)
}

fn write(project: &Path, entries: impl Iterator<Item = io::Result<Entry>>) -> io::Result<Sorted> {
    let mut file = temporary(project)?;
    let mut writer = BufWriter::with_capacity(1 << 16, &mut file);
    let mut length = 0;
    for entry in entries {
        let (key, value) = entry?;
        for part in [&key, &value] {
            writer.write_all(&u32::try_from(part.len()).map_err(io::Error::other)?.to_le_bytes())?;
            writer.write_all(part)?;
            length += 4 + part.len() as u64;
        }
    }
    writer.flush()?;
    drop(writer);
    Ok(Sorted { file, length })
}

impl Sorted {
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// The rows from this byte on, each with the byte after it.
    pub(crate) fn from(&self, start: u64) -> impl Iterator<Item = io::Result<(Entry, u64)>> + '_ {
        let mut reading = Reading(BufReader::with_capacity(1 << 16, At { file: &self.file, place: start }));
        let mut end = start;
        std::iter::from_fn(move || {
            reading.next().map(|entry| {
                entry.map(|(key, value)| {
                    end += 8 + (key.len() + value.len()) as u64;
                    ((key, value), end)
                })
            })
        })
    }
}

/// Reads at a place of its own, so that several pages can be read at once.
struct At<'a> {
    file: &'a File,
    place: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.place)?;
        self.place += length as u64;
        Ok(length)
    }
}

struct Reading<R>(BufReader<R>);

impl<R: Read> Reading<R> {
    fn part(&mut self) -> io::Result<Vec<u8>> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length)?;
        let mut part = vec![0; u32::from_le_bytes(length) as usize];
        self.0.read_exact(&mut part)?;
        Ok(part)
    }
}

impl<R: Read> Iterator for Reading<R> {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.0.fill_buf() {
            Ok([]) => None,
            Ok(_) => Some(self.part().and_then(|key| self.part().map(|value| (key, value)))),
            Err(cause) => Some(Err(cause)),
        }
    }
}
