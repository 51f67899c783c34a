//! The messages between host and guest. The host's order is a file of the initramfs; the guest
//! answers with JSON text sequences (RFC 7464) on the device that its architecture names.
//!
//! Each message is one line of JSON between a record separator and a line feed. Whatever stands
//! before a separator is not a message, so that a stray kernel message, or the rest of one that
//! was cut off, spoils nothing but itself.

use nsconform_explore::replay::Replay;
use nsconform_grader::grading::Grading;
use nsconform_report::event::RunEvent;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// The user as whom the guest runs cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Privilege {
    /// As root.
    Root,
    /// As an ordinary user.
    User,
}

impl Privilege {
    /// Both, in the order in which they are run.
    pub const ALL: [Privilege; 2] = [Privilege::Root, Privilege::User];

    /// Its name in file names and reports.
    pub fn word(self) -> &'static str {
        match self {
            Privilege::Root => "root",
            Privilege::User => "user",
        }
    }
}

/// The work that the host orders: a file of the initramfs, since a kernel's command line is short
/// and has its own rules of quoting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkOrder {
    /// The ids of the cases that the guest runs.
    pub cases: Vec<String>,
    /// The users as whom it runs them, in this order.
    pub privileges: Vec<Privilege>,
    /// How many times it runs every case.
    pub rounds: u32,
    /// The factor of all deadlines, in addition to the guest's own calibration.
    pub deadline_scale: f64,
    /// The submission that it grades after that.
    #[serde(default)]
    pub grade: Option<Submission>,
    /// Whether it then plays scripts for as long as the host orders some.
    #[serde(default)]
    pub dialogue: bool,
    /// Whether those scripts are kept in a user namespace, as they are on the other side of a comparison
    /// that is a machine to be spared.
    #[serde(default)]
    pub isolated: bool,
}

impl WorkOrder {
    /// An order to do nothing.
    pub fn nothing() -> WorkOrder {
        WorkOrder {
            cases: Vec::new(),
            privileges: Vec::new(),
            rounds: 0,
            deadline_scale: 1.0,
            grade: None,
            dialogue: false,
            isolated: false,
        }
    }
}

/// An order of a dialogue: one line of JSON on the device of the guest's messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlayOrder {
    /// The number of the order, which the reply repeats.
    pub number: u64,
    /// The script in its notation.
    pub script: String,
}

/// Where a submission lies in the guest.
pub const SUBMISSION: &str = "/submission.bin";

/// A submission that the guest grades; its content is a file of the initramfs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The name of the assignment.
    pub assignment: String,
    /// The text of its rules.
    pub rules: String,
    /// The file name of the program.
    pub name: String,
    /// The path of the program as it was given.
    pub path: String,
    /// The number from which everything follows that nobody can know beforehand.
    pub seed: u64,
}

/// A message of the guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "lowercase")]
pub enum Message {
    /// User space was reached.
    Hello {
        /// `uname -r`.
        release: String,
        /// How much slower than a usual machine this one is; at least 1.
        time_scale: f64,
        /// The measurement behind it: a fork with its end, in microseconds.
        fork_us: f64,
    },
    /// A line of a run file.
    Line {
        /// The user of the run.
        privilege: Privilege,
        /// From 0. Only the first round has lines other than those of cases.
        round: u32,
        /// The line.
        line: Box<RunEvent>,
    },
    /// A grading so far: after each check anew.
    Grading {
        /// All of it.
        grading: Box<Grading>,
    },
    /// The guest takes orders to play scripts.
    Listening,
    /// A script was played.
    Played {
        /// The number of the order.
        number: u64,
        /// The play.
        replay: Box<Replay>,
    },
    /// The guest cannot play scripts, or not this one.
    Refused {
        /// Why.
        why: String,
    },
    /// Something that people should know.
    Note {
        /// The sentence.
        text: String,
    },
    /// The guest has done all; nothing follows.
    End {
        /// How many messages with lines it has sent.
        lines: usize,
    },
}

const SEPARATOR: u8 = 0x1e;
/// The most bytes of a message. The longest that guests send, a case's trace, has some tens of
/// thousands; a grading has the output of a submission.
const LONGEST_MESSAGE: usize = 16 << 20;

impl Message {
    /// Writes the message in one piece.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut bytes = vec![SEPARATOR];
        serde_json::to_writer(&mut bytes, self)?;
        bytes.push(b'\n');
        to.write_all(&bytes)?;
        to.flush()
    }
}

/// The host's end of the stream: takes bytes in pieces of any size, gives messages.
#[derive(Debug, Default)]
pub struct MessageReader {
    /// The bytes since the last separator, if there was one since the last line feed.
    pending: Option<Vec<u8>>,
    garbage: usize,
}

impl MessageReader {
    /// Takes further bytes and hands over each message that they complete.
    pub fn push(&mut self, bytes: &[u8], message: &mut dyn FnMut(Message)) {
        for &byte in bytes {
            match (byte, &mut self.pending) {
                (SEPARATOR, pending) => {
                    self.garbage += pending.take().map_or(0, |cut| cut.len());
                    self.pending = Some(Vec::new());
                }
                (b'\n', Some(text)) => {
                    match serde_json::from_slice(text) {
                        Ok(read) => message(read),
                        Err(_) => self.garbage += text.len(),
                    }
                    self.pending = None;
                }
                (_, Some(text)) if text.len() < LONGEST_MESSAGE => text.push(byte),
                (_, Some(text)) => {
                    self.garbage += text.len() + 1;
                    self.pending = None;
                }
                (_, None) => self.garbage += usize::from(!byte.is_ascii_whitespace()),
            }
        }
    }

    /// How many bytes so far were part of no message.
    pub fn garbage(&self) -> usize {
        self.garbage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{CASES, corpus, foreign, peak};
    use proptest::collection::vec;
    use proptest::prelude::*;
    use rstest::rstest;

    fn note(text: &str) -> Message {
        Message::Note { text: text.into() }
    }

    fn written(messages: &[Message]) -> Vec<u8> {
        let mut bytes = Vec::new();
        messages.iter().for_each(|message| message.write(&mut bytes).unwrap());
        bytes
    }

    fn read(pieces: &[&[u8]]) -> (Vec<Message>, usize) {
        let (mut stream, mut messages) = (MessageReader::default(), Vec::new());
        pieces.iter().for_each(|piece| stream.push(piece, &mut |message| messages.push(message)));
        (messages, stream.garbage())
    }

    #[test]
    fn a_message_may_be_split_anywhere() {
        let sent = [note("one"), Message::End { lines: 7 }];
        let bytes = written(&sent);
        for cut in 0..=bytes.len() {
            assert_eq!(read(&[&bytes[..cut], &bytes[cut..]]), (sent.to_vec(), 0), "cut at {cut}");
        }
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single).0, sent);
    }

    #[test]
    fn a_stream_cut_anywhere_gives_what_was_complete() {
        let first = written(&[note("one")]);
        let bytes = written(&[note("one"), note("two")]);
        for cut in 0..bytes.len() {
            let expected = if cut < first.len() { vec![] } else { vec![note("one")] };
            assert_eq!(read(&[&bytes[..cut]]).0, expected, "cut at {cut}");
        }
    }

    #[rstest]
    #[case::before(b"[ 1.2] hello\n", b"", 9)]
    #[case::before_without_an_end(b"[ 1.2] hello", b"", 9)]
    #[case::carriage_returns(b"\r\n", b"\r\n", 0)]
    #[case::binary(&[0, 255, 1, b'\n'], &[0xfe], 4)]
    #[case::a_cut_message(b"\x1e{\"message\":", b"", 11)]
    #[case::an_unknown_message(b"\x1e{\"message\":\"song\"}\n", b"", 18)]
    #[case::not_json(b"\x1e[ 3.4] BUG\n", b"", 9)]
    fn garbage_spoils_nothing_else(#[case] before: &[u8], #[case] after: &[u8], #[case] garbage: usize) {
        let message = written(&[note("in between")]);
        let (messages, found) = read(&[before, &message, after]);
        assert_eq!(messages, [note("in between")]);
        assert!(found.abs_diff(garbage) <= 2, "{found} bytes of garbage");
    }

    #[test]
    fn garbage_inside_a_message_costs_this_message_only() {
        let mut bytes = written(&[note("one")]);
        bytes.splice(8..8, *b"\n[ 5.6] noise\n");
        bytes.extend(written(&[note("two")]));
        assert_eq!(read(&[&bytes]).0, [note("two")]);
    }

    #[rstest]
    #[case::whole(
        r#"{"cases":["uts.a"],"privileges":["root","user"],"rounds":1,"deadline_scale":1.5}"#,
        true
    )]
    #[case::unknown_field(r#"{"cases":[],"privileges":[],"rounds":1,"deadline_scale":1,"more":1}"#, false)]
    #[case::unknown_privilege(r#"{"cases":[],"privileges":["daemon"],"rounds":1,"deadline_scale":1}"#, false)]
    #[case::missing_field(r#"{"cases":[]}"#, false)]
    fn orders_are_read_strictly(#[case] text: &str, #[case] accepted: bool) {
        assert_eq!(serde_json::from_str::<WorkOrder>(text).is_ok(), accepted);
    }

    #[test]
    fn stored_streams_are_read_to_their_end() {
        for (name, bytes) in corpus("messages") {
            let (messages, _) = read(&[&bytes]);
            let end = matches!(messages.last(), Some(Message::End { .. }));
            assert_eq!(end, name != "numbers", "{name}: {messages:?}");
        }
    }

    #[test]
    fn a_message_without_an_end_takes_no_more_memory_than_the_longest() {
        let mut reader = MessageReader::default();
        reader.push(&[SEPARATOR], &mut |_| panic!("nothing was sent"));
        let (_, most) = peak(|| {
            for _ in 0..3 * LONGEST_MESSAGE / 65536 {
                reader.push(&[b'x'; 65536], &mut |_| panic!("nothing was sent"));
            }
        });
        // A vector doubles, and has its old place until it is copied.
        assert!(most <= 3 * LONGEST_MESSAGE, "{most} bytes");
        assert_eq!(reader.garbage(), 3 * LONGEST_MESSAGE);
        reader.push(&written(&[note("after")]), &mut |message| assert_eq!(message, note("after")));
    }

    fn any_message() -> impl Strategy<Value = Message> {
        prop_oneof![
            ".*".prop_map(|text| Message::Note { text }),
            any::<usize>().prop_map(|lines| Message::End { lines }),
            // Quarters: reading a number back may change its last digit.
            (".*", any::<u32>(), any::<u32>()).prop_map(|(release, time_scale, fork_us)| Message::Hello {
                release,
                time_scale: f64::from(time_scale) / 4.0,
                fork_us: f64::from(fork_us) / 4.0,
            }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(CASES))]

        #[test]
        fn messages_among_noise_come_back(
            sent in vec((any_message(), vec(any::<u8>().prop_filter("", |b| *b != SEPARATOR), 0..20)), 0..5),
            sizes in vec(1..50_usize, 1..20),
        ) {
            let mut bytes = Vec::new();
            for (message, noise) in &sent {
                message.write(&mut bytes).unwrap();
                bytes.extend(noise);
            }
            let (mut reader, mut messages) = (MessageReader::default(), Vec::new());
            let (mut rest, mut sizes) = (&bytes[..], sizes.iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
                reader.push(piece, &mut |message| messages.push(message));
                rest = after;
            }
            let sent: Vec<Message> = sent.into_iter().map(|(message, _)| message).collect();
            prop_assert_eq!(messages, sent);
        }

        #[test]
        fn foreign_bytes_are_garbage_or_messages(bytes in foreign("messages")) {
            let (messages, garbage) = read(&[&bytes]);
            prop_assert!(messages.len() + garbage <= bytes.len());
        }
    }
}
