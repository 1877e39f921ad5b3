//! Looking through the sources: which deliveries count now, and what they sum up to.
//!
//! A source that fails keeps the others from nothing: it is named with its problem, in the list of
//! sources and in the notes of every answer, and the rest is counted. What was read once stays
//! known by the delivery's id, so that a refresh without news lists the sources and reads nothing.

use crate::answer::{DeliveryStatus, Progress, SourceState};
use crate::catalogue::{Compared, Known, State, is_provisional};
use crate::error::AskError;
use crate::history::{Fingerprint, History};
use crate::table;
use crate::workspace::{Inner, Workspace};
use crate::workspace_file::SourceEntry;
use bursar_domain::id::{DeliveryId, SourceId};
use bursar_domain::{Amount, BillingPeriod};
use bursar_focus::dialect::Dialect;
use bursar_lake::charges::{Charges, ChargesError, OpenOptions, Quarantine};
use bursar_lake::delivery::{
    Catalogue, Dataset, Delivery, Limits, discover, refuse_overlaps, refuse_same_rows,
};
use bursar_lake::location::{Fault, Location, Source, SourceError};
use bursar_lake::rollup::MAX_TAGS;
use bursar_lake::sql::QueryError;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Longest that summing one delivery up may take.
const DELIVERY_LIMIT: Duration = Duration::from_secs(600);
/// Rows whose tags are looked at to learn the keys.
const TAGGED_ROWS: usize = 2_000;

struct Looked {
    known: Known,
    found: Option<(Source, Catalogue)>,
}

impl Looked {
    fn listed(&self) -> Vec<(SourceId, DeliveryId)> {
        let found = self.found.iter().flat_map(|(_, catalogue)| &catalogue.deliveries);
        found.map(|delivery| (self.known.entry.id, delivery.id)).collect()
    }
}

impl Workspace {
    /// Looks through all sources and swaps what counts, whole and at once. A second call while one
    /// runs waits for it and then looks again.
    pub async fn refresh(&self) {
        let inner = &self.inner;
        let mut history = inner.history.lock().await;
        let path = inner.keep.as_ref().map(|keep| (keep.folder.join("derived").join("history"), &keep.keys));
        let history = history.get_or_insert_with(|| {
            path.as_ref().map(|(path, keys)| History::read(path, keys)).unwrap_or_default()
        });
        let mut looked = Vec::new();
        let total = inner.entries.len() as u64;
        for (at, entry) in (0_u64..).zip(&inner.entries) {
            inner.progress(&format!("looking through {}", entry.location), at, total);
            looked.push(look(inner, entry).await);
        }
        apart(&mut looked);
        let old = self.state();
        let listed: Vec<_> = looked.iter().flat_map(Looked::listed).collect();
        let same = old.charges.is_some() && old.compared.is_some() && old.listed == listed;
        let compared = if same { Ok(old.compared.clone()) } else { compare(inner, &mut looked).await };
        if let (true, Ok(Some(compared))) = (same, &compared) {
            compared_before(&mut looked, compared);
        }
        note_left_out(&mut looked, compared.as_ref().err());
        let charges = if same {
            // No news: nothing is read, and what could not be opened is still not open.
            for (new, known) in looked.iter_mut().zip(&old.known) {
                let counted = old.deliveries.iter().any(|delivery| delivery.source == known.entry.id);
                if new.found.is_some() && !counted {
                    *new = Looked { known: known.clone(), found: None };
                }
            }
            old.charges.clone()
        } else {
            let charges = open(&mut looked).await;
            match &inner.rollups {
                Some(rollups) => charges.map(|charges| charges.with_rollups(Arc::clone(rollups))),
                None => charges,
            }
        };
        let (deliveries, fingerprints) = sum_up(inner, &mut looked, charges.as_ref(), history, &old).await;
        if let Some((path, keys)) = path
            && let Err(error) = history.write(&path, keys)
        {
            tracing::warn!(%error, path = %path.display(), "the history of deliveries could not be written");
        }
        let counted: Vec<_> = counted(&looked)
            .into_iter()
            .filter(|(_, delivery)| fingerprints.contains_key(&delivery.id))
            .collect();
        let tag_keys = tag_keys(&fingerprints);
        let state = State {
            version: if same { old.version } else { old.version + 1 },
            charges,
            listed,
            compared: compared.ok().flatten(),
            known: looked.into_iter().map(|l| l.known).collect(),
            deliveries,
            fingerprints,
        };
        *inner.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        // From here on questions are answered; rollups only make them faster.
        roll_up(inner, &counted, &tag_keys).await;
        *inner.progress.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Refreshes now and then every so often, until dropped.
    pub async fn keep_fresh(&self, every: Duration) {
        loop {
            self.refresh().await;
            tokio::time::sleep(every).await;
        }
    }
}

impl Inner {
    fn progress(&self, what: &str, done: u64, total: u64) {
        let progress = Progress { what: what.to_owned(), done, total };
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }
}

/// Opens and lists one source.
async fn look(inner: &Inner, entry: &SourceEntry) -> Looked {
    let failed = |error: &SourceError| Looked {
        known: Known {
            entry: entry.clone(),
            state: state_of(error.fault()),
            problem: Some(with_causes(error)),
            dialect: entry.dialect.clone(),
            name: entry.location.clone(),
        },
        found: None,
    };
    let source = match Location::parse(&entry.location) {
        Ok(location) => {
            let environment = |key: &str| (inner.environment)(key);
            location.open(&environment, Arc::clone(&inner.ledger))
        }
        Err(error) => Err(error),
    };
    let source = match source {
        Ok(source) => source,
        Err(error) => return failed(&error),
    };
    let hint = entry.dialect.as_deref().and_then(|text| Dialect::parse_source(text).ok());
    let catalogue = match discover(&source, hint.and_then(|d| d.first().copied()), &Limits::default()).await {
        Ok(catalogue) => catalogue,
        Err(error) => return failed(&error),
    };
    let known = Known {
        entry: entry.clone(),
        state: SourceState::Ok,
        problem: None,
        dialect: entry.dialect.clone(),
        name: source.location().to_string(),
    };
    Looked { known, found: Some((source, catalogue)) }
}

fn pairs(looked: &mut [Looked]) -> Vec<(&Source, &mut Catalogue)> {
    let found = looked.iter_mut().filter_map(|l| l.found.as_mut());
    found.map(|(source, catalogue)| (&*source, catalogue)).collect()
}

/// Takes deliveries out that two sources hold both, by what their names and manifests tell.
fn apart(looked: &mut [Looked]) {
    refuse_overlaps(&mut pairs(looked));
}

/// The same by what their rows tell, which reads some of them: once for what is listed.
async fn compare(inner: &Inner, looked: &mut [Looked]) -> Result<Option<Compared>, QueryError> {
    let known: Vec<usize> =
        looked.iter().map(|l| l.found.as_ref().map_or(0, |(_, c)| c.refused.len())).collect();
    refuse_same_rows(&inner.engine, &mut pairs(looked), &OpenOptions::default()).await?;
    let mut compared = Compared::new();
    for (Looked { known: source, found }, known) in looked.iter().zip(known) {
        let Some((_, catalogue)) = found else { continue };
        let kept = catalogue.deliveries.iter().map(|delivery| delivery.id).collect();
        compared.insert(source.entry.id, (kept, catalogue.refused[known..].to_vec()));
    }
    Ok(Some(compared))
}

/// What comparing found before, of the same listing.
fn compared_before(looked: &mut [Looked], compared: &Compared) {
    for Looked { known, found } in looked {
        let (Some((_, catalogue)), Some((kept, refused))) = (found, compared.get(&known.entry.id)) else {
            continue;
        };
        catalogue.deliveries.retain(|delivery| kept.contains(&delivery.id));
        catalogue.refused.extend(refused.iter().cloned());
    }
}

/// Notes what each source leaves out.
fn note_left_out(looked: &mut [Looked], not_compared: Option<&QueryError>) {
    for Looked { known, found } in looked {
        if let (Some(error), true) = (not_compared, found.is_some()) {
            known.state = SourceState::Partial;
            let why = with_causes(error);
            known.problem =
                Some(format!("whether two exports hold the same charges could not be told: {why}"));
        }
        let Some((_, catalogue)) = found else { continue };
        if catalogue.refused.is_empty() && !catalogue.deliveries.is_empty() {
            continue;
        }
        let overlap = catalogue.refused.iter().any(bursar_lake::delivery::Refusal::is_overlap);
        known.state = if overlap { SourceState::Refused } else { SourceState::Partial };
        let mut problems: Vec<String> = catalogue.refused.iter().take(3).map(ToString::to_string).collect();
        if catalogue.refused.len() > 3 {
            problems.push(format!("and {} more", catalogue.refused.len() - 3));
        }
        if catalogue.deliveries.is_empty() && problems.is_empty() {
            problems.push("it holds no complete delivery of cost data".into());
            let ignored = catalogue.ignored.iter().take(2);
            problems.extend(ignored.map(|i| format!("`{}` is not read: {}", i.object, i.reason)));
        }
        known.problem = Some(problems.join("; "));
    }
}

/// Opens the charges of everything that counts; sources that cannot be opened are taken out and named.
async fn open(looked: &mut [Looked]) -> Option<Charges> {
    match Charges::open(&counted(looked), &OpenOptions::default()).await {
        Ok(charges) => return some(charges),
        Err(error) => tracing::warn!(error = with_causes(&error), "not all sources can be opened"),
    }
    for Looked { known, found } in looked.iter_mut() {
        let Some((source, catalogue)) = found else { continue };
        let mine: Vec<_> = catalogue.deliveries.iter().map(|d| (source.clone(), d.clone())).collect();
        if let Err(error) = Charges::open(&mine, &OpenOptions::default()).await {
            known.state = match &error {
                ChargesError::Source(error) => state_of(error.fault()),
                _ => SourceState::Refused,
            };
            known.problem = Some(with_causes(&error));
            *found = None;
        }
    }
    Charges::open(&counted(looked), &OpenOptions::default()).await.ok().and_then(some)
}

fn some(charges: Charges) -> Option<Charges> {
    (!charges.parts().is_empty()).then_some(charges)
}

fn counted(looked: &[Looked]) -> Vec<(Source, Delivery)> {
    let found = looked.iter().filter_map(|l| l.found.as_ref());
    found.flat_map(|(source, c)| c.deliveries.iter().map(|d| (source.clone(), d.clone()))).collect()
}

/// Keys of tags by delivery, the most frequent first.
fn tag_keys(prints: &BTreeMap<DeliveryId, Fingerprint>) -> BTreeMap<DeliveryId, Vec<String>> {
    let keys = |print: &Fingerprint| {
        let mut keys: Vec<(&String, u64)> = print.tag_keys.iter().map(|(key, rows)| (key, *rows)).collect();
        keys.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
        keys.into_iter().take(MAX_TAGS).map(|(key, _)| key.clone()).collect()
    };
    prints.iter().map(|(id, print)| (*id, keys(print))).collect()
}

/// Makes the rollups that are missing, and removes those of deliveries that count no longer. One that
/// cannot be made leaves its delivery to the rows.
async fn roll_up(
    inner: &Inner,
    counted: &[(Source, Delivery)],
    tag_keys: &BTreeMap<DeliveryId, Vec<String>>,
) {
    let Some(rollups) = &inner.rollups else { return };
    let ids: BTreeSet<DeliveryId> = counted.iter().map(|(_, delivery)| delivery.id).collect();
    if let Err(error) = rollups.keep_only(&ids) {
        tracing::warn!(error = with_causes(&error), "old rollups could not be removed");
    }
    let total = counted.len() as u64;
    for (done, (source, delivery)) in (0_u64..).zip(counted) {
        if rollups.load(delivery.id) {
            continue;
        }
        inner.progress(&format!("rolling up {}", delivery.key()), done, total);
        let keys = tag_keys.get(&delivery.id).map(Vec::as_slice).unwrap_or_default();
        if let Err(error) = rollups.build(&inner.engine, source, delivery, keys).await {
            tracing::warn!(error = with_causes(&error), delivery = %delivery.key(), "no rollup: rows answer");
        }
    }
}

type Summed = (Vec<DeliveryStatus>, BTreeMap<DeliveryId, Fingerprint>);

/// Fingerprints of all deliveries: remembered ones, and new ones from their rows.
async fn sum_up(
    inner: &Inner,
    looked: &mut [Looked],
    charges: Option<&Charges>,
    history: &mut History,
    old: &State,
) -> Summed {
    let now = inner.clock.now();
    let mut statuses = Vec::new();
    let mut fingerprints = BTreeMap::new();
    let total = looked.iter().filter_map(|l| l.found.as_ref()).map(|(_, c)| c.deliveries.len() as u64).sum();
    let mut done = 0;
    for Looked { known, found } in looked {
        let Some((source, catalogue)) = found else { continue };
        for delivery in &catalogue.deliveries {
            inner.progress(&format!("adding up {}", delivery.key()), done, total);
            done += 1;
            let remembered = old.fingerprints.get(&delivery.id).or_else(|| history.fingerprint(delivery.id));
            let print = match remembered {
                Some(print) => Ok(print.clone()),
                None => fingerprint(inner, source, delivery).await,
            };
            let print = match print {
                Ok(print) => print,
                Err(error) => {
                    tracing::warn!(%error, delivery = %delivery.key(), "a delivery could not be added up");
                    known.state = SourceState::Partial;
                    known.problem = Some(format!("{} could not be added up: {error}", delivery.key()));
                    continue;
                }
            };
            let (id, key) = (known.entry.id, delivery.key().to_string());
            history.note(id, &key, delivery.id, print.clone(), now);
            let month =
                delivery.billing_period.or_else(|| print.last_day.and_then(BillingPeriod::containing));
            statuses.push(DeliveryStatus {
                id: delivery.id,
                source: id,
                // What the columns say, where the layout does not.
                dataset: match (delivery.dataset, charges.and_then(|c| c.dataset_of(delivery.id))) {
                    (Dataset::Unknown, Some(found)) => Dataset::from(found),
                    (told, _) => told,
                }
                .to_string(),
                billing_period: month,
                provisional: is_provisional(month, print.last_day, now),
                delivered_at: delivery.delivered_at,
                objects: delivery.objects.len() as u64,
                bytes: delivery.size_bytes(),
                rows: print.rows,
                billed: print.billed.clone().into_iter().collect(),
                effective: print.effective.clone().into_iter().collect(),
                quarantined: print.quarantined,
                restatement: history.restatement(id, &key),
            });
            fingerprints.insert(delivery.id, print);
        }
    }
    (statuses, fingerprints)
}

const SUMS: &str = "SELECT CAST(provider AS VARCHAR), CAST(BillingCurrency AS VARCHAR), COUNT(*), SUM(BilledCost), \
     SUM(EffectiveCost), CAST(MIN(ChargePeriodStart) AS DATE), CAST(MAX(ChargePeriodStart) AS DATE) FROM focus GROUP BY 1, 2";
const TAGS: &str = "SELECT CAST(Tags AS VARCHAR) FROM focus WHERE Tags IS NOT NULL";

async fn fingerprint(inner: &Inner, source: &Source, delivery: &Delivery) -> Result<Fingerprint, AskError> {
    let charges = Charges::open(&[(source.clone(), delivery.clone())], &OpenOptions::default())
        .await
        .map_err(|e| AskError::Unreachable(with_causes(&e)))?;
    let mut print = Fingerprint::default();
    if charges.parts().is_empty() {
        // Contracts, invoices, billing periods: no charges, and nothing to add up.
        return Ok(print);
    }
    let quarantine = Arc::new(Quarantine::default());
    let ask = async |sql: &str, rows: usize| -> Result<Vec<Vec<Option<String>>>, AskError> {
        let context = inner.engine.session(&charges, &quarantine)?;
        let (schema, batches, _) =
            inner.engine.collect(context, sql.to_owned(), rows, DELIVERY_LIMIT).await?;
        Ok(table::text(&schema, &batches)?.1)
    };
    let amount = |text: Option<&Option<String>>| -> Result<Amount, AskError> {
        let text = text.and_then(|t| t.as_deref()).unwrap_or("0");
        text.parse().map_err(|e: bursar_domain::money::AmountError| AskError::Failed(e.to_string()))
    };
    let add = |sums: &mut BTreeMap<String, Amount>, currency: &str, amount: Amount| -> Result<(), AskError> {
        let sum = sums.entry(currency.to_owned()).or_default();
        *sum = sum.checked_add(amount).map_err(|e| AskError::Failed(e.to_string()))?;
        Ok(())
    };
    for row in ask(SUMS, 100_000).await? {
        let text = |at: usize| row.get(at).and_then(|cell| cell.as_deref());
        let day = |at: usize| text(at).and_then(|t| t.parse::<NaiveDate>().ok());
        let currency = text(1).unwrap_or("");
        print.rows += text(2).and_then(|t| t.parse::<u64>().ok()).unwrap_or(0);
        print.providers.extend(text(0).map(str::to_owned));
        add(&mut print.billed, currency, amount(row.get(3))?)?;
        add(&mut print.effective, currency, amount(row.get(4))?)?;
        print.first_day = [print.first_day, day(5)].into_iter().flatten().min();
        print.last_day = [print.last_day, day(6)].into_iter().flatten().max();
    }
    print.quarantined = quarantine.excluded().iter().map(|e| e.count).sum();
    for row in ask(TAGS, TAGGED_ROWS).await? {
        let Some(text) = row.first().and_then(|cell| cell.as_deref()) else { continue };
        let tags =
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap_or_default();
        for key in tags.into_iter().map(|(key, _)| key).filter(|key| key.len() <= 200) {
            if print.tag_keys.len() < 1_000 || print.tag_keys.contains_key(&key) {
                *print.tag_keys.entry(key).or_default() += 1;
            }
        }
    }
    Ok(print)
}

fn state_of(fault: Fault) -> SourceState {
    match fault {
        Fault::Refused => SourceState::Refused,
        Fault::BadInput | Fault::Unreachable => SourceState::Unreachable,
    }
}

/// The message and its causes on one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = cause.source();
    }
    text
}
