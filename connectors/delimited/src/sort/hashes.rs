//! Finds numbers that come twice.

use super::temporary;
use crate::error;
use connector_core::Result;
use itertools::Itertools;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How many numbers wait in memory: 8 MiB.
const BATCH: usize = 1 << 20;

/// More numbers that come twice are not told apart: one is enough for an error.
const MOST: usize = 1000;

/// Hashes of ids. Those that come twice may be of the same id.
pub(crate) struct Hashes {
    project: PathBuf,
    batch: Vec<u64>,
    sorted: Vec<File>,
}

impl Hashes {
    pub(crate) fn new(project: &Path) -> Self {
        Self { project: project.to_owned(), batch: Vec::new(), sorted: Vec::new() }
    }

    pub(crate) fn push(&mut self, hash: u64) -> Result<()> {
        self.batch.push(hash);
        if self.batch.len() >= BATCH { self.spill().map_err(error::temporary) } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        self.batch.sort_unstable();
        let mut file = temporary(&self.project)?;
        let mut writer = BufWriter::with_capacity(1 << 16, &mut file);
        for hash in self.batch.drain(..) {
            writer.write_all(&hash.to_le_bytes())?;
        }
        writer.flush()?;
        drop(writer);
        file.seek(SeekFrom::Start(0))?;
        self.sorted.push(file);
        Ok(())
    }

    /// The hashes that come twice, in order.
    pub(crate) fn twice(mut self) -> Result<Vec<u64>> {
        self.batch.sort_unstable();
        let mut failed = None;
        let mut twice: Vec<u64> = Vec::new();
        let spilled = self.sorted.into_iter().map(|file| Reading(BufReader::with_capacity(1 << 16, file)));
        let spilled: Vec<Box<dyn Iterator<Item = io::Result<u64>>>> = spilled.map(|one| Box::new(one) as _).collect();
        let all = spilled.into_iter().chain([Box::new(self.batch.into_iter().map(Ok)) as _]);
        let merged = all.kmerge_by(|left, right| match (left, right) {
            (Ok(left), Ok(right)) => left < right,
            (left, _) => left.is_err(),
        });
        let mut before = None;
        for hash in merged {
            match hash {
                Ok(hash) if before == Some(hash) && twice.last() != Some(&hash) => twice.push(hash),
                Ok(hash) => before = Some(hash),
                Err(cause) => failed = Some(cause),
            }
            if failed.is_some() || twice.len() >= MOST {
                break;
            }
        }
        failed.map_or(Ok(twice), |cause| Err(error::temporary(cause)))
    }
}

struct Reading(BufReader<File>);

impl Iterator for Reading {
    type Item = io::Result<u64>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut bytes = [0; 8];
        match self.0.read_exact(&mut bytes) {
            Ok(()) => Some(Ok(u64::from_le_bytes(bytes))),
            Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(cause) => Some(Err(cause)),
        }
    }
}
