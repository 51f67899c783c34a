//! The console of a guest: its text, its last lines, and the lines in which a kernel complains or
//! gives up.

/// A console never fills the memory of the host: of a longer one, this much of the end is kept.
const KEPT: usize = 16 << 20;

/// The bytes that a kernel and the program that plays its machine wrote.
#[derive(Clone, Debug, Default)]
pub struct Console {
    bytes: Vec<u8>,
}

impl Console {
    /// Takes further bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        if self.bytes.len() > 2 * KEPT {
            self.bytes.drain(..self.bytes.len() - KEPT);
        }
    }

    /// The bytes as they came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text, without the control sequences that firmware writes.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes)
            .chars()
            .filter(|letter| matches!(letter, '\n' | '\t') || !letter.is_control())
            .collect()
    }

    /// The last lines, without blank ones.
    pub fn tail(&self, lines: usize) -> Vec<String> {
        let text = self.text();
        let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        all[all.len().saturating_sub(lines)..].iter().map(ToString::to_string).collect()
    }

    /// Lines that a healthy kernel does not write.
    pub fn splats(&self) -> Vec<String> {
        const SIGNS: [&str; 7] = [
            "WARNING: ",
            "BUG: ",
            "Oops",
            "INFO: task ",
            "rcu_sched self-detected",
            "soft lockup",
            "UBSAN: ",
        ];
        self.text()
            .lines()
            .filter(|line| SIGNS.iter().any(|sign| line.contains(sign)))
            .map(|line| line.trim().to_string())
            .collect()
    }

    /// The line in which the kernel says why it gave up, if it did.
    pub fn panic_line(&self) -> Option<String> {
        const SIGNS: [&str; 6] = [
            "Oops",
            "BUG: ",
            "kernel BUG at",
            "general protection fault",
            "Kernel panic - not syncing",
            "Unable to handle",
        ];
        let text = self.text();
        text.contains("Kernel panic - not syncing")
            .then(|| text.lines().find(|line| SIGNS.iter().any(|sign| line.contains(sign))))
            .flatten()
            .map(|line| line.trim().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_long_console_is_kept() {
        let mut console = Console::default();
        for _ in 0..3 * KEPT / 4096 {
            console.push(&[b'x'; 4096]);
        }
        console.push(b"\nKernel panic - not syncing: last words\n");
        assert!(console.bytes().len() <= 2 * KEPT);
        assert_eq!(console.tail(1), ["Kernel panic - not syncing: last words"]);
    }
}
