//! Certificates of deletion: what outlives a workspace or an account.
//!
//! They name ids, stores, methods and dates; no names and no addresses.

use super::Directory;
use crate::StoreError;
use crate::database::insert;
use crate::entity::certificate;
use crate::error::{bounded, found};
use crate::record::Entry;
use crate::value::{Key, Paging, micros, moment};
use bursar_domain::Actor;
use bursar_domain::id::{AccountId, CertificateId, WorkspaceId};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

const TABLE: &str = "deletion_certificates";

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its id.
    pub id: CertificateId,
    /// The workspace that is gone.
    pub workspace: Option<WorkspaceId>,
    /// The account that is gone.
    pub account: Option<AccountId>,
    /// The text that is signed.
    pub certificate: String,
    /// The signature.
    pub signature: Vec<u8>,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
}

/// A certificate to be kept.
#[derive(Debug, Clone)]
pub struct NewCertificate {
    /// Its id, which the text names.
    pub id: CertificateId,
    /// The workspace that is gone.
    pub workspace: Option<WorkspaceId>,
    /// The account that is gone.
    pub account: Option<AccountId>,
    /// The text that is signed; at most 256 KiB.
    pub certificate: String,
    /// The signature.
    pub signature: Vec<u8>,
}

impl Directory {
    /// An id for a certificate, which names itself.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new_certificate_id(&self) -> Result<CertificateId, StoreError> {
        self.new_uuid().map(CertificateId::from_uuid)
    }

    /// Keeps a certificate.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`].
    pub async fn add_certificate(&self, actor: &Actor, new: NewCertificate) -> Result<(), StoreError> {
        bounded(&new.certificate, 256 * 1024, "a certificate", "256 KiB")?;
        let row = certificate::Model {
            id: new.id.uuid(),
            workspace_id: new.workspace.map(Key::uuid),
            account_id: new.account.map(Key::uuid),
            certificate: new.certificate,
            signature: new.signature,
            issued_us: micros(self.now()),
        };
        let transaction = self.write().await?;
        insert(&transaction, row).await?;
        let mut entry = Entry::done("certificate.issue", new.id);
        entry.workspace = new.workspace;
        self.commit(transaction, actor, entry).await
    }

    /// The certificate.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn certificate(&self, id: CertificateId) -> Result<Certificate, StoreError> {
        let transaction = self.read().await?;
        let row = certificate::Entity::find_by_id(id.uuid()).one(&transaction).await?;
        certificate_of(found(row, "certificate")?)
    }

    /// The certificates, in the order they were issued.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn certificates(&self, paging: Paging<CertificateId>) -> Result<Vec<Certificate>, StoreError> {
        let transaction = self.read().await?;
        let mut query =
            certificate::Entity::find().order_by_asc(certificate::Column::Id).limit(paging.limit());
        if let Some(after) = paging.after {
            query = query.filter(certificate::Column::Id.gt(after.uuid()));
        }
        query.all(&transaction).await?.into_iter().map(certificate_of).collect()
    }
}

fn certificate_of(row: certificate::Model) -> Result<Certificate, StoreError> {
    Ok(Certificate {
        id: CertificateId::from_uuid(row.id),
        workspace: row.workspace_id.map(Key::from_uuid),
        account: row.account_id.map(Key::from_uuid),
        certificate: row.certificate,
        signature: row.signature,
        issued_at: moment(row.issued_us, TABLE)?,
    })
}
