//! Opening: look at every object once, decide what it says.

use super::error::ChargesError;
use super::object_reader::ObjectReader;
use super::part::{Body, Part, PartSummary, Reading};
use super::schema::{short_provider, unite};
use super::text_rows;
use crate::delivery::{Dataset, Delivery, FileFormat, ObjectRef};
use crate::engine::tag::Keys;
use crate::ledger::ReadOnlyStore;
use crate::location::{Source, SourceError};
use crate::rollup::Rollups;
use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bursar_domain::id::DeliveryId;
use bursar_focus::dialect::{Dialect, focus_column};
use bursar_focus::normalise::normaliser;
use bursar_focus::spec;
use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::path::Path;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use std::collections::HashMap;
use std::sync::Arc;

/// How many objects are looked at at once.
const LOOKS_AT_ONCE: usize = 16;
/// How much of a file's end is fetched in the hope that the footer is in it.
pub(super) const FOOTER_BYTES: usize = 64 << 10;

const OTHERS: [spec::Dataset; 3] =
    [spec::Dataset::ContractCommitment, spec::Dataset::InvoiceDetail, spec::Dataset::BillingPeriod];

/// What the caller knows and the files may not say.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenOptions {
    /// What the columns mean, when neither manifest nor columns tell.
    pub dialect: Option<Dialect>,
}

/// Every charge of some deliveries, opened; and beside the charges what else they hold.
#[derive(Debug, Clone)]
pub struct Charges {
    pub(super) parts: Arc<Vec<Part>>,
    pub(super) schema: SchemaRef,
    /// The other datasets of FOCUS, each with its parts.
    others: Arc<Vec<(spec::Dataset, Charges)>>,
    /// Sums of the same charges, for questions that need no rows.
    pub(super) rollups: Option<Arc<Rollups>>,
}

impl Charges {
    /// Looks at each object of the deliveries and fixes one schema.
    ///
    /// Other datasets (contracts, invoices, billing periods) become tables of their own:
    /// [`Charges::others`].
    ///
    /// # Errors
    /// When an object cannot be read or is no cost export. Nothing is skipped in silence.
    pub async fn open(
        deliveries: &[(Source, Delivery)],
        options: &OpenOptions,
    ) -> Result<Self, ChargesError> {
        let mut looks = Vec::new();
        for (index, (source, delivery)) in deliveries.iter().enumerate() {
            let store = Arc::new(source.store().pinned(&delivery.objects));
            for object in &delivery.objects {
                looks.push(look(source, Arc::clone(&store), index, delivery, object, options));
            }
        }
        let mut parts: Vec<Part> = stream::iter(looks).buffered(LOOKS_AT_ONCE).try_collect().await?;
        let mut of = |dataset| {
            let (mine, rest) =
                std::mem::take(&mut parts).into_iter().partition(|part| part.dataset == dataset);
            parts = rest;
            Self::of_parts(mine, dataset)
        };
        let others = OTHERS.map(|dataset| (dataset, of(dataset)));
        let charges = of(spec::Dataset::CostAndUsage);
        Ok(Self { others: Arc::new(others.to_vec()), ..charges })
    }

    fn of_parts(parts: Vec<Part>, dataset: spec::Dataset) -> Self {
        let schema = unite(&parts, dataset);
        let parts = parts.into_iter().map(|part| part.held_as(&schema)).collect();
        Self { parts: Arc::new(parts), schema, others: Arc::default(), rollups: None }
    }

    /// Contracts, invoices and billing periods, each as a table that may be empty.
    #[must_use]
    pub fn others(&self) -> &[(spec::Dataset, Self)] {
        &self.others
    }

    /// What a delivery's objects hold; `None` when none of them was opened.
    #[must_use]
    pub fn dataset_of(&self, delivery: DeliveryId) -> Option<spec::Dataset> {
        let holds = |charges: &Self| charges.parts.iter().any(|part| part.delivery_id == delivery);
        let other = self.others.iter().find(|(_, table)| holds(table)).map(|(dataset, _)| *dataset);
        if holds(self) { Some(spec::Dataset::CostAndUsage) } else { other }
    }

    /// The same charges, answered from these rollups where they can be.
    #[must_use]
    pub fn with_rollups(self, rollups: Arc<Rollups>) -> Self {
        Self { rollups: Some(rollups), ..self }
    }

    /// What was opened.
    #[must_use]
    pub fn parts(&self) -> Vec<PartSummary> {
        self.parts.iter().map(Part::summary).collect()
    }

    /// The table's columns.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// How the keys of tags are compared in these charges.
    #[must_use]
    pub fn tag_keys(&self) -> Keys {
        let ignores = |part: &&Part| part.provider.as_deref() == Some("azure");
        let named = self.parts.iter().all(|part| part.provider.is_some());
        match self.parts.iter().filter(ignores).count() {
            0 if named => Keys::Exact,
            all if all == self.parts.len() => Keys::IgnoreCase,
            _ => Keys::ByProvider,
        }
    }

    /// Rows of all parts, where every format tells without reading.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.parts.iter().map(Part::rows).sum()
    }
}

impl Part {
    /// Tells the Parquet reader to make codes or views as the table holds them.
    fn held_as(mut self, table: &Schema) -> Self {
        if let (Body::Parquet(metadata), Reading::Direct(map)) = (&self.body, &self.reading) {
            let back: HashMap<usize, &str> = map.iter().map(|(name, at)| (*at, name.as_str())).collect();
            let native = metadata.schema();
            let hinted: Vec<Field> = native
                .fields()
                .iter()
                .enumerate()
                .map(|(at, field)| {
                    let held =
                        back.get(&at).and_then(|name| table.field_with_name(name).ok()).map(Field::data_type);
                    match (is_text(field.data_type()), held) {
                        (true, Some(held @ (DataType::Dictionary(_, _) | DataType::Utf8View))) => {
                            field.as_ref().clone().with_data_type(held.clone())
                        }
                        _ => field.as_ref().clone(),
                    }
                })
                .collect();
            let hint = Arc::new(Schema::new_with_metadata(hinted, native.metadata().clone()));
            let options = ArrowReaderOptions::new().with_schema(hint);
            // A writer whose types cannot be read this way is read in its own types and cast.
            if let Ok(held) = ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options) {
                self.body = Body::Parquet(held);
            }
        }
        self
    }
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

async fn look(
    source: &Source,
    store: Arc<ReadOnlyStore>,
    index: usize,
    delivery: &Delivery,
    object: &ObjectRef,
    options: &OpenOptions,
) -> Result<Part, ChargesError> {
    let name = source.object_name(&object.path);
    let body = match object.format {
        FileFormat::Parquet => Body::Parquet(footer(source, &store, object, &name).await?),
        _ => Body::Text {
            columns: text_rows::columns(source, &store, object, &name).await?,
            gzip: object.format.is_gzip(),
        },
    };
    let columns = Arc::clone(body.columns());
    let (dialect, dataset) = dialect_of(&name, &columns, delivery, options)?;
    let reading = match dialect {
        Dialect::Focus(_) => Reading::Direct(focus_columns(&columns, dataset)),
        _ => Reading::Normalised(
            normaliser(dialect, &columns)
                .map_err(|error| ChargesError::Normalise { object: name.clone(), error })?,
        ),
    };
    let partition = |wanted: &str| {
        let found = object.partitions.iter().find(|p| p.key.eq_ignore_ascii_case(wanted));
        found.and_then(|p| p.value.clone())
    };
    let provider = partition("provider").or_else(|| delivery.provider.clone()).map(|p| short_provider(&p));
    let provider = provider.or_else(|| native_provider(dialect).map(str::to_owned));
    let billing_period =
        partition("billing_period").or_else(|| delivery.billing_period.map(|p| p.to_string()));
    let alone = |value: &String| -> ArrayRef { Arc::new(StringArray::from(vec![value.as_str()])) };
    let constants = [provider.as_ref().map(alone), billing_period.as_ref().map(alone)];
    Ok(Part {
        store: Arc::new(store.inline()),
        object: object.clone(),
        name,
        delivery: index,
        delivery_id: delivery.id,
        dialect,
        dataset,
        provider,
        constants,
        body,
        reading,
    })
}

/// Columns that say the same in another version, in order of preference.
const SAME: [(&str, [&str; 2]); 4] = [
    ("ProviderName", ["ServiceProviderName", "PublisherName"]),
    ("ServiceProviderName", ["ProviderName", "HostProviderName"]),
    ("HostProviderName", ["ServiceProviderName", "ProviderName"]),
    ("PublisherName", ["ServiceProviderName", "ProviderName"]),
];

/// For each canonical or further column the file's column that holds it.
fn focus_columns(columns: &Schema, dataset: spec::Dataset) -> HashMap<String, usize> {
    let mut map: HashMap<String, usize> = HashMap::new();
    let names = || columns.fields().iter().enumerate().map(|(at, field)| (at, field.name().as_str()));
    // A column's own name wins over an alias or another capitalisation.
    for (at, name) in names().filter(|(_, name)| spec::column(dataset, name).is_some()) {
        map.entry(name.to_owned()).or_insert(at);
    }
    for (at, name) in names() {
        let id = focus_column(dataset, name).unwrap_or(name);
        map.entry(id.to_owned()).or_insert(at);
    }
    let same = if dataset == spec::Dataset::CostAndUsage { SAME.as_slice() } else { &[] };
    for (column, others) in same {
        if let Some(at) = others.iter().find_map(|other| map.get(*other)).copied() {
            map.entry((*column).to_owned()).or_insert(at);
        }
    }
    map
}

fn native_provider(dialect: Dialect) -> Option<&'static str> {
    match dialect {
        Dialect::Focus(_) => None,
        Dialect::AwsCurLegacy | Dialect::AwsCur2 => Some("aws"),
        Dialect::AzureActual | Dialect::AzureAmortized => Some("azure"),
        Dialect::GcpDetailed => Some("gcp"),
        Dialect::Oci => Some("oci"),
    }
}

fn dialect_of(
    name: &str,
    columns: &Schema,
    delivery: &Delivery,
    options: &OpenOptions,
) -> Result<(Dialect, spec::Dataset), ChargesError> {
    let charges = |dialect| (dialect, spec::Dataset::CostAndUsage);
    let names: Vec<&str> = columns.fields().iter().map(|f| f.name().as_str()).collect();
    let known = delivery.dialect.or(match delivery.dataset {
        Dataset::ActualCost => Some(Dialect::AzureActual),
        Dataset::AmortizedCost => Some(Dialect::AzureAmortized),
        _ => options.dialect,
    });
    let recognised = bursar_focus::dialect::recognise(&names).map(|r| (r.dialect, r.dataset));
    match (known, recognised) {
        // What the columns say wins over the version a manifest or a flag names.
        (Some(Dialect::Focus(_)), Some(found)) if matches!(found.0, Dialect::Focus(_)) => Ok(found),
        (Some(known), _) => Ok(charges(known)),
        (None, Some((Dialect::AzureActual | Dialect::AzureAmortized, _))) => azure_by_name(name).map(charges),
        (None, Some(found)) => Ok(found),
        (None, None) => Err(ChargesError::NotRecognised {
            object: name.to_owned(),
            columns: names.iter().take(8).map(|n| n.chars().take(40).collect()).collect(),
        }),
    }
}

/// Azure's actual and amortized files differ by name at best.
fn azure_by_name(name: &str) -> Result<Dialect, ChargesError> {
    let lower = name.to_ascii_lowercase();
    match (lower.contains("amortized"), lower.contains("actual")) {
        (true, false) => Ok(Dialect::AzureAmortized),
        (false, true) => Ok(Dialect::AzureActual),
        _ => Err(ChargesError::WhichAzure { object: name.to_owned() }),
    }
}

async fn footer(
    source: &Source,
    store: &Arc<ReadOnlyStore>,
    object: &ObjectRef,
    name: &str,
) -> Result<ArrowReaderMetadata, ChargesError> {
    let path = Path::parse(&object.path).map_err(|error| damaged(name, &error))?;
    let mut reader = ObjectReader { store: Arc::clone(store), path, size_bytes: object.size_bytes };
    ArrowReaderMetadata::load_async(&mut reader, ArrowReaderOptions::new()).await.map_err(|error| {
        match store_error(&error) {
            Some(cause) => SourceError::of(source.location(), "get", Some(&object.path), cause).into(),
            None => damaged(name, &error),
        }
    })
}

fn damaged(name: &str, error: &dyn std::error::Error) -> ChargesError {
    let detail: String = error.to_string().chars().take(200).collect();
    ChargesError::Parquet { object: name.to_owned(), detail }
}

/// The store's error below a Parquet error, if that is what it was.
pub(super) fn store_error<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a object_store::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<object_store::Error>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
