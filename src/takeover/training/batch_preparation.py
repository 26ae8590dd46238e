"""What happens to a batch between the replay and the networks: mirrored, shifted, normalised."""

import numpy as np
from takeover.agents.mirror import Mirror
from takeover.data.augmentation import random_colours, random_shift
from takeover.data.transition import VECTOR


class BatchPreparation:
    """Changes batches at random, in ways that leave what is right to do there as it is."""

    def __init__(self, mirror: Mirror | None, shift: int, colours: float, size: int) -> None:
        """Start with the identity for a normaliser.

        :param mirror: half of all rows are shown in it; None: none.
        :param shift: pixels by which pictures are shifted, up to so many.
        :param colours: how strongly their colours are changed, 0 to less than 1.
        :param size: numbers in the vector.
        """
        self._mirror, self._shift, self._colours = mirror, shift, colours
        self.mean, self.scale = np.zeros(size, np.float32), np.ones(size, np.float32)

    def normalised(self, observations: np.ndarray) -> np.ndarray:
        """Return vectors [N, n] as the networks see them, float32."""
        return (observations - self.mean) / self.scale

    def reflect(
        self,
        rng: np.random.Generator,
        actions: np.ndarray,
        *observations: dict[str, np.ndarray],
    ) -> None:
        """Mirror half of the rows, in place."""
        if self._mirror is None:
            return
        chosen = rng.random(len(actions)) < 0.5
        actions[chosen] = self._mirror.actions(actions[chosen])
        for arrays in observations:
            for name, array in arrays.items():
                mirrored = self._mirror.observations if name == VECTOR else self._mirror.images
                array[chosen] = mirrored(array[chosen])

    def finish(self, observations: dict[str, np.ndarray], rng: np.random.Generator) -> None:
        """Normalise the vector, colour and shift the pictures; replaces the arrays."""
        for name, array in observations.items():
            if name == VECTOR:
                observations[name] = self.normalised(array)
                continue
            if self._colours:
                array = random_colours(array, rng, self._colours)
            if self._shift:
                array = random_shift(array, rng, self._shift)
            observations[name] = array
