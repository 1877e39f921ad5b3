//! Sessions: one browser, signed in.
//!
//! The store keeps the digest of the secret and looks a session up each time: nothing is cached, so
//! that what was ended is refused at once, on every replica. A session counts while it was not
//! ended, neither limit has passed and its account is active.

use super::Directory;
use crate::StoreError;
use crate::database::insert;
use crate::entity::{account, session};
use crate::error::{bounded, changed};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, list, maybe_moment, micros, moment, span, unlist};
use bursar_domain::Actor;
use bursar_domain::id::{AccountId, SessionId};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

const TABLE: &str = "sessions";
const ADDRESS: Column = column(TABLE, "address");
const AGENT: Column = column(TABLE, "agent");
/// What sessions of identity providers are looked up as (back-channel logout).
const PROVIDER_LOOKUP: &str = "provider session";

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// How the account proved itself: `password`, `totp`, `passkey`, `oidc` and so on.
    pub methods: Vec<String>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to within what the caller notes.
    pub last_seen_at: DateTime<Utc>,
    /// Unused for longer, it ends.
    pub idle_limit: TimeDelta,
    /// It ends then in any case.
    pub expires_at: DateTime<Utc>,
    /// The address it was begun from.
    pub address: String,
    /// The browser, as it names itself.
    pub agent: String,
    /// When it was ended before its time.
    pub ended_at: Option<DateTime<Utc>>,
}

/// A session to be begun.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Whose.
    pub account: AccountId,
    /// SHA-256 of its secret.
    pub token_digest: [u8; 32],
    /// How the account proved itself; words without spaces.
    pub methods: Vec<String>,
    /// Unused for longer, it ends.
    pub idle_limit: TimeDelta,
    /// It ends then in any case.
    pub expires_at: DateTime<Utc>,
    /// The address it is begun from.
    pub address: String,
    /// The browser, as it names itself; the first 400 bytes are kept.
    pub agent: String,
    /// The identity provider's name of the session: issuer and `sid`.
    pub provider_session: Option<String>,
}

impl Directory {
    /// Begins a session.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the account is not there or not active.
    pub async fn create_session(&self, actor: &Actor, new: NewSession) -> Result<Session, StoreError> {
        let (id, now) = (self.new_uuid()?, self.now());
        bounded(&new.address, 100, "an address", "100 bytes")?;
        let agent: String = new.agent.chars().take(400).collect();
        let row = session::Model {
            id,
            account_id: new.account.uuid(),
            token_digest: new.token_digest.to_vec(),
            methods: list(&new.methods),
            created_us: micros(now),
            last_seen_us: micros(now),
            idle_limit_us: span(new.idle_limit),
            expires_us: micros(new.expires_at),
            address_sealed: self.seal.text(ADDRESS, id, &new.address)?,
            agent_sealed: self.seal.text(AGENT, id, &agent)?,
            provider_session_lookup: new
                .provider_session
                .map(|session| self.seal.lookup(PROVIDER_LOOKUP, &session)),
            ended_us: None,
        };
        let transaction = self.write().await?;
        let active = account::Entity::update_many()
            .col_expr(account::Column::LastSignInUs, Expr::value(micros(now)))
            .filter(account::Column::Id.eq(new.account.uuid()))
            .filter(account::Column::Status.eq("active"))
            .exec(&transaction)
            .await?;
        changed(active.rows_affected, "account")?;
        insert(&transaction, row.clone()).await?;
        let target = SessionId::from_uuid(id);
        let entry = Entry::done("session.begin", target)
            .with(json!({ "account": new.account, "methods": new.methods }))
            .about_person(new.account, json!({ "address": new.address }));
        self.commit(transaction, actor, entry).await?;
        self.session_of(row)
    }

    /// The session, if it counts now.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it ended, by whatever, or its account is switched off.
    pub async fn live_session(&self, id: SessionId) -> Result<Session, StoreError> {
        self.live(session::Column::Id.eq(id.uuid())).await
    }

    /// The session of a secret with this SHA-256, if it counts now.
    ///
    /// # Errors
    /// As [`Directory::live_session`].
    pub async fn live_session_by_digest(&self, digest: &[u8; 32]) -> Result<Session, StoreError> {
        // Looked up by a digest: what the time tells about it does not tell about the secret.
        self.live(session::Column::TokenDigest.eq(digest.to_vec())).await
    }

    async fn live(&self, which: Expr) -> Result<Session, StoreError> {
        let transaction = self.read().await?;
        let query = session::Entity::find().filter(which).filter(counts(micros(self.now())));
        let row = query.one(&transaction).await?;
        self.session_of(row.ok_or(StoreError::NotFound("session"))?)
    }

    /// Notes that a session was used just now. Not recorded.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it does not count any more.
    pub async fn touch_session(&self, id: SessionId) -> Result<(), StoreError> {
        let now = micros(self.now());
        let transaction = self.write().await?;
        let rows = session::Entity::update_many()
            .col_expr(session::Column::LastSeenUs, Expr::value(now))
            .filter(session::Column::Id.eq(id.uuid()))
            .filter(counts(now))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "session")?;
        crate::database::commit(transaction).await
    }

    /// Gives a session a new secret and new methods, when its rights grow. The old secret is
    /// refused from then on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it does not count any more.
    pub async fn renew_session(
        &self,
        actor: &Actor,
        id: SessionId,
        token_digest: &[u8; 32],
        methods: &[String],
    ) -> Result<(), StoreError> {
        let now = micros(self.now());
        let transaction = self.write().await?;
        let rows = session::Entity::update_many()
            .col_expr(session::Column::TokenDigest, Expr::value(token_digest.to_vec()))
            .col_expr(session::Column::Methods, Expr::value(list(methods)))
            .col_expr(session::Column::LastSeenUs, Expr::value(now))
            .filter(session::Column::Id.eq(id.uuid()))
            .filter(counts(now))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "session")?;
        let entry = Entry::done("session.renew", id).with(json!({ "methods": methods }));
        self.commit(transaction, actor, entry).await
    }

    /// An account's sessions that count now, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions(&self, account: AccountId) -> Result<Vec<Session>, StoreError> {
        let transaction = self.read().await?;
        let rows = session::Entity::find()
            .filter(session::Column::AccountId.eq(account.uuid()))
            .filter(counts(micros(self.now())))
            .order_by_desc(session::Column::Id)
            .limit(crate::value::MAX_PAGE)
            .all(&transaction)
            .await?;
        rows.into_iter().map(|row| self.session_of(row)).collect()
    }

    /// Ends one of an account's sessions.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when it is not the account's, or ended already.
    pub async fn end_session(
        &self,
        actor: &Actor,
        account: AccountId,
        id: SessionId,
    ) -> Result<(), StoreError> {
        let which = Condition::all()
            .add(session::Column::Id.eq(id.uuid()))
            .add(session::Column::AccountId.eq(account.uuid()));
        let ended = self.end(actor, which, Entry::done("session.end", id)).await?;
        changed(ended, "session")
    }

    /// Ends an account's sessions, but for the one that asks. How many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_sessions(
        &self,
        actor: &Actor,
        account: AccountId,
        except: Option<SessionId>,
    ) -> Result<u64, StoreError> {
        let mut which = Condition::all().add(session::Column::AccountId.eq(account.uuid()));
        if let Some(except) = except {
            which = which.add(session::Column::Id.ne(except.uuid()));
        }
        self.end(actor, which, Entry::done("session.end-all", account)).await
    }

    /// Ends the sessions that an identity provider names, as it asked. How many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_sessions_of_provider(
        &self,
        actor: &Actor,
        provider_session: &str,
    ) -> Result<u64, StoreError> {
        let lookup = self.seal.lookup(PROVIDER_LOOKUP, provider_session);
        let which = Condition::all().add(session::Column::ProviderSessionLookup.eq(lookup));
        self.end(actor, which, Entry::done("session.end-by-provider", "identity provider")).await
    }

    async fn end(&self, actor: &Actor, which: Condition, entry: Entry) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let rows = session::Entity::update_many()
            .col_expr(session::Column::EndedUs, Expr::value(micros(self.now())))
            .filter(which)
            .filter(session::Column::EndedUs.is_null())
            .exec(&transaction)
            .await?;
        if rows.rows_affected > 0 {
            let entry = entry.with(json!({ "sessions": rows.rows_affected }));
            self.commit(transaction, actor, entry).await?;
        }
        Ok(rows.rows_affected)
    }

    /// Removes the rows of sessions that ended before this moment. Not recorded. How many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep_sessions(&self, ended_before: DateTime<Utc>) -> Result<u64, StoreError> {
        let before = micros(ended_before);
        let transaction = self.write().await?;
        let gone = Condition::any()
            .add(session::Column::ExpiresUs.lt(before))
            .add(session::Column::EndedUs.lt(before));
        let rows = session::Entity::delete_many().filter(gone).exec(&transaction).await?;
        crate::database::commit(transaction).await?;
        Ok(rows.rows_affected)
    }

    fn session_of(&self, row: session::Model) -> Result<Session, StoreError> {
        Ok(Session {
            id: SessionId::from_uuid(row.id),
            account: AccountId::from_uuid(row.account_id),
            methods: unlist(&row.methods, TABLE)?,
            created_at: moment(row.created_us, TABLE)?,
            last_seen_at: moment(row.last_seen_us, TABLE)?,
            idle_limit: TimeDelta::microseconds(row.idle_limit_us),
            expires_at: moment(row.expires_us, TABLE)?,
            address: self.seal.open_text(ADDRESS, row.id, &row.address_sealed)?,
            agent: self.seal.open_text(AGENT, row.id, &row.agent_sealed)?,
            ended_at: maybe_moment(row.ended_us, TABLE)?,
        })
    }
}

/// Whether a session counts now.
fn counts(now: i64) -> Condition {
    let active = Query::select()
        .expr(Expr::val(1))
        .from(account::Entity)
        .and_where(
            Expr::col((account::Entity, account::Column::Id))
                .equals((session::Entity, session::Column::AccountId)),
        )
        .and_where(Expr::col((account::Entity, account::Column::Status)).eq("active"))
        .to_owned();
    let idle_end = Expr::col(session::Column::LastSeenUs).add(Expr::col(session::Column::IdleLimitUs));
    Condition::all()
        .add(session::Column::EndedUs.is_null())
        .add(session::Column::ExpiresUs.gt(now))
        .add(idle_end.gt(now))
        .add(Expr::exists(active))
}
