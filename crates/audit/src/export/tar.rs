//! The one way a bundle is packed: ustar, names as they are, nothing that differs from run to run.
//!
//! A header is a function of name and size, so that a reader can compare it byte by byte, and nothing
//! can hide between files. `tar`, Python's `tarfile` and every archive program read it.
//!
//! Source: POSIX.1-2017, pax, "ustar Interchange Format".

use std::io::{self, Write};

/// Bytes of a block.
pub(crate) const BLOCK: usize = 512;
/// The longest name.
pub(crate) const MAX_NAME: usize = 99;
/// The largest file that a header can say.
const MAX_SIZE: u64 = 0o77_777_777_777;

/// The header of a file.
pub(crate) fn header(name: &str, size: u64) -> io::Result<[u8; BLOCK]> {
    if name.is_empty() || name.len() > MAX_NAME || !name.is_ascii() || size > MAX_SIZE {
        return Err(io::Error::other("a file of a bundle has a name or size that is not packed"));
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    put(329, b"0000000\0");
    put(337, b"0000000\0");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    Ok(block)
}

/// The name and size in a header that [`header`] made.
pub(crate) fn read_header(block: &[u8; BLOCK]) -> Option<(String, u64)> {
    let name = block.split(|byte| *byte == 0).next()?;
    let name = std::str::from_utf8(name).ok()?.to_owned();
    let size = std::str::from_utf8(block.get(124..135)?).ok()?;
    let size = u64::from_str_radix(size, 8).ok()?;
    header(&name, size).is_ok_and(|expected| expected == *block).then_some((name, size))
}

/// How many zeros follow a file of this size.
pub(crate) const fn padding(size: u64) -> usize {
    (BLOCK - (size % BLOCK as u64) as usize) % BLOCK
}

/// Writes files one after another.
#[derive(Debug)]
pub(crate) struct TarWriter<W> {
    out: W,
}

impl<W: Write> TarWriter<W> {
    pub(crate) const fn new(out: W) -> Self {
        Self { out }
    }

    pub(crate) fn file(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let size = content.len() as u64;
        self.out.write_all(&header(name, size)?)?;
        self.out.write_all(content)?;
        self.out.write_all(&[0; BLOCK][..padding(size)])
    }

    /// Two blocks of zeros are the end.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()?;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_back_and_no_bit_of_it_may_change() {
        let block = header("entries/000000.jsonl", 12_345).unwrap();
        assert_eq!(read_header(&block), Some(("entries/000000.jsonl".to_owned(), 12_345)));
        for bit in 0..BLOCK * 8 {
            let mut bent = block;
            bent[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_header(&bent), None, "bit {bit}");
        }
        assert!(
            header("", 0).is_err() && header(&"x".repeat(100), 0).is_err() && header("x", 1 << 40).is_err()
        );
    }
}
