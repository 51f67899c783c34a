//! Decompressing what kernels and their packages are made of, told apart by its first bytes.

use std::io::{self, BufRead, Cursor, Read};

const GZIP: &[u8] = b"\x1f\x8b";
const XZ: &[u8] = b"\xfd7zXZ\0";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";
const LZ4_LEGACY: &[u8] = b"\x02\x21\x4c\x18";
const LONGEST_MAGIC: usize = 6;

/// A block of the legacy LZ4 format never holds more than this.
const LZ4_BLOCK: usize = 8 << 20;

/// A reader of the uncompressed bytes of `source`. What follows the compressed stream is left out.
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
        Ok(Box::new(lzma_rust2::XzReader::new(source, false)))
    } else if magic.starts_with(ZSTD) {
        Ok(Box::new(ruzstd::decoding::StreamingDecoder::new(source).map_err(io::Error::other)?))
    } else if magic.starts_with(LZ4_LEGACY) {
        Ok(Box::new(Cursor::new(lz4_legacy(source)?)))
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("compressed neither with gzip, xz, zstd nor lz4: it starts with {magic:02x?}"),
        ))
    }
}

/// The uncompressed bytes of `bytes`.
///
/// # Errors
/// When they are damaged or of no known compression.
pub fn decompress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    reader(bytes)?.read_to_end(&mut all)?;
    Ok(all)
}

/// The format of `lz4 -l`, which kernels use: a length and a block, over and over.
fn lz4_legacy(mut source: impl Read) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    source.read_to_end(&mut packed)?;
    let mut rest = &packed[LZ4_LEGACY.len()..];
    let mut all = Vec::new();
    let mut block = vec![0; LZ4_BLOCK];
    while let Some((length, after)) = rest.split_first_chunk() {
        let length = u32::from_le_bytes(*length) as usize;
        // The kernel build appends the uncompressed size: too few bytes follow it for a block.
        if length > after.len() {
            if after.is_empty() {
                break;
            }
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "an lz4 block is cut off"));
        }
        let written = lz4_flex::block::decompress_into(&after[..length], &mut block)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        all.extend_from_slice(&block[..written]);
        rest = &after[length..];
    }
    Ok(all)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
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
        assert_eq!(decompress(&packed).unwrap(), b"hello\n");
        // What the kernel build appends.
        packed.extend(6_u32.to_le_bytes());
        assert_eq!(decompress(&packed).unwrap(), b"hello\n");
        let cut = packed.len() / 2;
        assert!(decompress(&packed[..cut]).is_err());
    }

    #[test]
    fn an_unknown_compression_is_named_by_its_first_bytes() {
        let error = decompress(b"BZh91AY").unwrap_err().to_string();
        assert!(error.contains("[42, 5a, 68"), "{error}");
    }
}
