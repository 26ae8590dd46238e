"""The topics around the exchange of a policy: what is announced, who drives, and the way back.

Part of policy_node: candidates come on `learner/policy`, `~/rollback` brings the policy before
back, and what became of a candidate is in the log, in `/diagnostics` and in `policy/version`.
"""

from collections.abc import Callable

from std_srvs.srv import Trigger
from takeover.policy.acceptance import AcceptanceLimits, Candidate
from takeover.policy.hot_swap import HotSwap, Refused, RollbackError, Swapped
from takeover.policy.onnx_policy import OnnxPolicy
from takeover.policy.stand_still import NoSwap, StandStill
from takeover_msgs.msg import InterventionState, PolicyCandidate, PolicyState
from takeover_nodes import diagnostics, qos
from takeover_nodes.managed_node import ManagedNode
from takeover_nodes.parameters import ParameterError

SWAP_MOMENTS = ('tick', 'hold')
# An arbiter that was never heard is in none of these: nobody knows what it does.
POLICY_MOVES_NOTHING = (
    InterventionState.MODE_HOLD,
    InterventionState.MODE_HUMAN,
    InterventionState.MODE_ESTOPPED,
)


class PolicyExchange:
    """Binds the library's hot swap to the topics of policy_node."""

    def __init__(
        self,
        node: ManagedNode,
        policy: OnnxPolicy | StandStill,
        period_s: float,
        tell: Callable[[], None],
    ) -> None:
        """Listen from now on; nothing is checked before the first tick.

        Args:
            node: policy_node, while it configures.
            policy: the policy that drives first; where there is none every candidate is refused.
            period_s: seconds between two ticks.
            tell: publishes the state of the policy; called after every change.
        """
        self.node, self.tell = node, tell
        given = node.parameters
        if given.swap_at not in SWAP_MOMENTS:
            raise ParameterError(
                f"{node.get_name()}: swap_at is '{given.swap_at}'; legal: "
                f'{", ".join(SWAP_MOMENTS)}'
            )
        limits = AcceptanceLimits(
            max_latency_ms=given.swap_max_latency_ms or 1e3 * period_s / 10.0,
            max_saturation=given.swap_max_saturation,
            max_jump=given.swap_max_jump,
        )
        self.at_any_tick = given.swap_at == 'tick'
        if isinstance(policy, StandStill):
            self.swap = NoSwap(policy)
        else:
            self.swap = HotSwap(policy, limits, given.swap_observations)
        self.mode: int | None = None
        self.refusal = ''
        # Both are latched: said once, perhaps long before this node is active.
        node.hear(InterventionState, 'intervention/state', self.note_mode, qos.LATCHED, True)
        node.hear(PolicyCandidate, 'learner/policy', self.announce, qos.LATCHED, True)
        node.serve(Trigger, '~/rollback', self.rollback)
        node.diagnostics.add('candidates', self.status)

    def announce(self, message: PolicyCandidate) -> None:
        """Take note of a policy that somebody wants to drive."""
        self.swap.announce(Candidate(message.version, message.spec_hash, message.file))

    def note_mode(self, state: InterventionState) -> None:
        """Take note of who drives."""
        self.mode = state.mode

    def step(self) -> None:
        """Start, finish or refuse what is due between two ticks, and tell."""
        outcome = self.swap.step(self.at_any_tick or self.mode in POLICY_MOVES_NOTHING)
        if outcome is None:
            return
        if isinstance(outcome, Refused):
            self.refusal = f'{outcome.version} refused: {outcome.reason}'
            self.node.get_logger().warning(f'policy {self.refusal}')
        elif isinstance(outcome, Swapped):
            self.refusal = ''
            self.node.get_logger().info(
                f'policy {outcome.version} drives in place of {outcome.previous_version}; checked '
                f'in {outcome.check_s:.2f} s: p99 {outcome.evidence.latency_ms:.3f} ms, jump '
                f'{outcome.evidence.jump:.3f}'
            )
        self.tell()
        self.node.diagnostics.publish()

    def rollback(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Serve `~/rollback`: let the policy that drove before drive again."""
        try:
            self.swap.rollback()
        except RollbackError as error:
            response.message = str(error)
            return response
        response.success = True
        response.message = (
            f'policy {self.swap.driving.version} drives again in place of '
            f'{self.swap.previous.version}'
        )
        self.node.get_logger().warning(response.message)
        self.tell()
        return response

    def report(self, state: PolicyState) -> None:
        """Fill in what PolicyState says of exchanges."""
        previous, refused = self.swap.previous, self.swap.refused
        state.swaps = self.swap.swaps
        state.previous_version = previous.version if previous else ''
        state.refused_version = refused.version if refused else ''
        state.refused_reason = refused.reason if refused else ''

    def status(self) -> diagnostics.Status:
        """Report what became of the newest candidate."""
        if self.node.parameters is None:
            return diagnostics.STALE, 'not configured', {}
        facts = {
            'swaps': self.swap.swaps,
            'checking': self.swap.checking_version,
            'waiting': self.swap.waiting_version,
        }
        if self.refusal:
            return diagnostics.WARN, self.refusal, facts
        if self.swap.waiting_version:
            return diagnostics.OK, f'{self.swap.waiting_version} waits for a hold', facts
        return diagnostics.OK, 'none refused since the last exchange', facts

    def close(self) -> None:
        """End a check that is under way."""
        self.swap.close()
