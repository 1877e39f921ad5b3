//! Sealed streams: any chunking comes out as it went in; anything else than all of it, in order, is
//! noticed.

use bursar_domain::id::WorkspaceId;
use bursar_keyring::{StreamError, SystemRandomness, WorkspaceKeys};
use proptest::prelude::*;
use std::io::{self, Read, Write};
use std::sync::LazyLock;

const ONE: WorkspaceId = WorkspaceId::from_u128(1);
const WHAT: &str = "backup bkp_1";
const HEADER: usize = 44;
const CHUNK: usize = 64 * 1024;
const SEALED_CHUNK: usize = CHUNK + 16;

static KEYS: LazyLock<WorkspaceKeys> =
    LazyLock::new(|| WorkspaceKeys::ephemeral(ONE, &SystemRandomness).unwrap());

fn plain(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect()
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    let mut writer = KEYS.seal_stream(WHAT, Vec::new(), &SystemRandomness).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

fn opened(sealed: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    KEYS.open_stream(WHAT, sealed)?.read_to_end(&mut plain)?;
    Ok(plain)
}

fn refusal(error: &io::Error) -> Option<StreamError> {
    error.get_ref().and_then(|inner| inner.downcast_ref()).copied()
}

#[test]
fn streams_of_every_length_around_a_chunk_come_out_whole() {
    // claim B9
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK, 2 * CHUNK + 1, 5 * CHUNK] {
        let plain = plain(length);
        let sealed = sealed(&plain);
        let chunks = length.div_ceil(CHUNK).max(1);
        assert_eq!(sealed.len(), HEADER + length + 16 * chunks, "{length}");
        assert!(opened(&sealed).unwrap() == plain, "{length}");
        assert!(length < 32 || !sealed.windows(32).any(|window| window == &plain[..32]));
    }
}

#[test]
fn a_stream_cut_at_any_byte_is_noticed() {
    // claim B9: every byte of a short stream, and the places that matter of a long one.
    let short = sealed(&plain(300));
    for at in 0..short.len() {
        assert!(opened(&short[..at]).is_err(), "cut at {at}");
    }
    let long = sealed(&plain(3 * CHUNK));
    for chunk in 0..3 {
        for near in [-17, -16, -1, 0, 1, 16, 17] {
            let at = (HEADER + chunk * SEALED_CHUNK).checked_add_signed(near).unwrap();
            let error = opened(&long[..at]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "cut at {at}: {error}");
        }
    }
}

#[test]
fn chunks_cannot_be_reordered_doubled_dropped_or_appended() {
    // claim B9
    let (one, other) = (sealed(&plain(4 * CHUNK)), sealed(&plain(4 * CHUNK)));
    let chunk =
        |stream: &[u8], n: usize| stream[HEADER + n * SEALED_CHUNK..HEADER + (n + 1) * SEALED_CHUNK].to_vec();
    let made = |chunks: &[Vec<u8>]| [vec![one[..HEADER].to_vec()], chunks.to_vec()].concat().concat();
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| chunk(&one, n));
    assert!(opened(&made(&[a.clone(), b.clone(), c.clone(), d.clone()])).is_ok());
    let wrong = [
        vec![b.clone(), a.clone(), c.clone(), d.clone()],
        vec![a.clone(), c.clone(), b.clone(), d.clone()],
        vec![a.clone(), a.clone(), b.clone(), c.clone(), d.clone()],
        vec![a.clone(), c.clone(), d.clone()],
        vec![a.clone(), b.clone(), d.clone()],
        vec![d.clone()],
        vec![a.clone(), b.clone(), c.clone(), d.clone(), d.clone()],
        vec![a.clone(), b.clone(), c.clone(), d.clone(), vec![0]],
        vec![a.clone(), b.clone(), c.clone(), d.clone(), b"more".repeat(50_000)],
        vec![a.clone(), chunk(&other, 1), c.clone(), d.clone()],
        vec![],
    ];
    for (n, chunks) in wrong.iter().enumerate() {
        let error = opened(&made(chunks)).unwrap_err();
        assert_eq!(refusal(&error), Some(StreamError::Refused), "{n}");
    }
    // The other stream's beginning before this one's chunks.
    assert!(opened(&[&other[..HEADER], &one[HEADER..]].concat()).is_err());
}

#[test]
fn a_stream_is_bound_to_its_owner_and_to_what_it_is() {
    // claim B1
    let sealed = sealed(b"all of it");
    let read = |keys: &WorkspaceKeys, what: &str| {
        let mut plain = Vec::new();
        keys.open_stream(what, sealed.as_slice()).and_then(|mut reader| reader.read_to_end(&mut plain))
    };
    assert!(read(&KEYS, WHAT).is_ok());
    assert!(read(&KEYS, "backup bkp_2").is_err());
    let other = WorkspaceKeys::ephemeral(WorkspaceId::from_u128(2), &SystemRandomness).unwrap();
    assert!(read(&other, WHAT).is_err());
    let error = KEYS.open_stream(WHAT, b"PK\x03\x04 and more than forty-four bytes of it".as_slice()).err();
    assert_eq!(error.as_ref().and_then(refusal), Some(StreamError::Malformed));
    let newer = [&sealed[..8], &7_u32.to_be_bytes(), &sealed[12..]].concat();
    let error = KEYS.open_stream(WHAT, newer.as_slice()).err();
    assert_eq!(error.as_ref().and_then(refusal), Some(StreamError::UnknownVersion(7)));
}

#[test]
fn an_error_never_turns_into_an_end() {
    let mut sealed = sealed(&plain(3 * CHUNK));
    sealed[HEADER + SEALED_CHUNK + 5] ^= 1;
    let mut reader = KEYS.open_stream(WHAT, sealed.as_slice()).unwrap();
    let mut first = vec![0; CHUNK];
    reader.read_exact(&mut first).unwrap();
    assert!(first == plain(CHUNK), "a proven chunk is given out");
    for _ in 0..3 {
        assert!(reader.read(&mut [0; 10]).is_err(), "and nothing after it, however often one asks");
    }
}

#[test]
fn an_unfinished_stream_does_not_open() {
    let mut out = Vec::new();
    let mut writer = KEYS.seal_stream(WHAT, &mut out, &SystemRandomness).unwrap();
    writer.write_all(&plain(3 * CHUNK + 9)).unwrap();
    writer.flush().unwrap();
    drop(writer);
    assert!(out.len() > 2 * CHUNK);
    assert!(opened(&out).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_chunking_comes_out_as_it_went_in(
        writes in prop::collection::vec(0..90_000_usize, 0..6),
        reads in prop::collection::vec(1..90_000_usize, 1..6),
    ) {
        // claim B9
        let plain = plain(writes.iter().sum());
        let mut writer = KEYS.seal_stream(WHAT, Vec::new(), &SystemRandomness).unwrap();
        let mut rest = plain.as_slice();
        for length in writes {
            let (now, later) = rest.split_at(length);
            writer.write_all(now).unwrap();
            rest = later;
        }
        let sealed = writer.finish().unwrap();
        let mut reader = KEYS.open_stream(WHAT, Dribble { bytes: &sealed, most: reads[0] }).unwrap();
        let mut read = Vec::new();
        for length in reads.iter().cycle() {
            let mut buffer = vec![0; *length];
            let got = reader.read(&mut buffer).unwrap();
            if got == 0 {
                break;
            }
            read.extend_from_slice(&buffer[..got]);
        }
        prop_assert!(read == plain);
    }

    #[test]
    fn a_cut_or_a_changed_byte_anywhere_is_noticed(length in 0..200_000_usize, at in any::<prop::sample::Index>()) {
        // claim B9
        let mut sealed = sealed(&plain(length));
        let at = at.index(sealed.len());
        prop_assert!(opened(&sealed[..at]).is_err());
        sealed[at] ^= 0x40;
        prop_assert!(opened(&sealed).is_err());
    }
}

/// A reader that gives little at a time, as sockets do.
struct Dribble<'a> {
    bytes: &'a [u8],
    most: usize,
}

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(self.most).min(self.bytes.len());
        let (now, later) = self.bytes.split_at(length);
        buffer[..length].copy_from_slice(now);
        self.bytes = later;
        Ok(length)
    }
}
