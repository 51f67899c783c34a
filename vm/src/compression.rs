//! Reading bytes that others wrote, within a limit: the compressions of kernels and their packages,
//! told apart by their first bytes, and plain files.

use std::fs::File;
use std::io::{self, BufRead, Cursor, Read};
use std::path::Path;

const GZIP: &[u8] = b"\x1f\x8b";
const XZ: &[u8] = b"\xfd7zXZ\0";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
const LZ4_LEGACY: &[u8] = b"\x02\x21\x4c\x18";
const LONGEST_MAGIC: usize = 6;

/// A block of the legacy LZ4 format never holds more than this, nor is it longer when compressed.
const LZ4_BLOCK: usize = 8 << 20;

/// The window that a decompressor may allocate, in KiB: twice the one that a kernel build uses for xz.
/// Zstandard's decompressor has a limit of its own, 128 MiB.
const XZ_MEMORY: u32 = 256 << 10;

/// The most bytes that a kernel or a module has without compression.
pub const LARGEST_KERNEL: u64 = 1 << 30;

/// A reader of the uncompressed bytes of `source`, up to the end of the compressed stream. A few
/// bytes may stand for very many: the caller limits how much it reads.
///
/// # Errors
/// When reading fails or the first bytes are of no known compression.
pub fn reader<'a>(mut source: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut magic = Vec::new();
    source.by_ref().take(LONGEST_MAGIC as u64).read_to_end(&mut magic)?;
    let source = Cursor::new(magic.clone()).chain(source);
    if magic.starts_with(GZIP) {
        Ok(Box::new(flate2::bufread::GzDecoder::new(source)))
    } else if magic.starts_with(XZ) {
        Ok(Box::new(lzma_rust2::XzReader::new_mem_limit(source, false, XZ_MEMORY)))
    } else if magic.starts_with(ZSTD) {
        Ok(Box::new(ruzstd::decoding::StreamingDecoder::new(source).map_err(io::Error::other)?))
    } else if magic.starts_with(LZ4_LEGACY) {
        Ok(Box::new(Lz4Legacy::new(source)?))
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("compressed neither with gzip, xz, zstd nor lz4: it starts with {magic:02x?}"),
        ))
    }
}

/// The uncompressed bytes of `bytes`, at most `limit`.
///
/// # Errors
/// When they are damaged, of no known compression, or more than the limit.
pub fn decompress(bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    read_within(reader(bytes)?, limit)
}

/// Reads to the end.
///
/// # Errors
/// Those of reading, and [`io::ErrorKind::FileTooLarge`] after more than `limit` bytes.
pub fn read_within(source: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    source.take(limit.saturating_add(1)).read_to_end(&mut all)?;
    if all.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than the {limit} bytes that are read of such a file"),
        ));
    }
    Ok(all)
}

/// Reads a file that somebody else wrote.
///
/// # Errors
/// As [`read_within`]: devices that never end are files as well.
pub fn read_file_within(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_within(File::open(path)?, limit)
}

/// The format of `lz4 -l`, which kernels use: a length and a block, over and over.
struct Lz4Legacy<R> {
    source: R,
    packed: Vec<u8>,
    block: Vec<u8>,
    /// The part of the block that is not handed over yet.
    left: std::ops::Range<usize>,
}

impl<R: Read> Lz4Legacy<R> {
    fn new(mut source: R) -> io::Result<Lz4Legacy<R>> {
        source.read_exact(&mut [0; LZ4_LEGACY.len()])?;
        Ok(Lz4Legacy { source, packed: Vec::new(), block: vec![0; LZ4_BLOCK], left: 0..0 })
    }

    /// Decompresses the next block; false at the end.
    fn next_block(&mut self) -> io::Result<bool> {
        let mut length = Vec::new();
        self.source.by_ref().take(4).read_to_end(&mut length)?;
        let Ok(length) = <[u8; 4]>::try_from(length.as_slice()) else { return Ok(false) };
        let length = u64::from(u32::from_le_bytes(length));
        self.packed.clear();
        let most = length.min(lz4_flex::block::get_maximum_output_size(LZ4_BLOCK) as u64);
        self.source.by_ref().take(most).read_to_end(&mut self.packed)?;
        if self.packed.is_empty() {
            // The kernel build appends the uncompressed size, which looks like the length of a block
            // that is not there.
            return Ok(false);
        }
        if (self.packed.len() as u64) < length {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "an lz4 block is cut off"));
        }
        let written = lz4_flex::block::decompress_into(&self.packed, &mut self.block)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        self.left = 0..written;
        Ok(true)
    }
}

impl<R: Read> Read for Lz4Legacy<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left.is_empty() {
            if buffer.is_empty() || !self.next_block()? {
                return Ok(0);
            }
        }
        let length = buffer.len().min(self.left.len());
        buffer[..length].copy_from_slice(&self.block[self.left.start..][..length]);
        self.left.start += length;
        Ok(length)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::testing::{CASES, corpus, foreign, peak};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use rstest::rstest;
    use std::io::Write;

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    /// "hello\n", by `xz`.
    pub(crate) const XZ_HELLO: &[u8] = b"\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\
        \x00\x00\x74\x2f\xe5\xa3\x01\x00\x05\x68\x65\x6c\x6c\x6f\x0a\x00\x00\x00\xa5\x60\x97\xf1\x94\xf6\xfd\xe0\
        \x00\x01\x1e\x06\xc1\x2f\xa4\x1d\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a";

    /// "hello\n" as one block of literals.
    const LZ4_HELLO: &[u8] = b"\x02\x21\x4c\x18\x07\0\0\0\x60hello\n";

    #[rstest]
    #[case::gzip(gzip(b"hello\n"))]
    #[case::xz(XZ_HELLO.to_vec())]
    #[case::zstd(zstd(b"hello\n"))]
    #[case::lz4(LZ4_HELLO.to_vec())]
    fn every_known_compression_is_undone(#[case] mut packed: Vec<u8>) {
        assert_eq!(decompress(&packed, 6).unwrap(), b"hello\n");
        // The kernel build appends the size.
        packed.extend(6_u32.to_le_bytes());
        assert_eq!(decompress(&packed, 6).unwrap(), b"hello\n");
        let cut = packed.len() / 2;
        assert!(decompress(&packed[..cut], 6).is_err());
    }

    #[rstest]
    #[case::gzip(gzip(&[0; 100_000]))]
    #[case::zstd(zstd(&[0; 100_000]))]
    fn more_than_the_limit_is_refused(#[case] packed: Vec<u8>) {
        assert_eq!(decompress(&packed, 100_000).unwrap().len(), 100_000);
        assert_eq!(decompress(&packed, 99_999).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_file_without_an_end_is_refused() {
        let error = read_file_within(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn an_unknown_compression_is_named_by_its_first_bytes() {
        let error = decompress(b"BZh91AY", 100).unwrap_err().to_string();
        assert!(error.contains("[42, 5a, 68"), "{error}");
    }

    /// The window of the largest xz stream that is accepted, with what is read and what is given back.
    const MOST_MEMORY: usize = 300 << 20;

    #[test]
    fn stored_samples_are_read_within_bounds() {
        for (name, bytes) in corpus("compressed") {
            let (result, most) = peak(|| decompress(&bytes, 1 << 20));
            assert!(most < MOST_MEMORY, "{name}: {most} bytes");
            match name.split('.').next() {
                Some("hello") => assert_eq!(result.unwrap(), b"hello\n", "{name}"),
                Some("zeros") => {
                    assert_eq!(result.unwrap_err().kind(), io::ErrorKind::FileTooLarge, "{name}");
                }
                _ => assert!(result.is_err(), "{name}"),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(CASES))]

        #[test]
        fn foreign_bytes_give_at_most_the_limit(bytes in foreign("compressed"), limit in 0..100_000_u64) {
            let (result, most) = peak(|| decompress(&bytes, limit));
            prop_assert!(most < MOST_MEMORY, "{most} bytes");
            if let Ok(plain) = result {
                prop_assert!(plain.len() as u64 <= limit);
            }
        }

        #[test]
        fn compressed_bytes_come_back(bytes in vec(any::<u8>(), 0..5000)) {
            prop_assert_eq!(&decompress(&gzip(&bytes), 5000).unwrap(), &bytes);
            prop_assert_eq!(&decompress(&zstd(&bytes), 5000).unwrap(), &bytes);
        }
    }
}
