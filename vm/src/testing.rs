//! For tests of parsers of foreign bytes: the stored samples, damage to them, and the memory that a
//! parser takes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;

/// How many damaged inputs a property sees: all properties together take a few seconds.
pub const CASES: u32 = 300;

/// The stored samples of a parser, by their names.
pub fn corpus(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(folder);
    let mut samples: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    samples.sort();
    assert!(!samples.is_empty(), "{}", folder.display());
    samples
}

/// One change of a sample.
#[derive(Clone, Debug)]
enum Damage {
    Replace(Index, u8),
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Repeat(Index, Index),
    /// A 32-bit number, which may be a length or an offset.
    Number(Index, u32),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let length = bytes.len();
        match self {
            Damage::Replace(at, byte) => bytes[at.index(length)] = *byte,
            Damage::Flip(at, bit) => bytes[at.index(length)] ^= 1 << (bit % 8),
            Damage::Cut(at) => bytes.truncate(at.index(length)),
            Damage::Insert(at, more) => {
                let at = at.index(length);
                bytes.splice(at..at, more.iter().copied());
            }
            Damage::Repeat(from, at) => {
                let (from, at) = (from.index(length), at.index(length));
                let piece = bytes[from..length.min(from + 1024)].to_vec();
                bytes.splice(at..at, piece);
            }
            Damage::Number(at, number) => {
                let at = at.index(length);
                let end = length.min(at + 4);
                bytes[at..end].copy_from_slice(&number.to_le_bytes()[..end - at]);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let number = prop_oneof![
        Just(u32::MAX),
        Just(i32::MAX as u32),
        Just(1 << 31),
        Just(0),
        any::<u32>(),
        (0..4096_u32)
    ];
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), vec(any::<u8>(), 1..32)).prop_map(|(at, more)| Damage::Insert(at, more)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, at)| Damage::Repeat(from, at)),
        (any::<Index>(), number).prop_map(|(at, number)| Damage::Number(at, number)),
    ]
}

/// Samples of a folder, damaged or whole, and bytes that are no sample at all.
pub fn foreign(folder: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let samples: Vec<Vec<u8>> = corpus(folder).into_iter().map(|(_, bytes)| bytes).collect();
    let damaged = (select(samples), vec(damage(), 0..6)).prop_map(|(mut bytes, changes)| {
        changes.iter().for_each(|change| change.apply(&mut bytes));
        bytes
    });
    prop_oneof![9 => damaged, 1 => vec(any::<u8>(), 0..512)]
}

/// The allocator of the tests: counts for each thread the bytes in use.
pub struct Counting;

thread_local! {
    static USED: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    // A thread that ends has no counters any more.
    let _ = USED.try_with(|used| {
        used.set(used.get() + change);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(used.get())));
    });
}

// SAFETY: hands everything on to the system's allocator; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: as the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: as the caller's.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Runs a parser; returns its result, and the most bytes that it had in use at a time.
pub fn peak<T>(parse: impl FnOnce() -> T) -> (T, usize) {
    let before = USED.get();
    PEAK.set(before);
    let result = parse();
    (result, usize::try_from(PEAK.get() - before).unwrap_or(0))
}

#[test]
fn an_allocation_is_counted() {
    let (length, most) = peak(|| vec![1_u8; 1 << 20].len());
    assert_eq!(length, 1 << 20);
    assert!((1 << 20..2 << 20).contains(&most), "{most}");
}
