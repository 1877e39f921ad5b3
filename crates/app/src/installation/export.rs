//! Taking everything of a workspace along, in open formats.
//!
//! A ZIP file with a file of JSON lines per table and a README that says what is what. It is written as
//! it is made: nothing of it touches the disk in the clear but where its owner puts it. Left out are
//! secrets (tokens' digests, credentials) and amounts: those lie in the bills, which are the customer's own
//! all along.

use super::backup::blocking;
use super::{Entered, Installation};
use bursar_domain::role::Action;
use bursar_store::{Entry, Paging, Row, StoreError};
use serde_json::{Value as Json, json};
use std::io::{self, Write};
use tokio::sync::mpsc;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Rows on their way between the database and the file.
const ON_THE_WAY: usize = 64;

const README: &str = "\
Everything that Bursar keeps of this workspace, except secrets.

Each .jsonl file is one table: one JSON object a line, in UTF-8. Moments are RFC 3339 in UTC. Ids are 32
hexadecimal digits; where Bursar shows them, a word for the kind stands before them (acc_, tok_, src_ and so on).

  workspace.jsonl           the workspace: id, name, region, when it was made
  members.jsonl             who belongs to it, with which role
  invitations.jsonl         who was invited and has not answered
  membership_records.jsonl  who changed members and invitations, and when
  sources.jsonl             where the bills lie that are read
  custom_roles, teams, team_members, api_tokens, scim_users, scim_groups, scim_group_members, staff_access,
  workspace_settings, backups, credentials (names only)
  workspace_records.jsonl   who did what, and when

Not in here: the secrets of tokens and credentials, and amounts. Amounts are never kept: they are read from
your bills where these lie, and sums that were derived from them are made of the bills again.
";

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Whoever asks may not.
    #[error("{reason}")]
    Refused {
        /// The policy that decided.
        policy: String,
        /// Why, in one sentence.
        reason: String,
    },
    /// It could not be written.
    #[error("the export cannot be written")]
    Write(#[source] io::Error),
    /// Control data.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Installation {
    /// Writes everything of the workspace into `out`, which is given back.
    ///
    /// # Errors
    /// When somebody may not, or it cannot be written; what was written until then is no whole file.
    pub async fn export<W: Write + Send + 'static>(&self, by: &Entered, out: W) -> Result<W, ExportError> {
        by.must(Action::Own, "workspace.export")
            .await
            .map_err(|(policy, reason)| ExportError::Refused { policy, reason })?;
        by.store().note(by.actor(), Entry::done("workspace.export", by.access().workspace())).await?;
        let around = self.around(by).await?;
        let (rows, mut taken) = mpsc::channel(ON_THE_WAY);
        let entered = by.clone();
        let writing = blocking(move || write(out, &around, &entered, &mut taken));
        let dumping = async move { by.store().dump(&rows).await };
        let (written, dumped) = futures::join!(writing, dumping);
        match (written, dumped) {
            (Ok(out), Ok(_)) => Ok(out),
            (Err(source), _) => Err(ExportError::Write(source)),
            (_, Err(error)) => Err(error.into()),
        }
    }

    /// What the directory knows of the workspace.
    async fn around(&self, by: &Entered) -> Result<Vec<(&'static str, Vec<Json>)>, StoreError> {
        let (store, id) = (by.store(), by.access().workspace());
        let line = self.inner.store.directory().workspace(id).await?;
        let workspace =
            json!({ "id": id, "name": line.name, "region": line.region, "created_at": line.created_at });
        let (mut members, mut after) = (Vec::new(), None);
        loop {
            let page = store.members(Paging { after, ..Paging::default() }).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.account.id);
            members.extend(page.iter().map(|member| {
                json!({
                    "account": member.account.id,
                    "email": member.account.email,
                    "display_name": member.account.display_name,
                    "role": member.membership.role,
                    "owner": member.membership.owner,
                    "via": member.membership.via,
                    "created_at": member.membership.created_at,
                    "last_used_at": member.membership.last_used_at,
                })
            }));
        }
        let invitations = store.invitations().await?.into_iter().map(|invitation| {
            json!({
                "id": invitation.id,
                "email": invitation.email,
                "role": invitation.role,
                "owner": invitation.owner,
                "teams": invitation.teams,
                "created_at": invitation.created_at,
                "expires_at": invitation.expires_at,
            })
        });
        let invitations = invitations.collect();
        let (mut records, mut after) = (Vec::new(), None);
        loop {
            let page = store.membership_records(Paging { after, ..Paging::default() }).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.seq);
            records.extend(page.into_iter().map(|record| {
                json!({
                    "seq": record.seq,
                    "at": record.at,
                    "actor": record.actor,
                    "account": record.account,
                    "action": record.action,
                    "target": record.target,
                    "outcome": record.outcome,
                    "payload": record.payload,
                })
            }));
        }
        Ok(vec![
            ("workspace", vec![workspace]),
            ("members", members),
            ("invitations", invitations),
            ("membership_records", records),
        ])
    }
}

fn write<W: Write>(
    out: W,
    around: &[(&'static str, Vec<Json>)],
    entered: &Entered,
    rows: &mut mpsc::Receiver<Row>,
) -> io::Result<W> {
    let mut zip = ZipWriter::new_stream(out);
    let options = SimpleFileOptions::default().unix_permissions(0o600);
    zip.start_file("README.txt", options)?;
    zip.write_all(README.as_bytes())?;
    for (name, lines) in around {
        zip.start_file(format!("{name}.jsonl"), options)?;
        for line in lines {
            write_line(&mut zip, line)?;
        }
    }
    let mut table = String::new();
    while let Some(row) = rows.blocking_recv() {
        if row.table != table {
            zip.start_file(format!("{}.jsonl", row.table), options)?;
            table.clone_from(&row.table);
        }
        let cells = entered.store().readable(&row).map_err(io::Error::other)?;
        write_line(&mut zip, &cells)?;
    }
    let mut out = zip.finish()?.into_inner();
    out.flush()?;
    Ok(out)
}

fn write_line(out: &mut impl Write, line: &impl serde::Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line).map_err(io::Error::other)?;
    text.push(b'\n');
    out.write_all(&text)
}
