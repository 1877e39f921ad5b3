//! Two exports of the same charges that only their rows give away.
//!
//! One team exports FOCUS, another the legacy report; one export is daily, the other monthly: no
//! manifest says that both are of one account, and no byte of their files is the same. Where two
//! exports have charges of one billing account on the same days, some charges of each are looked for
//! in the other. Exports of parts of an account (by member account, by resource group) share none.
//!
//! A bill of one export, or of several billing accounts, costs a few rows of each export; only rivals
//! of one billing account are read through.

use super::overlap::{Which, may_be_same_days, take_out};
use super::{Catalogue, Dataset, Delivery};
use crate::charges::{Charges, OpenOptions, Quarantine};
use crate::location::Source;
use crate::sql::{Engine, QueryError};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Rows of an export that are looked at for its billing accounts.
const LOOKED_AT: usize = 2_000;
/// Charges of an export that are looked for in the others.
const SOUGHT: usize = 32;
/// Fewer charges found again than this, and exports of fewer, are chance.
const LEAST: usize = 2;
/// Longest that one export is read.
const LIMIT: Duration = Duration::from_secs(600);
/// What tells one charge from another.
const CHARGE: &str = "CAST(ChargePeriodStart AS VARCHAR), CAST(BilledCost AS VARCHAR), CAST(SubAccountId AS VARCHAR), \
     CAST(ServiceName AS VARCHAR), CAST(ResourceId AS VARCHAR)";

type Charge = Vec<Option<String>>;

/// An export's deliveries, where it has charges of an account.
struct Rival {
    which: Which,
    charges: Charges,
    sought: BTreeSet<Charge>,
}

/// Takes deliveries out that hold the same charges as a delivery of another export, and puts the
/// refusals in. `refuse_overlaps` finds what manifests and names tell; call it before.
///
/// # Errors
/// When an object cannot be read as charges.
pub async fn refuse_same_rows(
    engine: &Arc<Engine>,
    sources: &mut [(&Source, &mut Catalogue)],
    options: &OpenOptions,
) -> Result<(), QueryError> {
    let mut by_account: BTreeMap<Charge, Vec<Rival>> = BTreeMap::new();
    for which in rivals(sources) {
        let Some((source, delivery)) = delivery(sources, which) else { continue };
        let charges = Charges::open(&[((*source).clone(), delivery.clone())], options).await?;
        if charges.parts().is_empty() {
            continue;
        }
        let looked = format!(
            "SELECT CAST(provider AS VARCHAR), CAST(BillingAccountId AS VARCHAR), {CHARGE} FROM focus WHERE \
             BilledCost <> 0 AND BillingAccountId IS NOT NULL LIMIT {LOOKED_AT}"
        );
        let mut accounts: BTreeMap<Charge, BTreeSet<Charge>> = BTreeMap::new();
        for row in ask(engine, &charges, looked).await? {
            let (account, charge) = row.split_at(2);
            accounts.entry(account.to_vec()).or_default().insert(charge.to_vec());
        }
        for (account, all) in accounts {
            let step = all.len().div_ceil(SOUGHT).max(1);
            let sought = all.into_iter().step_by(step).collect();
            let rival = Rival { which, charges: charges.clone(), sought };
            by_account.entry(account).or_default().push(rival);
        }
    }
    let mut refusals: Vec<(Which, Which, String)> = Vec::new();
    for (account, rivals) in &by_account {
        for rival in rivals {
            let others = || rivals.iter().filter(|other| are_rivals(sources, other.which, rival.which));
            let amounts: BTreeSet<&str> =
                others().flat_map(|other| &other.sought).filter_map(|charge| charge[1].as_deref()).collect();
            if amounts.is_empty() {
                continue;
            }
            let amounts = amounts.into_iter().collect::<Vec<_>>().join(", ");
            let sql = format!("SELECT {CHARGE} FROM focus WHERE BilledCost IN ({amounts})");
            let there: BTreeSet<Charge> = ask(engine, &rival.charges, sql).await?.into_iter().collect();
            for other in others() {
                let found = other.sought.intersection(&there).count();
                let pair = (other.which.min(rival.which), other.which.max(rival.which));
                let known = refusals.iter().any(|(a, b, _)| (*a, *b) == pair);
                if found < LEAST || found * 2 < other.sought.len() || known {
                    continue;
                }
                let account = account[1].as_deref().unwrap_or_default();
                refusals.push((
                    pair.0,
                    pair.1,
                    format!(
                        "both hold the same charges of billing account `{account}`: of {} looked for, {found} are in both",
                        other.sought.len()
                    ),
                ));
            }
        }
    }
    take_out(sources, refusals);
    Ok(())
}

fn delivery<'a>(
    sources: &'a [(&Source, &mut Catalogue)],
    (at, index): Which,
) -> Option<(&'a Source, &'a Delivery)> {
    let (source, catalogue) = sources.get(at)?;
    Some((source, catalogue.deliveries.get(index)?))
}

/// Deliveries that may have a rival, by what is known without reading.
fn rivals(sources: &[(&Source, &mut Catalogue)]) -> Vec<Which> {
    let all: Vec<Which> = sources
        .iter()
        .enumerate()
        .flat_map(|(at, (_, catalogue))| (0..catalogue.deliveries.len()).map(move |index| (at, index)))
        .collect();
    let has = |which: &Which| all.iter().any(|other| are_rivals(sources, *which, *other));
    all.iter().copied().filter(has).collect()
}

/// Whether two deliveries of different exports may hold charges of the same days.
fn are_rivals(sources: &[(&Source, &mut Catalogue)], a: Which, b: Which) -> bool {
    let (Some((_, first)), Some((_, second))) = (delivery(sources, a), delivery(sources, b)) else {
        return false;
    };
    let charges = |dataset| {
        matches!(
            dataset,
            Dataset::CostAndUsage | Dataset::ActualCost | Dataset::AmortizedCost | Dataset::Unknown
        )
    };
    let halves = matches!(
        (first.dataset, second.dataset),
        (Dataset::ActualCost, Dataset::AmortizedCost) | (Dataset::AmortizedCost, Dataset::ActualCost)
    );
    let same_provider = match (&first.provider, &second.provider) {
        (Some(first), Some(second)) => first == second,
        _ => true,
    };
    let same_export = a.0 == b.0 && first.export == second.export;
    !same_export
        && !halves
        && same_provider
        && charges(first.dataset)
        && charges(second.dataset)
        && may_be_same_days(sources, a, b)
}

async fn ask(engine: &Arc<Engine>, charges: &Charges, sql: String) -> Result<Vec<Charge>, QueryError> {
    let context = engine.session(charges, &Arc::new(Quarantine::default()))?;
    let (_, batches, _) = engine.collect(context, sql, usize::MAX, LIMIT).await?;
    let broken = |error: &dyn std::fmt::Display| QueryError::Failed { detail: error.to_string() };
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in &batches {
        let shown = batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
        let shown = shown.collect::<Result<Vec<_>, _>>().map_err(|error| broken(&error))?;
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().zip(&shown);
            rows.push(cells.map(|(c, s)| c.is_valid(row).then(|| s.value(row).to_string())).collect());
        }
    }
    Ok(rows)
}
