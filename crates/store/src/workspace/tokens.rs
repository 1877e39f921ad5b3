//! API tokens: `bursar_`, the workspace in 32 hexadecimal digits, `_`, and 256 random bits in
//! base64url.
//!
//! Kept is the SHA-256 of the whole text; the text is shown once. A token counts while it is not
//! revoked or expired; its account, membership and workspace are looked at each time besides.

use super::WorkspaceStore;
use crate::StoreError;
use crate::database::insert;
use crate::entity::token;
use crate::error::{bounded, changed, found};
use crate::record::Entry;
use crate::seal::{Column, column};
use crate::value::{Key, json as to_json, list, maybe_moment, micros, moment, unjson, unlist, words};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bursar_domain::id::{AccountId, TokenId, WorkspaceId};
use bursar_domain::{Action, Actor, Page, Randomness, Scope};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const TABLE: &str = "api_tokens";
const NAME: Column = column(TABLE, "name");
const SCOPE: Column = column(TABLE, "scope");
const PREFIX: &str = "bursar_";
const SECRET_BYTES: usize = 32;

words! {
    /// What a token is for.
    TokenKind:
    /// The API.
    Api = "api",
    /// Provisioning, and nothing else.
    Scim = "scim",
}

/// The text of a token. It has no `Display`; its `Debug` tells the workspace.
pub struct TokenText {
    workspace: WorkspaceId,
    text: SecretString,
}

/// Why a text is no token. The text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an API token: one begins with bursar_ and was shown when it was made")]
pub struct TokenTextError;

impl TokenText {
    /// A new one.
    pub(super) fn new(workspace: WorkspaceId, random: &dyn Randomness) -> Result<Self, StoreError> {
        let mut secret = Zeroizing::new([0; SECRET_BYTES]);
        random.fill(secret.as_mut_slice())?;
        let text =
            format!("{PREFIX}{}_{}", workspace.uuid().simple(), URL_SAFE_NO_PAD.encode(secret.as_slice()));
        Ok(Self { workspace, text: text.into() })
    }

    /// The workspace that it names.
    #[must_use]
    pub const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    /// The text, for showing it once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What is kept of it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.text.expose_secret().as_bytes()).into()
    }
}

impl FromStr for TokenText {
    type Err = TokenTextError;
    fn from_str(text: &str) -> Result<Self, TokenTextError> {
        let (workspace, secret) =
            text.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or(TokenTextError)?;
        let lower = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if workspace.len() != 32 || !workspace.bytes().all(lower) || secret.len() != 43 {
            return Err(TokenTextError);
        }
        let id = uuid::Uuid::try_parse(workspace).map_err(|_| TokenTextError)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret).map_err(|_| TokenTextError)?);
        if bytes.len() != SECRET_BYTES {
            return Err(TokenTextError);
        }
        Ok(Self { workspace: WorkspaceId::from_uuid(id), text: text.to_owned().into() })
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenText").field("workspace", &self.workspace).finish_non_exhaustive()
    }
}

/// A token, without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// What it is called.
    pub name: String,
    /// Whose rights it has at most.
    pub account: AccountId,
    /// What it is for.
    pub kind: TokenKind,
    /// Only these pages; all that the account may open when there is no list.
    pub pages: Option<Vec<Page>>,
    /// Only these actions; all that the account may do when there is no list.
    pub actions: Option<Vec<Action>>,
    /// Narrows what the account sees.
    pub scope: Scope,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Refused from then on.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, to within what the caller notes.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is called; at most 200 bytes.
    pub name: String,
    /// Whose rights it has at most; a member.
    pub account: AccountId,
    /// What it is for.
    pub kind: TokenKind,
    /// Only these pages.
    pub pages: Option<Vec<Page>>,
    /// Only these actions.
    pub actions: Option<Vec<Action>>,
    /// Narrows what the account sees.
    pub scope: Scope,
    /// Refused from then on.
    pub expires_at: Option<DateTime<Utc>>,
}

impl WorkspaceStore {
    /// Makes a token. The text is in the answer and nowhere else.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the account is no member.
    pub async fn create_token(
        &self,
        actor: &Actor,
        new: NewToken,
    ) -> Result<(TokenText, TokenRow), StoreError> {
        bounded(&new.name, 200, "the name of a token", "200 bytes")?;
        let scope = to_json(&new.scope, TABLE)?;
        bounded(&scope, 1 << 20, "a scope", "1 MiB")?;
        self.directory.membership(self.workspace, new.account).await?;
        let text = TokenText::new(self.workspace, self.directory.random.as_ref())?;
        let id = self.new_uuid()?;
        let row = token::Model {
            workspace_id: self.here(),
            id,
            name_sealed: self.seal.text(NAME, id, &new.name)?,
            digest: text.digest().to_vec(),
            account_id: new.account.uuid(),
            kind: new.kind.to_string(),
            pages: new.pages.as_deref().map(list),
            actions: new.actions.as_deref().map(list),
            scope_sealed: self.seal.text(SCOPE, id, &scope)?,
            created_us: micros(self.now()),
            expires_us: new.expires_at.map(micros),
            last_used_us: None,
            revoked_us: None,
        };
        let transaction = self.write().await?;
        insert(&transaction, row.clone()).await?;
        let entry = Entry::done("token.create", TokenId::from_uuid(id)).with(json!({
            "name": new.name, "account": new.account, "kind": new.kind, "expires": new.expires_at,
        }));
        self.commit(transaction, actor, entry).await?;
        Ok((text, self.token_of(row)?))
    }

    /// The tokens, in the order they were made; one account's where one is given. At most 1,000.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tokens(&self, account: Option<AccountId>) -> Result<Vec<TokenRow>, StoreError> {
        let transaction = self.read().await?;
        let mut query = token::Entity::find()
            .filter(token::Column::WorkspaceId.eq(self.here()))
            .order_by_asc(token::Column::Id)
            .limit(crate::value::MAX_PAGE);
        if let Some(account) = account {
            query = query.filter(token::Column::AccountId.eq(account.uuid()));
        }
        let rows = query.all(&transaction).await?;
        rows.into_iter().map(|row| self.token_of(row)).collect()
    }

    /// The token, in whatever state.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn token(&self, id: TokenId) -> Result<TokenRow, StoreError> {
        let transaction = self.read().await?;
        let row = token::Entity::find_by_id((self.here(), id.uuid())).one(&transaction).await?;
        self.token_of(found(row, "token")?)
    }

    /// The token of this digest, if it counts now.
    pub(crate) async fn token_by_digest(&self, digest: &[u8; 32]) -> Result<TokenRow, StoreError> {
        let row = self.counting(token::Column::Digest.eq(digest.to_vec())).await?;
        // The index finds by comparing from the front; what decides compares in constant time.
        if !bool::from(row.digest.as_slice().ct_eq(digest)) {
            return Err(StoreError::NotFound("token"));
        }
        self.token_of(row)
    }

    /// The token, if it counts now.
    pub(crate) async fn live_token(&self, id: TokenId) -> Result<TokenRow, StoreError> {
        let row = self.counting(token::Column::Id.eq(id.uuid())).await?;
        self.token_of(row)
    }

    async fn counting(&self, which: Expr) -> Result<token::Model, StoreError> {
        let expiry = Condition::any()
            .add(token::Column::ExpiresUs.is_null())
            .add(token::Column::ExpiresUs.gt(micros(self.now())));
        let transaction = self.read().await?;
        let row = token::Entity::find()
            .filter(token::Column::WorkspaceId.eq(self.here()))
            .filter(which)
            .filter(token::Column::RevokedUs.is_null())
            .filter(expiry)
            .one(&transaction)
            .await?;
        found(row, "token")
    }

    /// Notes that a token was used just now. Not recorded.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn touch_token(&self, id: TokenId) -> Result<(), StoreError> {
        let transaction = self.write().await?;
        let rows = token::Entity::update_many()
            .col_expr(token::Column::LastUsedUs, Expr::value(micros(self.now())))
            .filter(token::Column::WorkspaceId.eq(self.here()))
            .filter(token::Column::Id.eq(id.uuid()))
            .exec(&transaction)
            .await?;
        changed(rows.rows_affected, "token")?;
        crate::database::commit(transaction).await
    }

    /// Revokes a token: it is refused from then on.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none, or it was revoked already.
    pub async fn revoke_token(&self, actor: &Actor, id: TokenId) -> Result<(), StoreError> {
        let which = Condition::all().add(token::Column::Id.eq(id.uuid()));
        changed(self.revoke(actor, which, Entry::done("token.revoke", id)).await?, "token")
    }

    /// Revokes an account's tokens. How many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn revoke_tokens_of(&self, actor: &Actor, account: AccountId) -> Result<u64, StoreError> {
        let which = Condition::all().add(token::Column::AccountId.eq(account.uuid()));
        self.revoke(actor, which, Entry::done("token.revoke-all", account)).await
    }

    async fn revoke(&self, actor: &Actor, which: Condition, entry: Entry) -> Result<u64, StoreError> {
        let transaction = self.write().await?;
        let rows = token::Entity::update_many()
            .col_expr(token::Column::RevokedUs, Expr::value(micros(self.now())))
            .filter(token::Column::WorkspaceId.eq(self.here()))
            .filter(token::Column::RevokedUs.is_null())
            .filter(which)
            .exec(&transaction)
            .await?;
        if rows.rows_affected > 0 {
            self.commit(transaction, actor, entry).await?;
        }
        Ok(rows.rows_affected)
    }

    fn token_of(&self, row: token::Model) -> Result<TokenRow, StoreError> {
        Ok(TokenRow {
            id: TokenId::from_uuid(row.id),
            name: self.seal.open_text(NAME, row.id, &row.name_sealed)?,
            account: AccountId::from_uuid(row.account_id),
            kind: row.kind.parse()?,
            pages: row.pages.map(|text| unlist(&text, TABLE)).transpose()?,
            actions: row.actions.map(|text| unlist(&text, TABLE)).transpose()?,
            scope: unjson(&self.seal.open_text(SCOPE, row.id, &row.scope_sealed)?, TABLE)?,
            created_at: moment(row.created_us, TABLE)?,
            expires_at: maybe_moment(row.expires_us, TABLE)?,
            last_used_at: maybe_moment(row.last_used_us, TABLE)?,
            revoked_at: maybe_moment(row.revoked_us, TABLE)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bursar_domain::random::RandomnessError;

    struct Sevens;
    impl Randomness for Sevens {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomnessError> {
            buffer.fill(7);
            Ok(())
        }
    }

    #[test]
    fn a_token_reads_back_and_others_are_refused() {
        // claim C6
        let workspace = WorkspaceId::from_u128(0xABC);
        let token = TokenText::new(workspace, &Sevens).unwrap();
        let text = token.expose().to_owned();
        assert_eq!(text.len(), 7 + 32 + 1 + 43);
        let again: TokenText = text.parse().unwrap();
        assert_eq!((again.workspace(), again.digest()), (workspace, token.digest()));
        assert!(!format!("{again:?}").contains("BwcHBw"));
        let upper = text.replace("abc_", "ABC_");
        for bad in ["", "bursar_", &text[1..], &text[..text.len() - 1], &format!("{text}x"), &upper] {
            assert!(bad.parse::<TokenText>().is_err(), "{bad}");
        }
    }
}
