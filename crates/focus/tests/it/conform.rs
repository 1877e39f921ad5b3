//! Converted exports keep the rules of FOCUS; what they cannot keep is explained in
//! `docs/guides/converting.md`.

use crate::bill::{data, of_file};
use bursar_focus::conformance::Checker;
use bursar_focus::dialect::Dialect;
use bursar_focus::spec::{Dataset, FocusVersion};

/// Rules that the native export gives no means to keep, with the rows that break them.
const EXPLAINED: &[(&str, &str, u64)] = &[
    // A private discount line is usage with a cost and no price.
    ("cur2.csv", "ContractedUnitPrice-C-006-C", 1),
    ("cur2.csv", "ListUnitPrice-C-005-C", 1),
    ("cur2.csv", "PricingCurrencyContractedUnitPrice-C-005-C", 1),
    ("cur2.csv", "PricingCurrencyListUnitPrice-C-005-C", 1),
    // Fees, taxes and refunds have no meter.
    ("cur2.csv", "SkuMeter-C-005-C", 8),
    // Azure exports a list price of 0 for usage that a reservation covers: it is not known.
    ("EA_AmortizedCost_Small.csv", "ListUnitPrice-C-005-C", 1),
    ("EA_AmortizedCost_Small.csv", "PricingCurrencyListUnitPrice-C-005-C", 1),
    ("mca_amortized.csv", "ListUnitPrice-C-005-C", 1),
    ("mca_amortized.csv", "PricingCurrencyListUnitPrice-C-005-C", 1),
];

#[test]
fn converted_exports_conform() {
    // claim A2
    for (dialect, name) in [
        (Dialect::AwsCurLegacy, "aws_cur_legacy.csv"),
        (Dialect::AwsCur2, "cur2.csv"),
        (Dialect::AzureAmortized, "EA_AmortizedCost_Small.csv"),
        (Dialect::AzureActual, "EA_ActualCost_Small.csv"),
        (Dialect::AzureAmortized, "mca_amortized.csv"),
        (Dialect::AzureActual, "mca_actual.csv"),
        (Dialect::GcpDetailed, "gcp.jsonl"),
        (Dialect::Oci, "oci.csv"),
    ] {
        for version in [FocusVersion::V1_2, FocusVersion::V1_4] {
            let bill = of_file(dialect, &data(name), version);
            let mut checker = Checker::new(Dataset::CostAndUsage, version);
            checker.begin(name, &bill.batch.schema());
            checker.push(&bill.batch);
            let report = checker.finish();
            let mut found: Vec<_> =
                report.findings.iter().map(|finding| (finding.rule.as_str(), finding.count)).collect();
            let mut explained: Vec<_> = EXPLAINED
                .iter()
                .filter(|(file, _, _)| *file == name)
                .map(|(_, rule, count)| (*rule, *count))
                .collect();
            found.sort_unstable();
            explained.sort_unstable();
            assert_eq!(found, explained, "{dialect} {name} to {version}");
        }
    }
}
