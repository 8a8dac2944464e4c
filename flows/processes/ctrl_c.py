"""Ctrl-C ends a command at once, with all its processes; the next run goes on with its work."""

import os
import signal
import threading
from contextlib import suppress

MESSAGE = "stopped; run it again to continue"
STATUS = 130  # the status that shells report for a command that SIGINT ended
# Erases the line that the cursor is in, such as a progress bar, and shows the cursor again.
CLEARED = "\r\x1b[K\x1b[?25h"

# Sessions of this command's child processes.
sessions: set[int] = set()
_is_forwarded = threading.Event()


def end_on_ctrl_c() -> None:
    """From now on end this process at SIGINT, whatever its threads are doing.

    Call it before the first thread or process is started.
    """
    # A KeyboardInterrupt in the main thread took Prefect 80 s to unwind, with a traceback for each
    # task. Data is consistent after a kill, so nothing has to be unwound.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a script's background job
        return
    # Threads and processes inherit the blocked SIGINT: a terminal sends it to all of them, and
    # the processes for pages would print tracebacks of their own.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # multiprocessing's tracker would warn of the semaphores that it removes after a kill.
    given = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (given, "ignore:resource_tracker")))

    def wait() -> None:
        is_ending = False
        while True:
            signal.sigwait({signal.SIGINT})
            if _is_forwarded.is_set():
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            elif is_ending:
                os._exit(STATUS)
            else:
                is_ending = True
                threading.Thread(target=_end_processes, daemon=True).start()

    threading.Thread(target=wait, name="ctrl-c", daemon=True).start()


def leave_ctrl_c_to_main_thread() -> None:
    """From now on leave SIGINT to the main thread's handler; call it in the main thread."""
    _is_forwarded.set()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _end_processes() -> None:
    import multiprocessing  # only here: it would delay the start

    try:
        for session in tuple(sessions):
            with suppress(ProcessLookupError):
                os.killpg(session, signal.SIGKILL)
        for process in multiprocessing.active_children():
            process.kill()
        say_stopped()
    finally:
        os._exit(STATUS)


def say_stopped() -> None:
    """Print one line: the command was stopped."""
    from flows.runs.json_logs import is_json, json_line

    if is_json():
        os.write(2, f"{json_line(MESSAGE, 'WARNING')}\n".encode())
        return
    cleared = CLEARED if os.isatty(2) else ""
    # Not by sys.stderr, which a progress bar may have replaced and locked.
    os.write(2, f"{cleared}{MESSAGE}\n".encode())
