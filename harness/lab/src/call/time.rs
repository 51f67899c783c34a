//! Clocks and timers: clock_gettime(2), clock_nanosleep(2), timerfd_create(2), timer_settime(2),
//! time_namespaces(7).
//!
//! The offsets of a time namespace are a text file: see `file`.

use super::argument::{Argument, ArgumentKind, Descriptor, Pathname, constants};
use super::calls;
use super::reading::{Cursor, SyntaxError};
use crate::outcome::{Answer, Errno, Value, check};
use serde::{Deserialize, Serialize};
use std::time::Duration;

constants! {
    /// A clock of clock_gettime(2).
    Clock: i32 {
        CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_PROCESS_CPUTIME_ID = 2,
        CLOCK_THREAD_CPUTIME_ID = 3, CLOCK_MONOTONIC_RAW = 4, CLOCK_REALTIME_COARSE = 5,
        CLOCK_MONOTONIC_COARSE = 6, CLOCK_BOOTTIME = 7, CLOCK_REALTIME_ALARM = 8,
        CLOCK_BOOTTIME_ALARM = 9, CLOCK_TAI = 11,
    }
}

/// An absolute time: what the clock shows at the call, and so many milliseconds more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromNow(i32);

impl From<i32> for FromNow {
    fn from(milliseconds: i32) -> FromNow {
        FromNow(milliseconds)
    }
}

impl Argument for FromNow {
    const KIND: ArgumentKind = ArgumentKind::Number;

    fn read(cursor: &mut Cursor<'_>) -> Result<FromNow, SyntaxError> {
        cursor.expect("TIMER_ABSTIME, now + ")?;
        let milliseconds = cursor.number()?;
        cursor.expect(" ms")?;
        Ok(FromNow(milliseconds))
    }

    fn show(&self) -> String {
        format!("TIMER_ABSTIME, now + {} ms", self.0)
    }
}

/// The time after which a call no longer waits for a timer that should have expired long before.
const GIVE_UP: Duration = Duration::from_secs(1);

calls! {
    /// Calls about clocks and timers.
    Time, TimeCalls, actor:

    /// Starts a timer that sends SIGALRM to the caller once, after so many microseconds of real time.
    setitimer_real(microseconds: i32) => "setitimer(ITIMER_REAL, {it_value={tv_usec={}}})" {
        let once = libc::timeval { tv_sec: 0, tv_usec: microseconds.into() };
        let timer = libc::itimerval { it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 }, it_value: once };
        // SAFETY: the timer outlives the call.
        check(unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, std::ptr::null_mut()) })
    }

    /// Waits until the timer of setitimer has expired, so that its signal was sent. The deadline of the case bounds the wait.
    wait_itimer_expired() observes "getitimer(2) with ITIMER_REAL, after each clock_nanosleep(2), until nothing is left" {
        loop {
            // SAFETY: all-zero is a valid itimerval; it outlives the call.
            let left = unsafe {
                let mut timer: libc::itimerval = std::mem::zeroed();
                check(libc::getitimer(libc::ITIMER_REAL, &mut timer))?;
                timer.it_value
            };
            if left.tv_sec == 0 && left.tv_usec == 0 {
                return Ok(Value::ZERO);
            }
            std::thread::sleep(Duration::from_micros(100));
        }
    }

    /// Reads a clock. A trace shows how far it is from the first reading of the same clock, in whole seconds.
    clock_gettime(clock: Clock) asks {
        let nanoseconds = match clock {
            // They show how much was computed, whatever time it is.
            Clock::CLOCK_PROCESS_CPUTIME_ID | Clock::CLOCK_THREAD_CPUTIME_ID => read(clock)?,
            Clock::CLOCK_REALTIME | Clock::CLOCK_REALTIME_COARSE => {
                ahead_of(Clock::CLOCK_TAI, || read(clock))?
            }
            _ => ahead_of(Clock::CLOCK_REALTIME, || read(clock))?,
        };
        Ok(Value::Time { clock: clock.show(), nanoseconds })
    }

    /// Reads from /proc/uptime how long the system has been up. A trace shows how far it is from the first reading.
    cat_uptime() observes "/proc/uptime" {
        uptime(|| Ok(std::fs::read_to_string("/proc/uptime")?))
    }

    /// Reads from an open /proc/uptime how long the system has been up. A trace shows how far it is from the first reading.
    uptime_fd(fd: Descriptor) observes "the open file, by pread(2)" {
        uptime(|| {
            let mut buffer = [0; 128];
            // SAFETY: pointer and length describe `buffer`.
            let count = unsafe { libc::pread(fd.0, buffer.as_mut_ptr().cast(), buffer.len(), 0) };
            check(count as i64)?;
            Ok(String::from_utf8_lossy(&buffer[..count as usize]).into_owned())
        })
    }

    /// Reads from /proc/stat when the system was started, as a time of CLOCK_REALTIME. A trace shows how far it is from the first reading.
    cat_btime() observes "/proc/stat, the line btime" {
        let content = std::fs::read_to_string("/proc/stat")?;
        let seconds = content.lines().find_map(|line| line.strip_prefix("btime ")?.parse::<i128>().ok());
        let seconds = seconds.ok_or(Errno(libc::EPROTO))?;
        Ok(Value::Time { clock: "btime".to_string(), nanoseconds: seconds * SECOND })
    }

    /// Reads from a file like /proc/PID/stat how long after the start of the system its process was started. A trace shows how far it is from the first reading.
    cat_starttime(path: Pathname) observes "the file, by open(2), read(2) and close(2); of it field 22" {
        let content = std::fs::read_to_string(super::file::path_of(&path))?;
        // Field 22; the first of these is the third.
        let ticks = nsconform_sys::procfs::stat_fields(&content).and_then(|fields| fields.get(19)?.parse::<i128>().ok());
        let ticks = ticks.ok_or(Errno(libc::EPROTO))?;
        // SAFETY: takes a number only.
        let Value::Number(per_second) = check(unsafe { libc::sysconf(libc::_SC_CLK_TCK) })? else { unreachable!() };
        let nanoseconds = ticks * SECOND / Nanoseconds::from(per_second);
        Ok(Value::Time { clock: "starttime".to_string(), nanoseconds })
    }

    /// Reads the offsets in a file like /proc/PID/timens_offsets, clock by clock.
    timens_offsets(path: Pathname) observes "the file, by open(2), read(2) and close(2)" {
        let content = std::fs::read_to_string(super::file::path_of(&path))?;
        let offset = |line: &str| -> Option<(String, Value)> {
            let mut words = line.split_whitespace();
            let (clock, seconds, nanoseconds) = (words.next()?, words.next()?, words.next()?);
            let value = |word| super::file::number_or_word(word);
            let fields = [("secs", value(seconds)), ("nanosecs", value(nanoseconds))];
            words.next().is_none().then(|| (clock.to_string(), Value::fields(fields)))
        };
        let offsets: Option<Vec<(String, Value)>> = content.lines().map(offset).collect();
        offsets.map(Value::Fields).ok_or(Errno(libc::EPROTO))
    }

    /// Sleeps until a clock shows a time a little ahead, and tells whether that time passed meanwhile (ETIMEDOUT: a second passed and the sleep was broken off).
    clock_nanosleep(clock: Clock, until: FromNow) observes "clock_nanosleep(2), measured by the same clock and ended by setitimer(2)" {
        let end = later(clock, until)?;
        guarded(clock, end, || {
            // SAFETY: the time outlives the call; what remains is not asked for.
            match unsafe { libc::clock_nanosleep(clock.0, libc::TIMER_ABSTIME, &timespec(end), std::ptr::null_mut()) } {
                0 => Ok(()),
                error => Err(Errno(error)),
            }
        })
    }

    /// Sleeps for some milliseconds, and tells whether they have passed.
    nanosleep(milliseconds: i32) observes "nanosleep(2), measured by CLOCK_MONOTONIC and ended by setitimer(2)" {
        let time = libc::timespec { tv_sec: 0, tv_nsec: libc::c_long::from(milliseconds) * 1_000_000 };
        // Read before the sleep begins: the end of the sleep is later.
        let end = later(Clock::CLOCK_MONOTONIC, FromNow(milliseconds))?;
        guarded(Clock::CLOCK_MONOTONIC, end, || {
            // SAFETY: the time outlives the call; what remains is not asked for.
            check(unsafe { libc::nanosleep(&time, std::ptr::null_mut()) }).map(drop)
        })
    }

    /// Waits on a futex that nobody wakes until a clock shows a time a little ahead, and tells whether that time passed meanwhile (ETIMEDOUT: a second passed and the wait was broken off).
    futex_wait(clock: Clock, until: FromNow) => "futex(FUTEX_WAIT_BITSET, {}, {})" observes "futex(2), measured by the same clock and ended by setitimer(2)" {
        let end = later(clock, until)?;
        let operation = match clock {
            Clock::CLOCK_REALTIME => libc::FUTEX_WAIT_BITSET | libc::FUTEX_CLOCK_REALTIME,
            Clock::CLOCK_MONOTONIC => libc::FUTEX_WAIT_BITSET,
            _ => return Err(Errno(libc::EINVAL)),
        };
        let word = 0u32;
        guarded(clock, end, || {
            // SAFETY: the word and the time outlive the call; there is no second word.
            let waited = check(unsafe {
                libc::syscall(libc::SYS_futex, &raw const word, operation, 0, &timespec(end), 0, u32::MAX)
            });
            match waited {
                Err(Errno(libc::ETIMEDOUT)) => Ok(()),
                other => other.map(drop),
            }
        })
    }

    /// Makes a timer that is a descriptor, by the clock of that name.
    timerfd_create(clock: Clock) => "timerfd_create({}, 0)" {
        // SAFETY: takes numbers only.
        check(unsafe { libc::timerfd_create(clock.0, 0) })
    }

    /// Sets a timer that is a descriptor, made by the same clock, to an absolute time far ahead.
    timerfd_arm(fd: Descriptor, clock: Clock, seconds: i32) => "timerfd_settime({}, TIMER_ABSTIME, {} + {} s)" composes "clock_gettime(2) and timerfd_settime(2)" {
        let value = once_at(read(clock)? + Nanoseconds::from(seconds) * SECOND);
        // SAFETY: the value outlives the call; the old one is not asked for.
        check(unsafe { libc::timerfd_settime(fd.0, libc::TFD_TIMER_ABSTIME, &value, std::ptr::null_mut()) })
    }

    /// Asks how long it is until a timer expires, in hundreds of seconds rounded up, which does not depend on how fast the machine is.
    timerfd_gettime(fd: Descriptor) observes "timerfd_gettime(2), rounded up" {
        let mut value = once_at(0);
        // SAFETY: the value outlives the call.
        check(unsafe { libc::timerfd_gettime(fd.0, &mut value) })?;
        Ok(remaining(value.it_value.tv_sec))
    }

    /// Reads how long it is until a timer of the caller expires, as `timerfd_gettime` shows it.
    timerfd_fdinfo(fd: Descriptor) observes "/proc/self/fdinfo, of it it_value, rounded up" {
        let content = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.0))?;
        let value = content.lines().find_map(|line| line.strip_prefix("it_value: (")?.split(',').next()?.parse().ok());
        value.map(remaining).ok_or(Errno(libc::EPROTO))
    }

    /// Asks to set the kernel's time zone to one that does not exist, in minutes west of Greenwich: EINVAL for who may set the real-time clock, which it leaves alone.
    settimeofday_zone(minutes_west: i32) => "settimeofday(NULL, {tz_minuteswest={}})" {
        const FARTHEST: i32 = 15 * 60;
        if minutes_west.abs() <= FARTHEST {
            return Err(Errno(libc::ECANCELED));
        }
        let zone = [minutes_west, 0];
        // SAFETY: the two numbers have the layout of a struct timezone and outlive the call.
        check(unsafe { libc::syscall(libc::SYS_settimeofday, 0, zone.as_ptr()) })
    }

    /// Makes a timer that is a descriptor, sets it to a time a little ahead and reads it, which waits until it expires; tells whether that time passed meanwhile (ETIMEDOUT: a second passed and the timer did not expire).
    timerfd_settime(clock: Clock, until: FromNow) observes "timerfd_create(2), timerfd_settime(2) and read(2), measured by the same clock and ended by setitimer(2)" {
        let end = later(clock, until)?;
        let value = once_at(end);
        // SAFETY: takes numbers only.
        let fd = unsafe { libc::timerfd_create(clock.0, libc::TFD_CLOEXEC) };
        check(fd)?;
        let answer = guarded(clock, end, || {
            let mut expirations = 0u64;
            // SAFETY: the value outlives the call; the buffer is the size of the counter.
            let read = unsafe {
                check(libc::timerfd_settime(fd, libc::TFD_TIMER_ABSTIME, &value, std::ptr::null_mut()))?;
                check(libc::read(fd, (&raw mut expirations).cast(), size_of::<u64>()) as i64)
            };
            match read {
                // Where both expired before read(2) began to wait, it says so of the signal.
                Err(Errno(libc::EINTR)) if nsconform_sys::reap::readable(fd, Duration::ZERO) => Ok(()),
                other => other.map(drop),
            }
        });
        // SAFETY: made above and used nowhere else.
        unsafe { libc::close(fd) };
        answer
    }

    /// Makes a timer that sends SIGALRM, sets it to a time a little ahead and waits for the signal; tells whether that time passed meanwhile (ETIMEDOUT: a second passed without the signal).
    timer_settime(clock: Clock, until: FromNow) observes "sigprocmask(2), timer_create(2), timer_settime(2) and sigtimedwait(2), measured by the same clock" {
        wait_for_timer(clock, later(clock, until)?)
    }
}

/// Seconds until a timer expires, rounded up to hundreds.
fn remaining(seconds: i64) -> Value {
    let hundreds = (seconds + 100) / 100;
    Value::fields([("it_value", Value::Number(hundreds * 100))])
}

/// The first number of a text like that of /proc/uptime.
fn uptime(text: impl Fn() -> Result<String, Errno>) -> Answer {
    let uptime = || {
        let seconds = text()?.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
        seconds.map(|seconds| (seconds * 1e9) as Nanoseconds).ok_or(Errno(libc::EPROTO))
    };
    Ok(Value::Time { clock: "uptime".to_string(), nanoseconds: ahead_of(Clock::CLOCK_REALTIME, uptime)? })
}

/// A clock's reading or a time on it, in nanoseconds.
type Nanoseconds = i128;

const MILLISECOND: Nanoseconds = 1_000_000;
const SECOND: Nanoseconds = 1_000 * MILLISECOND;

fn read(clock: Clock) -> Result<Nanoseconds, Errno> {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the time outlives the call.
    check(unsafe { libc::clock_gettime(clock.0, &mut now) })?;
    Ok(Nanoseconds::from(now.tv_sec) * SECOND + Nanoseconds::from(now.tv_nsec))
}

/// How far a reading is ahead of a clock that no time namespace changes (time_namespaces(7)) and that
/// goes on as the other one does: what a slow machine takes before and after the reading is then no part of it. A wrong
/// kernel that shifts the clocks without offset shows in those with one.
///
/// Two readings of the clock enclose that reading. Where the processor was lost between them they are
/// made again, as often as it takes: a reading that says nothing is none.
fn ahead_of(steady: Clock, reading: impl Fn() -> Result<Nanoseconds, Errno>) -> Result<Nanoseconds, Errno> {
    const CLOSE: Nanoseconds = 50 * MILLISECOND;
    loop {
        let before = read(steady)?;
        let found = reading()?;
        if read(steady)? - before < CLOSE {
            return Ok(found - before);
        }
    }
}

fn later(clock: Clock, until: FromNow) -> Result<Nanoseconds, Errno> {
    Ok(read(clock)? + Nanoseconds::from(until.0) * MILLISECOND)
}

fn timespec(time: Nanoseconds) -> libc::timespec {
    libc::timespec { tv_sec: (time / SECOND) as libc::time_t, tv_nsec: (time % SECOND) as libc::c_long }
}

/// A timer's setting that makes it expire once.
fn once_at(end: Nanoseconds) -> libc::itimerspec {
    libc::itimerspec { it_interval: timespec(0), it_value: timespec(end) }
}

/// Whether a clock has reached the time that was waited for: it has, however slow the machine is.
fn judged(clock: Clock, end: Nanoseconds) -> Answer {
    Ok(Value::word(if read(clock)? >= end { "in time" } else { "too early" }))
}

/// Performs a wait until a time that SIGALRM breaks off after a second.
fn guarded(clock: Clock, end: Nanoseconds, wait: impl FnOnce() -> Result<(), Errno>) -> Answer {
    extern "C" fn nothing(_: libc::c_int) {}
    let alarm = |after: Duration| {
        let mut timer = libc::itimerval {
            it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 },
            it_value: libc::timeval { tv_sec: 0, tv_usec: 0 },
        };
        timer.it_value.tv_sec = after.as_secs() as libc::time_t;
        // SAFETY: the value outlives the call.
        check(unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, std::ptr::null_mut()) })
    };
    // SAFETY: all-zero is a valid sigaction: no flags, so the wait is not started again.
    let before = unsafe {
        let (mut action, mut before): (libc::sigaction, libc::sigaction) = std::mem::zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        check(libc::sigaction(libc::SIGALRM, &action, &mut before))?;
        before
    };
    let waited = alarm(GIVE_UP).and_then(|_| wait());
    let ended = alarm(Duration::ZERO);
    // SAFETY: puts back what was there.
    check(unsafe { libc::sigaction(libc::SIGALRM, &before, std::ptr::null_mut()) })?;
    ended?;
    match waited {
        Ok(()) => judged(clock, end),
        Err(Errno(libc::EINTR)) => Err(Errno(libc::ETIMEDOUT)),
        Err(errno) => Err(errno),
    }
}

fn wait_for_timer(clock: Clock, end: Nanoseconds) -> Answer {
    let value = once_at(end);
    let give_up = libc::timespec { tv_sec: GIVE_UP.as_secs() as libc::time_t, tv_nsec: 0 };
    // SAFETY: all-zero is a valid sigset_t and sigevent; everything passed outlives its call; the
    // timer is deleted and the signal mask put back before the return.
    let waited = unsafe {
        let (mut set, mut before): (libc::sigset_t, libc::sigset_t) = std::mem::zeroed();
        libc::sigaddset(&mut set, libc::SIGALRM);
        libc::sigprocmask(libc::SIG_BLOCK, &set, &mut before);
        let mut event: libc::sigevent = std::mem::zeroed();
        event.sigev_notify = libc::SIGEV_SIGNAL;
        event.sigev_signo = libc::SIGALRM;
        let mut timer: libc::timer_t = std::mem::zeroed();
        let waited = check(libc::timer_create(clock.0, &mut event, &mut timer)).and_then(|_| {
            let waited = check(libc::timer_settime(timer, libc::TIMER_ABSTIME, &value, std::ptr::null_mut()))
                .and_then(|_| check(libc::sigtimedwait(&set, std::ptr::null_mut(), &give_up)));
            libc::timer_delete(timer);
            waited
        });
        libc::sigprocmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
        waited
    };
    match waited {
        Ok(_) => judged(clock, end),
        // sigtimedwait(2) fails with this when the time is over.
        Err(Errno(libc::EAGAIN)) => Err(Errno(libc::ETIMEDOUT)),
        Err(errno) => Err(errno),
    }
}
