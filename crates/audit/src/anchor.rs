//! Anchors: putting a checkpoint where we cannot reach it any more.
//!
//! A timestamping authority (RFC 3161) signs that a checkpoint existed at its time; a write-once object and a
//! webhook hand it to somebody else. Here are bytes only: who sends them is another crate's business.
//!
//! [`TimestampReply::read`] checks that the authority granted it, that it is over *this* checkpoint, and that
//! it answers *this* request. It does not check the authority's certificate and signature: that needs its
//! certificates and is what `openssl ts -verify` does, as the bundle's README.md says.

use crate::der::{BOOLEAN, CONTEXT_0, INTEGER, NULL, OCTETS, OID, Reader, SEQUENCE, TIME, element, integer};
use crate::hash::equal;
use crate::{Hash, SignedCheckpoint};
use chrono::{DateTime, NaiveDateTime, Utc};

/// The media type of a request.
pub const REQUEST_TYPE: &str = "application/timestamp-query";
/// The media type of a reply.
pub const REPLY_TYPE: &str = "application/timestamp-reply";
/// The largest reply that is read.
pub const MAX_REPLY_BYTES: usize = 256 * 1024;

/// 2.16.840.1.101.3.4.2.1
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// 1.2.840.113549.1.9.16.1.4
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

/// Somewhere that checkpoints are put.
pub trait Anchor {
    /// What goes wrong.
    type Error;
    /// Puts a checkpoint there; once only, and never over another.
    ///
    /// # Errors
    /// When it is not there afterwards, or something else is.
    fn put(&self, object: &AnchorObject) -> impl Future<Output = Result<(), Self::Error>> + Send;
}

/// A checkpoint on its way to a write-once object or a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorObject {
    /// Its name: `bursar/wsp_…/00000000001234-20261122T180000Z.checkpoint`. Names sort by size, then time.
    pub name: String,
    /// The signed checkpoint as it stands.
    pub content: String,
}

impl AnchorObject {
    /// The object of a checkpoint.
    #[must_use]
    pub fn of(signed: &SignedCheckpoint) -> Self {
        let head = &signed.checkpoint;
        let time = head.time.format("%Y%m%dT%H%M%SZ");
        Self {
            name: format!("{}/{:014}-{time}.checkpoint", head.origin, head.size),
            content: signed.as_str().to_owned(),
        }
    }
}

/// A request for a timestamp over a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampRequest {
    digest: Hash,
    nonce: [u8; 16],
}

/// Why a reply is no timestamp of the checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// It does not read.
    #[error("the reply of the timestamping authority does not read")]
    Malformed,
    /// The authority refused.
    #[error("the timestamping authority refused (status {0})")]
    Refused(u8),
    /// It is over something else.
    #[error("the timestamp is not over this checkpoint")]
    OtherDigest,
    /// It answers another request.
    #[error("the timestamp answers another request")]
    OtherRequest,
}

impl TimestampRequest {
    /// A request for this checkpoint, signatures included. The nonce is 16 random bytes of the caller's.
    #[must_use]
    pub fn new(signed: &SignedCheckpoint, nonce: [u8; 16]) -> Self {
        Self { digest: Hash::of(signed.as_str().as_bytes()), nonce }
    }

    fn imprint(&self) -> Vec<u8> {
        let algorithm = element(SEQUENCE, &[element(OID, SHA256), element(NULL, &[])].concat());
        element(SEQUENCE, &[algorithm, element(OCTETS, &self.digest.0)].concat())
    }

    /// What is sent.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let parts = [integer(&[1]), self.imprint(), integer(&self.nonce), element(BOOLEAN, &[0xff])];
        element(SEQUENCE, &parts.concat())
    }
}

/// What an authority answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampReply {
    /// When, by the authority's clock.
    pub time: DateTime<Utc>,
    /// The number of the timestamp, in hexadecimal digits.
    pub serial: String,
}

impl TimestampReply {
    /// Reads the answer to a request.
    ///
    /// # Errors
    /// When it is refused, over something else, or for another request.
    pub fn read(der: &[u8], request: &TimestampRequest) -> Result<Self, TimestampError> {
        if der.len() > MAX_REPLY_BYTES {
            return Err(TimestampError::Malformed);
        }
        let (status, token) = parts(der).ok_or(TimestampError::Malformed)?;
        if status > 1 {
            return Err(TimestampError::Refused(status));
        }
        let info = token.and_then(info).ok_or(TimestampError::Malformed)?;
        let found = Info::read(info).ok_or(TimestampError::Malformed)?;
        if !found.digest.is_some_and(|digest| equal(digest, request.digest)) {
            return Err(TimestampError::OtherDigest);
        }
        let nonce = integer(&request.nonce);
        if found.nonce.is_none_or(|found| element(INTEGER, found) != nonce) {
            return Err(TimestampError::OtherRequest);
        }
        Ok(Self { time: found.time, serial: hex::encode(found.serial) })
    }
}

/// The status, and the token if there is one (RFC 3161, section 2.4.2).
fn parts(der: &[u8]) -> Option<(u8, Option<Reader<'_>>)> {
    let mut reply = Reader(der).enter(SEQUENCE)?;
    let status = reply.enter(SEQUENCE)?.take(INTEGER)?;
    let [status] = status else { return None };
    Some((*status, reply.enter(SEQUENCE)))
}

/// The TSTInfo inside the token (RFC 5652, sections 3 and 5.1).
fn info(mut token: Reader<'_>) -> Option<Reader<'_>> {
    (token.take(OID)? == SIGNED_DATA).then_some(())?;
    let mut signed = token.enter(CONTEXT_0)?.enter(SEQUENCE)?;
    signed.take(INTEGER)?;
    signed.next()?;
    let mut inner = signed.enter(SEQUENCE)?;
    (inner.take(OID)? == TST_INFO).then_some(())?;
    inner.enter(CONTEXT_0)?.enter(OCTETS)?.enter(SEQUENCE)
}

struct Info<'a> {
    digest: Option<Hash>,
    serial: &'a [u8],
    time: DateTime<Utc>,
    nonce: Option<&'a [u8]>,
}

impl<'a> Info<'a> {
    fn read(mut info: Reader<'a>) -> Option<Self> {
        info.take(INTEGER)?;
        info.take(OID)?;
        let mut imprint = info.enter(SEQUENCE)?;
        let algorithm = imprint.enter(SEQUENCE)?.take(OID)?;
        let digest = Hash::try_from(imprint.take(OCTETS)?).ok().filter(|_| algorithm == SHA256);
        let serial = info.take(INTEGER)?;
        let time = moment(info.take(TIME)?)?;
        let mut nonce = None;
        while let Some((tag, content)) = info.next() {
            if tag == INTEGER {
                nonce = Some(content);
            }
        }
        Some(Self { digest, serial, time, nonce })
    }
}

/// A GeneralizedTime in UTC, with or without a fraction.
fn moment(text: &[u8]) -> Option<DateTime<Utc>> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let form = if text.contains('.') { "%Y%m%d%H%M%S%.f" } else { "%Y%m%d%H%M%S" };
    NaiveDateTime::parse_from_str(text, form).ok().map(|time| time.and_utc())
}
