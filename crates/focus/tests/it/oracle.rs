//! claims A2, A3: OCI cost reports become FOCUS and keep every digit.

use crate::bill::of;
use bursar_focus::dialect::Dialect;

#[test]
fn cost_reports() {
    // claim A2
    let bill = of(Dialect::Oci, "oci.csv");
    assert_eq!((bill.rows(), bill.faults.len()), (5, 0));
    assert_eq!(bill.sums("EUR", "2026-10"), ("0.1250031481481195".into(), "0.1250031481481195".into()));
    bill.check(
        0,
        &[
            ("ChargePeriodStart", "2026-10-05T10:00:00"),
            ("BillingPeriodStart", "2026-10-01T00:00:00"),
            ("BillingPeriodEnd", "2026-11-01T00:00:00"),
            ("ContractedCost", "0.05"),
            ("ListUnitPrice", "NULL"),
            ("ConsumedUnit", "OCPU-Hours"),
            ("ResourceType", "instance"),
            ("ServiceSubcategory", "Virtual Machines"),
            ("BillingAccountId", "7654321"),
            ("Tags", r#"{"team":"data","Oracle-Tags.CreatedBy":"ops@example.com"}"#),
        ],
    );
    bill.check(2, &[("BilledCost", "0.075"), ("PricingQuantity", "3"), ("x_OverageFlag", "Y")]);
    bill.check(3, &[("BilledCost", "-0.05"), ("ChargeClass", "Correction"), ("ChargeCategory", "Usage")]);
    bill.check(
        4,
        &[("BillingPeriodStart", "2026-10-01T00:00:00"), ("ChargePeriodEnd", "2026-11-01T00:00:00")],
    );
}
