//! Members, invitations, the last owner.

use crate::stage::{OPERATOR, Stage, on_both};
use bursar_domain::id::{RoleId, TeamId};
use bursar_domain::{Page, Role, RoleName, Scope, ScopeRule};
use bursar_store::{NewCustomRole, NewInvitation, NewMembership, NewTeam, StoreError, Via};
use chrono::TimeDelta;
use futures::future::join;

fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict(_)))
}

fn not_found<T: std::fmt::Debug>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::NotFound(_)))
}

fn scope(account: &str) -> Scope {
    let rule = ScopeRule { dimension: "SubAccountId".into(), values: vec![account.into()] };
    Scope::part(vec![rule]).unwrap()
}

on_both! {
    async fn the_last_owner_stays(stage: &Stage) {
        let (workspace, ana, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let viewer = RoleName::BuiltIn(Role::Viewer);
        let admin = RoleName::BuiltIn(Role::Admin);
        assert!(conflict(store.remove_member(&OPERATOR, ana).await));
        assert!(conflict(store.change_member(&OPERATOR, ana, viewer, false).await));
        assert!(conflict(store.change_member(&OPERATOR, ana, viewer, true).await), "an owner is an administrator");
        assert!(conflict(stage.store.directory().delete_account(&OPERATOR, ana).await));
        let bob = stage.account("bob").await;
        stage.join(workspace, bob, Role::Admin).await;
        // Both leave at once: one of them stays.
        let (first, second) =
            join(store.remove_member(&OPERATOR, ana), store.change_member(&OPERATOR, bob, admin, false)).await;
        assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1, "{first:?} {second:?}");
        let owners: Vec<_> = store.members(Default::default()).await.unwrap();
        assert_eq!(owners.iter().filter(|member| member.membership.owner).count(), 1);
    }

    async fn a_member_that_goes_leaves_nothing_behind(stage: &Stage) {
        let (workspace, _, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let bob = stage.account("bob").await;
        stage.join(workspace, bob, Role::Viewer).await;
        let team = store.add_team(&OPERATOR, NewTeam { name: "web".into(), scope: scope("1") }).await.unwrap().id;
        store.join_team(&OPERATOR, team, bob).await.unwrap();
        store.join_team(&OPERATOR, team, bob).await.unwrap();
        assert_eq!(store.team_members(team).await.unwrap(), [bob]);
        assert_eq!(store.scope_of(bob).await.unwrap(), (vec![team], scope("1")));
        store.remove_member(&OPERATOR, bob).await.unwrap();
        assert!(store.team_members(team).await.unwrap().is_empty());
        assert!(not_found(store.member(bob).await));
        assert!(not_found(store.join_team(&OPERATOR, team, bob).await), "no member any more");
        let actions: Vec<String> =
            store.membership_records(Default::default()).await.unwrap().into_iter().map(|r| r.action).collect();
        assert_eq!(actions, ["member.remove", "member.add", "member.add", "workspace.create"]);
    }

    // claim C5
    async fn a_members_scope_is_that_of_its_teams(stage: &Stage) {
        let (workspace, ana, principal) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let team = async |name: &str| {
            let new = NewTeam { name: name.into(), scope: scope(name) };
            store.add_team(&OPERATOR, new).await.unwrap().id
        };
        let (web, data) = (team("web").await, team("data").await);
        for id in [web, data] {
            store.join_team(&OPERATOR, id, ana).await.unwrap();
        }
        let access = stage.store.membership(&principal, workspace).await.unwrap();
        assert_eq!(access.teams().len(), 2);
        let Scope::Parts(parts) = access.scope() else { panic!("{:?}", access.scope()) };
        assert_eq!(parts.len(), 2);
        store.change_team(&OPERATOR, web, NewTeam { name: "all".into(), scope: Scope::All }).await.unwrap();
        assert!(stage.store.membership(&principal, workspace).await.unwrap().scope().is_all());
        store.remove_team(&OPERATOR, web).await.unwrap();
        assert_eq!(stage.store.membership(&principal, workspace).await.unwrap().scope(), &scope("data"));
        store.leave_team(&OPERATOR, data, ana).await.unwrap();
        assert!(not_found(store.leave_team(&OPERATOR, data, ana).await));
    }

    async fn roles_are_the_workspaces_own(stage: &Stage) {
        let (workspace, _, _) = stage.owner_of("ana").await;
        let (store, others) = (stage.open(workspace).await, stage.open(stage.workspace("other").await).await);
        let new = NewCustomRole { name: "auditor".into(), pages: vec![Page::Findings], actions: Vec::new() };
        let role = store.add_role(&OPERATOR, new.clone()).await.unwrap();
        assert!(conflict(store.add_role(&OPERATOR, new.clone()).await));
        let theirs = others.add_role(&OPERATOR, new).await.unwrap();
        let bob = stage.account("bob").await;
        let join = |role| NewMembership { account: bob, role, owner: false, via: Via::Manual };
        for unknown in [RoleId::from_u128(1), theirs.id] {
            assert!(not_found(store.add_member(&OPERATOR, join(RoleName::Custom(unknown))).await));
        }
        store.add_member(&OPERATOR, join(RoleName::Custom(role.id))).await.unwrap();
        assert!(conflict(store.add_member(&OPERATOR, join(RoleName::BuiltIn(Role::Viewer))).await));
        assert!(conflict(store.remove_role(&OPERATOR, role.id).await), "bob has it");
        store.change_member(&OPERATOR, bob, RoleName::BuiltIn(Role::Viewer), false).await.unwrap();
        store.remove_role(&OPERATOR, role.id).await.unwrap();
        assert!(store.roles().await.unwrap().is_empty());
    }

    async fn an_invitation_is_accepted_once(stage: &Stage) {
        let (workspace, _, _) = stage.owner_of("ana").await;
        let store = stage.open(workspace).await;
        let team = store.add_team(&OPERATOR, NewTeam { name: "web".into(), scope: scope("1") }).await.unwrap().id;
        let new = |digest| NewInvitation {
            digest,
            email: "bob@example.com".parse().unwrap(),
            role: RoleName::BuiltIn(Role::Analyst),
            owner: false,
            teams: vec![team],
            expires_at: stage.now() + TimeDelta::days(7),
        };
        let stranger = NewInvitation { teams: vec![TeamId::from_u128(3)], ..new([3; 32]) };
        assert!(not_found(store.invite(&OPERATOR, stranger).await));
        let kept = store.invite(&OPERATOR, new([1; 32])).await.unwrap();
        let withdrawn = store.invite(&OPERATOR, new([2; 32])).await.unwrap();
        assert_eq!(store.invitations().await.unwrap(), [kept, withdrawn.clone()]);
        store.withdraw_invitation(&OPERATOR, withdrawn.id).await.unwrap();
        let (bob, eve) = (stage.account("bob").await, stage.account("eve").await);
        assert!(not_found(stage.store.accept_invitation(&OPERATOR, &[2; 32], bob).await));
        let (one, two) = join(
            stage.store.accept_invitation(&OPERATOR, &[1; 32], bob),
            stage.store.accept_invitation(&OPERATOR, &[1; 32], eve),
        )
        .await;
        assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1);
        let who = one.or(two).unwrap().account;
        let member = store.member(who).await.unwrap();
        assert_eq!(member.membership.role, RoleName::BuiltIn(Role::Analyst));
        assert_eq!(store.team_members(team).await.unwrap(), [who]);
        assert!(store.invitations().await.unwrap().is_empty());
        assert_eq!(stage.store.directory().memberships(who).await.unwrap().len(), 1);
    }
}
