//! Which events become notices, and when they wait.

use super::*;
use crate::notice::example;
use bursar_domain::Role;
use serde_json::json;

fn now() -> DateTime<Utc> {
    "2026-11-24T21:30:00Z".parse().unwrap()
}

fn account(number: u128) -> AccountId {
    AccountId::from_u128(number)
}

fn person(number: u128, role: Role) -> Person {
    Person {
        account: account(number),
        role: RoleName::BuiltIn(role),
        owner: role == Role::Admin,
        mail: MailPreference::Each,
        quiet_hours: None,
    }
}

fn rule(recipients: Vec<Recipient>) -> AlertRule {
    AlertRule {
        types: vec![],
        severity: Severity::Info,
        filters: vec![],
        recipients,
        quiet_hours: None,
        once_per_minutes: 0,
        escalation: None,
    }
}

fn audience(rules: Vec<AlertRule>) -> Audience {
    let rules = rules.into_iter().enumerate().map(|(n, rule)| (AlertRuleId::from_u128(n as u128), rule));
    Audience {
        webhooks: vec![],
        rules: rules.collect(),
        people: vec![person(1, Role::Admin), person(2, Role::Analyst), person(3, Role::Analyst)],
        channels: vec![ChannelId::from_u128(9)],
    }
}

fn planned(kind: EventType, audience: &Audience) -> Vec<Plan> {
    plan(&example(kind).unwrap(), audience, |_| None, now())
}

fn targets(plans: &[Plan]) -> Vec<Target> {
    plans.iter().map(|plan| plan.target).collect()
}

fn quiet() -> QuietHours {
    let time = |text: &str| text.parse().unwrap();
    QuietHours { zone: Zone::UTC, from: time("21:00:00"), until: time("07:00:00"), weekends: false }
}

// claim G3
#[test]
fn one_event_is_one_notice_per_person_and_channel() {
    let everybody = vec![
        Recipient::Owners,
        Recipient::Account(account(1)),
        Recipient::Role(RoleName::BuiltIn(Role::Analyst)),
        Recipient::Channel(ChannelId::from_u128(9)),
    ];
    let audience = audience(vec![rule(everybody.clone()), rule(everybody)]);
    let found = targets(&planned(EventType::SyncFailed, &audience));
    let mut wanted = vec![Target::Channel(ChannelId::from_u128(9))];
    wanted.extend((1..=3).map(|n| Target::Mail(account(n))));
    wanted.extend((1..=3).map(|n| Target::Inbox(account(n))));
    assert_eq!(found, wanted);
}

#[test]
fn types_severities_and_filters_choose() {
    let mut chosen = rule(vec![Recipient::Owners]);
    chosen.types = vec![EventType::BudgetThresholdReached];
    chosen.filters = vec![
        Filter { field: "currency".into(), any_of: vec!["EUR".into()], at_least: None },
        Filter { field: "actual".into(), any_of: vec![], at_least: Some("8123.4".parse().unwrap()) },
        Filter { field: "threshold_percent".into(), any_of: vec!["80".into(), "100".into()], at_least: None },
    ];
    chosen.check().unwrap();
    let event = example(EventType::BudgetThresholdReached).unwrap();
    assert!(chosen.chooses(&event));
    assert!(!chosen.chooses(&example(EventType::ForecastOverBudget).unwrap()));
    for (field, value) in
        [("currency", json!("USD")), ("actual", json!("8123.39")), ("threshold_percent", json!(50))]
    {
        let mut data = event.data.to_json();
        data[field] = value;
        let data = EventData::from_json(EventType::BudgetThresholdReached, &data).unwrap();
        assert!(!chosen.chooses(&Event { data, ..event.clone() }), "{field}");
    }
    let severe = AlertRule { severity: Severity::Critical, ..rule(vec![Recipient::Owners]) };
    assert!(!severe.chooses(&event));
    assert!(severe.chooses(&example(EventType::WorkspaceDeletion).unwrap()));
}

#[test]
fn rules_that_say_nothing_are_refused() {
    assert_eq!(rule(vec![]).check(), Err(RuleError::Nobody));
    let filtered = |field: &str, any_of: Vec<String>| AlertRule {
        types: vec![EventType::SyncFailed],
        filters: vec![Filter { field: field.into(), any_of, at_least: None }],
        ..rule(vec![Recipient::Owners])
    };
    assert_eq!(filtered("reason", vec![]).check(), Err(RuleError::Filter("reason".into())));
    assert_eq!(filtered("reasons", vec!["x".into()]).check(), Err(RuleError::Field("reasons".into())));
    assert_eq!(filtered("reason", vec![String::new(); MAX_ITEMS + 1]).check(), Err(RuleError::TooLarge));
    let silent = Escalation { after_minutes: 5, recipients: vec![] };
    assert_eq!(
        AlertRule { escalation: Some(silent), ..rule(vec![Recipient::Owners]) }.check(),
        Err(RuleError::Nobody)
    );
}

#[test]
fn quiet_hours_wait_and_what_is_critical_does_not() {
    let audience = audience(vec![AlertRule { quiet_hours: Some(quiet()), ..rule(vec![Recipient::Owners]) }]);
    let morning: DateTime<Utc> = "2026-11-25T07:00:00Z".parse().unwrap();
    assert!(planned(EventType::SyncFailed, &audience).iter().all(|plan| plan.not_before == morning));
    assert!(planned(EventType::WorkspaceDeletion, &audience).iter().all(|plan| plan.not_before == now()));
}

#[test]
fn a_person_has_quiet_hours_and_digests_of_its_own() {
    let mut audience =
        audience(vec![rule(vec![Recipient::Account(account(1)), Recipient::Account(account(2))])]);
    audience.people[0].quiet_hours = Some(quiet());
    audience.people[1].mail = MailPreference::Daily { zone: Zone::UTC, at: "08:00:00".parse().unwrap() };
    let plans = planned(EventType::SyncFailed, &audience);
    let mail = |number| plans.iter().find(|plan| plan.target == Target::Mail(account(number))).unwrap();
    assert_eq!(mail(1).not_before, "2026-11-25T07:00:00Z".parse::<DateTime<Utc>>().unwrap());
    assert_eq!((mail(2).not_before, mail(2).digest), ("2026-11-25T08:00:00Z".parse().unwrap(), true));
    // The inbox disturbs nobody.
    let inbox = plans.iter().find(|plan| plan.target == Target::Inbox(account(1))).unwrap();
    assert_eq!(inbox.not_before, now());
    audience.people[1].mail = MailPreference::Never;
    let plans = planned(EventType::SyncFailed, &audience);
    assert!(!targets(&plans).contains(&Target::Mail(account(2))));
}

#[test]
fn the_same_again_waits_for_its_time() {
    let audience = audience(vec![AlertRule { once_per_minutes: 60, ..rule(vec![Recipient::Owners]) }]);
    let event = example(EventType::SyncFailed).unwrap();
    let after = |minutes| plan(&event, &audience, |_| Some(now() - TimeDelta::minutes(minutes)), now()).len();
    assert_eq!((after(0), after(59), after(60)), (0, 0, 2));
}

#[test]
fn an_escalation_comes_later_and_only_if_nobody_read() {
    let escalation =
        Escalation { after_minutes: 30, recipients: vec![Recipient::Owners, Recipient::Account(account(2))] };
    let audience = audience(vec![AlertRule {
        escalation: Some(escalation),
        ..rule(vec![Recipient::Account(account(2))])
    }]);
    let plans = planned(EventType::SyncFailed, &audience);
    let find = |target| plans.iter().find(|plan| plan.target == target).unwrap();
    assert!(!find(Target::Mail(account(2))).unless_read, "told at once already");
    let owner = find(Target::Mail(account(1)));
    assert_eq!((owner.unless_read, owner.not_before), (true, now() + TimeDelta::minutes(30)));
}

#[test]
fn whose_sign_in_was_changed_is_told_without_a_rule() {
    let mut audience = audience(vec![]);
    for person in &mut audience.people {
        person.mail = MailPreference::Never;
    }
    let plans = planned(EventType::SignInMethodChanged, &audience);
    assert!(matches!(targets(&plans)[..], [Target::Mail(_), Target::Inbox(_)]), "{plans:?}");
    assert!(planned(EventType::SyncFailed, &audience).is_empty());
}

#[test]
fn webhooks_get_their_types_and_only_their_own_trials() {
    let mut audience = audience(vec![]);
    let example_webhook = "whk_0193a5c2f0e07b3c9d1e2f3a4b5c6d7e".parse().unwrap();
    let subscription = |webhook, types: &[EventType]| Subscription { webhook, types: types.to_vec() };
    audience.webhooks = vec![
        subscription(example_webhook, &[EventType::SyncFailed]),
        subscription(WebhookId::from_u128(2), &[]),
    ];
    let found = |kind| targets(&planned(kind, &audience)).len();
    assert_eq!(found(EventType::SyncFailed), 2);
    assert_eq!(found(EventType::SourceAdded), 1);
    // The pause of the first is told to the second, a trial to the first.
    assert_eq!(
        targets(&planned(EventType::WebhookPaused, &audience)),
        [Target::Webhook(WebhookId::from_u128(2))]
    );
    assert_eq!(targets(&planned(EventType::WebhookTest, &audience)), [Target::Webhook(example_webhook)]);
}
