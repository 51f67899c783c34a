//! x86-64: a PC with two serial lines and an exit device on the ISA bus; kernels are bzImages, some of
//! which hold an uncompressed kernel that QEMU starts directly (PVH).

use super::{Accelerator, Architecture, Emulator, KernelImage, QemuOption};
use crate::compression;
use elf::ElfBytes;
use elf::endian::AnyEndian;
use elf::note::Note;
use std::os::fd::RawFd;

/// The architecture that Debian calls amd64.
#[derive(Debug)]
pub struct X86_64;

/// The I/O port of the exit device.
const EXIT_PORT: u16 = 0xf4;
/// The byte that a guest writes to the exit device. QEMU then exits with twice that and one
/// (docs of its device isa-debug-exit), a status that it uses for nothing else.
const EXIT_VALUE: u8 = 0x21;

/// Offsets of the setup header: Documentation/arch/x86/boot.rst of the kernel source.
mod at {
    pub const SETUP_SECTORS: usize = 0x1f1;
    pub const MAGIC: usize = 0x202;
    pub const PROTOCOL: usize = 0x206;
    pub const VERSION_STRING: usize = 0x20e;
    pub const PAYLOAD_OFFSET: usize = 0x248;
    pub const PAYLOAD_LENGTH: usize = 0x24c;
}
const MAGIC: &[u8] = b"HdrS";
const SECTOR: usize = 512;
/// The first boot protocol that says where the payload lies.
const FIRST_WITH_PAYLOAD: u16 = 0x0208;
/// The most bytes of a release: those of uname(2), without the zero.
const LONGEST_RELEASE: usize = 64;
/// Setup sectors if the header says 0.
const OLD_SETUP_SECTORS: usize = 4;

/// The note by which a kernel offers its PVH entry point: XEN_ELFNOTE_PHYS32_ENTRY.
const PVH_ENTRY: u64 = 18;
const PVH_OWNER: &[u8] = b"Xen";

impl Architecture for X86_64 {
    fn name(&self) -> &'static str {
        "x86_64"
    }

    fn debian(&self) -> &'static str {
        "amd64"
    }

    fn emulator(&self) -> Emulator {
        Emulator { program: "qemu-system-x86_64", package: "qemu-system-x86" }
    }

    fn machine(&self, accelerator: Accelerator) -> Vec<QemuOption> {
        let (name, processor) = match accelerator {
            Accelerator::Kvm => ("kvm", "host"),
            // QEMU emulates a repeated string instruction step by step, so that with the fast
            // ones for bytes a kernel clears and copies pages in eight times as many steps.
            Accelerator::Tcg => ("tcg", "max,erms=off,fsrm=off"),
        };
        vec![
            ("-accel", name.to_string()),
            ("-cpu", processor.to_string()),
            ("-device", format!("isa-debug-exit,iobase={EXIT_PORT:#x},iosize=4")),
        ]
    }

    fn kernel_arguments(&self, accelerator: Accelerator) -> Vec<String> {
        let mut arguments = vec!["console=ttyS0".to_string()];
        if accelerator == Accelerator::Tcg {
            // The kernel counts timer interrupts during a busy loop at boot. Where a loaded host lets
            // QEMU wait meanwhile, none arrives, and the kernel panics ("IO-APIC + timer doesn't work").
            arguments.push("no_timer_check".to_string());
        }
        arguments
    }

    fn channels(&self, records: &str) -> Vec<QemuOption> {
        vec![("-serial", "stdio".to_string()), ("-serial", format!("file:{records}"))]
    }

    fn talking_channels(&self, socket: RawFd) -> Vec<QemuOption> {
        vec![
            ("-chardev", format!("socket,id=records,fd={socket}")),
            ("-serial", "stdio".to_string()),
            ("-serial", "chardev:records".to_string()),
        ]
    }

    fn user_mode_channels(&self, records: RawFd) -> Vec<String> {
        // Its serial lines have the names of a PC's. Nothing is read of them.
        ["con=null", "con0=null,fd:1", "ssl=null", &format!("ssl1=null,fd:{records}")]
            .map(str::to_string)
            .to_vec()
    }

    fn records(&self) -> &'static str {
        "/dev/ttyS1"
    }

    fn end_machine(&self) {
        // SAFETY: asks for one port and writes one byte to it: the exit device's, which is the only
        // one at this address in a guest.
        #[cfg(target_arch = "x86_64")]
        unsafe {
            if libc::ioperm(libc::c_ulong::from(EXIT_PORT), 4, 1) == 0 {
                std::arch::asm!("out dx, al", in("dx") EXIT_PORT, in("al") EXIT_VALUE);
            }
        }
    }

    fn ended_by_guest(&self, exit_status: i32) -> bool {
        exit_status == i32::from(EXIT_VALUE) * 2 + 1 || exit_status == 0
    }

    fn read_image<'a>(&self, bytes: &'a [u8]) -> Result<KernelImage<'a>, String> {
        let magic = bytes.get(at::MAGIC..at::MAGIC + MAGIC.len());
        if magic != Some(MAGIC) {
            return Err(if bytes.starts_with(b"\x7fELF") {
                "is an ELF file, not a bzImage: name the bzImage of the same build (arch/x86/boot/bzImage)"
            } else {
                "is not a bzImage: it has no setup header"
            }
            .to_string());
        }
        let truncated = || "is a truncated bzImage".to_string();
        let protocol = u16::from_le_bytes(array(bytes, at::PROTOCOL).ok_or_else(truncated)?);
        if protocol < FIRST_WITH_PAYLOAD {
            return Err(format!(
                "uses boot protocol {protocol:#06x}: at least {FIRST_WITH_PAYLOAD:#06x} is needed"
            ));
        }
        let version = u16::from_le_bytes(array(bytes, at::VERSION_STRING).ok_or_else(truncated)?);
        let version = bytes.get(usize::from(version) + SECTOR..).ok_or_else(truncated)?;
        let end = version.iter().position(|byte| *byte == 0 || byte.is_ascii_whitespace());
        let release = version.get(..end.unwrap_or(version.len())).unwrap_or_default();
        // It becomes part of file names.
        let plain = release.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'/');
        if release.is_empty() || release.len() > LONGEST_RELEASE || !plain {
            return Err("does not say which release it is".to_string());
        }
        let release = String::from_utf8_lossy(release).into_owned();
        let sectors = match bytes[at::SETUP_SECTORS] {
            0 => OLD_SETUP_SECTORS,
            sectors => usize::from(sectors),
        };
        let offset = u32::from_le_bytes(array(bytes, at::PAYLOAD_OFFSET).ok_or_else(truncated)?);
        let length = u32::from_le_bytes(array(bytes, at::PAYLOAD_LENGTH).ok_or_else(truncated)?);
        let start = (sectors + 1) * SECTOR + offset as usize;
        let payload = bytes.get(start..start + length as usize).ok_or_else(truncated)?;
        Ok(KernelImage { release, payload })
    }

    /// The uncompressed kernel, an ELF file; none if it has no PVH entry point.
    fn direct_image(&self, image: &KernelImage) -> Result<Option<Vec<u8>>, String> {
        let kernel = compression::decompress(image.payload, compression::LARGEST_KERNEL)
            .map_err(|error| format!("its payload cannot be decompressed: {error}"))?;
        let offers =
            has_pvh_entry(&kernel).map_err(|error| format!("its payload is no ELF file: {error}"))?;
        Ok(offers.then_some(kernel))
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

fn has_pvh_entry(kernel: &[u8]) -> Result<bool, elf::ParseError> {
    let file = ElfBytes::<AnyEndian>::minimal_parse(kernel)?;
    for segment in file.segments().into_iter().flatten() {
        if segment.p_type != elf::abi::PT_NOTE {
            continue;
        }
        let mut notes = file.segment_data_as_notes(&segment)?;
        let is_pvh = |note: Note| matches!(note, Note::Unknown(note) if note.n_type == PVH_ENTRY && note.name.strip_suffix(b"\0").unwrap_or(note.name) == PVH_OWNER);
        if notes.any(is_pvh) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::compression::tests::gzip;
    use crate::testing::{CASES, corpus, foreign, peak};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use rstest::rstest;

    /// An ELF file that is nothing but one note.
    pub(crate) fn elf_with_note(owner: &[u8; 4], kind: u32) -> Vec<u8> {
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        file.extend(2_u16.to_le_bytes());
        file.extend(62_u16.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
        file.extend(0_u64.to_le_bytes());
        file.extend(64_u64.to_le_bytes());
        file.extend(0_u64.to_le_bytes());
        file.extend(0_u32.to_le_bytes());
        for field in [64_u16, 56, 1, 64, 0, 0] {
            file.extend(field.to_le_bytes());
        }
        let length = 20_u64;
        file.extend(elf::abi::PT_NOTE.to_le_bytes());
        file.extend(4_u32.to_le_bytes());
        for field in [120_u64, 0, 0, length, length, 4] {
            file.extend(field.to_le_bytes());
        }
        for field in [4_u32, 4, kind] {
            file.extend(field.to_le_bytes());
        }
        file.extend(owner);
        file.extend(0_u32.to_le_bytes());
        file
    }

    /// A bzImage with a payload, as far as its header goes.
    pub(crate) fn bzimage(release: &str, payload: &[u8]) -> Vec<u8> {
        let mut image = vec![0; 2 * SECTOR];
        image[at::SETUP_SECTORS] = 1;
        image[at::MAGIC..at::MAGIC + 4].copy_from_slice(MAGIC);
        image[at::PROTOCOL..at::PROTOCOL + 2].copy_from_slice(&0x020f_u16.to_le_bytes());
        let version = 0x300 - SECTOR as u16;
        image[at::VERSION_STRING..at::VERSION_STRING + 2].copy_from_slice(&version.to_le_bytes());
        let text = format!("{release} (builder@example) #1 SMP");
        image[0x300..0x300 + text.len()].copy_from_slice(text.as_bytes());
        image[at::PAYLOAD_OFFSET..at::PAYLOAD_OFFSET + 4].copy_from_slice(&16_u32.to_le_bytes());
        let length = payload.len() as u32;
        image[at::PAYLOAD_LENGTH..at::PAYLOAD_LENGTH + 4].copy_from_slice(&length.to_le_bytes());
        image.resize(2 * SECTOR + 16, 0);
        image.extend(payload);
        image
    }

    #[rstest]
    #[case::pvh(b"Xen\0", 18, true)]
    #[case::other_note(b"Xen\0", 5, false)]
    #[case::other_owner(b"GNU\0", 18, false)]
    fn the_kernel_is_kept_if_it_can_be_started_directly(
        #[case] owner: &[u8; 4],
        #[case] kind: u32,
        #[case] offered: bool,
    ) {
        let kernel = elf_with_note(owner, kind);
        let bytes = bzimage("7.3.4-test", &gzip(&kernel));
        let image = X86_64.read_image(&bytes).unwrap();
        assert_eq!(image.release, "7.3.4-test");
        assert_eq!(X86_64.direct_image(&image).unwrap(), offered.then_some(kernel));
    }

    #[rstest]
    #[case::empty(b"", "no setup header")]
    #[case::elf(b"\x7fELF\x02\x01\x01", "name the bzImage")]
    #[case::cut_header(&bzimage("6.1", &gzip(b"x"))[..0x240], "truncated")]
    #[case::cut_payload(&bzimage("6.1", &gzip(b"x"))[..2 * SECTOR + 20], "truncated")]
    fn other_files_are_refused_with_the_reason(#[case] bytes: &[u8], #[case] expected: &str) {
        let error = X86_64.read_image(bytes).err().unwrap();
        assert!(error.contains(expected), "{error}");
    }

    #[rstest]
    #[case::not_compressed(b"plain text", "compressed neither")]
    #[case::not_elf(&gzip(b"plain text"), "no ELF file")]
    fn a_wrong_payload_is_refused_with_the_reason(#[case] payload: &[u8], #[case] expected: &str) {
        let bytes = bzimage("6.1", payload);
        let error = X86_64.direct_image(&X86_64.read_image(&bytes).unwrap()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    const SMALL: usize = 8 << 20;

    #[test]
    fn stored_images_are_read_within_bounds() {
        for (name, bytes) in corpus("image") {
            let (result, most) =
                peak(|| X86_64.read_image(&bytes).map(|image| (X86_64.direct_image(&image), image.release)));
            assert!(most < SMALL, "{name}: {most} bytes");
            match name.as_str() {
                "pvh.bzImage" | "xz.bzImage" => assert!(result.unwrap().0.unwrap().is_some(), "{name}"),
                "no-pvh.bzImage" => assert_eq!(result.unwrap().0, Ok(None)),
                _ => assert!(result.is_err(), "{name}: {result:?}"),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(CASES))]

        #[test]
        fn foreign_bytes_are_refused_or_read(bytes in foreign("image")) {
            let (image, most) = peak(|| X86_64.read_image(&bytes).ok());
            prop_assert!(most < SMALL, "{most} bytes");
            if let Some(image) = image {
                let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'/';
                prop_assert!((1..=64).contains(&image.release.len()) && image.release.bytes().all(plain));
                let _ = X86_64.direct_image(&image);
            }
        }

        #[test]
        fn an_image_is_read_as_it_was_built(release in "[0-9a-z.+-]{1,64}", payload in vec(any::<u8>(), 0..99)) {
            let bytes = bzimage(&release, &payload);
            let image = X86_64.read_image(&bytes).unwrap();
            prop_assert_eq!((image.release, image.payload), (release, &payload[..]));
        }
    }
}
