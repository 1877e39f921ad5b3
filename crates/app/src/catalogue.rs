//! What is known of the sources at one moment. A refresh makes a new state and swaps it whole, so
//! that no question sees half of one delivery and half of another.

use crate::answer::{DeliveryStatus, Freshness, Progress, Read, SourceState, SourceStatus, Summary};
use crate::history::Fingerprint;
use crate::workspace_file::SourceEntry;
use bursar_domain::id::{DeliveryId, SourceId};
use bursar_domain::{BillingPeriod, DateRange};
use bursar_lake::charges::Charges;
use bursar_lake::delivery::Refusal;
use bursar_lake::ledger::Totals;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Days after the end of a month in which clouds still change it. AWS and Microsoft close a month
/// within the first days of the next, Google within about ten.
const SETTLING_DAYS: u64 = 10;
/// Tag keys offered.
const TAG_KEYS: usize = 500;

/// What is known.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Grows with every change of what counts.
    pub(crate) version: u64,
    /// The charges of all deliveries that count; `None` before there are any.
    pub(crate) charges: Option<Charges>,
    /// What the sources listed, whether or not all of it could be opened.
    pub(crate) listed: Vec<(SourceId, DeliveryId)>,
    /// What comparing the rows of exports found among what was listed; `None` when they could not be
    /// compared.
    pub(crate) compared: Option<Compared>,
    pub(crate) known: Vec<Known>,
    pub(crate) deliveries: Vec<DeliveryStatus>,
    pub(crate) fingerprints: BTreeMap<DeliveryId, Fingerprint>,
}

/// Of each source, the deliveries that have charges of their own and the refusals of the others.
pub(crate) type Compared = BTreeMap<SourceId, (BTreeSet<DeliveryId>, Vec<Refusal>)>;

/// A source and what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) entry: SourceEntry,
    pub(crate) state: SourceState,
    pub(crate) problem: Option<String>,
    pub(crate) dialect: Option<String>,
    /// As the ledger calls it.
    pub(crate) name: String,
}

impl State {
    /// Before the first refresh.
    pub(crate) fn waiting(entries: &[SourceEntry]) -> Self {
        let known = |entry: &SourceEntry| Known {
            entry: entry.clone(),
            state: SourceState::Partial,
            problem: Some("not looked through yet".into()),
            dialect: entry.dialect.clone(),
            name: entry.location.clone(),
        };
        Self { known: entries.iter().map(known).collect(), ..Self::default() }
    }

    /// Why there is nothing to ask.
    pub(crate) fn why_nothing(&self) -> String {
        if self.known.is_empty() {
            return "there are no sources yet: add one with `bursar source add --workspace W LOCATION`"
                .into();
        }
        let problems: Vec<_> = self.problems();
        if problems.is_empty() { "the sources hold no complete delivery".into() } else { problems.join("; ") }
    }

    /// What is wrong with sources, for the notes of an answer: a total that leaves something out says so.
    pub(crate) fn problems(&self) -> Vec<String> {
        let said = |known: &Known| {
            known.problem.as_ref().map(|problem| format!("{}: {problem}", known.entry.location))
        };
        self.known.iter().filter_map(said).collect()
    }

    pub(crate) fn summary(&self, refresh: Option<Progress>) -> Summary {
        let prints = || self.fingerprints.values();
        let currencies: BTreeSet<&String> = prints().flat_map(|f| f.billed.keys()).collect();
        let providers: BTreeSet<&String> = prints().flat_map(|f| &f.providers).collect();
        Summary {
            first_day: prints().filter_map(|f| f.first_day).min(),
            last_day: prints().filter_map(|f| f.last_day).max(),
            currencies: currencies.into_iter().cloned().collect(),
            providers: providers.into_iter().cloned().collect(),
            sources: self.known.len() as u64,
            deliveries: self.deliveries.len() as u64,
            refresh,
        }
    }

    pub(crate) fn tag_keys(&self) -> Vec<String> {
        let mut counts: BTreeMap<&String, u64> = BTreeMap::new();
        for (key, count) in self.fingerprints.values().flat_map(|f| &f.tag_keys) {
            *counts.entry(key).or_default() += count;
        }
        let mut keys: Vec<(&String, u64)> = counts.into_iter().collect();
        keys.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        keys.into_iter().take(TAG_KEYS).map(|(key, _)| key.clone()).collect()
    }

    /// Objects that the charges are read from.
    pub(crate) fn objects(&self) -> u64 {
        self.deliveries.iter().map(|d| d.objects).sum()
    }

    /// Whether a month that the days touch may still change.
    pub(crate) fn provisional(&self, period: Option<DateRange>) -> bool {
        let touches = |month: BillingPeriod| {
            period.is_none_or(|days| month.start() < days.to() && days.from() < month.end())
        };
        self.deliveries.iter().any(|d| d.provisional && d.billing_period.is_none_or(touches))
    }

    pub(crate) fn freshness(&self) -> Vec<Freshness> {
        let of = |known: &Known| {
            let mine = || self.deliveries.iter().filter(|d| d.source == known.entry.id);
            let prints = || mine().filter_map(|d| self.fingerprints.get(&d.id));
            let providers: BTreeSet<&String> = prints().flat_map(|f| &f.providers).collect();
            let provisional: BTreeSet<BillingPeriod> =
                mine().filter(|d| d.provisional).filter_map(|d| d.billing_period).collect();
            Freshness {
                source: known.entry.location.clone(),
                provider: (providers.len() == 1).then(|| providers.first().map(|p| (*p).clone())).flatten(),
                charges_until: prints().filter_map(|f| f.last_day).max(),
                delivered_at: mine().map(|d| d.delivered_at).max(),
                provisional_periods: provisional.into_iter().collect(),
            }
        };
        self.known.iter().map(of).collect()
    }

    pub(crate) fn sources(&self, totals: &Totals) -> Vec<SourceStatus> {
        let of = |known: &Known| {
            let mine = || self.deliveries.iter().filter(|d| d.source == known.entry.id);
            let prints = || mine().filter_map(|d| self.fingerprints.get(&d.id));
            let providers: BTreeSet<&String> = prints().flat_map(|f| &f.providers).collect();
            let parts = self.charges.as_ref().map(Charges::parts).unwrap_or_default();
            let read_as = parts.iter().filter(|part| mine().any(|d| d.id == part.delivery_id));
            let read_as: BTreeSet<&str> = read_as.map(|part| part.dialect.label()).collect();
            let read_as = read_as.into_iter().collect::<Vec<_>>().join(", ");
            let count = totals.by_source.iter().find(|(name, _)| name.as_ref() == known.name.as_str());
            let count = count.map(|(_, count)| *count).unwrap_or_default();
            SourceStatus {
                id: known.entry.id,
                location: known.entry.location.clone(),
                dialect: if read_as.is_empty() { known.dialect.clone() } else { Some(read_as) },
                providers: providers.into_iter().cloned().collect(),
                state: known.state,
                problem: known.problem.clone(),
                deliveries: mine().count() as u64,
                rows: mine().map(|d| d.rows).sum(),
                bytes: mine().map(|d| d.bytes).sum(),
                first_period: mine().filter_map(|d| d.billing_period).min(),
                last_period: mine().filter_map(|d| d.billing_period).max(),
                charges_until: prints().filter_map(|f| f.last_day).max(),
                delivered_at: mine().map(|d| d.delivered_at).max(),
                read: Read {
                    operations: count.operations,
                    bytes: count.bytes,
                    objects: mine().map(|d| d.objects).sum(),
                    ..Read::default()
                },
            }
        };
        self.known.iter().map(of).collect()
    }
}

/// Whether a month may still change.
pub(crate) fn is_provisional(
    month: Option<BillingPeriod>,
    last_day: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> bool {
    let month = month.or_else(|| last_day.and_then(BillingPeriod::containing));
    let settled = month.and_then(|month| month.end().checked_add_days(chrono::Days::new(SETTLING_DAYS)));
    settled.is_none_or(|settled| now.date_naive() < settled)
}
