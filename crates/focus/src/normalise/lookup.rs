//! Small tables that ship with the program: services, regions, units.
//!
//! Sources and licences: `data/mapping/README.md`.

use std::collections::HashMap;
use std::sync::LazyLock;

/// FOCUS service of a native product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Service {
    /// `ServiceName`; empty when the native name is to be kept.
    pub(super) name: &'static str,
    /// `ServiceCategory`.
    pub(super) category: &'static str,
    /// `ServiceSubcategory`.
    pub(super) subcategory: &'static str,
}

/// A service nobody mapped.
pub(super) const OTHER: Service = Service { name: "", category: "Other", subcategory: "Other (Other)" };

/// The catch-all subcategory of a category.
pub(super) fn other_subcategory(category: &str) -> &'static str {
    match category {
        "AI and Machine Learning" => "Other (AI and Machine Learning)",
        "Analytics" => "Other (Analytics)",
        "Business Applications" => "Other (Business Applications)",
        "Compute" => "Other (Compute)",
        "Databases" => "Other (Databases)",
        "Developer Tools" => "Other (Developer Tools)",
        "Multicloud" => "Other (Multicloud)",
        "Identity" => "Other (Identity)",
        "Integration" => "Other (Integration)",
        "Internet of Things" => "Other (Internet of Things)",
        "Management and Governance" => "Other (Management and Governance)",
        "Media" => "Other (Media)",
        "Migration" => "Other (Migration)",
        "Mobile" => "Other (Mobile)",
        "Networking" => "Other (Networking)",
        "Security" => "Other (Security)",
        "Storage" => "Other (Storage)",
        "Web" => "Other (Web)",
        _ => "Other (Other)",
    }
}

/// Cells of a table of ours, which has no quotes inside cells except around whole cells.
fn table(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines().skip(1).filter(|line| !line.is_empty()).map(cells)
}

fn cells(line: &'static str) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').unwrap_or(quoted.len());
            found.push(&quoted[..end]);
            rest = quoted.get(end + 1..).unwrap_or("");
            match rest.strip_prefix(',') {
                Some(after) => rest = after,
                None => return found,
            }
        } else {
            match rest.split_once(',') {
                Some((cell, after)) => {
                    found.push(cell);
                    rest = after;
                }
                None => {
                    found.push(rest);
                    return found;
                }
            }
        }
    }
}

fn services_by_code(text: &'static str) -> HashMap<&'static str, Service> {
    table(text)
        .filter_map(|row| {
            let (code, category) = (*row.first()?, *row.get(1)?);
            let subcategory =
                row.get(2).copied().filter(|s| !s.is_empty()).unwrap_or_else(|| other_subcategory(category));
            Some((code, Service { name: "", category, subcategory }))
        })
        .collect()
}

static AWS: LazyLock<HashMap<&'static str, Service>> = LazyLock::new(|| {
    let mut all = services_by_code(include_str!("../../data/mapping/aws_categories.csv"));
    all.extend(services_by_code(include_str!("../../data/mapping/aws_services.csv")));
    all
});

/// By `lineItem/ProductCode`.
pub(super) fn aws_service(product_code: &str) -> Service {
    AWS.get(product_code).copied().unwrap_or(OTHER)
}

static AWS_REGIONS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    table(include_str!("../../data/mapping/aws_regions.csv"))
        .filter_map(|row| Some((*row.first()?, *row.get(1)?)))
        .collect()
});

/// Name of an AWS region, as reports spell it.
pub(super) fn aws_region(id: &str) -> Option<&'static str> {
    AWS_REGIONS.get(id).copied()
}

static GCP: LazyLock<HashMap<&'static str, Service>> = LazyLock::new(|| {
    let mut all = services_by_code(include_str!("../../data/mapping/gcp_categories.csv"));
    all.extend(services_by_code(include_str!("../../data/mapping/gcp_services.csv")));
    all
});

/// By `service.description`.
pub(super) fn gcp_service(description: &str) -> Service {
    GCP.get(description).copied().unwrap_or(OTHER)
}

static OCI: LazyLock<HashMap<&'static str, Service>> =
    LazyLock::new(|| services_by_code(include_str!("../../data/mapping/oci_services.csv")));

/// By `product/service`.
pub(super) fn oci_service(service: &str) -> Service {
    let plain: String =
        service.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect();
    OCI.get(plain.as_str()).copied().unwrap_or(OTHER)
}

static AZURE: LazyLock<HashMap<(&'static str, &'static str), Service>> = LazyLock::new(|| {
    let mut all = HashMap::new();
    for row in table(include_str!("../../data/mapping/azure_services.csv")) {
        let [consumed, resource_type, name, category, subcategory] = row[..] else { continue };
        let service = Service { name, category, subcategory };
        all.entry((consumed, resource_type)).or_insert(service);
        // By either alone, where the pair is not known: the first row of each.
        all.entry(("", resource_type)).or_insert(service);
        all.entry((consumed, "")).or_insert(service);
    }
    all
});

/// By `ConsumedService` and resource type, both lower-cased.
pub(super) fn azure_service(consumed: &str, resource_type: &str) -> Option<Service> {
    let by_type = || (!resource_type.is_empty()).then(|| AZURE.get(&("", resource_type)).copied()).flatten();
    let by_consumed = || (!consumed.is_empty()).then(|| AZURE.get(&(consumed, "")).copied()).flatten();
    let pair = AZURE
        .get(&(consumed, resource_type))
        .copied()
        .filter(|_| !(consumed.is_empty() && resource_type.is_empty()));
    pair.or_else(by_type).or_else(by_consumed)
}

static AZURE_NAMES: LazyLock<HashMap<&'static str, Service>> =
    LazyLock::new(|| AZURE.values().map(|service| (service.name, *service)).collect());

/// By `ServiceName`: a name has one category, whoever says it.
pub(super) fn azure_service_named(name: &str) -> Option<Service> {
    AZURE_NAMES.get(name).copied()
}

static AZURE_TYPES: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    table(include_str!("../../data/mapping/azure_resource_types.csv"))
        .filter_map(|row| Some((*row.first()?, *row.get(1)?)))
        .collect()
});

/// Display name of an Azure resource type, lower-cased.
pub(super) fn azure_resource_type(resource_type: &str) -> Option<&'static str> {
    AZURE_TYPES.get(resource_type).copied()
}

static AZURE_REGIONS: LazyLock<HashMap<&'static str, (&'static str, &'static str)>> = LazyLock::new(|| {
    let rows = table(include_str!("../../data/mapping/azure_regions.csv"));
    rows.filter_map(|row| Some((*row.first()?, (*row.get(1)?, *row.get(2)?)))).collect()
});

/// Id and name of an Azure location, lower-cased.
pub(super) fn azure_region(location: &str) -> Option<(&'static str, &'static str)> {
    AZURE_REGIONS.get(location).copied()
}

/// A unit and how many of it one price is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    /// Block size, a whole number.
    pub(super) block: i128,
    /// FOCUS unit.
    pub(super) unit: &'static str,
}

static AZURE_UNITS: LazyLock<HashMap<&'static str, Unit>> = LazyLock::new(|| {
    table(include_str!("../../data/mapping/azure_pricing_units.csv"))
        .filter_map(|row| Some((*row.first()?, Unit { block: row.get(1)?.parse().ok()?, unit: row.get(2)? })))
        .collect()
});

/// By `UnitOfMeasure`.
pub(super) fn azure_unit(unit_of_measure: &str) -> Option<Unit> {
    AZURE_UNITS.get(unit_of_measure.trim().to_lowercase().as_str()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_answer() {
        assert_eq!(azure_unit("10K"), Some(Unit { block: 10_000, unit: "Units" }));
        assert_eq!(azure_unit("1 Hour"), Some(Unit { block: 1, unit: "Hours" }));
        assert_eq!(azure_region("eastus2"), Some(("eastus2", "East US 2")));
        assert_eq!(azure_resource_type("microsoft.compute/virtualmachines"), Some("Virtual machine"));
        assert_eq!(
            azure_service("microsoft.compute", "microsoft.compute/virtualmachines").map(|s| s.category),
            Some("Compute")
        );
        assert_eq!(aws_service("AmazonEC2").category, "Compute");
        assert_eq!(aws_service("nobody knows"), OTHER);
        assert_eq!(gcp_service("Compute Engine").subcategory, "Virtual Machines");
        assert_eq!(oci_service("BLOCK_STORAGE").category, "Storage");
    }

    #[test]
    fn every_subcategory_has_its_own_category() {
        // claim A2: FOCUS wants one parent for each
        let mut parents: HashMap<&str, &str> = HashMap::new();
        for service in AWS.values().chain(GCP.values()).chain(OCI.values()).chain(AZURE.values()) {
            assert_eq!(
                *parents.entry(service.subcategory).or_insert(service.category),
                service.category,
                "{service:?}"
            );
        }
    }
}
