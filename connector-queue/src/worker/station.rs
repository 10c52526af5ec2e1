//! What a worker says of itself, and what it hears about its jobs.

use super::Capacity;
use super::bench::Bench;
use crate::alive::HEARTBEAT;
use crate::queue::Queue;
use connector_core::Result;
use connector_sql::{Connection, params};
use connector_store::{Process, sql};
use std::convert::Infallible;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What the names of all workers begin with in `graphile_worker`.
pub(super) const PREFIX: &str = "graphile_worker_";

/// How often a worker looks whether somebody wants its jobs to end.
const LOOK: Duration = Duration::from_secs(1);

impl Queue {
    /// Says that a worker lives. One of which nobody heard for a day is forgotten.
    fn live(&self, worker: &str, capacity: &Capacity) -> Result<()> {
        let live = "INSERT INTO workers
                 (id, machine, process, version, concurrency, sources, process_machine, process_start)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (id) DO UPDATE SET seen_at = now()";
        let machine = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let own = Process::own();
        let sources = (!capacity.sources.is_empty()).then(|| serde_json::json!(capacity.sources).to_string());
        let values = params![
            worker,
            machine.trim(),
            std::process::id(),
            env!("CARGO_PKG_VERSION"),
            capacity.jobs,
            sources,
            &own.machine,
            &own.process,
        ];
        self.ask_server(|connection| {
            sql::execute(connection, live, values)?;
            sql::execute(connection, "DELETE FROM workers WHERE seen_at < now() - interval '1 day'", [])?;
            self.free_the_dead(connection, worker, &own)
        })
    }

    /// Frees the jobs of workers that ended on this machine, and those that this process had before it lost the server. Those of other
    /// machines are free when their time is over.
    fn free_the_dead(&self, connection: &Connection, own_id: &str, own: &Process) -> Result<()> {
        let query = "SELECT id, process_machine, process_start FROM workers";
        let workers: Vec<(String, Process)> = sql::all(connection, query, [], |row| {
            Ok((row.get(0)?, Process { machine: row.get(1)?, process: row.get(2)? }))
        })?;
        let free = format!("SELECT {}(ARRAY[?1::TEXT])", self.function("force_unlock_workers"));
        let is_gone = |id: &str, process: &Process| {
            // Where a process can't be told from others, only time shows that it is gone.
            process.is_gone() || (!own.machine.is_empty() && process == own && id != own_id)
        };
        for (id, _) in workers.iter().filter(|(id, process)| is_gone(id, process)) {
            sql::one(connection, &free, [format!("{PREFIX}{id}")], |_| Ok(()))?;
            sql::execute(connection, "DELETE FROM workers WHERE id = ?1", [id])?;
        }
        Ok(())
    }

    /// Says that a worker is gone.
    pub(super) fn leave(&self, worker: &str) -> Result<()> {
        self.ask_server(|connection| sql::execute(connection, "DELETE FROM workers WHERE id = ?1", [worker])).map(drop)
    }
}

/// Says that the worker lives.
pub(super) async fn register(bench: &Bench, worker: &str) -> Result<()> {
    let (worker, capacity) = (worker.to_owned(), bench.capacity.clone());
    bench.queue.ask_aside(move |queue| queue.live(&worker, &capacity)).await
}

/// Says again and again that the worker lives, and ends the jobs that somebody canceled or that another worker took.
pub(super) async fn attend(bench: &Arc<Bench>, worker: &str) -> Infallible {
    let mut said = Instant::now();
    loop {
        tokio::time::sleep(LOOK).await;
        if let Err(error) = look(bench, worker).await {
            tracing::warn!(%error, "the worker can't look at its jobs");
            continue;
        }
        if said.elapsed() >= HEARTBEAT {
            match register(bench, worker).await {
                Ok(()) => said = Instant::now(),
                Err(error) => tracing::warn!(%error, "the worker can't say that it lives"),
            }
        }
    }
}

async fn look(bench: &Bench, worker: &str) -> Result<()> {
    // Those that begin after this look are of the next one.
    let running: Vec<_> = bench.running().iter().map(|(job, (_, token))| (*job, token.clone())).collect();
    if running.is_empty() {
        return Ok(());
    }
    let worker = worker.to_owned();
    let held = bench.queue.ask_aside(move |queue| queue.held_by(&worker)).await?;
    for (job, token) in running {
        let is_wanted = held.iter().any(|(one, cancel)| *one == job && !cancel);
        if !is_wanted {
            token.cancel();
        }
    }
    Ok(())
}
