//! Amazon Web Services: services, regions, meters in US dollars.

use super::{
    BUSINESS, CLOSING, Region, SHOPPING, STEADY, Service,
    Shape::{Hours, Stock},
    Sku, service, sku,
};

pub(in super::super) const REGIONS: &[Region] = &[
    Region { id: "us-east-1", name: "US East (N. Virginia)", prefix: "", weight: 58, price: 100 },
    Region { id: "us-west-2", name: "US West (Oregon)", prefix: "USW2-", weight: 20, price: 100 },
    Region { id: "eu-west-1", name: "EU (Ireland)", prefix: "EUW1-", weight: 22, price: 109 },
    // Nobody at the company works here: see the anomalies.
    Region { id: "ap-southeast-2", name: "Asia Pacific (Sydney)", prefix: "APS2-", weight: 0, price: 125 },
];

const EC2: Service = service("Amazon Elastic Compute Cloud", "Compute", "Virtual Machines", "AmazonEC2");
const EBS: Service = service("Amazon Elastic Block Store", "Storage", "Block Storage", "AmazonEBS");
const RDS: Service =
    service("Amazon Relational Database Service", "Databases", "Relational Databases", "AmazonRDS");
const S3: Service = service("Amazon Simple Storage Service", "Storage", "Object Storage", "AmazonS3");
const LAMBDA: Service = service("AWS Lambda", "Compute", "Serverless Compute", "AWSLambda");
const EKS: Service =
    service("Amazon Elastic Container Service for Kubernetes", "Compute", "Containers", "AmazonEKS");
const ECS: Service = service("Amazon Elastic Container Service", "Compute", "Containers", "AmazonECS");
const DYNAMO: Service = service("Amazon DynamoDB", "Databases", "NoSQL Databases", "AmazonDynamoDB");
const CLOUDFRONT: Service =
    service("Amazon CloudFront", "Networking", "Content Delivery", "AmazonCloudFront");
const VPC: Service =
    service("Amazon Virtual Private Cloud", "Networking", "Network Infrastructure", "AmazonVPC");
const ELB: Service = service("Elastic Load Balancing", "Networking", "Application Networking", "AWSELB");
const CLOUDWATCH: Service =
    service("AmazonCloudWatch", "Management and Governance", "Observability", "AmazonCloudWatch");
const REDSHIFT: Service = service("Amazon Redshift", "Databases", "Data Warehouses", "AmazonRedshift");
const GLUE: Service = service("AWS Glue", "Analytics", "Data Processing", "AWSGlue");
const ATHENA: Service = service("Amazon Athena", "Analytics", "Analytics Platforms", "AmazonAthena");
const ELASTICACHE: Service = service("Amazon ElastiCache", "Databases", "Caching", "AmazonElastiCache");
const OPENSEARCH: Service = service("Amazon OpenSearch Service", "Analytics", "Search", "AmazonES");
const SAGEMAKER: Service =
    service("Amazon SageMaker", "AI and Machine Learning", "Machine Learning", "AmazonSageMaker");
const BEDROCK: Service =
    service("Amazon Bedrock", "AI and Machine Learning", "Generative AI", "AmazonBedrock");
const KMS: Service = service("AWS Key Management Service", "Security", "Secret Management", "awskms");
const SQS: Service = service("Amazon Simple Queue Service", "Integration", "Messaging", "AWSQueueService");
const GUARDDUTY: Service =
    service("Amazon GuardDuty", "Security", "Threat Detection and Response", "AmazonGuardDuty");
const BACKUP: Service = service("AWS Backup", "Storage", "Backup Storage", "AWSBackup");
const KINESIS: Service = service("Amazon Kinesis", "Analytics", "Streaming Analytics", "AmazonKinesis");

pub(in super::super) const SAVINGS_PLANS: Service =
    service("Savings Plans for AWS Compute usage", "Compute", "Other (Compute)", "ComputeSavingsPlans");
pub(in super::super) const SUPPORT: Service =
    service("AWS Support (Business)", "Management and Governance", "Support", "AWSSupportBusiness");
pub(in super::super) const MARKETPLACE: Service = service(
    "Lanternwatch Observability Pro",
    "Management and Governance",
    "Observability",
    "8qk2vmarket41xlantern",
);

#[rustfmt::skip] // A table reads best as a table.
pub(in super::super) const SKUS: &[Sku] = &[
    sku(&EC2, "m6i.2xlarge", "BoxUsage:m6i.2xlarge", "instance", "Hours", "0.384", Hours, 24.0, 0.0, 60).spend(72).operation("RunInstances")
        .details(r#"{"InstanceType":"m6i.2xlarge","InstanceSeries":"M6i","CoreCount":8,"MemorySize":32,"OperatingSystem":"Linux"}"#),
    sku(&EC2, "m6i.4xlarge", "BoxUsage:m6i.4xlarge", "instance", "Hours", "0.768", Hours, 24.0, 0.0, 40).spend(72).operation("RunInstances")
        .details(r#"{"InstanceType":"m6i.4xlarge","InstanceSeries":"M6i","CoreCount":16,"MemorySize":64,"OperatingSystem":"Linux"}"#),
    sku(&EC2, "c6i.4xlarge", "BoxUsage:c6i.4xlarge", "instance", "Hours", "0.68", Hours, 24.0, 0.0, 24).spend(71).operation("RunInstances")
        .details(r#"{"InstanceType":"c6i.4xlarge","InstanceSeries":"C6i","CoreCount":16,"MemorySize":32,"OperatingSystem":"Linux"}"#),
    sku(&EC2, "r6i.4xlarge", "BoxUsage:r6i.4xlarge", "instance", "Hours", "1.008", Hours, 24.0, 0.0, 22).spend(70).operation("RunInstances")
        .details(r#"{"InstanceType":"r6i.4xlarge","InstanceSeries":"R6i","CoreCount":16,"MemorySize":128,"OperatingSystem":"Linux"}"#),
    sku(&EC2, "m7g.4xlarge", "BoxUsage:m7g.4xlarge", "instance", "Hours", "0.6528", Hours, 24.0, 0.0, 30).spend(72).operation("RunInstances")
        .details(r#"{"InstanceType":"m7g.4xlarge","InstanceSeries":"M7g","CoreCount":16,"MemorySize":64,"OperatingSystem":"Linux"}"#),
    sku(&EC2, "t3.medium", "BoxUsage:t3.medium", "instance", "Hours", "0.0416", Hours, 24.0, 0.0, 18).spend(73).operation("RunInstances")
        .details(r#"{"InstanceType":"t3.medium","InstanceSeries":"T3","CoreCount":2,"MemorySize":4,"OperatingSystem":"Linux"}"#),
    sku(&EC2, "g5.2xlarge", "BoxUsage:g5.2xlarge", "instance", "Hours", "1.212", Hours, 24.0, 0.0, 7).operation("RunInstances").teams("ml")
        .details(r#"{"InstanceType":"g5.2xlarge","InstanceSeries":"G5","CoreCount":8,"MemorySize":32,"OperatingSystem":"Linux"}"#),
    sku(&EC2, "c6i.4xlarge", "SpotUsage:c6i.4xlarge", "instance", "Hours", "0.68", BUSINESS, 31.0, 0.01, 12).spot().operation("RunInstances:SV001")
        .details(r#"{"InstanceType":"c6i.4xlarge","InstanceSeries":"C6i","CoreCount":16,"MemorySize":32,"OperatingSystem":"Linux"}"#),
    sku(&EC2, "data transfer out", "DataTransfer-Out-Bytes", "instance", "GB", "0.09", SHOPPING, 190.0, 0.015, 10).operation("RunInstances"),
    sku(&EBS, "gp3 volume", "EBS:VolumeUsage.gp3", "volume", "GB-Months", "0.08", Stock, 620.0, 0.004, 48).operation("CreateVolume-Gp3"),
    sku(&EBS, "snapshot", "EBS:SnapshotUsage", "snapshot", "GB-Months", "0.05", Stock, 4200.0, 0.035, 12).operation("CreateSnapshot"),
    sku(&RDS, "db.r6g.4xlarge PostgreSQL", "InstanceUsage:db.r6g.4xl", "db", "Hours", "1.8", Hours, 24.0, 0.0, 15).reserved(66).operation("CreateDBInstance:0014")
        .details(r#"{"InstanceType":"db.r6g.4xlarge","InstanceSeries":"R6g","CoreCount":16,"MemorySize":128}"#),
    sku(&RDS, "db.r6g.xlarge PostgreSQL", "InstanceUsage:db.r6g.xl", "db", "Hours", "0.45", Hours, 24.0, 0.0, 22).operation("CreateDBInstance:0014")
        .details(r#"{"InstanceType":"db.r6g.xlarge","InstanceSeries":"R6g","CoreCount":4,"MemorySize":32}"#),
    sku(&RDS, "gp3 storage", "RDS:GP3-Storage", "db", "GB-Months", "0.115", Stock, 900.0, 0.02, 22).operation("CreateDBInstance:0014"),
    sku(&RDS, "backup storage", "RDS:ChargedBackupUsage", "db", "GB-Months", "0.095", Stock, 1500.0, 0.02, 8).operation("CreateDBInstance:0014"),
    sku(&S3, "Standard storage", "TimedStorage-ByteHrs", "bucket", "GB-Months", "0.023", Stock, 21000.0, 0.028, 18).operation("StandardStorage"),
    sku(&S3, "Infrequent access storage", "TimedStorage-SIA-ByteHrs", "bucket", "GB-Months", "0.0125", Stock, 42000.0, 0.035, 6).operation("StandardIAStorage"),
    sku(&S3, "PUT, COPY, POST, LIST requests", "Requests-Tier1", "bucket", "Requests", "0.000005", STEADY, 2_400_000.0, 0.02, 14).operation("PutObject"),
    sku(&S3, "GET requests", "Requests-Tier2", "bucket", "Requests", "0.0000004", SHOPPING, 31_000_000.0, 0.02, 12).operation("GetObject"),
    sku(&LAMBDA, "GB-seconds", "Lambda-GB-Second", "function", "GB-Seconds", "0.0000166667", BUSINESS, 900_000.0, 0.03, 14).spend(88).operation("Invoke"),
    sku(&LAMBDA, "requests", "Request", "function", "Requests", "0.0000002", BUSINESS, 9_000_000.0, 0.03, 12).operation("Invoke"),
    sku(&EKS, "cluster", "AmazonEKS-Hours:perCluster", "cluster", "Hours", "0.10", Hours, 24.0, 0.0, 7).operation("CreateOperation"),
    sku(&ECS, "Fargate vCPU", "Fargate-vCPU-Hours:perCPU", "task", "vCPU-Hours", "0.04048", BUSINESS, 620.0, 0.02, 11).spend(80).operation("FargateTask"),
    sku(&ECS, "Fargate memory", "Fargate-GB-Hours", "task", "GB-Hours", "0.004445", BUSINESS, 1240.0, 0.02, 11).spend(80).operation("FargateTask"),
    sku(&DYNAMO, "read request units", "ReadRequestUnits", "table", "ReadRequestUnits", "0.000000125", SHOPPING, 120_000_000.0, 0.015, 10).operation("PayPerRequestThroughput"),
    sku(&DYNAMO, "write request units", "WriteRequestUnits", "table", "WriteRequestUnits", "0.000000625", SHOPPING, 38_000_000.0, 0.015, 10).operation("PayPerRequestThroughput"),
    sku(&CLOUDFRONT, "data transfer out", "DataTransfer-Out-Bytes:CDN", "distribution", "GB", "0.085", SHOPPING, 560.0, 0.012, 6).teams("web mobile catalog"),
    sku(&CLOUDFRONT, "HTTPS requests", "Requests-HTTPS-Proxy", "distribution", "Requests", "0.000001", SHOPPING, 9_000_000.0, 0.012, 6).teams("web mobile catalog"),
    sku(&VPC, "NAT gateway", "NatGateway-Hours", "natgateway", "Hours", "0.045", Hours, 24.0, 0.0, 11).operation("NatGateway"),
    sku(&VPC, "NAT gateway data", "NatGateway-Bytes", "natgateway", "GB", "0.045", BUSINESS, 420.0, 0.012, 11).operation("NatGateway"),
    sku(&ELB, "application load balancer", "LoadBalancerUsage", "loadbalancer", "Hours", "0.0225", Hours, 24.0, 0.0, 16).operation("LoadBalancing:Application"),
    sku(&ELB, "load balancer capacity units", "LCUUsage", "loadbalancer", "LCU-Hours", "0.008", SHOPPING, 210.0, 0.01, 16).operation("LoadBalancing:Application"),
    sku(&CLOUDWATCH, "log ingestion", "DataProcessing-Bytes", "loggroup", "GB", "0.50", BUSINESS, 34.0, 0.018, 16).operation("PutLogEvents"),
    sku(&CLOUDWATCH, "metrics", "CW:MetricMonitorUsage", "metric", "Metrics", "0.30", Stock, 850.0, 0.01, 10).operation("MetricStorage"),
    sku(&REDSHIFT, "ra3.4xlarge", "Node:ra3.4xlarge", "cluster", "Hours", "3.26", Hours, 48.0, 0.0, 3).teams("data").operation("RunComputeNode:0001"),
    sku(&GLUE, "ETL job", "ETL-DPU-Hour", "job", "DPU-Hours", "0.44", CLOSING, 130.0, 0.015, 6).teams("data").operation("Jobrun"),
    sku(&ATHENA, "data scanned", "DataScannedInTB", "workgroup", "TB", "5.00", CLOSING, 6.0, 0.02, 4).teams("data ml").operation("ExecuteQuery"),
    sku(&ELASTICACHE, "cache.r6g.xlarge", "NodeUsage:cache.r6g.xlarge", "node", "Hours", "0.411", Hours, 24.0, 0.0, 11).reserved(64).operation("CreateCacheCluster:0002"),
    sku(&OPENSEARCH, "r6g.xlarge.search", "ESInstance:r6g.xlarge", "domain", "Hours", "0.335", Hours, 48.0, 0.0, 7).teams("search platform").operation("ESDomain"),
    sku(&SAGEMAKER, "ml.g5.xlarge endpoint", "Host:ml.g5.xlarge", "endpoint", "Hours", "1.408", Hours, 24.0, 0.0, 5).teams("ml search").operation("RunInstance"),
    sku(&SAGEMAKER, "ml.m5.4xlarge training", "Train:ml.m5.4xlarge", "training-job", "Hours", "0.922", BUSINESS, 46.0, 0.02, 4).teams("ml").operation("RunInstance"),
    sku(&BEDROCK, "input tokens", "InputTokenCount", "model", "1000 Tokens", "0.003", BUSINESS, 14_000.0, 0.11, 4).teams("ml search mobile").operation("InvokeModelInference"),
    sku(&BEDROCK, "output tokens", "OutputTokenCount", "model", "1000 Tokens", "0.015", BUSINESS, 2_800.0, 0.11, 4).teams("ml search mobile").operation("InvokeModelInference"),
    sku(&KMS, "customer keys", "KMS-Keys", "key", "Keys", "1.00", Stock, 14.0, 0.01, 9).operation("CreateKey"),
    sku(&SQS, "requests", "SQS-Requests-Tier1", "queue", "Requests", "0.0000004", BUSINESS, 42_000_000.0, 0.015, 8).operation("SendMessage"),
    sku(&GUARDDUTY, "log analysis", "PaidEventsAnalyzed-Bytes", "detector", "GB", "1.00", BUSINESS, 9.0, 0.012, 8),
    sku(&BACKUP, "warm storage", "WarmStorage-ByteHrs-EBS", "vault", "GB-Months", "0.05", Stock, 5200.0, 0.025, 6).operation("Storage"),
    sku(&KINESIS, "shard hours", "Storage-ShardHour", "stream", "Hours", "0.015", Hours, 192.0, 0.0, 6).teams("data platform payments").operation("shardHourStorage"),
];
