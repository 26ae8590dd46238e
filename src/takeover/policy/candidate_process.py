"""Check candidates in a process of its own, so that no file can disturb the one that drives.

Parsing a foreign file holds Python's interpreter lock: 1 ms for a small policy, 200 ms for one of
50 MiB, and the tick of the node that drives would wait for it. A file may also make the runtime
crash, run without end or ask for all memory. Here it only ends the check, which is a refusal.

One request at a time comes through a pipe, a line of JSON. The answer: a line with the number of
bytes of the file, 0 when it is refused, a line of JSON, and these bytes, so that what was checked
is what drives, whatever happens to the file.
"""

from collections.abc import Callable
from dataclasses import asdict, replace
import json
import os
import resource
import signal
import subprocess
import sys
from typing import Any

from takeover.errors import TakeoverError
from takeover.policy.acceptance import (
    AcceptanceLimits,
    Candidate,
    CandidateRefused,
    judge,
    load_candidate,
    Measurements,
)
from takeover.policy.bundle import PolicyBundle
from takeover.policy.parity import decode_parity, encode_parity, Parity
from takeover.specs import Contract, contract_json

NICENESS = 10
# A check that takes longer hangs: one of the largest file takes a second.
TIME_LIMIT_S = 30.0
MEMORY_LIMIT_BYTES = 4 << 30


class CandidateProcess:
    """The parent's end. The process starts with the first check and again after it died."""

    def __init__(self, time_limit_s: float = TIME_LIMIT_S) -> None:
        """Start nothing yet.

        :param time_limit_s: a check that takes longer ends the process, in seconds.
        """
        self._time_limit_s = time_limit_s
        self._process: subprocess.Popen | None = None

    def check(
        self,
        candidate: Candidate,
        driving: PolicyBundle,
        recent: Parity,
        limits: AcceptanceLimits,
        pause: Callable[[], None],
    ) -> tuple[PolicyBundle, Measurements]:
        """Return the checked bundle, ready for a session, and what was measured. Blocks.

        :param driving: the bundle that drives; the candidate must have its contract.
        :param recent: the newest observations and what the driving policy does on them, SI.
        :param pause: called when the answer is there, before it costs this process any time.
        :raises CandidateRefused: the first check that failed.
        """
        request = {
            'candidate': asdict(candidate),
            'contract': contract_json(driving.contract),
            'recent': encode_parity(recent),
            'limits': asdict(limits),
            'time_limit_s': self._time_limit_s,
        }
        line, model_bytes = self._ask(request, candidate.file)
        pause()
        answer = json.loads(line)
        if 'refused' in answer:
            raise CandidateRefused(answer['refused'])
        bundle = replace(
            driving,
            path=candidate.file,
            task=answer['task'],
            provenance=answer['provenance'],
            parity=decode_parity(json.loads(answer['parity']), driving.contract, candidate.file),
            digest=answer['digest'],
            model_bytes=model_bytes,
        )
        return bundle, Measurements(**answer['evidence'])

    def close(self) -> None:
        """End the process; a check under way is refused."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _ask(self, request: dict[str, Any], file: str) -> tuple[bytes, bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, '-m', 'takeover.policy.candidate_process'],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
            # From its first import on: those take the better part of a second.
            os.setpriority(os.PRIO_PROCESS, self._process.pid, NICENESS)
        process = self._process
        try:
            process.stdin.write(json.dumps(request).encode() + b'\n')
            process.stdin.flush()
            head, line = process.stdout.readline(), process.stdout.readline()
            if line:
                model_bytes = process.stdout.read(int(head))
                if len(model_bytes) == int(head):
                    return line, model_bytes
        except BrokenPipeError:
            # It died before it could read: the same as dying while it checks.
            pass
        self._process = None
        process.stdin.close()
        process.stdout.close()
        raise CandidateRefused(f'{file}: {self._how_it_ended(process.wait())}')

    def _how_it_ended(self, code: int) -> str:
        if code == -signal.SIGALRM:
            return f'the check took longer than {self._time_limit_s:g} s'
        if code < 0:
            return f'the process that checked it was ended by {signal.Signals(-code).name}'
        return f'the process that checked it ended with code {code}'


def respond(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Check one candidate; return the answer and the bytes that follow it."""
    file = request['candidate']['file']
    try:
        fields = json.loads(request['contract'])
        del fields['format']
        task = Contract.model_validate_json(json.dumps(fields))
        recent = decode_parity(json.loads(request['recent']), task, 'recent observations')
        policy = load_candidate(Candidate(**request['candidate']), task)
        evidence = judge(policy, recent, AcceptanceLimits(**request['limits']))
    except TakeoverError as error:
        return {'refused': str(error)}, b''
    except Exception as error:  # noqa: BLE001 whatever a foreign file does to the runtime
        return {'refused': f'{file}: {type(error).__name__}: {error}'}, b''
    bundle = policy.bundle
    answer = {
        'task': bundle.task,
        'provenance': bundle.provenance,
        'parity': encode_parity(bundle.parity),
        'digest': bundle.digest,
        'evidence': asdict(evidence),
    }
    return answer, bundle.model_bytes


def main() -> None:
    """Answer requests until the parent closes the pipe or is gone."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT_BYTES, MEMORY_LIMIT_BYTES))
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), 'wb')
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin.buffer:
        # Not caught: the signal ends the process even where Python is stuck in the runtime.
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, request['time_limit_s'])
        answer, model_bytes = respond(request)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        answers.write(b'%d\n%s\n' % (len(model_bytes), json.dumps(answer).encode()))
        answers.write(model_bytes)
        answers.flush()


if __name__ == '__main__':
    main()
