//! Provisioned users and groups.

use crate::stage::{OPERATOR, Stage, on_both};
use bursar_domain::id::{GroupId, ScimUserId};
use bursar_domain::{Role, RoleName, Scope};
use bursar_store::{GroupChange, NewTeam, Paging, ScimFilter, StoreError, UserChange};
use serde_json::json;

fn user(name: &str) -> UserChange {
    UserChange {
        account: None,
        user_name: name.into(),
        external_id: Some(format!("ext-{name}")),
        active: true,
        attributes: json!({ "title": "Dr" }),
    }
}

fn group(name: &str, members: Vec<ScimUserId>) -> GroupChange {
    GroupChange { display_name: name.into(), external_id: None, members, attributes: json!({}) }
}

on_both! {
    // claim C2
    async fn users_are_found_by_what_clients_ask_for(stage: &Stage) {
        let (workspace, ana, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let mut ids = Vec::new();
        for n in 0..7 {
            ids.push(store.add_scim_user(&OPERATOR, user(&format!("User{n}@example.com"))).await.unwrap().id);
        }
        let taken = store.add_scim_user(&OPERATOR, user("USER3@EXAMPLE.COM")).await;
        assert!(matches!(taken, Err(StoreError::Conflict(_))));
        let found = async |filter: ScimFilter| store.scim_users(Some(&filter), Paging::default()).await.unwrap();
        let (users, total) = found(ScimFilter::UserName("user3@example.com".into())).await;
        assert_eq!((users[0].id, users[0].user_name.as_str(), total), (ids[3], "User3@example.com", 1));
        assert_eq!(found(ScimFilter::ExternalId("ext-User4@example.com".into())).await.0[0].id, ids[4]);
        assert_eq!(found(ScimFilter::ExternalId("EXT-user4@example.com".into())).await.1, 0, "spelled otherwise");
        assert_eq!(found(ScimFilter::Id(ids[2].to_string())).await.1, 1);
        for nonsense in ["", "usr_x", "' OR 1=1"] {
            assert_eq!(found(ScimFilter::Id(nonsense.into())).await.1, 0, "{nonsense}");
        }
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let (page, total) = store.scim_users(None, Paging { after, limit: 3 }).await.unwrap();
            assert_eq!(total, 7);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            seen.extend(page.iter().map(|user| user.id));
        }
        assert_eq!(seen, ids);

        let off = UserChange { active: false, account: Some(ana), ..user("user0@example.com") };
        let changed = store.change_scim_user(&OPERATOR, ids[0], Some(1), off.clone()).await.unwrap();
        assert_eq!((changed.version, changed.active, changed.account), (2, false, Some(ana)));
        let late = store.change_scim_user(&OPERATOR, ids[0], Some(1), off).await;
        assert!(matches!(late, Err(StoreError::Stale(_))));
        assert_eq!(found(ScimFilter::Active(false)).await.1, 1);
        assert_eq!(store.scim_users_of(ana).await.unwrap(), [changed]);
        assert!(store.remove_scim_user(&OPERATOR, ids[0], Some(1)).await.is_err());
        store.remove_scim_user(&OPERATOR, ids[0], Some(2)).await.unwrap();
        assert!(store.scim_user(ids[0]).await.is_err());
    }

    // claim C2
    async fn groups_have_members_and_give_a_team_and_a_role(stage: &Stage) {
        let store = stage.open(stage.workspace("one").await).await;
        let mut users = Vec::new();
        for name in ["a", "b", "c"] {
            users.push(store.add_scim_user(&OPERATOR, user(name)).await.unwrap().id);
        }
        let made = store.add_scim_group(&OPERATOR, group("Ops", users[..2].to_vec())).await.unwrap();
        assert_eq!(store.scim_group(made.id).await.unwrap(), made);
        let unknown = group("X", vec![ScimUserId::from_u128(1)]);
        assert!(matches!(store.add_scim_group(&OPERATOR, unknown).await, Err(StoreError::NotFound("user"))));
        let (named, total) =
            store.scim_groups(Some(&ScimFilter::DisplayName("ops".into())), Paging::default()).await.unwrap();
        assert_eq!((named[0].id, total), (made.id, 1));
        let new = group("Operations", vec![users[1], users[2]]);
        let changed = store.change_scim_group(&OPERATOR, made.id, Some(1), new.clone()).await.unwrap();
        assert_eq!((changed.version, changed.members.len()), (2, 2));
        let late = store.change_scim_group(&OPERATOR, made.id, Some(1), new).await;
        assert!(matches!(late, Err(StoreError::Stale(_))));
        assert!(store.scim_groups_of(users[0]).await.unwrap().is_empty());
        assert_eq!(store.scim_groups_of(users[2]).await.unwrap()[0].id, made.id);
        let (inside, _) = store.scim_users(Some(&ScimFilter::InGroup(made.id)), Paging::default()).await.unwrap();
        assert_eq!(inside.iter().map(|user| user.id).collect::<Vec<_>>(), users[1..]);

        let team = store.add_team(&OPERATOR, NewTeam { name: "t".into(), scope: Scope::All }).await.unwrap().id;
        let role = RoleName::BuiltIn(Role::Operator);
        store.map_scim_group(&OPERATOR, made.id, Some(team), Some(role)).await.unwrap();
        let mapped = store.scim_group(made.id).await.unwrap();
        assert_eq!((mapped.team, mapped.role, mapped.version), (Some(team), Some(role), 2));
        assert!(store.map_scim_group(&OPERATOR, GroupId::from_u128(1), None, None).await.is_err());
        store.remove_scim_user(&OPERATOR, users[2], None).await.unwrap();
        assert_eq!(store.scim_group(made.id).await.unwrap().members, [users[1]]);
        store.remove_scim_group(&OPERATOR, made.id, None).await.unwrap();
        assert_eq!(store.scim_groups(None, Paging::default()).await.unwrap().1, 0);
    }

    async fn a_large_group_is_kept_whole(stage: &Stage) {
        let store = stage.open(stage.workspace("one").await).await;
        let mut users = Vec::new();
        for n in 0..620 {
            users.push(store.add_scim_user(&OPERATOR, user(&format!("u{n}"))).await.unwrap().id);
        }
        let made = store.add_scim_group(&OPERATOR, group("All", users.clone())).await.unwrap();
        assert!(store.scim_group(made.id).await.unwrap().members == users);
        store.change_scim_group(&OPERATOR, made.id, None, group("All", users[600..].to_vec())).await.unwrap();
        assert_eq!(store.scim_group(made.id).await.unwrap().members, users[600..]);
    }
}
