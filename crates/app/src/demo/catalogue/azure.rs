//! Microsoft Azure: services, regions, meters in euros.

use super::{
    BUSINESS, CLOSING, Region, SHOPPING, STEADY, Service,
    Shape::{Hours, Stock},
    Sku, service, sku,
};

pub(in super::super) const REGIONS: &[Region] = &[
    Region { id: "westeurope", name: "West Europe", prefix: "EU West", weight: 55, price: 100 },
    Region { id: "northeurope", name: "North Europe", prefix: "EU North", weight: 25, price: 95 },
    Region {
        id: "germanywestcentral",
        name: "Germany West Central",
        prefix: "DE West Central",
        weight: 20,
        price: 104,
    },
];

const VM: Service = service("Virtual Machines", "Compute", "Virtual Machines", "Microsoft.Compute");
const SCALE_SETS: Service =
    service("Virtual Machine Scale Sets", "Compute", "Virtual Machines", "Microsoft.Compute");
const DISKS: Service = service("Managed Disks", "Storage", "Block Storage", "Microsoft.Compute");
const SQL: Service = service("Azure SQL Database", "Databases", "Relational Databases", "Microsoft.Sql");
const STORAGE: Service = service("Storage Accounts", "Storage", "Object Storage", "Microsoft.Storage");
const AKS: Service =
    service("Azure Kubernetes Service", "Compute", "Containers", "Microsoft.ContainerService");
const APP_SERVICE: Service = service("Azure App Service", "Web", "Application Platforms", "Microsoft.Web");
const COSMOS: Service = service("Azure Cosmos DB", "Databases", "NoSQL Databases", "Microsoft.DocumentDB");
const MONITOR: Service =
    service("Azure Monitor", "Management and Governance", "Observability", "Microsoft.OperationalInsights");
const DATABRICKS: Service =
    service("Azure Databricks", "Analytics", "Analytics Platforms", "Microsoft.Databricks");
const OPENAI: Service = service(
    "Azure OpenAI Service",
    "AI and Machine Learning",
    "Generative AI",
    "Microsoft.CognitiveServices",
);
const BANDWIDTH: Service = service("Bandwidth", "Networking", "Network Connectivity", "Microsoft.Network");
const FIREWALL: Service = service("Azure Firewall", "Networking", "Network Security", "Microsoft.Network");
const GATEWAY: Service =
    service("Application Gateway", "Networking", "Application Networking", "Microsoft.Network");
const EVENT_HUBS: Service = service("Event Hubs", "Integration", "Messaging", "Microsoft.EventHub");
const KEY_VAULT: Service = service("Key Vault", "Security", "Secret Management", "Microsoft.KeyVault");
const BACKUP: Service = service("Azure Backup", "Storage", "Backup Storage", "Microsoft.RecoveryServices");
const ENTRA: Service = service(
    "Microsoft Entra ID",
    "Identity",
    "Identity and Access Management",
    "Microsoft.AzureActiveDirectory",
);

pub(in super::super) const SAVINGS_PLANS: Service =
    service("Azure Savings Plan for Compute", "Compute", "Other (Compute)", "Microsoft.BillingBenefits");
pub(in super::super) const SUPPORT: Service =
    service("Microsoft Support", "Management and Governance", "Support", "Microsoft.Support");
pub(in super::super) const MARKETPLACE: Service =
    service("Ferrite Edge Security", "Security", "Other (Security)", "ferrite.edge-security");

#[rustfmt::skip] // A table reads best as a table.
pub(in super::super) const SKUS: &[Sku] = &[
    sku(&VM, "D8s v5", "dz-d8sv5", "Virtual machine", "Hours", "0.3648", Hours, 24.0, 0.0, 56).reserved(62)
        .details(r#"{"InstanceType":"Standard_D8s_v5","InstanceSeries":"Dsv5","CoreCount":8,"MemorySize":32,"OperatingSystem":"Linux"}"#),
    sku(&VM, "E16s v5", "dz-e16sv5", "Virtual machine", "Hours", "0.9504", Hours, 24.0, 0.0, 20).spend(70)
        .details(r#"{"InstanceType":"Standard_E16s_v5","InstanceSeries":"Esv5","CoreCount":16,"MemorySize":128,"OperatingSystem":"Linux"}"#),
    sku(&VM, "B4ms", "dz-b4ms", "Virtual machine", "Hours", "0.1565", Hours, 24.0, 0.0, 14).spend(74)
        .details(r#"{"InstanceType":"Standard_B4ms","InstanceSeries":"Bms","CoreCount":4,"MemorySize":16,"OperatingSystem":"Windows"}"#),
    sku(&SCALE_SETS, "D4s v5", "dz-d4sv5-ss", "Virtual machine scale set", "Hours", "0.1824", SHOPPING, 210.0, 0.012, 7).spend(70)
        .details(r#"{"InstanceType":"Standard_D4s_v5","InstanceSeries":"Dsv5","CoreCount":4,"MemorySize":16,"OperatingSystem":"Linux"}"#),
    sku(&DISKS, "P30 LRS", "dz-p30", "Disk", "Units/Month", "114.0666", Stock, 2.0, 0.0, 24),
    sku(&DISKS, "E10 LRS", "dz-e10", "Disk", "Units/Month", "8.1024", Stock, 4.0, 0.0, 14),
    sku(&SQL, "General Purpose vCore", "dz-sqlgp", "SQL database", "Hours", "0.2184", Hours, 192.0, 0.0, 13).reserved(67),
    sku(&SQL, "General Purpose data stored", "dz-sqlst", "SQL database", "GB/Month", "0.1095", Stock, 1200.0, 0.02, 9),
    sku(&STORAGE, "Hot LRS data stored", "dz-blobhot", "Storage account", "GB/Month", "0.0176", Stock, 24000.0, 0.025, 12),
    sku(&STORAGE, "Cool LRS data stored", "dz-blobcool", "Storage account", "GB/Month", "0.0096", Stock, 52000.0, 0.03, 5),
    sku(&STORAGE, "Write operations", "dz-blobops", "Storage account", "10000 Requests", "0.0504", BUSINESS, 420.0, 0.02, 10).consumed("10000 Requests"),
    sku(&AKS, "Standard uptime SLA", "dz-aksup", "Kubernetes service", "Hours", "0.0876", Hours, 24.0, 0.0, 5),
    sku(&APP_SERVICE, "P2 v3", "dz-p2v3", "App Service plan", "Hours", "0.4088", Hours, 24.0, 0.0, 10).spend(76),
    sku(&COSMOS, "100 RU/s", "dz-cosmosru", "Cosmos DB account", "Hours", "0.0074", SHOPPING, 2900.0, 0.014, 5).teams("catalog checkout mobile"),
    sku(&COSMOS, "Data stored", "dz-cosmosst", "Cosmos DB account", "GB/Month", "0.2282", Stock, 600.0, 0.02, 5).teams("catalog checkout mobile"),
    sku(&MONITOR, "Analytics logs data ingestion", "dz-logs", "Log Analytics workspace", "GB", "2.5236", BUSINESS, 15.0, 0.016, 9),
    sku(&DATABRICKS, "Premium jobs compute DBU", "dz-dbu", "Azure Databricks workspace", "Units", "0.2738", CLOSING, 430.0, 0.022, 4).teams("data ml"),
    sku(&OPENAI, "GPT input tokens", "dz-gptin", "Azure OpenAI", "1000 Tokens", "0.0023", BUSINESS, 14_000.0, 0.09, 4).teams("ml mobile identity"),
    sku(&OPENAI, "GPT output tokens", "dz-gptout", "Azure OpenAI", "1000 Tokens", "0.0092", BUSINESS, 2_800.0, 0.09, 4).teams("ml mobile identity"),
    sku(&BANDWIDTH, "Standard data transfer out", "dz-bw", "Virtual machine", "GB", "0.0735", SHOPPING, 260.0, 0.012, 10),
    sku(&FIREWALL, "Standard deployment", "dz-fw", "Firewall", "Hours", "1.1406", Hours, 24.0, 0.0, 2).teams("platform"),
    sku(&GATEWAY, "Standard v2 capacity units", "dz-agwcu", "Application gateway", "Units/Hour", "0.0073", SHOPPING, 420.0, 0.01, 6),
    sku(&EVENT_HUBS, "Throughput unit", "dz-eh", "Event Hubs namespace", "Hours", "0.0274", Hours, 96.0, 0.0, 5).teams("data platform logistics"),
    sku(&KEY_VAULT, "Operations", "dz-kv", "Key vault", "10000 Requests", "0.0274", STEADY, 60.0, 0.01, 8).consumed("10000 Requests"),
    sku(&BACKUP, "LRS data stored", "dz-bak", "Recovery Services vault", "GB/Month", "0.0204", Stock, 9000.0, 0.02, 5),
    sku(&ENTRA, "P1 monthly active users", "dz-entra", "Entra tenant", "Units/Month", "5.5", Stock, 420.0, 0.008, 1).teams("platform"),
];
