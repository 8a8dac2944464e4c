"""A clock that a test can set for other processes, also while they run."""

import os
import shutil
import struct
import subprocess
from datetime import UTC, datetime
from pathlib import Path

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long long *shift;

static __attribute__((constructor)) void begin(void) {
    int file = open(getenv("CLOCK_SHIFT"), O_RDONLY);
    void *seen = file < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    if (seen != MAP_FAILED) shift = seen;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && shift && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *shift;
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec precise;
    int failed = clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *kept) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept) *kept = now.tv_sec;
    return now.tv_sec;
}

// The kernel ends it by the true time; multiprocessing waits for its locks by it.
int sem_timedwait(sem_t *wanted, const struct timespec *end) {
    struct timespec true_end = *end;
    if (shift) true_end.tv_sec -= *shift;
    return sem_clockwait(wanted, CLOCK_REALTIME, &true_end);
}
"""


class Clock:
    """The wall clock of processes that have `environment`; their monotonic clock goes on."""

    def __init__(self, folder: Path) -> None:
        self._shift, library, source = (folder / name for name in ("shift", "clock.so", "clock.c"))
        source.write_text(SOURCE)
        self.set(0)
        command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source)]
        subprocess.run(command, check=True, capture_output=True)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(self._shift)}

    @staticmethod
    def is_there() -> bool:
        """Whether there is a C compiler to make it with."""
        return shutil.which("cc") is not None

    def set(self, seconds: int) -> None:
        """Put the clock so many seconds ahead of the true time; fewer than none: behind."""
        with self._shift.open("r+b" if self._shift.exists() else "wb") as out:
            out.write(struct.pack("q", seconds))


def set_own_clock(moment: datetime) -> None:
    """Set the clock of this process, which has the environment of a `Clock`, to a moment."""
    with Path(os.environ["CLOCK_SHIFT"]).open("r+b") as file:
        (shift,) = struct.unpack("q", file.read(8))
        shift += round((moment - datetime.now(UTC)).total_seconds())
        file.seek(0)
        file.write(struct.pack("q", shift))
