//! Google Cloud: services, regions, meters in US dollars.

use super::{
    BUSINESS, CLOSING, Region, SHOPPING, STEADY, Service,
    Shape::{Hours, Stock},
    Sku, service, sku,
};

pub(in super::super) const REGIONS: &[Region] = &[
    Region { id: "us-central1", name: "Iowa", prefix: "Iowa", weight: 50, price: 100 },
    Region { id: "europe-west1", name: "Belgium", prefix: "Belgium", weight: 35, price: 108 },
    Region { id: "europe-west4", name: "Netherlands", prefix: "Netherlands", weight: 15, price: 110 },
];

const COMPUTE: Service = service("Compute Engine", "Compute", "Virtual Machines", "6F81-5844-456A");
const GKE: Service = service("Kubernetes Engine", "Compute", "Containers", "CCD8-9BF1-090E");
const SQL: Service = service("Cloud SQL", "Databases", "Relational Databases", "9662-B51E-5089");
const STORAGE: Service = service("Cloud Storage", "Storage", "Object Storage", "95FF-2EF5-5EA1");
const BIGQUERY: Service = service("BigQuery", "Databases", "Data Warehouses", "24E6-581D-38E5");
const RUN: Service = service("Cloud Run", "Compute", "Serverless Compute", "152E-C115-5142");
const SPANNER: Service = service("Cloud Spanner", "Databases", "Relational Databases", "CC63-0873-48FD");
const NETWORKING: Service = service("Networking", "Networking", "Network Infrastructure", "E505-1604-58F8");
const LOGGING: Service =
    service("Cloud Logging", "Management and Governance", "Observability", "5490-F7B7-8DF6");
const VERTEX: Service = service("Vertex AI", "AI and Machine Learning", "Machine Learning", "C7E2-9256-1C43");
const PUBSUB: Service = service("Cloud Pub/Sub", "Integration", "Messaging", "A1E8-BE35-7EBC");
const DATAFLOW: Service = service("Cloud Dataflow", "Analytics", "Data Processing", "57D6-F1D4-0C7A");
const MEMORYSTORE: Service = service("Cloud Memorystore for Redis", "Databases", "Caching", "5AF5-2C11-D467");

pub(in super::super) const COMMITMENTS: Service =
    service("Compute Flexible Commitments", "Compute", "Other (Compute)", "6F81-5844-456B");
pub(in super::super) const SUPPORT: Service =
    service("Support", "Management and Governance", "Support", "2062-016F-44A2");

#[rustfmt::skip] // A table reads best as a table.
pub(in super::super) const SKUS: &[Sku] = &[
    sku(&COMPUTE, "N2 instance core", "2E27-4F75-95CD", "Instance", "vCPU-Hours", "0.031611", Hours, 384.0, 0.0, 26).reserved(63)
        .details(r#"{"InstanceSeries":"N2","OperatingSystem":"Linux"}"#),
    sku(&COMPUTE, "N2 instance memory", "2C71-E844-38BC", "Instance", "GiB-Hours", "0.004237", Hours, 1536.0, 0.0, 26)
        .details(r#"{"InstanceSeries":"N2","OperatingSystem":"Linux"}"#),
    sku(&COMPUTE, "E2 instance core", "CF4E-A0C7-E3BF", "Instance", "vCPU-Hours", "0.021811", Hours, 192.0, 0.0, 20).spend(72)
        .details(r#"{"InstanceSeries":"E2","OperatingSystem":"Linux"}"#),
    sku(&COMPUTE, "Balanced PD capacity", "0E5F-0A5D-7E8C", "Disk", "GiB-Months", "0.10", Stock, 700.0, 0.008, 14),
    sku(&GKE, "cluster management fee", "6B92-A835-08AB", "Cluster", "Hours", "0.10", Hours, 24.0, 0.0, 4),
    sku(&GKE, "Autopilot pod mCPU", "0F8E-BC24-1B3D", "Cluster", "vCPU-Hours", "0.0445", SHOPPING, 900.0, 0.02, 4).spend(80),
    sku(&SQL, "PostgreSQL regional core", "4A31-7C85-30B2", "Database instance", "vCPU-Hours", "0.0826", Hours, 192.0, 0.0, 5),
    sku(&SQL, "PostgreSQL regional storage", "BA14-5D0B-BC09", "Database instance", "GiB-Months", "0.34", Stock, 500.0, 0.02, 5),
    sku(&STORAGE, "Standard storage", "E5F0-6A5D-7BAD", "Bucket", "GiB-Months", "0.020", Stock, 30_000.0, 0.025, 8),
    sku(&STORAGE, "Class A operations", "4DBF-185F-A415", "Bucket", "Requests", "0.000005", STEADY, 3_200_000.0, 0.02, 7),
    sku(&BIGQUERY, "analysis", "3362-E469-6BEF", "Project", "TiB", "6.25", CLOSING, 13.0, 0.02, 5).teams("data ml search"),
    sku(&BIGQUERY, "active logical storage", "947D-3B46-7781", "Dataset", "GiB-Months", "0.02", Stock, 60_000.0, 0.03, 5).teams("data ml search"),
    sku(&RUN, "CPU allocation time", "D0F3-1A73-6E0F", "Service", "Seconds", "0.000024", BUSINESS, 1_900_000.0, 0.025, 8),
    sku(&SPANNER, "regional node", "8A8E-6DFA-4F1B", "Instance", "Hours", "0.90", Hours, 72.0, 0.0, 2).teams("payments checkout"),
    sku(&NETWORKING, "internet egress", "9DE9-9092-B3BC", "Project", "GiB", "0.085", SHOPPING, 420.0, 0.015, 6),
    sku(&NETWORKING, "Cloud NAT data processing", "6A1D-1B27-C6A2", "Project", "GiB", "0.045", BUSINESS, 210.0, 0.012, 6),
    sku(&LOGGING, "log storage", "143F-A1B0-E0BE", "Log bucket", "GiB", "0.50", BUSINESS, 30.0, 0.018, 7),
    sku(&VERTEX, "A2 prediction node", "5F2A-8B11-9C40", "Endpoint", "Hours", "2.9340", Hours, 24.0, 0.0, 3).teams("ml"),
    sku(&VERTEX, "Gemini input characters", "1127-99B9-1860", "Project", "1000 Units", "0.00125", BUSINESS, 46_000.0, 0.10, 3).teams("ml search"),
    sku(&PUBSUB, "message delivery", "0A18-7B4B-8F6F", "Topic", "TiB", "40.00", BUSINESS, 0.6, 0.015, 5).teams("data platform logistics"),
    sku(&DATAFLOW, "batch vCPU", "A3BE-0C2D-5B77", "Job", "vCPU-Hours", "0.0560", CLOSING, 520.0, 0.015, 4).teams("data"),
    sku(&MEMORYSTORE, "standard capacity M4", "8D3C-0F8B-6A1E", "Instance", "GiB-Hours", "0.0395", Hours, 840.0, 0.0, 3),
];
