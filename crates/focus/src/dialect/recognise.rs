//! Telling the dialect of a file from the names of its columns.
//!
//! Names are compared without regard to capitals, because warehouses change them on the way; what a
//! name *means* never depends on that. The newest FOCUS version whose own columns are there wins,
//! with two traps known from real exports: Microsoft's 1.0 export already carries
//! `BillingAccountType` and `SubAccountType` of 1.2, and a 1.4 file differs from a 1.3 file by what
//! it lacks (`ProviderName`, `PublisherName`).

use std::collections::BTreeSet;

use super::Dialect;
use super::gaps::{self, Exporter, Gap};
use crate::spec::{self, Dataset, FocusVersion, Level};

/// What the columns of a file say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// The shape of the delivery. [`Dialect::AzureActual`] stands for both Azure files, which have
    /// the same columns: let the manifest, the folder or the user decide.
    pub dialect: Dialect,
    /// The dataset; native dialects are always charges.
    pub dataset: Dataset,
    /// Whose export this is, where its own columns show it.
    pub exporter: Option<Exporter>,
    /// Mandatory columns of the version that the file lacks.
    pub missing: Vec<&'static str>,
    /// What this exporter is known to leave out or to do differently.
    pub known_gaps: Vec<Gap>,
}

/// Names by which exports call a FOCUS column, with the FOCUS name. Lower case.
const ALIASES: [(&str, &str); 10] = [
    ("provider", "ProviderName"),
    ("publisher", "PublisherName"),
    ("invoiceissuer", "InvoiceIssuerName"),
    ("region", "RegionId"),
    ("x_invoiceid", "InvoiceId"),
    ("x_pricingcurrency", "PricingCurrency"),
    ("x_skumetername", "SkuMeter"),
    ("x_tags", "Tags"),
    ("x_commitmentdiscountquantity", "CommitmentDiscountQuantity"),
    ("x_commitmentdiscountunit", "CommitmentDiscountUnit"),
];

/// The FOCUS column that a name of a file stands for, whatever its capitals.
///
/// ```
/// use bursar_focus::dialect::focus_column;
/// use bursar_focus::spec::Dataset;
///
/// assert_eq!(focus_column(Dataset::CostAndUsage, "billedcost"), Some("BilledCost"));
/// assert_eq!(focus_column(Dataset::CostAndUsage, "x_InvoiceId"), Some("InvoiceId"));
/// assert_eq!(focus_column(Dataset::CostAndUsage, "x_Team"), None);
/// ```
#[must_use]
pub fn focus_column(dataset: Dataset, name: &str) -> Option<&'static str> {
    let alias = || ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(name)).map(|(_, id)| *id);
    match spec::column(dataset, name) {
        Some(column) => Some(column.id),
        None => spec::all_columns(dataset)
            .iter()
            .find(|column| column.id.eq_ignore_ascii_case(name))
            .map(|column| column.id)
            .or_else(|| if dataset == Dataset::CostAndUsage { alias() } else { None }),
    }
}

/// Tells the dialect and dataset of a file from its column names.
#[must_use]
pub fn recognise(columns: &[&str]) -> Option<Recognised> {
    let names =
        Names(columns.iter().map(|name| name.trim_start_matches('\u{feff}').to_ascii_lowercase()).collect());
    if let Some(dialect) = native(&names) {
        return Some(Recognised {
            dialect,
            dataset: Dataset::CostAndUsage,
            exporter: Exporter::of(dialect),
            missing: Vec::new(),
            known_gaps: gaps::of_native(dialect),
        });
    }
    let (dataset, version) = focus(&names)?;
    let exporter = match dataset {
        Dataset::CostAndUsage => exporter(&names),
        _ => None,
    };
    let have: BTreeSet<&str> = columns.iter().filter_map(|name| focus_column(dataset, name)).collect();
    let missing = spec::columns(dataset, version)
        .filter(|column| column.level(version) == Some(Level::Mandatory) && !have.contains(column.id))
        .map(|column| column.id)
        .collect();
    Some(Recognised {
        dialect: Dialect::Focus(version),
        dataset,
        exporter,
        missing,
        known_gaps: exporter.map_or_else(Vec::new, |exporter| gaps::of_focus(exporter, version)),
    })
}

/// Why columns were not recognised, with what would have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the columns ({shown}) are of no bill that we know{hint}; expected FOCUS (BilledCost, ChargePeriodStart, ServiceName, …), an AWS report (lineItem/UnblendedCost or line_item_unblended_cost, …), an Azure export (MeterCategory, CostInBillingCurrency or Cost, …), the GCP detailed export (billing_account_id, service, sku, …) or an OCI report (lineItem/referenceNo, cost/myCost, …), with English column names"
)]
pub struct Unrecognised {
    shown: String,
    hint: String,
}

/// Like [`recognise`], with words for the person who has the file.
///
/// # Errors
/// The columns are of no bill that we know.
pub fn recognise_or_explain(columns: &[&str]) -> Result<Recognised, Unrecognised> {
    recognise(columns).ok_or_else(|| {
        let mut shown = columns
            .iter()
            .take(5)
            .map(|name| format!("`{}`", name.chars().take(30).collect::<String>()))
            .collect::<Vec<_>>()
            .join(", ");
        if columns.len() > 5 {
            shown.push_str(&format!(" and {} more", columns.len() - 5));
        }
        Unrecognised { shown, hint: hint(columns) }
    })
}

fn hint(columns: &[&str]) -> String {
    if let [only] = columns
        && only.contains([';', '\t', '|'])
    {
        return ": there is a single column, so the separator was probably not understood".to_owned();
    }
    match language(columns) {
        Some(language) => format!(
            ": they seem to be in {language}; portals translate what you download, exports do not, so set up \
             an export or switch the portal to English"
        ),
        None => String::new(),
    }
}

/// The language of translated headers, by words that the portals of the clouds use.
fn language(columns: &[&str]) -> Option<&'static str> {
    const WORDS: [(&str, &[&str]); 6] = [
        (
            "German",
            &[
                "kosten",
                "abonnement",
                "menge",
                "währung",
                "waehrung",
                "ressource",
                "datum",
                "abrechnung",
                "verbrauch",
                "rechnung",
            ],
        ),
        (
            "French",
            &["coût", "cout", "abonnement", "quantité", "devise", "facturation", "ressources", "date de"],
        ),
        ("Spanish", &["coste", "costo", "suscripción", "cantidad", "moneda", "facturación", "recurso"]),
        ("Portuguese", &["custo", "assinatura", "quantidade", "moeda", "faturamento", "recurso"]),
        ("Italian", &["costo", "sottoscrizione", "quantità", "valuta", "fatturazione", "risorsa"]),
        ("Dutch", &["kosten", "abonnement", "hoeveelheid", "valuta", "facturering", "bron"]),
    ];
    let names: Vec<String> = columns.iter().map(|name| name.to_lowercase()).collect();
    let score =
        |words: &[&str]| names.iter().filter(|name| words.iter().any(|word| name.contains(word))).count();
    // The first of the best: max_by_key would take the last.
    let mut best = ("", 1);
    for (language, words) in WORDS {
        let hits = score(words);
        if hits > best.1 {
            best = (language, hits);
        }
    }
    if best.1 >= 2 {
        return Some(best.0);
    }
    let foreign = columns.iter().filter(|name| !name.is_ascii()).count();
    if foreign * 2 > columns.len() { Some("another language") } else { None }
}

/// Column names in lower case.
struct Names(BTreeSet<String>);

impl Names {
    fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
    fn any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.has(name))
    }
    fn starts(&self, prefix: &str) -> bool {
        self.0.iter().any(|name| name.starts_with(prefix))
    }
}

fn native(names: &Names) -> Option<Dialect> {
    // OCI shares `lineItem/` with AWS, so it is asked first.
    if names.has("lineitem/referenceno") && (names.starts("cost/") || names.starts("usage/")) {
        return Some(Dialect::Oci);
    }
    if names.has("lineitem/lineitemtype") || names.has("lineitem/unblendedcost") {
        return Some(Dialect::AwsCurLegacy);
    }
    if names.has("line_item_line_item_type") || names.has("line_item_unblended_cost") {
        // Maps and account names came with CUR 2.0; the legacy report spreads them over columns.
        let maps = names.any(&[
            "resource_tags",
            "product",
            "cost_category",
            "discount",
            "bill_payer_account_name",
            "line_item_usage_account_name",
        ]);
        return Some(if maps { Dialect::AwsCur2 } else { Dialect::AwsCurLegacy });
    }
    let azure_cost = names.any(&["cost", "costinbillingcurrency", "pretaxcost", "costinpricingcurrency"]);
    let azure =
        ["metercategory", "chargetype", "meterid", "subscriptionid", "consumedservice", "unitofmeasure"];
    if azure_cost && azure.iter().filter(|name| names.has(name)).count() >= 3 {
        return Some(Dialect::AzureActual);
    }
    let gcp = [
        "service",
        "sku",
        "usage_start_time",
        "usage",
        "credits",
        "invoice",
        "project",
        "cost_type",
        "export_time",
    ];
    let nested = gcp.iter().filter(|name| names.has(name) || names.starts(&format!("{name}."))).count();
    if names.has("billing_account_id") && names.has("cost") && nested >= 3 {
        return Some(Dialect::GcpDetailed);
    }
    None
}

fn focus(names: &Names) -> Option<(Dataset, FocusVersion)> {
    if names.any(&["contractcommitmentid"]) && !names.has("effectivecost") {
        let newer = spec::all_columns(Dataset::ContractCommitment)
            .iter()
            .filter(|column| {
                column.since() == FocusVersion::V1_4 && column.id.starts_with("ContractCommitment")
            })
            .any(|column| names.has(&column.id.to_ascii_lowercase()));
        let version = if newer { FocusVersion::V1_4 } else { FocusVersion::V1_3 };
        return Some((Dataset::ContractCommitment, version));
    }
    if names.has("invoicedetailid")
        && !names.has("effectivecost")
        && names.any(&["invoiceissuestatus", "paymentterms", "invoicedetailgrain", "referenceinvoiceid"])
    {
        return Some((Dataset::InvoiceDetail, FocusVersion::V1_4));
    }
    if names.has("billingperiodstatus") && names.has("billingperiodstart") {
        return Some((Dataset::BillingPeriod, FocusVersion::V1_4));
    }
    let known = names.0.iter().filter(|name| focus_column(Dataset::CostAndUsage, name).is_some()).count();
    let foreign = names.0.iter().filter(|name| !name.starts_with("x_") && !name.starts_with("oci_")).count();
    let cost = names.any(&["billedcost", "effectivecost", "contractedcost", "listcost"]);
    let date = names.any(&["chargeperiodstart", "billingperiodstart"]);
    if !(cost && date && known >= 4 && known * 2 >= foreign) {
        return None;
    }
    Some((Dataset::CostAndUsage, charges_version(names)))
}

/// The newest version whose own columns are there.
fn charges_version(names: &Names) -> FocusVersion {
    let has = |since: FocusVersion, except: &[&str]| {
        spec::all_columns(Dataset::CostAndUsage).iter().any(|column| {
            column.since() == since
                && !except.contains(&column.id)
                && names.has(&column.id.to_ascii_lowercase())
        })
    };
    let old_names = names.any(&["providername", "publishername"]);
    if has(FocusVersion::V1_4, &[]) {
        return FocusVersion::V1_4;
    }
    if has(FocusVersion::V1_3, &[]) {
        return if old_names { FocusVersion::V1_3 } else { FocusVersion::V1_4 };
    }
    let has_1_1 = has(FocusVersion::V1_1, &[]);
    // Microsoft's 1.0 export has these two already.
    if has(FocusVersion::V1_2, &["BillingAccountType", "SubAccountType"])
        || (has_1_1 && has(FocusVersion::V1_2, &[]))
    {
        return FocusVersion::V1_2;
    }
    if has_1_1 { FocusVersion::V1_1 } else { FocusVersion::V1_0 }
}

fn exporter(names: &Names) -> Option<Exporter> {
    if names.any(&["x_pricingblocksize", "x_skumetercategory", "x_billingprofileid", "x_resourcegroupname"]) {
        Some(Exporter::Microsoft)
    } else if names.any(&["x_operation", "x_usagetype", "x_servicecode", "x_discounts"]) {
        Some(Exporter::Aws)
    } else if names.starts("oci_") || names.has("invoiceissuer") {
        Some(Exporter::Oracle)
    } else if names.any(&["x_credits", "x_costtype", "x_project", "x_exporttime", "x_tags"]) {
        Some(Exporter::Google)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(columns: &[&str]) -> Option<Dialect> {
        recognise(columns).map(|recognised| recognised.dialect)
    }

    fn of(version: FocusVersion) -> Vec<&'static str> {
        spec::columns(Dataset::CostAndUsage, version).map(|column| column.id).collect()
    }

    #[test] // claim A1
    fn every_version_is_recognised_by_its_own_columns() {
        for version in FocusVersion::ALL {
            let recognised = recognise(&of(version)).expect("FOCUS");
            assert_eq!(recognised.dialect, Dialect::Focus(version));
            assert_eq!(recognised.missing, Vec::<&str>::new());
            let lower: Vec<String> = of(version).iter().map(|name| name.to_lowercase()).collect();
            let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
            assert_eq!(dialect(&lower), Some(Dialect::Focus(version)), "capitals lost");
        }
        for dataset in Dataset::ALL {
            for version in FocusVersion::ALL {
                let columns: Vec<&str> = spec::columns(dataset, version).map(|column| column.id).collect();
                let recognised = recognise(&columns).map(|r| (r.dataset, r.dialect));
                let expected = (dataset, Dialect::Focus(version));
                assert_eq!(recognised, if columns.is_empty() { None } else { Some(expected) });
            }
        }
    }

    #[test]
    fn microsofts_early_columns_do_not_make_it_1_2() {
        let mut columns = of(FocusVersion::V1_0);
        columns.extend([
            "BillingAccountType",
            "SubAccountType",
            "x_InvoiceId",
            "x_PricingCurrency",
            "x_PricingBlockSize",
        ]);
        let recognised = recognise(&columns).expect("FOCUS");
        assert_eq!(recognised.dialect, Dialect::Focus(FocusVersion::V1_0));
        assert_eq!(recognised.exporter, Some(Exporter::Microsoft));
        assert!(!recognised.known_gaps.is_empty());
    }

    #[test]
    fn a_selection_of_columns_is_enough() {
        let recognised =
            recognise(&["BilledCost", "BillingCurrency", "ChargePeriodStart", "ServiceName"]).expect("FOCUS");
        assert_eq!(recognised.dialect, Dialect::Focus(FocusVersion::V1_0));
        assert!(recognised.missing.contains(&"EffectiveCost"));
    }

    #[test]
    fn native_exports() {
        let cases: [(&[&str], Dialect); 7] = [
            (
                &["identity/LineItemId", "lineItem/LineItemType", "lineItem/UnblendedCost"],
                Dialect::AwsCurLegacy,
            ),
            (
                &["line_item_line_item_type", "line_item_unblended_cost", "product_product_name"],
                Dialect::AwsCurLegacy,
            ),
            (
                &["line_item_line_item_type", "line_item_unblended_cost", "product", "resource_tags"],
                Dialect::AwsCur2,
            ),
            (
                &[
                    "\u{feff}BillingAccountId",
                    "MeterCategory",
                    "Cost",
                    "ChargeType",
                    "UnitOfMeasure",
                    "PricingModel",
                ],
                Dialect::AzureActual,
            ),
            (
                &[
                    "invoiceSectionName",
                    "subscriptionId",
                    "meterCategory",
                    "costInBillingCurrency",
                    "chargeType",
                ],
                Dialect::AzureActual,
            ),
            (
                &["billing_account_id", "service", "sku", "usage_start_time", "cost", "credits"],
                Dialect::GcpDetailed,
            ),
            (&["lineItem/referenceNo", "cost/myCost", "product/service"], Dialect::Oci),
        ];
        for (columns, expected) in cases {
            assert_eq!(dialect(columns), Some(expected), "{columns:?}");
        }
    }

    #[test]
    fn other_tables_are_not_bills() {
        for columns in [&[][..], &["a"], &["date", "amount"], &["cost", "service"], &["BilledCost"]] {
            assert_eq!(recognise(columns), None, "{columns:?}");
        }
    }

    #[test]
    fn translated_headers_are_named() {
        let error =
            recognise_or_explain(&["Datum", "Abonnementname", "Ressourcengruppe", "Kosten", "Währung"])
                .expect_err("German")
                .to_string();
        assert!(error.contains("German") && error.contains("BilledCost"), "{error}");
        let error = recognise_or_explain(&["a;b;c"]).expect_err("one column").to_string();
        assert!(error.contains("separator"), "{error}");
        let error = recognise_or_explain(&["日付", "費用"]).expect_err("Japanese").to_string();
        assert!(error.contains("another language"), "{error}");
    }
}
