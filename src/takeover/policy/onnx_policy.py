"""Run a verified policy bundle: observation in SI and images in, action in SI out, on one thread.

Loading runs every parity vector of the file through the very session that will drive. Tolerance:
PARITY_TOLERANCE of half the range of each action component, so that it means the same for m/s and
rad/s (1e-5 of it is 3e-6 m/s for a 0.6 m/s rover).
"""

from pathlib import Path

import numpy as np
import onnxruntime
from takeover.action import ActionContract
from takeover.policy.bundle import check_contract, PolicyBundle, read_bundle
from takeover.policy.errors import BundleError, NonFiniteAction, ShapeError
from takeover.policy.model_inputs import all_finite, input_forms, joined, model_inputs, split
from takeover.specs import Contract

OUTPUT_NAME = 'action'
PARITY_TOLERANCE = 1e-5
_WARM_UP_RUNS = 10
_FLOAT = 'tensor(float)'


class OnnxPolicy:
    """One policy, ready to act. Not thread-safe: `act` reuses its buffers."""

    def __init__(self, bundle: PolicyBundle):
        """Start a session and verify the bundle in it.

        :raises BundleError: the model does not load, has another interface than its contract, does
            not reproduce its parity vectors, or leaves its action bounds.
        """
        self.bundle = bundle
        self.version = bundle.version
        self.path = bundle.path
        self.spec_hash = bundle.spec_hash
        self.task = bundle.task
        contract = bundle.contract
        self._action = ActionContract(contract.action)
        self._session = start_session(bundle.model_bytes, bundle.path)
        check_interface(self._session, bundle)
        self.parity_error = check_parity(self._session, bundle)
        check_bounds(self._session, bundle)
        self._observation = np.zeros((1, *contract.observation_shape), contract.observation_dtype)
        # What a session is given must lie in one piece: of a record, each field in its own array.
        self._inputs = {
            name: np.ascontiguousarray(values) for name, values in split(self._observation).items()
        }
        self._result = np.zeros((1, self._action.size), np.float32)
        # Bound to fixed memory, a run allocates nothing and takes a third less time.
        self._binding = self._session.io_binding()
        for bind, name, array in (
            *((self._binding.bind_input, name, array) for name, array in self._inputs.items()),
            (self._binding.bind_output, OUTPUT_NAME, self._result),
        ):
            bind(name, 'cpu', 0, array.dtype, array.shape, array.ctypes.data)
        for _ in range(_WARM_UP_RUNS):
            self._session.run_with_iobinding(self._binding)

    @classmethod
    def load(cls, path: str | Path, task: Contract | None = None) -> 'OnnxPolicy':
        """Load a policy file for a task.

        :param task: what will run; a file made for another contract is refused. None: any.
        :raises BundleError: naming what is wrong with the file.
        """
        bundle = read_bundle(path)
        if task is not None:
            check_contract(bundle, task)
        return cls(bundle)

    def act(self, observation: np.ndarray) -> np.ndarray:
        """Return the action for one observation.

        :param observation: as the contract's `observation_shape` and `observation_dtype` say:
            float32 [n] SI, an image uint8 [height, width, channels], or a record of both.
        :returns: float64 [m], SI, within the bounds of the contract.
        :raises ShapeError: wrong length, shape or fields, or an image of another type than uint8.
        :raises NonFiniteAction: NaN or infinity in the observation or the action.
        """
        observation = np.asarray(observation)
        self._check(observation)
        self._observation[0] = observation
        for name, values in split(self._observation).items():
            self._inputs[name][...] = values
        if not all_finite(self._observation):
            raise NonFiniteAction('observation is not finite')
        self._session.run_with_iobinding(self._binding)
        reason = self._action.validate(self._result[0])
        if reason is not None:
            raise NonFiniteAction(reason)
        # float32 cannot hold every bound exactly; the clip takes off the last digit.
        return self._action.clip(self._result[0])

    def _check(self, observation: np.ndarray) -> None:
        needed = self._observation
        if needed.dtype.names is not None and observation.dtype != needed.dtype:
            raise ShapeError(
                f'observation is {observation.dtype}, policy {self.version} needs a record of '
                f'{needed.dtype}'
            )
        if observation.shape != needed.shape[1:]:
            raise ShapeError(
                f'observation has shape {list(observation.shape)}, policy {self.version} needs '
                f'{list(needed.shape[1:])}'
            )
        if needed.dtype == np.uint8 and observation.dtype != np.uint8:
            raise ShapeError(
                f'observation is {observation.dtype}, policy {self.version} needs uint8: '
                'pixels 0 to 255'
            )


def start_session(model_bytes: bytes, path: str) -> onnxruntime.InferenceSession:
    """Start a session that uses the calling thread only.

    :raises BundleError: ONNX Runtime cannot load the model.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    options.log_severity_level = 4
    try:
        # The fallback would only try the same provider again, and print on stdout.
        return onnxruntime.InferenceSession(
            model_bytes, options, enable_fallback=0, providers=['CPUExecutionProvider']
        )
    except Exception as error:  # noqa: BLE001 ONNX Runtime raises many classes without a common base
        raise BundleError(f'{path}: ONNX Runtime cannot load the model: {error}') from None


def check_interface(session: onnxruntime.InferenceSession, bundle: PolicyBundle) -> None:
    """Refuse a model whose input or output is not what its contract says."""
    contract = bundle.contract
    action = {OUTPUT_NAME: (_FLOAT, (len(contract.action.components),))}
    for what, ports, forms in (
        ('input', session.get_inputs(), input_forms(contract)),
        ('output', session.get_outputs(), action),
    ):
        found = {port.name: (port.type, port.shape) for port in ports}
        good = found.keys() == forms.keys() and all(
            found[name][0] == kind
            and found[name][1][1:] == list(shape)
            and not isinstance(found[name][1][0], int)
            for name, (kind, shape) in forms.items()
        )
        if not good:
            needed = ', '.join(
                f'{name} {kind} [any, {", ".join(map(str, shape))}]'
                for name, (kind, shape) in forms.items()
            )
            seen = ', '.join(f'{port.name} {port.type} {port.shape}' for port in ports)
            raise BundleError(f'{bundle.path}: {what} must be {needed}, found {seen}')


def check_parity(session: onnxruntime.InferenceSession, bundle: PolicyBundle) -> float:
    """Compare the recorded actions with those of this session.

    :returns: the largest difference, as a share of half the range of its component.
    :raises BundleError: above PARITY_TOLERANCE; names vector and component.
    """
    action = ActionContract(bundle.contract.action)
    found = _run(session, bundle, bundle.parity.observations)
    half_range = (action.high - action.low) / 2.0
    error = np.abs(found.astype(np.float64) - bundle.parity.actions) / half_range
    if np.all(error <= PARITY_TOLERANCE):
        return float(error.max())
    worst = np.where(np.isnan(error), np.inf, error)
    row, column = np.unravel_index(int(np.argmax(worst)), worst.shape)
    raise BundleError(
        f'{bundle.path}: parity vector {row}, {action.names[column]}: recorded '
        f'{bundle.parity.actions[row, column]:.9g} {action.units[column]}, this '
        f'machine computes {found[row, column]:.9g}; more than {PARITY_TOLERANCE:g} '
        'of half the range'
    )


def check_bounds(session: onnxruntime.InferenceSession, bundle: PolicyBundle) -> None:
    """Refuse a model that leaves its action bounds on its parity vectors or at extremes."""
    action = ActionContract(bundle.contract.action)
    extremes = _extremes(bundle.contract)
    for row in _run(session, bundle, np.concatenate([extremes, bundle.parity.observations])):
        reason = action.validate(row)
        if reason is not None:
            raise BundleError(f'{bundle.path}: {reason} for a legal observation')
        slack = PARITY_TOLERANCE * (action.high - action.low) / 2.0
        for i in np.flatnonzero((row < action.low - slack) | (row > action.high + slack)):
            raise BundleError(
                f'{bundle.path}: action {action.names[i]} is {row[i]:.6g} '
                f'{action.units[i]}, bounds are [{action.low[i]}, {action.high[i]}]'
            )


def _extremes(contract: Contract) -> np.ndarray:
    """Return observations at the lower bounds, at the upper ones, and in the middle of them."""
    fields = {}
    for name, _ in input_forms(contract).items():
        named = [f for f in contract.images if f.name == name or len(contract.features) == 1]
        features = named or contract.vector_features
        low = np.concatenate([np.full(f.size, f.low) for f in features])
        high = np.concatenate([np.full(f.size, f.high) for f in features])
        values = np.stack([low, high, (low + high) / 2.0])
        fields[name] = values.reshape(3, *features[0].shape) if features[0].shape else values
    return joined(fields, contract)


def _run(
    session: onnxruntime.InferenceSession, bundle: PolicyBundle, observations: np.ndarray
) -> np.ndarray:
    """Run a batch; the shape of the result is checked too."""
    try:
        (found,) = session.run([OUTPUT_NAME], model_inputs(observations, bundle.contract))
    except Exception as error:  # noqa: BLE001 as in start_session
        raise BundleError(f'{bundle.path}: the model cannot run: {error}') from None
    expected = (len(observations), len(bundle.contract.action.components))
    if found.shape != expected:
        raise BundleError(
            f'{bundle.path}: action has shape {list(found.shape)}, must be {list(expected)}'
        )
    return found
