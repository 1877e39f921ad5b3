//! `/api/v1/me`: who asks, and what they may do.

use crate::parameters::Parameters;
use crate::problem::{CommonProblems, Problem};
use crate::seen::Me;
use crate::session::guard::refused_entry;
use crate::state::App;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use bursar_app::installation::{EnterError, SignedIn};
use bursar_domain::id::WorkspaceId;
use bursar_domain::{RoleName, Scope};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MeView {
    /// The account.
    account: AccountView,
    /// Where it is now, and what it may do there; null when it belongs to no workspace.
    #[schema(required)]
    workspace: Option<PlaceView>,
    /// Where else it belongs.
    workspaces: Vec<MembershipView>,
    /// How this session proved itself.
    methods: Vec<String>,
    /// Workspaces of the account's own whose deletion was asked for, and that it can still keep.
    leaving: Vec<LeavingView>,
}

/// A workspace that is being deleted.
#[derive(Debug, Serialize, ToSchema)]
struct LeavingView {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// When its keys are destroyed.
    #[schema(required)]
    due_at: Option<DateTime<Utc>>,
}

/// An account, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
struct AccountView {
    /// Its id.
    id: String,
    /// Its address.
    email: String,
    /// What it is called.
    display_name: String,
    /// Whether it belongs to who runs the installation.
    staff: bool,
    /// Whether it has a password.
    has_password: bool,
    /// Whether a one-time code is asked for.
    totp: bool,
    /// How many passkeys it has.
    passkeys: u64,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it will be deleted, if that was asked for.
    #[schema(required)]
    deletion_due_at: Option<DateTime<Utc>>,
}

/// A workspace, and what the asker may do there.
#[derive(Debug, Serialize, ToSchema)]
struct PlaceView {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// The region its data stays in.
    region: String,
    /// The role.
    role: String,
    /// What a role of the workspace's own is called; as `role` for the built-in ones.
    role_name: String,
    /// Whether the asker belongs to the owner group.
    owner: bool,
    /// Pages that may be opened.
    pages: Vec<String>,
    /// Actions that may be done on some page.
    actions: Vec<String>,
    /// What of the charges is seen.
    scope: ScopeView,
    /// The teams.
    teams: Vec<TeamView>,
}

/// What of the charges is seen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScopeView {
    /// Everything.
    all: bool,
    /// A charge is seen when all rules of one part hold.
    parts: Vec<Vec<RuleView>>,
}

/// A rule of a scope.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleView {
    /// A column, or `tag:KEY`.
    pub(crate) dimension: String,
    /// Its values that are seen.
    pub(crate) values: Vec<String>,
}

impl From<&Scope> for ScopeView {
    fn from(scope: &Scope) -> Self {
        let rule = |rule: &bursar_domain::ScopeRule| RuleView {
            dimension: rule.dimension.clone(),
            values: rule.values.clone(),
        };
        match scope {
            Scope::All => Self { all: true, parts: Vec::new() },
            Scope::Parts(parts) => {
                Self { all: false, parts: parts.iter().map(|part| part.iter().map(rule).collect()).collect() }
            }
        }
    }
}

/// A team.
#[derive(Debug, Serialize, ToSchema)]
struct TeamView {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
}

/// A workspace that the account belongs to.
#[derive(Debug, Serialize, ToSchema)]
struct MembershipView {
    /// Its id.
    id: String,
    /// What people call it.
    name: String,
    /// The role there.
    role: String,
    /// Whether it belongs to the owner group.
    owner: bool,
}

/// Who asks, and what they may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "account", operation_id = "me",
    responses((status = 200, body = MeView, description = "Who asks"), CommonProblems))]
pub(crate) async fn me(
    State(app): State<App>,
    me: Me,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Json<MeView>, Problem> {
    parameters.finish()?;
    let directory = app.installation.store().directory();
    let id = me.who.account();
    let account = directory.account(id).await?;
    let totp = directory.totp(id).await?.is_some_and(|totp| totp.confirmed_at.is_some());
    let passkeys = directory.passkeys(id).await?.len() as u64;
    let (mut workspaces, mut leaving) = (Vec::new(), Vec::new());
    for membership in directory.memberships(id).await? {
        let workspace = directory.workspace(membership.workspace).await?;
        if workspace.state == bursar_store::WorkspaceState::Active {
            workspaces.push(MembershipView {
                id: workspace.id.to_string(),
                name: workspace.name,
                role: membership.role.to_string(),
                owner: membership.owner,
            });
        } else if workspace.state == bursar_store::WorkspaceState::Deleting && membership.owner {
            leaving.push(LeavingView {
                id: workspace.id.to_string(),
                name: workspace.name,
                due_at: workspace.deletion_due_at,
            });
        }
    }
    let (methods, again) = match &*me.who {
        SignedIn::Session { session, account } => (
            session.methods.clone(),
            SignedIn::Session { session: session.clone(), account: account.clone() },
        ),
        SignedIn::Token { .. } => {
            // A token is of one workspace: it is asked for anew, because an access cannot be copied.
            workspaces.retain(|workspace| workspace.id == token_workspace(&me));
            return Ok(Json(MeView {
                account: view(account, totp, passkeys),
                workspace: None,
                workspaces,
                methods: vec!["token".to_owned()],
                leaving: Vec::new(),
            }));
        }
    };
    let named: Option<WorkspaceId> = headers
        .get(crate::session::guard::WORKSPACE_HEADER)
        .and_then(|given| given.to_str().ok())
        .and_then(|text| text.parse().ok());
    let workspace = match app.installation.enter(again, named, me.client.request).await {
        Ok(entered) => {
            let (access, permissions) = (entered.access(), app.installation.permissions());
            let found = directory.workspace(access.workspace()).await?;
            let mut teams = Vec::new();
            for team in entered.store().teams().await? {
                if access.teams().contains(&team.id) {
                    teams.push(TeamView { id: team.id.to_string(), name: team.name });
                }
            }
            let role_name = match access.role() {
                RoleName::BuiltIn(role) => role.to_string(),
                RoleName::Custom(id) => {
                    entered.store().role(id).await.map_or_else(|_| id.to_string(), |role| role.name)
                }
            };
            Some(PlaceView {
                role_name,
                id: found.id.to_string(),
                name: found.name,
                region: found.region.to_string(),
                role: access.role().to_string(),
                owner: access.owner(),
                pages: permissions.pages(entered.asking()).iter().map(ToString::to_string).collect(),
                actions: permissions.actions(entered.asking()).iter().map(ToString::to_string).collect(),
                scope: entered.workspace().scope().into(),
                teams,
            })
        }
        Err(EnterError::NoMembership) => None,
        Err(error) => return Err(refused_entry(error)),
    };
    Ok(Json(MeView { account: view(account, totp, passkeys), workspace, workspaces, methods, leaving }))
}

fn token_workspace(me: &Me) -> String {
    match &*me.who {
        SignedIn::Token { access, .. } => access.workspace().to_string(),
        SignedIn::Session { .. } => String::new(),
    }
}

fn view(account: bursar_store::Account, totp: bool, passkeys: u64) -> AccountView {
    AccountView {
        id: account.id.to_string(),
        email: account.email.to_string(),
        display_name: account.display_name,
        staff: account.staff,
        has_password: account.password_changed_at.is_some(),
        totp,
        passkeys,
        created_at: account.created_at,
        deletion_due_at: account.deletion_due_at,
    }
}
