//! The registry: every type of event, its data, and an example of each.
//!
//! To add one: a block here, the words that people read in `bursar-notify`'s `notice.rs`, and
//! `BURSAR_WRITE_SCHEMAS=1 cargo test -p bursar-domain event`, which writes its schema and its part of
//! `docs/reference/events.md`.

use super::schema::{Field, Moment, event_words};
use super::{EventError, Severity};
use crate::id::{
    AccountId, BackupId, CertificateId, RoleId, SessionId, SourceId, StaffAccessId, TokenId, WebhookId,
};
use crate::role::RoleName;
use crate::{Amount, BillingPeriod, CurrencyCode};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

macro_rules! events {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal, $severity:ident {
        $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty = $example:tt,)*
    })*) => {
        /// A type of event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum EventType {
            $($(#[doc = $doc])+ $name,)*
        }

        /// What an event of each type tells.
        #[derive(Debug, Clone, PartialEq)]
        pub enum EventData {
            $($(#[doc = $doc])+ $name($name),)*
        }

        impl EventType {
            /// All types.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name in CloudEvents.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => concat!("org.bursar.", $text),)* }
            }

            /// How much it asks for attention.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// What it is, in a sentence.
            #[must_use]
            pub fn summary(self) -> String {
                let text = match self { $(Self::$name => concat!($($doc),+),)* };
                text.trim().to_owned()
            }

            pub(super) fn data_schema(self) -> Value {
                match self { $(Self::$name => $name::schema(),)* }
            }

            /// Data as an event of this type may have them, for documents and trials.
            #[must_use]
            pub fn example(self) -> Value {
                match self { $(Self::$name => $name::example(),)* }
            }
        }

        impl std::str::FromStr for EventType {
            type Err = EventError;
            fn from_str(text: &str) -> Result<Self, EventError> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|kind| kind.name() == text)
                    .ok_or_else(|| EventError::Type(text.chars().take(100).collect()))
            }
        }

        impl EventData {
            /// The type.
            #[must_use]
            pub const fn kind(&self) -> EventType {
                match self { $(Self::$name(_) => EventType::$name,)* }
            }

            /// The data as JSON.
            #[must_use]
            pub fn to_json(&self) -> Value {
                // Plain structures of texts and numbers: this cannot fail.
                match self { $(Self::$name(data) => serde_json::to_value(data).unwrap_or_default(),)* }
            }

            /// Reads what [`EventData::to_json`] wrote.
            ///
            /// # Errors
            /// When the data are not those of the type.
            pub fn from_json(kind: EventType, value: &Value) -> Result<Self, EventError> {
                match kind {
                    $(EventType::$name => $name::deserialize(value)
                        .map(Self::$name)
                        .map_err(|source| EventError::Data { kind, source }),)*
                }
            }
        }

        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            pub struct $name {
                $($(#[doc = $field_doc])+ #[serde(skip_serializing_if = "Field::is_missing")] pub $field: $type,)*
            }

            impl $name {
                fn schema() -> Value {
                    let mut properties = serde_json::Map::new();
                    let mut required: Vec<&str> = Vec::new();
                    $(
                        let mut field = <$type as Field>::schema();
                        if let Value::Object(field) = &mut field {
                            field.insert("description".into(), json!(concat!($($field_doc),+).trim()));
                        }
                        properties.insert(stringify!($field).into(), field);
                        if !<$type as Field>::OPTIONAL {
                            required.push(stringify!($field));
                        }
                    )*
                    json!({ "type": "object", "properties": properties, "required": required })
                }

                fn example() -> Value {
                    let mut example = serde_json::Map::new();
                    $(example.insert(stringify!($field).into(), json!($example));)*
                    Value::Object(example)
                }
            }

            impl From<$name> for EventData {
                fn from(data: $name) -> Self {
                    Self::$name(data)
                }
            }
        )*
    };
}

event_words! {
    /// What about somebody's ways to sign in was changed.
    SignInChange {
        /// The password was set.
        PasswordSet = "password-set",
        /// A passkey was added.
        PasskeyAdded = "passkey-added",
        /// A passkey was removed.
        PasskeyRemoved = "passkey-removed",
        /// One-time codes were switched on.
        CodesOn = "one-time-codes-on",
        /// One-time codes were switched off.
        CodesOff = "one-time-codes-off",
        /// All sessions were ended.
        SessionsEnded = "sessions-ended",
    }
    /// Where a request for staff access stands.
    StaffAccessStep {
        /// A member of the provider's staff asks.
        Asked = "asked",
        /// A member of the workspace granted it.
        Granted = "granted",
        /// It was refused.
        Refused = "refused",
        /// It was ended before its time.
        Ended = "ended",
    }
    /// What happened to a custom role.
    RoleStep {
        /// It is new.
        Added = "added",
        /// It gives other permissions.
        Changed = "changed",
        /// It is gone.
        Removed = "removed",
    }
    /// A step of the deletion of a workspace.
    DeletionStep {
        /// Somebody asked for it.
        Asked = "asked",
        /// It was called off.
        Cancelled = "cancelled",
        /// The keys are destroyed: what was sealed cannot be read by anybody.
        KeysDestroyed = "keys-destroyed",
        /// The bytes are gone, and there is a certificate.
        Finished = "finished",
    }
    /// How far over an expected value.
    Direction {
        /// More than expected.
        Above = "above",
        /// Less than expected.
        Below = "below",
    }
}

events! {
    /// Somebody signed in.
    SignedIn = "sign-in.succeeded.v1", Info {
        /// Who.
        account: AccountId = "acc_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// The session that began.
        session: SessionId = "ses_0193a5c2f0e07b3c9d1e2f3a4b5c6d80",
        /// What was proven, such as `password` and `passkey`.
        methods: Vec<String> = ["passkey"],
        /// The network address it came from.
        address: Option<String> = "203.0.113.7",
    }
    /// Somebody's sign-in was locked after repeated failures; it unlocks by itself.
    SignInLocked = "sign-in.locked.v1", Warning {
        /// Whose.
        account: AccountId = "acc_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// Until when.
        until: Moment = "2026-11-22T10:15:00Z",
        /// How many failures.
        failures: u64 = 5,
    }
    /// A way in which somebody signs in was added, changed or removed.
    SignInMethodChanged = "sign-in-method.changed.v1", Warning {
        /// Whose.
        account: AccountId = "acc_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// What.
        change: SignInChange = "passkey-added",
    }
    /// Somebody became a member.
    MemberAdded = "member.added.v1", Info {
        /// Who.
        account: AccountId = "acc_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// The role.
        role: RoleName = "analyst",
        /// Whether it belongs to the owner group.
        owner: bool = false,
    }
    /// A member has another role, or entered or left the owner group.
    MemberChanged = "member.changed.v1", Warning {
        /// Who.
        account: AccountId = "acc_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// The role now.
        role: RoleName = "admin",
        /// Whether it belongs to the owner group now.
        owner: bool = true,
    }
    /// A member is no longer one.
    MemberRemoved = "member.removed.v1", Warning {
        /// Who.
        account: AccountId = "acc_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
    }
    /// A custom role was added, changed or removed.
    RoleChanged = "role.changed.v1", Warning {
        /// Which.
        role: RoleId = "rol_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// What happened to it.
        step: RoleStep = "changed",
    }
    /// An API token was made.
    TokenCreated = "token.created.v1", Info {
        /// Which.
        token: TokenId = "tok_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// Whose rights it has.
        account: AccountId = "acc_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// When it ends by itself.
        expires: Option<Moment> = "2027-02-20T00:00:00Z",
    }
    /// An API token was revoked.
    TokenRevoked = "token.revoked.v1", Info {
        /// Which.
        token: TokenId = "tok_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
    }
    /// The hosting provider's staff asked for access, or got, lost or were refused it.
    StaffAccessChanged = "staff-access.changed.v1", Critical {
        /// The request.
        access: StaffAccessId = "sta_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// Where it stands.
        step: StaffAccessStep = "granted",
        /// Until when it is granted.
        until: Option<Moment> = "2026-11-22T14:00:00Z",
    }
    /// A location of cost exports was added.
    SourceAdded = "source.added.v1", Info {
        /// Which.
        source: SourceId = "src_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
    }
    /// A location of cost exports was removed.
    SourceRemoved = "source.removed.v1", Warning {
        /// Which.
        source: SourceId = "src_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
    }
    /// A source could not be read.
    SyncFailed = "sync.failed.v1", Warning {
        /// Which.
        source: SourceId = "src_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// Why, without a location or a credential.
        reason: String = "access was denied: the role may no longer list the bucket",
        /// How many times in a row.
        failures: u64 = 3,
        /// When it was last read.
        last_success: Option<Moment> = "2026-11-21T06:00:00Z",
    }
    /// A provider delivered a month again, with other figures.
    DeliveryRestated = "delivery.restated.v1", Info {
        /// The source.
        source: SourceId = "src_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// The billing period.
        period: BillingPeriod = "2026-10",
        /// Its billed cost before.
        billed_cost_before: Amount = "10250.17",
        /// Its billed cost now.
        billed_cost: Amount = "10244.93",
        /// The currency of both.
        currency: CurrencyCode = "EUR",
    }
    /// A budget's actual cost reached one of its thresholds.
    BudgetThresholdReached = "budget.threshold-reached.v1", Warning {
        /// The budget.
        budget: String = "bud_platform",
        /// The period.
        period: BillingPeriod = "2026-11",
        /// The threshold in per cent of the budget.
        threshold_percent: u64 = 80,
        /// The cost so far.
        actual: Amount = "8123.4",
        /// The budget's amount.
        limit: Amount = "10000",
        /// The currency of both.
        currency: CurrencyCode = "EUR",
    }
    /// A period is expected to end over its budget.
    ForecastOverBudget = "forecast.over-budget.v1", Warning {
        /// The budget.
        budget: String = "bud_platform",
        /// The period.
        period: BillingPeriod = "2026-11",
        /// What is expected for the whole period.
        forecast: Amount = "11870",
        /// The budget's amount.
        limit: Amount = "10000",
        /// The currency of both.
        currency: CurrencyCode = "EUR",
        /// The day on which the budget is expected to be used up.
        reached_on: Option<NaiveDate> = "2026-11-27",
    }
    /// A cost is unlike what was expected.
    AnomalyOpened = "anomaly.opened.v1", Warning {
        /// Which.
        anomaly: String = "ano_0193a5c2",
        /// The dimension it was seen in, as FOCUS spells it.
        dimension: String = "ServiceName",
        /// The value of the dimension.
        value: String = "Amazon EC2",
        /// The day.
        day: NaiveDate = "2026-11-21",
        /// More or less than expected.
        direction: Direction = "above",
        /// What it was.
        actual: Amount = "940.2",
        /// What was expected.
        expected: Amount = "310",
        /// The currency of both.
        currency: CurrencyCode = "USD",
    }
    /// An anomaly is over, or somebody explained it.
    AnomalyClosed = "anomaly.closed.v1", Info {
        /// Which.
        anomaly: String = "ano_0193a5c2",
        /// The last day.
        day: NaiveDate = "2026-11-24",
        /// Why.
        reason: Option<String> = "a load test, now ended",
    }
    /// A credential, key or certificate expires soon or has expired.
    CredentialExpiring = "credential.expiring.v1", Warning {
        /// Which, by its id.
        credential: String = "crd_0193a5c2",
        /// What it is.
        kind: String = "client secret",
        /// When.
        expires: Moment = "2026-12-01T00:00:00Z",
        /// Whole days left; 0 when it has expired.
        days_left: u64 = 8,
    }
    /// A report is ready.
    ReportReady = "report.ready.v1", Info {
        /// The report.
        report: String = "rpt_monthly",
        /// The run.
        run: String = "run_0193a5c2",
        /// The period.
        period: Option<BillingPeriod> = "2026-10",
    }
    /// An export can be fetched.
    ExportFinished = "export.finished.v1", Info {
        /// The export.
        export: String = "exp_0193a5c2",
        /// Its size.
        size_bytes: u64 = 1048576,
        /// Until when it can be fetched.
        available_until: Option<Moment> = "2026-11-29T00:00:00Z",
    }
    /// A backup was taken.
    BackupTaken = "backup.taken.v1", Info {
        /// Which.
        backup: BackupId = "bkp_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// Its size.
        size_bytes: u64 = 524288,
    }
    /// The deletion of the workspace went a step on, or was called off.
    WorkspaceDeletion = "workspace.deletion.v1", Critical {
        /// The step.
        step: DeletionStep = "asked",
        /// When the bytes will be gone.
        due: Option<Moment> = "2026-12-22T00:00:00Z",
        /// The certificate of deletion.
        certificate: Option<CertificateId> = "crt_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
    }
    /// The audit log's newest checkpoint was signed.
    CheckpointSigned = "checkpoint.signed.v1", Info {
        /// The log, as its checkpoints name it.
        origin: String = "bursar.example/wsp_0193a5c2",
        /// How many entries it has.
        size: u64 = 4711,
        /// The root of its Merkle tree, Base64.
        root: String = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        /// The whole signed note.
        note: Option<String> = "bursar.example/wsp_0193a5c2\n4711\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— …",
    }
    /// A webhook no longer gets events, because it did not answer or asked to be left alone.
    WebhookPaused = "webhook.paused.v1", Warning {
        /// Which.
        webhook: WebhookId = "whk_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
        /// Why.
        reason: String = "no delivery succeeded for five days",
        /// Since when deliveries fail.
        failing_since: Option<Moment> = "2026-11-17T08:00:00Z",
    }
    /// A trial, sent when somebody asks for one.
    WebhookTest = "webhook.test.v1", Info {
        /// Which webhook.
        webhook: WebhookId = "whk_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e",
    }
}
