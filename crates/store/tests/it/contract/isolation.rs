//! Ids of another workspace, in every method that takes one: *not found*, and nothing changed.

use crate::stage::{OPERATOR, Stage, on_both};
use bursar_domain::{Actor, Role, RoleName, Scope};
use bursar_store::{
    GroupChange, NewBackup, NewCustomRole, NewInvitation, NewSource, NewStaffAccess, NewTeam, NewToken,
    StoreError, TokenKind, UserChange,
};
use chrono::TimeDelta;
use serde_json::json;

macro_rules! not_found {
    ($($call:expr),* $(,)?) => {$(
        let answer = $call.await;
        assert!(matches!(&answer, Err(StoreError::NotFound(_))), "{}: {answer:?}", stringify!($call));
    )*};
}

on_both! {
    // claim B1
    async fn nothing_of_one_workspace_is_reached_from_another(stage: &Stage) {
        let (theirs, ana, owner) = stage.owner_of("ana").await;
        let (mine, bob, _) = stage.owner_of("bob").await;
        let (theirs, mine) = (stage.open(theirs).await, stage.open(mine).await);
        let member = Actor::new(owner, None);
        let new_role = || NewCustomRole { name: "r".into(), pages: Vec::new(), actions: Vec::new() };
        let new_team = || NewTeam { name: "t".into(), scope: Scope::All };
        let new_user = |name: &str| UserChange {
            account: None,
            user_name: name.into(),
            external_id: None,
            active: true,
            attributes: json!({}),
        };
        let new_group = |members| GroupChange {
            display_name: "g".into(),
            external_id: None,
            members,
            attributes: json!({}),
        };
        let source = NewSource { location: "s3://a".into(), dialect: None, id: None };
        let source = theirs.add_source(&OPERATOR, source).await.unwrap().id;
        let role = theirs.add_role(&OPERATOR, new_role()).await.unwrap().id;
        let team = theirs.add_team(&OPERATOR, new_team()).await.unwrap().id;
        theirs.join_team(&OPERATOR, team, ana).await.unwrap();
        let token = NewToken {
            name: "n".into(),
            account: ana,
            kind: TokenKind::Api,
            pages: None,
            actions: None,
            scope: Scope::All,
            expires_at: None,
        };
        let token = theirs.create_token(&OPERATOR, token).await.unwrap().1.id;
        let user = theirs.add_scim_user(&OPERATOR, new_user("u")).await.unwrap().id;
        let group = theirs.add_scim_group(&OPERATOR, new_group(vec![user])).await.unwrap().id;
        let staff = NewStaffAccess {
            staff: bob,
            reason: "r".into(),
            ticket: "t".into(),
            read_only: true,
            hours: 1,
        };
        let staff = theirs.ask_staff_access(&OPERATOR, staff).await.unwrap().id;
        let backup = NewBackup {
            id: None,
            location: "/b".into(),
            digest: [1; 32],
            size_bytes: 1,
            last_seq: 1,
            taken_at: stage.now(),
            expires_at: None,
        };
        let backup = theirs.add_backup(&OPERATOR, backup).await.unwrap().id;
        let invitation = NewInvitation {
            digest: [4; 32],
            email: "eve@example.com".parse().unwrap(),
            role: RoleName::BuiltIn(Role::Viewer),
            owner: false,
            teams: vec![team],
            expires_at: stage.now() + TimeDelta::days(1),
        };
        let invited = theirs.invite(&OPERATOR, invitation.clone()).await.unwrap().id;
        theirs.set_credential(&OPERATOR, "aws", "gAAAAAx").await.unwrap();
        theirs.set_setting(&OPERATOR, "a", Some("1")).await.unwrap();
        let before = theirs.records(&Default::default()).await.unwrap().len();

        let viewer = RoleName::BuiltIn(Role::Viewer);
        not_found!(
            mine.source(source),
            mine.set_source_dialect(&OPERATOR, source, None),
            mine.remove_source(&OPERATOR, source),
            mine.role(role),
            mine.change_role(&OPERATOR, role, new_role()),
            mine.remove_role(&OPERATOR, role),
            mine.team(team),
            mine.change_team(&OPERATOR, team, new_team()),
            mine.remove_team(&OPERATOR, team),
            mine.join_team(&OPERATOR, team, bob),
            mine.leave_team(&OPERATOR, team, ana),
            mine.team_members(team),
            mine.token(token),
            mine.touch_token(token),
            mine.revoke_token(&OPERATOR, token),
            mine.scim_user(user),
            mine.change_scim_user(&OPERATOR, user, None, new_user("x")),
            mine.remove_scim_user(&OPERATOR, user, None),
            mine.scim_group(group),
            mine.change_scim_group(&OPERATOR, group, None, new_group(Vec::new())),
            mine.map_scim_group(&OPERATOR, group, None, None),
            mine.remove_scim_group(&OPERATOR, group, None),
            mine.add_scim_group(&OPERATOR, new_group(vec![user])),
            mine.staff_access(staff),
            mine.grant_staff_access(&member, staff, 1, true),
            mine.refuse_staff_access(&OPERATOR, staff),
            mine.end_staff_access(&OPERATOR, staff),
            mine.backup(backup),
            mine.backup_verified(&OPERATOR, backup),
            mine.backup_removed(&OPERATOR, backup),
            mine.member(ana),
            mine.change_member(&OPERATOR, ana, viewer, false),
            mine.remove_member(&OPERATOR, ana),
            mine.change_member(&OPERATOR, bob, RoleName::Custom(role), false),
            mine.withdraw_invitation(&OPERATOR, invited),
            mine.invite(&OPERATOR, NewInvitation { digest: [5; 32], ..invitation }),
            mine.remove_credential(&OPERATOR, "aws"),
        );
        assert_eq!(mine.revoke_tokens_of(&OPERATOR, ana).await.unwrap(), 0);
        assert_eq!(mine.scope_of(ana).await.unwrap().0, []);
        assert_eq!((mine.credential("aws").await.unwrap(), mine.setting("a").await.unwrap()), (None, None));
        for (what, count) in [
            ("sources", mine.sources(Default::default()).await.unwrap().len()),
            ("roles", mine.roles().await.unwrap().len()),
            ("teams", mine.teams().await.unwrap().len()),
            ("tokens", mine.tokens(None).await.unwrap().len()),
            ("users", mine.scim_users(None, Default::default()).await.unwrap().0.len()),
            ("groups", mine.scim_groups(None, Default::default()).await.unwrap().0.len()),
            ("groups of a user", mine.scim_groups_of(user).await.unwrap().len()),
            ("staff access", mine.staff_accesses().await.unwrap().len()),
            ("backups", mine.backups().await.unwrap().len()),
            ("invitations", mine.invitations().await.unwrap().len()),
            ("credentials", mine.credentials().await.unwrap().len()),
        ] {
            assert_eq!(count, 0, "{what}");
        }
        assert_eq!(mine.members(Default::default()).await.unwrap().len(), 1);
        let records = mine.records(&Default::default()).await.unwrap();
        assert!(records.is_empty(), "{records:?}");
        // Nothing of it left a trace with the other.
        assert_eq!(theirs.records(&Default::default()).await.unwrap().len(), before);
        assert_eq!(theirs.team_members(team).await.unwrap(), [ana]);
        assert!(theirs.token(token).await.unwrap().revoked_at.is_none());
    }
}
