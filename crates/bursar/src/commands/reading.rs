//! What `cost` and `sql` have in common: opening sources as one bill, and telling what was read.

use crate::exit::Failure;
use crate::installation::{self, Place};
use crate::progress;
use bursar_app::Keep;
use bursar_domain::clock::SystemClock;
use bursar_focus::dialect::Dialect;
use bursar_lake::bill::{Bill, BillError};
use bursar_lake::charges::{Charges, Excluded, OpenOptions};
use bursar_lake::ledger::Ledger;
use bursar_lake::location::{Fault, Location};
use bursar_lake::sql::{Engine, Limits, QueryError};
use std::sync::Arc;
use std::time::Duration;

/// Long enough for a large bill on a slow disk, short enough that nothing hangs for good.
pub(crate) const ASK_LIMIT: Duration = Duration::from_secs(3600);

/// What is asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct From<'a> {
    /// Locations…
    pub(crate) sources: &'a [String],
    /// …or a workspace of the data directory.
    pub(crate) workspace: Option<&'a str>,
}

/// Opens what is asked about as one bill and says on standard error what does not count. Beside it
/// the charges, with the rollups that a workspace has.
pub(crate) async fn open(
    from: From<'_>,
    place: &Place,
    dialect: Option<Dialect>,
    engine: &Arc<Engine>,
) -> Result<(Bill, Charges), Failure> {
    let Some(name) = from.workspace else {
        let bill = open_sources(from.sources, dialect, engine).await?;
        let charges = bill.charges().clone();
        return Ok((bill, charges));
    };
    let installation = place.open().await?;
    let workspace = installation::workspace(&installation, name).await?;
    let access = installation.store().operator(workspace.id).await?;
    let store = installation.store().workspace(&access).await?;
    let sources = installation.sources(&store).await?;
    if sources.is_empty() {
        let todo = format!("add one with `bursar source add --workspace {name} LOCATION`");
        return Err(Failure::bad_input(anyhow::anyhow!("workspace `{name}` has no sources; {todo}")));
    }
    let sources: Vec<String> = sources.into_iter().map(|source| source.location).collect();
    let bill = open_sources(&sources, dialect, engine).await?;
    let folder = installation.workspace_folder(&workspace.region, workspace.id)?;
    let keep = Keep { folder, keys: Arc::clone(store.keys()) };
    let rollups = keep.rollups()?;
    for (_, delivery) in bill.deliveries() {
        // What the server has not rolled up yet is read from rows.
        rollups.load(delivery.id);
    }
    let charges = bill.charges().clone().with_rollups(Arc::new(rollups));
    Ok((bill, charges))
}

async fn open_sources(
    sources: &[String],
    dialect: Option<Dialect>,
    engine: &Arc<Engine>,
) -> Result<Bill, Failure> {
    let locations = sources
        .iter()
        .map(|text| Location::parse(text).map_err(|error| of_fault(error.fault(), error)))
        .collect::<Result<Vec<_>, _>>()?;
    let ledger = Arc::new(Ledger::new(Arc::new(SystemClock)));
    let spinner = progress::counter("listing and opening sources", "");
    let environment = |name: &str| std::env::var(name).ok();
    let bill = Bill::open(&locations, &environment, &OpenOptions { dialect }, engine, ledger).await;
    spinner.finish_and_clear();
    let bill = bill.map_err(|error: BillError| of_fault(error.fault(), error))?;
    for refused in bill.refused() {
        note(&format!("not counted: {refused}"));
    }
    Ok(bill)
}

/// The engine of this run.
pub(crate) fn engine() -> Result<Arc<Engine>, Failure> {
    Ok(Arc::new(Engine::new(Limits::default()).map_err(asking)?))
}

/// The exit status of a question without an answer.
pub(crate) fn asking(error: QueryError) -> Failure {
    of_fault(error.fault(), error)
}

fn of_fault(fault: Fault, error: impl Into<anyhow::Error>) -> Failure {
    match fault {
        Fault::BadInput => Failure::bad_input(error),
        Fault::Refused => Failure::refused(error),
        Fault::Unreachable => Failure::unreachable(error),
    }
}

/// One line for people on standard error.
#[expect(clippy::print_stderr, reason = "standard error is where the command line talks to people")]
pub(crate) fn note(text: &str) {
    eprintln!("note: {text}");
}

/// Says what totals leave out.
pub(crate) fn note_excluded(excluded: &[Excluded]) {
    for part in excluded.iter().take(10) {
        let what =
            if part.column.is_empty() { "rows".to_owned() } else { format!("values of {}", part.column) };
        let first = part.examples.first().map_or_else(String::new, |cell| {
            let value = if cell.value.is_empty() { String::new() } else { format!(": `{}`", cell.value) };
            format!("; the first is row {} of `{}`{value}", cell.row, cell.object)
        });
        note(&format!("partial: {} {what} left out: {}{first}", part.count, part.reason));
    }
    if excluded.len() > 10 {
        note(&format!("partial: left out for {} further reasons", excluded.len() - 10));
    }
}

/// Says what was read to answer.
pub(crate) fn explain(bill: &Bill, cells: u64) {
    match cells {
        0 => note("answered from the rows"),
        cells => {
            note(&format!("answered from rollups: {cells} cells; the rows give the same to the last digit"))
        }
    }
    let totals = bill.ledger().totals();
    let objects = bill.charges().parts().len();
    let rows = bill.charges().rows().map_or_else(|| "unknown until read".to_owned(), |rows| rows.to_string());
    note(&format!(
        "read: {objects} objects with {rows} rows in {} deliveries; {} operations, {} bytes",
        bill.deliveries().len(),
        totals.all.operations,
        totals.all.bytes
    ));
    for (operation, count) in &totals.by_operation {
        note(&format!("read: {operation} × {}, {} bytes", count.operations, count.bytes));
    }
    for entry in bill.ledger().snapshot() {
        note(&format!("read: {} `{}` {} bytes", entry.operation, entry.object, entry.bytes));
    }
}
