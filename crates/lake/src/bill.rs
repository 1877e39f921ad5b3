//! A bill: several sources as one.
//!
//! Opening lists each source, sorts what lies there into deliveries, refuses two exports of the
//! same charges, and looks at each object once. After that, questions read only rows.

use crate::charges::{Charges, ChargesError, OpenOptions};
use crate::delivery::{
    Catalogue, Delivery, Limits, Refusal, discover, refuse_copies, refuse_overlaps, refuse_same_rows,
};
use crate::ledger::Ledger;
use crate::location::{Environment, Fault, Location, Source, SourceError};
use crate::sql::{Engine, QueryError};
use std::sync::Arc;

/// Sources, listed, with what counts of them.
#[derive(Debug, Clone)]
pub struct Bill {
    sources: Vec<(Source, Catalogue)>,
    charges: Charges,
    /// The deliveries behind the charges, in the order of their parts' indexes.
    deliveries: Arc<Vec<(Source, Delivery)>>,
    ledger: Arc<Ledger>,
}

/// Why sources are no bill.
#[derive(Debug, thiserror::Error)]
pub enum BillError {
    /// A source cannot be opened or listed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// An object cannot be read as charges.
    #[error(transparent)]
    Charges(#[from] ChargesError),
    /// What lies there cannot be compared.
    #[error(transparent)]
    Query(Box<QueryError>),
    /// Two exports of the same charges: counting either would be a guess, counting both wrong.
    #[error("{0}; nothing was added up: take one of them away or point at one")]
    Overlap(String),
    /// Nothing that counts.
    #[error("{location} holds no complete delivery of cost data{}", because(.problems))]
    Nothing {
        /// Where, without credentials.
        location: String,
        /// What is there and not counted.
        problems: Vec<String>,
    },
}

fn because(problems: &[String]) -> String {
    if problems.is_empty() { String::new() } else { format!(": {}", problems.join("; ")) }
}

impl BillError {
    fn of(error: QueryError) -> Self {
        match error {
            QueryError::Source(error) => Self::Source(error),
            QueryError::Charges(error) => Self::Charges(error),
            other => Self::Query(Box::new(other)),
        }
    }

    /// Who has to act.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        match self {
            Self::Source(error) | Self::Charges(ChargesError::Source(error)) => error.fault(),
            Self::Query(error) => error.fault(),
            Self::Overlap(_) => Fault::Refused,
            Self::Charges(_) | Self::Nothing { .. } => Fault::BadInput,
        }
    }
}

impl Bill {
    /// Opens locations as one bill.
    ///
    /// # Errors
    /// When a source cannot be read, holds nothing that counts, or two hold the same charges.
    pub async fn open(
        locations: &[Location],
        environment: &Environment<'_>,
        options: &OpenOptions,
        engine: &Arc<Engine>,
        ledger: Arc<Ledger>,
    ) -> Result<Self, BillError> {
        let mut sources = Vec::with_capacity(locations.len());
        for location in locations {
            let source = location.open(environment, Arc::clone(&ledger))?;
            let catalogue = discover(&source, options.dialect, &Limits::default()).await?;
            sources.push((source, catalogue));
        }
        Self::of_catalogues(sources, options, engine, ledger).await
    }

    /// The bill of sources that are listed already.
    ///
    /// # Errors
    /// As [`Bill::open`].
    async fn of_catalogues(
        mut sources: Vec<(Source, Catalogue)>,
        options: &OpenOptions,
        engine: &Arc<Engine>,
        ledger: Arc<Ledger>,
    ) -> Result<Self, BillError> {
        {
            let mut pairs: Vec<(&Source, &mut Catalogue)> =
                sources.iter_mut().map(|(s, c)| (&*s, c)).collect();
            refuse_overlaps(&mut pairs);
            refuse_copies(&mut pairs).await?;
            refuse_same_rows(engine, &mut pairs, options).await.map_err(BillError::of)?;
        }
        let overlap = sources.iter().flat_map(|(_, c)| &c.refused).find(|r| r.is_overlap());
        if let Some(overlap) = overlap {
            return Err(BillError::Overlap(overlap.to_string()));
        }
        for (source, catalogue) in &sources {
            if catalogue.deliveries.is_empty() {
                let refused = catalogue.refused.iter().map(ToString::to_string);
                let ignored = catalogue
                    .ignored
                    .iter()
                    .map(|i| format!("`{}` is not read: {}", source.object_name(&i.object), i.reason));
                let problems = refused.chain(ignored).take(5).collect();
                return Err(BillError::Nothing { location: source.location().to_string(), problems });
            }
        }
        let deliveries: Vec<(Source, Delivery)> = sources
            .iter()
            .flat_map(|(source, catalogue)| catalogue.deliveries.iter().map(|d| (source.clone(), d.clone())))
            .collect();
        let charges = Charges::open(&deliveries, options).await?;
        Ok(Self { sources, charges, deliveries: Arc::new(deliveries), ledger })
    }

    /// The charges as a table.
    #[must_use]
    pub const fn charges(&self) -> &Charges {
        &self.charges
    }

    /// The sources and what lies there.
    #[must_use]
    pub fn sources(&self) -> &[(Source, Catalogue)] {
        &self.sources
    }

    /// What counts, each with its source.
    #[must_use]
    pub fn deliveries(&self) -> &[(Source, Delivery)] {
        &self.deliveries
    }

    /// What is there and not counted.
    #[must_use]
    pub fn refused(&self) -> Vec<&Refusal> {
        self.sources.iter().flat_map(|(_, c)| &c.refused).collect()
    }

    /// Where every call is counted.
    #[must_use]
    pub const fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }
}
