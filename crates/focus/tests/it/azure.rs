//! claims A2, A3: Azure cost details become FOCUS and keep every digit.

use crate::bill::of;
use bursar_focus::dialect::Dialect;

#[test]
fn enterprise_agreement_sums_are_kept() {
    // claim A2
    let amortized = of(Dialect::AzureAmortized, "EA_AmortizedCost_Small.csv");
    assert_eq!((amortized.rows(), amortized.faults.len()), (28, 0));
    // Independently, from the file: covered rows are 0.493152 and 0.006000000468.
    assert_eq!(
        amortized.sums("USD", "2023-09"),
        ("15.797780136168644627".into(), "16.296932136636644627".into())
    );
    let actual = of(Dialect::AzureActual, "EA_ActualCost_Small.csv");
    assert_eq!(actual.rows(), 1);
    assert_eq!((actual.dropped[0].rows, actual.sums("USD", "2023-09")), (10, ("3.25".into(), "0".into())));
    actual.check(
        0,
        &[
            ("ChargeCategory", "Purchase"),
            ("ChargeFrequency", "Recurring"),
            ("PricingCategory", "Standard"),
            ("CommitmentDiscountStatus", "NULL"),
        ],
    );
}

#[test]
fn dates_exclude_their_end_and_names_are_folded() {
    // claim A2
    let bill = of(Dialect::AzureAmortized, "EA_AmortizedCost_Small.csv");
    bill.check(
        0,
        &[
            ("BillingPeriodStart", "2023-09-01T00:00:00"),
            ("BillingPeriodEnd", "2023-10-01T00:00:00"),
            ("ChargePeriodStart", "2023-09-22T00:00:00"),
            ("ChargePeriodEnd", "2023-09-23T00:00:00"),
            ("CommitmentDiscountType", "Reservation"),
            ("CommitmentDiscountCategory", "Usage"),
            ("CommitmentDiscountStatus", "Used"),
            ("BilledCost", "0"),
            ("EffectiveCost", "0.493152"),
            ("RegionId", "eastus"),
            ("RegionName", "East US"),
            ("ResourceType", "Virtual machine scale set"),
            ("ServiceCategory", "Compute"),
            ("ListUnitPrice", "NULL"),
        ],
    );
    assert!(
        bill.cell(0, "ResourceId")
            .starts_with("/subscriptions/9ec51cfd-5ca7-4d76-8101-dd0a4abc5674/resourcegroups/mc_")
    );
    assert!(bill.cell(0, "Tags").contains(r#""env": "prod""#), "{}", bill.cell(0, "Tags"));
    // A reservation's list price is not in the export: no saving is made up.
    assert_eq!(bill.cell(0, "ListCost"), bill.cell(0, "ContractedCost"));
    assert_eq!(bill.cell(0, "x_SourceChanges"), "MissingListCost");
}

#[test]
fn customer_agreement_prices_are_in_the_currency_of_the_bill() {
    // claims A2, A3
    let bill = of(Dialect::AzureAmortized, "mca_amortized.csv");
    assert_eq!(bill.faults, []);
    assert_eq!(bill.sums("EUR", "2026-10"), ("3.707".into(), "6.857".into()));
    bill.check(
        0,
        &[
            ("BillingAccountId", "BP-1"),
            ("BillingCurrency", "EUR"),
            ("PricingCurrency", "USD"),
            ("ContractedUnitPrice", "0.09"),
            ("ContractedCost", "2.16"),
            ("ListUnitPrice", "0.108"),
            ("ListCost", "2.592"),
            ("PricingCurrencyEffectiveCost", "2.4"),
            ("PricingCurrencyListUnitPrice", "0.12"),
            ("Tags", r#"{"team": "web","env": "prod"}"#),
            ("RegionId", "westeurope"),
            ("ResourceName", "web1"),
            ("SkuPriceDetails", r#"{"x_VCPUs":2}"#),
            ("InvoiceId", "T000001"),
        ],
    );
}

#[test]
fn block_sizes_make_price_and_quantity_fit() {
    // claim A2
    let bill = of(Dialect::AzureAmortized, "mca_amortized.csv");
    bill.check(
        1,
        &[
            ("PricingQuantity", "25"),
            ("PricingUnit", "Units"),
            ("ConsumedQuantity", "250000"),
            ("ContractedCost", "1.125"),
            ("x_PricingBlockSize", "10000"),
        ],
    );
    // The same unit in an export whose quantity already counts blocks: its cost says so.
    let bill = of(Dialect::AzureAmortized, "EA_AmortizedCost_Small.csv");
    bill.check(
        bill.row("BilledCost", "0.00004"),
        &[("PricingQuantity", "0.0004"), ("ConsumedQuantity", "4"), ("ContractedCost", "0.00004")],
    );
}

#[test]
fn unused_commitments_are_usage_that_nobody_was_billed_for() {
    // claim A2
    let bill = of(Dialect::AzureAmortized, "mca_amortized.csv");
    for (row, kind, effective) in [(3, "Reservation", "0.162"), (5, "Savings Plan", "0.18")] {
        bill.check(
            row,
            &[
                ("ChargeCategory", "Usage"),
                ("CommitmentDiscountStatus", "Unused"),
                ("CommitmentDiscountType", kind),
                ("BilledCost", "0"),
                ("EffectiveCost", effective),
                ("ConsumedQuantity", "NULL"),
                ("PricingCategory", "Committed"),
            ],
        );
    }
    bill.check(6, &[("PricingCategory", "Dynamic")]);
    bill.check(7, &[("ChargeCategory", "Adjustment"), ("PricingQuantity", "NULL"), ("BilledCost", "-0.01")]);
}

#[test]
fn actual_gives_only_purchases_and_refunds_of_commitments() {
    // claim A2
    let bill = of(Dialect::AzureActual, "mca_actual.csv");
    assert_eq!((bill.rows(), bill.dropped[0].rows), (2, 2));
    assert_eq!(bill.sums("EUR", "2026-10"), ("360".into(), "0".into()));
    bill.check(
        0,
        &[
            ("ChargeFrequency", "One-Time"),
            ("ChargeClass", "NULL"),
            ("CommitmentDiscountName", "Vm reservation"),
        ],
    );
    bill.check(
        1,
        &[
            ("ChargeCategory", "Purchase"),
            ("ChargeClass", "Correction"),
            ("BilledCost", "-90"),
            ("EffectiveCost", "0"),
        ],
    );
}
