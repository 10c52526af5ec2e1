//! What a run has seen: one bit a row.

use super::sql;
use super::step::Step;
use connector_core::Result;
use connector_sql::{Connection, params};
use std::collections::HashMap;

/// Row ids of a chunk. A bit a row keeps ten million rows in 1.2 MiB.
const CHUNK: i64 = 32_768;
const WORDS: usize = 512;

/// The rows of one kind that a run has seen. Written to the store with the page that showed them.
#[derive(Debug)]
pub(crate) struct Seen {
    run: i64,
    step: Step,
    chunks: HashMap<i64, Chunk>,
}

#[derive(Debug)]
struct Chunk {
    bits: Box<[u64; WORDS]>,
    dirty: bool,
}

impl Default for Chunk {
    fn default() -> Self {
        Self { bits: Box::new([0; WORDS]), dirty: false }
    }
}

impl Seen {
    /// What the run has seen of one kind so far.
    pub(crate) fn load(connection: &Connection, run: i64, step: Step) -> Result<Self> {
        let query = "SELECT chunk, bits FROM seen WHERE run = ?1 AND kind = ?2";
        let chunks = sql::all(connection, query, params![run, step.name()], |row| {
            let mut chunk = Chunk::default();
            for (word, bytes) in chunk.bits.iter_mut().zip(row.get_ref(1)?.as_blob()?.as_chunks::<8>().0) {
                *word = u64::from_le_bytes(*bytes);
            }
            Ok((row.get(0)?, chunk))
        })?;
        Ok(Self { run, step, chunks })
    }

    /// Marks a row; false when it was marked already.
    pub(crate) fn insert(&mut self, id: i64) -> bool {
        let (word, bit) = place(id);
        let chunk = self.chunks.entry(id / CHUNK).or_default();
        let fresh = chunk.bits[word] & bit == 0;
        if fresh {
            chunk.bits[word] |= bit;
            chunk.dirty = true;
        }
        fresh
    }

    pub(crate) fn contains(&self, id: i64) -> bool {
        let (word, bit) = place(id);
        self.chunks.get(&(id / CHUNK)).is_some_and(|chunk| chunk.bits[word] & bit != 0)
    }

    /// Writes what was marked since the last time.
    pub(crate) fn flush(&mut self, connection: &Connection) -> Result<()> {
        let mut bytes = [0; WORDS * 8];
        for (number, chunk) in self.chunks.iter_mut().filter(|(_, chunk)| chunk.dirty) {
            for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(chunk.bits.iter()) {
                *bytes = word.to_le_bytes();
            }
            sql::execute(
                connection,
                "INSERT INTO seen (run, kind, chunk, bits) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (run, kind, chunk) DO UPDATE SET bits = excluded.bits",
                params![self.run, self.step.name(), number, &bytes[..]],
            )?;
            chunk.dirty = false;
        }
        Ok(())
    }
}

fn place(id: i64) -> (usize, u64) {
    // Row ids are positive, and the remainder is below the size of a chunk.
    let bit = usize::try_from(id % CHUNK).unwrap_or_default();
    (bit / 64, 1 << (bit % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_survives_being_stored() {
        let connection = Connection::from(rusqlite::Connection::open_in_memory().unwrap());
        connection.execute_batch("CREATE TABLE seen (run, kind, chunk, bits, UNIQUE (run, kind, chunk))").unwrap();
        let ids = [1, 63, 64, 32_767, 32_768, 1_000_000];
        let mut seen = Seen::load(&connection, 1, Step::Accounts).unwrap();
        assert!(ids.iter().all(|id| seen.insert(*id)));
        assert!(!seen.insert(64));
        seen.flush(&connection).unwrap();
        let again = Seen::load(&connection, 1, Step::Accounts).unwrap();
        assert!(ids.iter().all(|id| again.contains(*id)));
        assert!(!again.contains(2) && !again.contains(32_769));
    }
}
