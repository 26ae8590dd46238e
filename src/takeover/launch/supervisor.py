"""Start the processes of a plan, restart or stop them as it says, and leave none behind.

Stopping is SIGINT, then SIGTERM, then SIGKILL to the process and all it started; the waits between
are the process's `sigterm_timeout` and `sigkill_timeout`. A further request to stop skips the
wait.
"""

import asyncio
import contextlib
from pathlib import Path
import shlex
import signal
import tempfile
import time

from takeover.launch.child import Child
from takeover.launch.console import Console
from takeover.launch.plan import LaunchPlan, ProcessPlan

# Requests closer together than this are one: a terminal, make and a parent process may each pass
# on the same Ctrl-C.
SAME_REQUEST_S = 0.5
# After SIGKILL only a process in an uninterruptible system call remains.
KILL_PATIENCE_S = 5.0
SWEEP_S = 2.0

_STEPS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
_REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def run_plan(plan: LaunchPlan, console: Console) -> int:
    """Run the plan to its end and return the exit code; only in the main thread."""
    with tempfile.TemporaryDirectory(prefix='takeover_launch_') as folder:
        return asyncio.run(Supervisor(plan, console, Path(folder)).run())


def exit_code(returncode: int) -> int:
    """Return a return code as a shell would: 128 + number of the signal that ended it."""
    return returncode if returncode >= 0 else 128 - returncode


class Supervisor:
    """One task per process, and the requests to stop that all of them heed."""

    def __init__(self, plan: LaunchPlan, console: Console, parameter_folder: Path) -> None:
        self.plan = plan
        self.console = console
        self.parameter_folder = parameter_folder
        self.children: set[Child] = set()
        self.swept: list[Child] = []
        # One event per step of `_STEPS`: set when that step is due for all.
        self.urgency = [asyncio.Event() for _ in _STEPS]
        self.last_request_s = float('-inf')
        self.failure = 0
        self.required_failure = 0

    @property
    def stopping(self) -> bool:
        """Return whether the stop of everything has been asked for."""
        return self.urgency[0].is_set()

    async def run(self) -> int:
        """Run all processes to their end; return 0, or the exit code of the one that failed."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self.poll)
        for number in _REQUESTS:
            loop.add_signal_handler(number, self.on_signal, number)
        self.console.on_broken = self.escalate
        for message in self.plan.messages:
            self.console.report('INFO', 'launch.user', message)
        tasks = [asyncio.ensure_future(self.supervise(process)) for process in self.plan.processes]
        if self.plan.shutdown_reason is not None:
            loop.call_soon(self.escalate)
        try:
            await asyncio.gather(*tasks)
        finally:
            await self.sweep()
        if self.required_failure:
            return self.required_failure
        return 0 if self.stopping else self.failure

    def poll(self) -> None:
        """Look for processes that have ended."""
        for child in tuple(self.children):
            child.poll()

    def on_signal(self, number: signal.Signals) -> None:
        """Stop on the first signal; hurry on each further one."""
        now_s = time.monotonic()
        if now_s - self.last_request_s < SAME_REQUEST_S:
            return
        self.last_request_s = now_s
        again = ' again: not waiting any longer' if self.stopping else ''
        self.console.report('WARNING', 'launch', f'{signal.Signals(number).name} received{again}')
        self.escalate()

    def escalate(self) -> None:
        """Ask for the next step: stop, then SIGTERM, then SIGKILL."""
        for event in self.urgency:
            if not event.is_set():
                event.set()
                return

    async def supervise(self, plan: ProcessPlan) -> None:
        """Keep one process as its plan says, until it has ended for good."""
        retries = 0
        while True:
            child = self.start(plan)
            if child is None:
                break
            await self.attend(child)
            self.ended(child)
            if self.stopping or not plan.respawn or 0 <= plan.respawn_max_retries <= retries:
                break
            retries += 1
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.urgency[0].wait(), plan.respawn_delay_s)
            if self.stopping:
                break

    def start(self, plan: ProcessPlan) -> Child | None:
        """Return the started process, or None (and the launch fails) if it cannot be executed."""
        screen = {'stdout': plan.output != 'log', 'stderr': True}
        log = plan.output != 'screen'
        try:
            child = Child(
                plan,
                self.parameter_folder,
                lambda stream, line: self.console.output(plan.name, line, screen[stream], log),
            )
        except OSError as error:
            self.console.report('ERROR', plan.name, f'cannot be started: {error}')
            self.failure = self.failure or 1
            if plan.required:
                self.required_failure = self.required_failure or 1
                self.urgency[0].set()
            return None
        self.children.add(child)
        self.console.report('INFO', plan.name, f'process started with pid [{child.pid}]')
        # It may have ended before it was listed, and its SIGCHLD may have come then.
        child.poll()
        return child

    async def attend(self, child: Child) -> None:
        """Wait for the process to end; when a stop is due, stop it."""
        if await self.ends_within(child, None, self.urgency[0]):
            return
        name, plan = child.plan.name, child.plan
        waits_s = (plan.sigterm_timeout_s, plan.sigkill_timeout_s, KILL_PATIENCE_S)
        later = (*self.urgency[1:], asyncio.Event())
        for number, wait_s, next_step in zip(_STEPS, waits_s, later, strict=True):
            self.console.report('INFO', name, f"sending signal '{number.name}' to process[{name}]")
            child.send(number)
            if await self.ends_within(child, wait_s, next_step):
                return
            if not next_step.is_set():
                self.console.report(
                    'ERROR',
                    name,
                    f"process[{name}] failed to terminate '{wait_s}' "
                    f"seconds after receiving '{number.name}'",
                )
        self.console.report(
            'ERROR', name, f'process [pid {child.pid}] survived SIGKILL; giving up on it'
        )

    async def ends_within(self, child: Child, wait_s: float | None, event: asyncio.Event) -> bool:
        """Wait for the process to end, but no longer than `wait_s` or until `event` is set."""
        waiting = asyncio.ensure_future(event.wait())
        await asyncio.wait(
            {child.exited, waiting}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        return child.exited.done()

    def ended(self, child: Child) -> None:
        """Report the end of a process and what follows from it."""
        self.children.discard(child)
        if child.send_group(signal.SIGTERM):
            self.swept.append(child)
        if not child.exited.done():
            return
        code, name = child.exited.result(), child.plan.name
        if code == 0:
            self.console.report('INFO', name, f'process has finished cleanly [pid {child.pid}]')
        else:
            self.console.report(
                'ERROR',
                name,
                f'process has died [pid {child.pid}, exit code {code}, '
                f"cmd '{shlex.join(child.argv)}'].",
            )
        if self.stopping:
            return
        self.failure = self.failure or exit_code(code)
        if child.plan.required:
            self.console.report(
                'INFO', 'launch', f'process[{name}] was required: shutting down launched system'
            )
            self.required_failure = exit_code(code)
            self.urgency[0].set()

    async def sweep(self) -> None:
        """End what ended processes have left running."""
        deadline_s = time.monotonic() + SWEEP_S
        while self.swept and time.monotonic() < deadline_s:
            self.swept = [child for child in self.swept if child.send_group(0)]
            await asyncio.sleep(0.02 if self.swept else 0.0)
        for child in self.swept:
            child.send_group(signal.SIGKILL)
